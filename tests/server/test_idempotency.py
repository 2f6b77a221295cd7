import pytest
from starlette.requests import Request

from server.idempotency import key_of
from server.problems import Problem


def request(*keys: bytes) -> Request:
    return Request({"type": "http", "headers": [(b"idempotency-key", key) for key in keys]})


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        (b"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b'"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b'  "a b"  ', "a b"),
        (rb'"a\"b\\c"', 'a"b\\c'),
        (b'"unfinished', '"unfinished'),
        (b"k" * 255, "k" * 255),
    ],
)
def test_a_key_is_read_with_quotes_and_without(sent: bytes, key: str) -> None:
    assert key_of(request(sent)) == key


@pytest.mark.parametrize("sent", [b"", b"  ", b'""', b"k" * 256, b"\xe9", b"a\tb"])
def test_a_key_that_is_none_is_a_problem_that_names_the_header(sent: bytes) -> None:
    with pytest.raises(Problem) as problem:
        key_of(request(sent))
    assert (problem.value.status, problem.value.errors[0]["field"]) == (422, "Idempotency-Key")


def test_two_keys_are_none() -> None:
    with pytest.raises(Problem, match="once"):
        key_of(request(b"a", b"b"))


def test_there_need_be_no_key() -> None:
    assert key_of(request()) is None
