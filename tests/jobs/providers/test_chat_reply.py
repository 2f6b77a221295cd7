from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.providers.base import CharactersRequest
from jobs.providers.chat_reply import Reply
from jobs.providers.grammar import Grammar
from tests.jobs.providers.chatting import as_json, pieces_of


@settings(max_examples=50)
@given(places=st.lists(st.integers(min_value=0)))
async def test_it_does_not_matter_where_the_text_is_cut(places: list[int]) -> None:
    cast = [character async for character in Grammar().write(CharactersRequest(3, '} ] \\" {', seed=2))]
    reply = Reply(3, taken=[])
    got = [character for part in pieces_of(as_json(*cast), places) for character in reply.grow(part)]
    assert got == cast
    assert reply.complete


@settings(max_examples=50)
@given(text=st.text(), places=st.lists(st.integers(min_value=0)))
def test_no_text_whatever_upsets_a_reply(text: str, places: list[int]) -> None:
    reply = Reply(1, taken=[])
    for part in ['{"characters": [', *pieces_of(text, places)]:
        assert list(reply.grow(part)) == []
    assert reply.fault


def test_deep_nesting_is_a_fault_like_others() -> None:
    reply = Reply(1, taken=[])
    assert list(reply.grow('{"characters": [' + "[" * 20_000 + "]")) == []
    assert reply.fault
