import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from storage.records.inputs import CharactersInput, PortraitInput, fingerprint

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES, min_size=2), st.randoms())
def test_the_order_of_fields_does_not_change_a_fingerprint(sent: dict[str, Any], order: random.Random) -> None:
    fields = list(sent.items())
    order.shuffle(fields)

    assert fingerprint("portrait", dict(fields)) == fingerprint("portrait", sent)


@pytest.mark.parametrize(
    "other",
    [{"count": 4}, {"count": "3"}, {"count": 3, "theme": None}, {"count": [3]}, {}],
)
def test_another_input_has_another_fingerprint(other: object) -> None:
    assert fingerprint("characters", other) != fingerprint("characters", {"count": 3})


def test_another_kind_has_another_fingerprint() -> None:
    assert fingerprint("portrait", {"seed": 1}) != fingerprint("video", {"seed": 1})


@pytest.mark.parametrize("count", [0, 11])
def test_a_set_has_one_to_ten_characters(count: int) -> None:
    with pytest.raises(ValidationError):
        CharactersInput(count=count, theme=None, seed=1)


def test_a_portrait_is_a_png_of_640_pixels_where_nothing_else_is_said() -> None:
    portrait = PortraitInput(description="a dwarf", character=None, seed=1)

    assert (portrait.format, portrait.width, portrait.height) == ("png", 640, 640)
    assert PortraitInput.model_validate_json(portrait.model_dump_json(by_alias=True)) == portrait
