import pytest

from jobs.persistence import persistently
from storage.errors import IdTaken, StoreUnavailable


async def test_what_cannot_be_written_now_is_tried_until_it_can() -> None:
    answers: list[Exception | str] = [StoreUnavailable("away"), StoreUnavailable("still away"), "written"]

    async def write() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await persistently(write) == "written"
    assert answers == []


async def test_every_other_error_passes_at_once() -> None:
    tries = 0

    async def write() -> None:
        nonlocal tries
        tries += 1
        raise IdTaken("x")

    with pytest.raises(IdTaken):
        await persistently(write)
    assert tries == 1
