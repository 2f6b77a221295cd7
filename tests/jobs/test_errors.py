import pytest

from jobs import errors
from jobs.backoff import again
from storage.records.job import ErrorCode

FAILURES = errors.JobFailure.__subclasses__()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_every_failure_has_a_sentence_for_the_person_who_waits(failure: type[errors.JobFailure]) -> None:
    error = failure(detail="what the provider said").error()

    assert error.message.endswith(".")
    assert "what the provider said" not in error.message
    assert failure("Another sentence.").error().message == "Another sentence."


def test_every_code_but_that_of_the_sweep_has_a_failure() -> None:
    assert {failure.code for failure in FAILURES} == set(ErrorCode) - {ErrorCode.LOST}


@pytest.mark.parametrize("failure", [errors.SubmitUnknown(), errors.TaskFailed()], ids=lambda failure: failure.code)
def test_what_may_have_been_paid_is_made_again_only_by_a_person(failure: errors.JobFailure) -> None:
    assert failure.error().retryable
    assert again(failure, 1, resumable=True) is None


def test_one_who_may_pay_twice_is_told_so() -> None:
    error = errors.SubmitUnknown().error()

    assert error.code is ErrorCode.SUBMIT_UNKNOWN
    assert "may pay for it twice" in error.message


def test_the_tree_on_the_first_page_is_the_tree() -> None:
    assert errors.__doc__ is not None
    assert [line.split()[1] for line in errors.__doc__.splitlines() if "──" in line] == [
        failure.__name__ for failure in FAILURES
    ]
