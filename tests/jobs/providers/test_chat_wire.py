from collections.abc import AsyncIterator

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.providers.chat_wire import SCHEMA, stream_data
from storage.records.character import Character
from tests.jobs.providers.chatting import pieces_of


def test_the_schema_is_strict_and_describes_what_the_record_takes() -> None:
    pending = [SCHEMA]
    while pending:
        schema = pending.pop()
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
            pending.extend(schema["properties"].values())
        elif schema["type"] == "array":
            pending.append(schema["items"])
    item = SCHEMA["properties"]["characters"]["items"]
    record = Character.model_json_schema(by_alias=True)
    assert set(item["properties"]) == set(record["properties"])
    assert set(item["properties"]["stats"]["properties"]) == set(record["$defs"]["Stats"]["properties"])


@settings(max_examples=50)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]))), places=st.lists(st.integers(0)))
async def test_it_does_not_matter_where_the_bytes_are_cut(texts: list[str], places: list[int]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for part in pieces_of("".join(f": c\r\ndata: {text}\r\n\r\n" for text in texts).encode(), places):
            yield part

    assert [data async for data in stream_data(chunks())] == texts
