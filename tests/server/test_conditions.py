import pytest
from starlette.requests import Request

from server.conditions import known_tags, matches, wait_seconds


def request(*headers: tuple[str, str]) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers]})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=10", 10),
        ("Wait=10", 10),
        ("wait = 10", 10),
        ('wait="10"', 10),
        ("respond-async, wait=10", 10),
        ("wait=10, respond-async", 10),
        ("respond-async; foo=1; wait=5", 5),
        ("wait=31", 30),
        ("wait=999999", 30),
        ("wait=0", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=soon", 0),
        ("wait", 0),
        ("await=10", 0),
        ("return=minimal", 0),
        ("", 0),
    ],
)
def test_a_preference_for_waiting_is_read_and_bounded(header: str, seconds: float) -> None:
    assert wait_seconds(request(("prefer", header)), most=30) == seconds


def test_preferences_may_stand_in_several_headers() -> None:
    assert wait_seconds(request(("prefer", "respond-async"), ("prefer", "wait=7")), most=30) == 7


def test_without_the_header_nobody_waits() -> None:
    assert wait_seconds(request(), most=30) == 0


@pytest.mark.parametrize("header", ['"12"', 'W/"12"', '"7", "12"', '"7" ,W/"12"', "*", "12"])
def test_a_tag_that_the_caller_has_matches(header: str) -> None:
    assert matches(request(("if-none-match", header)), "12")


@pytest.mark.parametrize("header", ['"1"', '"123"', "", ",", '"7", "8"'])
def test_another_tag_does_not_match(header: str) -> None:
    assert not matches(request(("if-none-match", header)), "12")


def test_tags_may_stand_in_several_headers() -> None:
    assert known_tags(request(("if-none-match", '"1"'), ("if-none-match", 'W/"2"'))) == {"1", "2"}
