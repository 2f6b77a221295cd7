import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from jobs.characters import WriteCharacters
from jobs.errors import Unavailable
from jobs.sweeper import Sweeper
from storage.characters import CharacterIndex, characters_in
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.character import WrittenCharacter, written_in
from storage.records.encoding import decode
from storage.records.ids import JobId, new_job_id
from storage.records.inputs import CHARACTERS, PORTRAIT, CharactersInput, PortraitInput
from storage.records.job import Job, Status
from storage.stored import Stored
from tests.support.job_states import JobStates, further
from tests.support.listening import Listener, eventually
from tests.support.work import Bench, Working
from tests.support.writer import Writer, character

pytestmark = pytest.mark.timeout(60)

NAMES = ("Ada", "Bron", "Cilla")


async def set_of(jobs: JobStates, count: int = 3, seed: int = 7) -> Stored:
    wanted = CharactersInput(count=count, theme="under the mountain", seed=seed)
    return await jobs.queued(kind=CHARACTERS, input=wanted.model_dump_json().encode())


def index_of(bench: Bench) -> CharacterIndex:
    return CharacterIndex(bench.store.commands, Keys(bench.settings.redis_prefix), keep_seconds=60)


def working(bench: Bench, writer: Writer) -> Working:
    return bench.working(WriteCharacters(writer, bench.store, index_of(bench)), kind=CHARACTERS)


async def portraits(store: JobStore) -> list[Job]:
    """Every portrait that was ever submitted for the owner."""
    return [stored.job for stored in await store.owned("ann", limit=100) if stored.job.kind == PORTRAIT]


async def waiting(keys: Keys, redis: Redis) -> list[str]:
    """The ids of the portraits in their queue, in its order."""
    return [entry.decode().partition(":")[0] for entry in await redis.zrange(keys.queue(PORTRAIT), 0, -1)]


