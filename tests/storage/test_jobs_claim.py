"""Claiming: one run for each claim."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from storage.commands import Command, PooledCommands
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import new_job_id
from storage.records.job import Job, Status
from storage.settings import StorageSettings
from storage.stored import Stored
from tests.storage.asked import Asked
from tests.support.job_states import LEASE_MS, JobStates, running

pytestmark = pytest.mark.timeout(30)


async def claim(store: JobStore, *waiting: Stored, worker: str = "the worker") -> list[Job | None]:
    begun = [(stored, running(stored.job)) for stored in waiting]
    return await store.claim(begun, lease_ms=LEASE_MS, worker=worker)


async def test_a_claim_begins_the_run_and_takes_its_entry(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()

    (job,) = await claim(store, stored)

    assert job is not None
    assert (job.status, job.attempt, job.provider) == (Status.PROCESSING, 1, "painter")
    assert (await jobs.get(stored.id)).job == job
    assert not await redis.exists(keys.queue("portrait"))
    lease = await redis.zscore(keys.leases, stored.id)
    assert lease is not None
    assert lease > await store.now()
    assert await store.worker_of(stored.id) == "the worker"


async def test_many_are_claimed_in_one_round_trip_and_each_is_a_step_of_its_own(
    redis: Redis, keys: Keys, storage_settings: StorageSettings, jobs: JobStates
) -> None:
    asked = Asked(PooledCommands(redis))
    store = JobStore(redis, keys, storage_settings, commands=asked)
    first, second, third = [await jobs.queued() for _ in range(3)]
    await claim(store, second, worker="another")
    asked.round_trips.clear()

    begun = await claim(store, first, second, third)

    assert [job.id if job is not None else None for job in begun] == [first.id, None, third.id]
    assert len(asked.round_trips) == 1


async def test_of_fifty_who_claim_at_once_one_runs_the_job(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.queued()

    answers = await asyncio.gather(*(claim(store, stored, worker=f"worker {number}") for number in range(50)))

    assert sum(job is not None for (job,) in answers) == 1
    assert (await jobs.get(stored.id)).job.attempt == 1


async def test_a_worker_that_asks_again_because_the_answer_was_lost_gets_the_run_it_has_begun(
    store: JobStore, jobs: JobStates
) -> None:
    stored = await jobs.queued()
    (begun,) = await claim(store, stored)

    assert await claim(store, stored) == [begun]
    assert await claim(store, stored, worker="another") == [None]
    assert (await jobs.get(stored.id)).job == begun


async def test_what_ran_although_the_script_was_not_known_at_first_is_nobody_elses(
    redis: Redis, keys: Keys, storage_settings: StorageSettings, jobs: JobStates
) -> None:
    class JustMadeKnown:
        """Another client makes the script known after the first command and before the second."""

        async def ask(self, commands: Sequence[Command]) -> list[Any]:
            if len(commands) == 2:
                await PooledCommands(redis).ask(commands[1:])
                raise NoScriptError
            return await PooledCommands(redis).ask(commands)

    first, second = [await jobs.queued() for _ in range(2)]

    begun = await claim(JobStore(redis, keys, storage_settings, commands=JustMadeKnown()), first, second)

    assert [job.id if job is not None else None for job in begun] == [first.id, second.id]


@pytest.mark.parametrize("other", [b"1", b"9999999999999999", b""])
async def test_nobody_claims_with_another_claim(store: JobStore, jobs: JobStates, other: bytes) -> None:
    stored = await jobs.queued()

    assert await claim(store, replace(stored, claim=other)) == [None]
    assert await jobs.get(stored.id) == stored


@pytest.mark.parametrize("state", ["processing", "succeeded", "canceled"])
async def test_a_job_that_does_not_wait_is_not_claimed_even_on_its_newest_record(
    store: JobStore, jobs: JobStates, state: str
) -> None:
    stored = await getattr(jobs, state)()

    assert await store.claim([(stored, stored.job)], lease_ms=LEASE_MS, worker="w") == [None]
    assert (await jobs.get(stored.id)).record == stored.record


async def test_a_job_that_redis_does_not_know_is_not_claimed(store: JobStore, jobs: JobStates, redis: Redis) -> None:
    stored = await jobs.queued()

    assert await claim(store, replace(stored, id=new_job_id())) == [None]


async def test_that_a_job_was_told_its_place_meanwhile_keeps_nobody_from_claiming_it(
    store: JobStore, jobs: JobStates
) -> None:
    stored = await jobs.queued()
    await store.place(stored, stored.job.placed(1, expected_at=None))
    placed = (await jobs.get(stored.id)).job

    (job,) = await claim(store, stored)

    assert job is not None
    assert (job.queue_position, job.status) == (None, Status.PROCESSING)
    assert job.version > placed.version


async def test_nobody_runs_a_job_that_is_not_running(store: JobStore, jobs: JobStates) -> None:
    for stored in (await jobs.queued(), await jobs.succeeded(), await jobs.canceled()):
        assert await store.worker_of(stored.id) is None
    handed_back = await jobs.processing()
    await store.requeue(handed_back, handed_back.job.requeued("handed back"))
    assert await store.worker_of(handed_back.id) is None
