import pytest

from bench.hub.messagepack import packed
from bench.hub.target import WIDTHS


def test_the_example_of_its_inventors() -> None:
    assert packed({"compact": True, "schema": 0}) == b"\x82\xa7compact\xc3\xa6schema\x00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, b"\xc0"),
        (False, b"\xc2"),
        (127, b"\x7f"),
        (128, b"\xd3\x00\x00\x00\x00\x00\x00\x00\x80"),
        (-1, b"\xd3" + b"\xff" * 8),
        (0.5, b"\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00"),
        ("", b"\xa0"),
        ("é" * 15, b"\xbe" + "é".encode() * 15),
        ("a" * 31, b"\xbf" + b"a" * 31),
        ("a" * 32, b"\xd9\x20" + b"a" * 32),
        ("a" * 256, b"\xda\x01\x00" + b"a" * 256),
        ([1] * 15, b"\x9f" + b"\x01" * 15),
        ([1] * 16, b"\xdc\x00\x10" + b"\x01" * 16),
        ({str(n): n for n in range(10, 26)}, b"\xde\x00\x10" + b"".join(b"\xa2%d%c" % (n, n) for n in range(10, 26))),
    ],
)
def test_every_form_is_the_shortest_for_its_kind(value: object, expected: bytes) -> None:
    assert packed(value) == expected


@pytest.mark.parametrize("hole", WIDTHS)
def test_a_hole_has_the_length_of_what_fills_it(hole: bytes) -> None:
    size = 2 + WIDTHS[hole]
    head = bytes([0xA0 | size]) if size < 32 else bytes([0xD9, size])
    assert packed(f"<{hole.decode()}>") == head + b"<" + hole + b">"


def test_what_no_event_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="65536 bytes"):
        packed("a" * 65_536)
    with pytest.raises(TypeError, match="bytes"):
        packed([b"a"])
