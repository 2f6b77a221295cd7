import pytest
from starlette.requests import Request

from server.ranges import NotSatisfiable, asked_range

WHOLE = None


def request(*headers: tuple[str, str], method: str = "GET") -> Request:
    coded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return Request({"type": "http", "method": method, "headers": coded})


def asked(header: str, size: int = 1_000) -> range | None:
    return asked_range(request(("range", header)), size=size, tag="t")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", range(0, 1)),
        ("bytes=0-499", range(0, 500)),
        ("bytes=500-", range(500, 1_000)),
        ("bytes=999-", range(999, 1_000)),
        ("bytes=900-99999999999999999999", range(900, 1_000)),
        ("bytes=-1", range(999, 1_000)),
        ("bytes=-1000", range(0, 1_000)),
        ("bytes=-2000", range(0, 1_000)),
        ("BYTES=1-2", range(1, 3)),
        ("bytes= 1-2 ", range(1, 3)),
    ],
)
def test_one_range_is_a_part(header: str, part: range) -> None:
    assert asked(header) == part


@pytest.mark.parametrize(
    "header",
    [
        "bytes=0-1,4-5",
        "bytes=5-2",
        "bytes=",
        "bytes=-",
        "bytes",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=1.5-2",
        "bytes=1-2-3",
        "bytes=²-3",
        "lines=1-2",
        "bytes=-" + "9" * 5_000,
        "",
    ],
)
def test_what_is_malformed_or_more_than_one_range_is_passed_over(header: str) -> None:
    assert asked(header) is WHOLE


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0"])
def test_a_range_without_a_byte_cannot_be_had(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        asked(header)


def test_of_an_empty_file_there_is_only_the_whole() -> None:
    assert asked("bytes=-5", 0) is WHOLE
    with pytest.raises(NotSatisfiable):
        asked("bytes=1-", 0)


@pytest.mark.parametrize(
    ("if_range", "expected"),
    [
        ('"t"', range(1, 3)),
        (' "t" ', range(1, 3)),
        ('"other"', WHOLE),
        ('W/"t"', WHOLE),
        ("t", WHOLE),
        ("Fri, 20 Nov 2026 10:00:00 GMT", WHOLE),
    ],
)
def test_a_part_of_another_file_is_of_no_use(if_range: str, expected: range | None) -> None:
    asking = request(("range", "bytes=1-2"), ("if-range", if_range))

    assert asked_range(asking, size=10, tag="t") == expected


def test_only_get_asks_for_parts_and_only_once() -> None:
    assert asked_range(request(("range", "bytes=1-2"), method="HEAD"), size=10, tag="t") is WHOLE
    assert asked_range(request(("range", "bytes=1-2"), ("range", "bytes=3-4")), size=10, tag="t") is WHOLE
    assert asked_range(request(), size=10, tag="t") is WHOLE
