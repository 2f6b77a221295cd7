from functools import partial

from redis.asyncio import Redis

from storage.characters import CharacterIndex, characters_in
from storage.commands import PooledCommands
from storage.keys import Keys
from storage.records.ids import new_id, new_job_id
from tests.support.listening import eventually


def index_of(redis: Redis, keys: Keys, keep_seconds: float = 60) -> CharacterIndex:
    return CharacterIndex(PooledCommands(redis), keys, keep_seconds=keep_seconds)


async def test_a_character_is_found_by_its_id_and_a_stranger_is_not(redis: Redis, keys: Keys) -> None:
    index, ada, bron, job = index_of(redis, keys), new_id(), new_id(), new_job_id()
    await index.note(ada, job)

    assert await index.jobs_of([bron, ada]) == [None, job]
    assert await index.jobs_of([]) == []


async def is_forgotten(index: CharacterIndex, character_id: str) -> bool:
    return await index.jobs_of([character_id]) == [None]


async def test_a_character_is_forgotten_when_its_time_is_over(redis: Redis, keys: Keys) -> None:
    index, ada = index_of(redis, keys, keep_seconds=0.05), new_id()
    await index.note(ada, new_job_id())

    await eventually(partial(is_forgotten, index, ada))


def test_sets_that_are_not_kept_have_no_characters() -> None:
    assert characters_in({new_job_id(): None}) == {}
