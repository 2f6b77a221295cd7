"""Pausing a provider, and going on with it."""

import asyncio

import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.jobs import JobStore
from storage.keys import Keys
from storage.providers import Providers
from storage.queues import Queues
from storage.stored import Most
from storage.workers import Place, Worker, Workers
from tests.support.job_states import LEASE_MS, JobStates, running
from tests.support.listening import DEADLINE_SECONDS, Listener


@pytest.fixture
def providers(redis: Redis, keys: Keys) -> Providers:
    return Providers(PooledCommands(redis), keys)


async def test_nothing_of_a_paused_provider_may_run_until_it_is_resumed(
    providers: Providers, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    stored = await jobs.queued(provider="painter")
    queues = Queues(PooledCommands(redis), keys)
    entries = [f"{stored.id}:{stored.claim.decode()}".encode()]
    await providers.pause("painter")
    assert await providers.paused() == {"painter"}

    assert await queues.ready("portrait", "painter", entries, first=1, most=Most()) == []
    await providers.resume("painter")

    (ready,) = await queues.ready("portrait", "painter", entries, first=1, most=Most())
    assert ready.id == stored.id
    assert await providers.paused() == set()


async def test_a_run_that_was_about_to_begin_does_not_once_its_provider_is_paused(
    providers: Providers, store: JobStore, jobs: JobStates
) -> None:
    stored = await jobs.queued(provider="painter")
    await providers.pause("painter")

    claimed = await store.claim([(stored, running(stored.job))], lease_ms=LEASE_MS, worker="a worker")

    assert claimed == [None]
    assert (await jobs.get(stored.id)).job.status == "queued"


async def test_pausing_one_provider_leaves_the_others(providers: Providers) -> None:
    await providers.pause("painter")
    await providers.pause("grammar")
    await providers.pause("grammar")

    await providers.resume("painter")

    assert await providers.paused() == {"grammar"}


async def test_to_resume_wakes_the_workers_of_every_kind(
    providers: Providers, redis: Redis, keys: Keys, listener: Listener
) -> None:
    workers = Workers(PooledCommands(redis), keys)
    place = Place(provider="painter", at_once=1)
    await workers.note(Worker(name="one", host="a", pid=7, kinds={"portrait": place}))
    await workers.note(Worker(name="other", host="b", pid=8, kinds={"characters": place, "portrait": place}))
    channels = {keys.wake(kind) for kind in ("portrait", "characters")}
    for channel in channels:
        await listener.subscribe(channel)

    await providers.resume("painter")

    heard = {(await asyncio.wait_for(listener.messages.get(), DEADLINE_SECONDS))[0].decode() for _ in channels}
    assert heard == channels
