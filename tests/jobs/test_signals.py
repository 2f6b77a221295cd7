import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.signals import Signals
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import JobId
from tests.support.job_states import JobStates
from tests.support.line import Line, line_to

pytestmark = pytest.mark.timeout(30)


class Told:
    """A worker's signals, and what they said."""

    def __init__(self, url: str, keys: Keys) -> None:
        self.woken: asyncio.Queue[str] = asyncio.Queue()
        self.stopped: asyncio.Queue[tuple[JobId, bytes]] = asyncio.Queue()
        self.signals = Signals(SecretStr(url), keys)
        for kind in ("characters", "portrait"):
            self.signals.on_wake(kind, lambda kind=kind: self.woken.put_nowait(kind))  # type: ignore[misc]
        self.signals.on_stopped(lambda job_id, claim: self.stopped.put_nowait((job_id, claim)))

    async def when_up(self) -> set[str]:
        """The kinds that are woken because a connection stands. Whatever is told after a later wake is heard."""
        return {await asyncio.wait_for(self.woken.get(), 20) for _ in range(2)}


@pytest.fixture
async def line(redis_url: str) -> AsyncIterator[Line]:
    async with line_to(redis_url) as line:
        yield line


@pytest.fixture
async def told(line: Line, keys: Keys, redis: Redis) -> AsyncIterator[Told]:
    told = Told(line.url, keys)
    told.signals.start()
    assert await told.when_up() == {"characters", "portrait"}
    await heard(told, redis, keys)
    yield told
    await told.signals.aclose()


async def heard(told: Told, redis: Redis, keys: Keys) -> None:
    """Until what is said on the channels is heard."""
    async with asyncio.timeout(20):
        while not await redis.publish(keys.stopped, b"nobody:1"):
            pass
        assert await told.stopped.get() == ("nobody", b"1")


async def test_a_kind_is_woken_by_a_job_that_comes(told: Told, jobs: JobStates) -> None:
    await jobs.queued(kind="characters")
    await jobs.queued()

    assert [await told.woken.get() for _ in range(2)] == ["characters", "portrait"]


async def test_a_job_that_is_ended_from_outside_is_told_with_the_claim_that_ran_it(
    told: Told, store: JobStore, jobs: JobStates
) -> None:
    stored = await jobs.processing()

    await store.cancel(stored.id)

    assert await told.stopped.get() == (stored.id, stored.claim)


async def test_after_a_loss_of_the_connection_every_kind_is_woken_for_what_it_may_have_missed(
    told: Told, line: Line, keys: Keys, redis: Redis
) -> None:
    line.cut()
    line.mend()

    assert await told.when_up() == {"characters", "portrait"}
    await heard(told, redis, keys)