async def test_the_set_is_written_and_its_portraits_wait_in_its_order(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, writer = await set_of(jobs), Writer(*map(character, NAMES))

    await working(bench, writer).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    written = written_in(job.result)
    assert job.status is Status.SUCCEEDED
    assert [one.character for one in written] == [character(name) for name in NAMES]
    assert len({one.id for one in written} | {one.portrait for one in written}) == 6
    assert await waiting(keys, redis) == [one.portrait for one in written]
    assert len(await portraits(store)) == 3
    [request] = writer.requests
    assert (request.count, request.theme, request.seed, request.written) == (3, "under the mountain", 7, ())


async def test_a_portrait_is_told_what_its_character_looks_like_and_no_two_have_one_seed(
    bench: Bench, jobs: JobStates
) -> None:
    inputs = []
    for _ in range(2):
        stored = await set_of(jobs)
        await working(bench, Writer(*map(character, NAMES))).run(stored.id, stored.claim)
        written = written_in((await jobs.get(stored.id)).job.result)
        inputs.append([PortraitInput.model_validate_json((await jobs.get(one.portrait)).input) for one in written])

    assert [one.character for one in inputs[0]] == [character(name) for name in NAMES]
    assert inputs[0][0].description == "Ada, dwarf smith. a red beard, a leather apron, a forge behind"
    assert len({one.seed for one in inputs[0]}) == 3
    assert inputs[0] == inputs[1]


async def test_each_character_is_stored_before_its_portrait_is_submitted(
    bench: Bench, jobs: JobStates, keys: Keys, listener: Listener
) -> None:
    stored = await set_of(jobs)
    await listener.subscribe(keys.job(stored.id))
    await listener.subscribe(keys.wake(PORTRAIT))

    await working(bench, Writer(*map(character, NAMES))).run(stored.id, stored.claim)

    # One connection hears everything in the order in which Redis did it.
    shown = submitted = 0
    status = Status.QUEUED
    while status is not Status.SUCCEEDED:
        channel, data = await asyncio.wait_for(listener.messages.get(), 10)
        if channel == keys.wake(PORTRAIT).encode():
            submitted += 1
            assert submitted <= shown
        else:
            shown, status = len(written_in(decode(data).result)), decode(data).status
    assert (shown, submitted) == (3, 3)


async def test_each_character_appears_as_soon_as_it_is_written(
    bench: Bench, jobs: JobStates, keys: Keys, listener: Listener
) -> None:
    stored, writer = await set_of(jobs), Writer()
    await listener.subscribe(keys.job(stored.id))
    run = asyncio.create_task(working(bench, writer).run(stored.id, stored.claim))
    assert (await listener.job()).status is Status.PROCESSING

    for count, name in enumerate(NAMES, start=1):
        writer.hand.put_nowait(character(name))
        job = await listener.job()
        assert [one.name for one in written_in(job.result)] == list(NAMES[:count])
        assert job.progress == pytest.approx(count / 3)
    await run


async def test_a_second_run_keeps_what_was_shown_and_writes_only_what_is_missing(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, first, second = await set_of(jobs), Writer(*map(character, NAMES[:2])), Writer(character("Dora"))
    sweeper = Sweeper(store, bench.settings)
    await sweeper.sweep()
    frozen = asyncio.create_task(working(bench, first).run(stored.id, stored.claim))
    await eventually(lambda: _are_submitted(store, 2))
    shown = written_in((await jobs.get(stored.id)).job.result)

    await redis.zadd(keys.leases, {stored.id: 1})
    await sweeper.sweep()
    again = await jobs.get(stored.id)
    assert written_in(again.job.result) == shown
    await working(bench, second).run(again.id, again.claim)

    written = written_in((await jobs.get(stored.id)).job.result)
    assert written[:2] == shown
    assert [one.name for one in written] == ["Ada", "Bron", "Dora"]
    assert [one.name for one in second.requests[0].written] == ["Ada", "Bron"]
    assert await waiting(keys, redis) == [one.portrait for one in written]

    before = (await jobs.get(stored.id)).record
    first.hand.put_nowait(character("Cilla"))
    await frozen
    assert (await jobs.get(stored.id)).record == before
    assert len(await portraits(store)) == 3


async def _are_submitted(store: JobStore, count: int) -> bool:
    return len(await portraits(store)) == count


def named(name: str) -> WrittenCharacter:
    return WrittenCharacter.model_validate(
        {**character(name).model_dump(by_alias=True), "id": str(new_job_id()), "portrait": new_job_id()}
    )


async def interrupted(store: JobStore, jobs: JobStates, *written: WrittenCharacter) -> Stored:
    """A set that was lost after these were stored, and before a portrait was submitted."""
    held = await jobs.claimed(await set_of(jobs))
    result: dict[str, Any] = {"characters": [one.model_dump(by_alias=True) for one in written]}
    await store.advance(further(held.job, 0.5, result=result), held.claim)
    held = await jobs.get(held.id)
    await store.requeue(held, held.job.requeued("the worker was lost"))
    return await jobs.get(held.id)


async def test_a_portrait_that_was_stored_and_not_submitted_is_submitted_by_the_next_run(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    ada, bron = named("Ada"), named("Bron")
    stored = await interrupted(store, jobs, ada, bron)

    await working(bench, Writer(character("Cilla"))).run(stored.id, stored.claim)

    written = written_in((await jobs.get(stored.id)).job.result)
    assert written[:2] == [ada, bron]
    assert await waiting(keys, redis) == [one.portrait for one in written]


async def test_a_set_that_is_complete_asks_nobody_to_write(bench: Bench, store: JobStore, jobs: JobStates) -> None:
    stored, writer = await interrupted(store, jobs, *map(named, NAMES)), Writer()

    await working(bench, writer).run(stored.id, stored.claim)

    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED
    assert writer.requests == []
    assert len(await portraits(store)) == 3


async def test_a_portrait_that_is_no_longer_kept_is_not_painted_again(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    stored = await set_of(jobs)
    await working(bench, Writer(*map(character, NAMES))).run(stored.id, stored.claim)
    written = written_in((await jobs.get(stored.id)).job.result)
    gone = JobId(written[0].portrait)
    await store.cancel(gone)
    await store.remove(gone)
    second = await interrupted(store, jobs, *written)

    await working(bench, Writer()).run(second.id, second.claim)

    assert (await jobs.get(second.id)).job.status is Status.SUCCEEDED
    assert (await jobs.get(gone)).expired


async def test_a_provider_that_fails_halfway_leaves_what_was_written_to_the_next_run(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    stored = await set_of(jobs)

    await working(bench, Writer(character("Ada"), Unavailable())).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert (job.status, job.attempt) == (Status.QUEUED, 1)
    assert [one.name for one in written_in(job.result)] == ["Ada"]
    assert len(await portraits(store)) == 1

    again = await jobs.get(stored.id)
    await working(bench, Writer(character("Bron"), character("Cilla"))).run(again.id, again.claim)
    assert [one.name for one in written_in((await jobs.get(stored.id)).job.result)] == list(NAMES)


async def test_whoever_reads_of_a_character_can_find_its_set(bench: Bench, jobs: JobStates) -> None:
    stored = await set_of(jobs)

    await working(bench, Writer(*map(character, NAMES))).run(stored.id, stored.claim)

    written = written_in((await jobs.get(stored.id)).job.result)
    index = index_of(bench)
    assert await index.jobs_of([one.id for one in written]) == [stored.id] * 3
    found = characters_in({stored.id: await bench.store.look(stored.id)})
    assert list(found.values()) == written
