import pytest

from jobs import errors
from storage.records.job import ErrorCode

FAILURES = errors.JobFailure.__subclasses__()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_every_failure_has_a_sentence_for_the_person_who_waits(failure: type[errors.JobFailure]) -> None:
    error = failure(detail="what the provider said").error()

    assert error.message.endswith(".")
    assert "what the provider said" not in error.message
    assert failure("Another sentence.").error().message == "Another sentence."


def test_every_code_but_those_of_the_sweep_and_of_paid_tasks_has_a_failure() -> None:
    assert {failure.code for failure in FAILURES} == set(ErrorCode) - {ErrorCode.LOST, ErrorCode.SUBMIT_UNKNOWN}


def test_the_tree_on_the_first_page_is_the_tree() -> None:
    assert errors.__doc__ is not None
    assert [line.split()[1] for line in errors.__doc__.splitlines() if "──" in line] == [
        failure.__name__ for failure in FAILURES
    ]
