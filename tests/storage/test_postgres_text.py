"""JSON as Postgres takes it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database import Database
from storage.postgres_text import without_nul

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\0\\u", max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"a": "b\\u0000c"}', {"a": "bc"}),
        ('{"a\\u0000": ["\\u0000", 1]}', {"a": ["", 1]}),
        (r'{"a": "\\u0000"}', {"a": "\\u0000"}),
        (r'"\\\u0000"', "\\"),
    ],
)
async def test_a_zero_goes_and_what_only_looks_like_one_stays(database: Database, text: str, left: object) -> None:
    row = await database.first("select $1::jsonb as kept", without_nul(text))
    assert row is not None
    assert json.loads(row["kept"]) == left


@given(anything)
def test_nothing_else_is_changed(value: object) -> None:
    text = json.dumps(value)
    kept = without_nul(text)
    if "\\u0000" in text:
        assert "\0" not in "".join(_strings(json.loads(kept)))
    else:
        assert kept == text


def _strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for inner in value for text in _strings(inner)]
        case dict():
            return [text for pair in value.items() for part in pair for text in _strings(part)]
        case _:
            return []
