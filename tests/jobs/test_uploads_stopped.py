"""Uploads that are stopped, overtaken, or whose stores are away."""

import asyncio
import json
from typing import Any

import pytest
from redis.asyncio import Redis

from storage.database import Database
from storage.errors import DatabaseUnavailable, ObjectStoreUnavailable
from storage.keys import Keys
from storage.landing import Landed, Landing, TakenUp
from storage.objects.base import ObjectStore
from storage.objects.local_directory import LocalObjects
from storage.records.ids import new_job_id
from storage.records.job import Status
from storage.records.world import MediumId
from storage.worlds import Worlds
from tests.support.gallery import AWAY_SECONDS, BASE, OTHER, PICTURE, REFUSED, Gallery, said
from tests.support.keeping import text_of
from tests.support.work import entry

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def objects(gallery: Gallery) -> LocalObjects:
    return gallery.objects


class Parked:
    """An object store at which everybody who puts waits, before or after the object is there."""

    def __init__(self, objects: ObjectStore, *, stored: bool) -> None:
        self.objects = objects
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self._stored = stored

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        if self._stored:
            await self.objects.put(key, data, content_type)
        self.reached.set()
        await self.go.wait()
        if not self._stored:
            await self.objects.put(key, data, content_type)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.objects, name)


class ParkedLanding(Landing):
    """Rows at which everybody waits who has changed one, or who has read one."""

    def __init__(self, database: Database, *, landed: bool) -> None:
        super().__init__(database)
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self._landed = landed

    async def taken_up(self, medium_id: MediumId) -> TakenUp | None:
        row = await super().taken_up(medium_id)
        await self._park(at=False)
        return row

    async def landed(self, medium_id: MediumId, landed: Landed, *, base64: str) -> bool:
        kept = await super().landed(medium_id, landed, base64=base64)
        await self._park(at=True)
        return kept

    async def _park(self, *, at: bool) -> None:
        if at is self._landed:
            self.reached.set()
            await self.go.wait()


@pytest.mark.parametrize("moment", ["during decode", "before put", "after put", "after update"])
async def test_an_upload_stopped_at_any_moment_ends_with_one_object_when_it_is_run_again(
    gallery: Gallery, objects: LocalObjects, moment: str
) -> None:
    for frozen in (False, True):
        whose = await gallery.kept()
        stored = await gallery.wanted(media=whose.media)
        parked: Any = (
            Parked(objects, stored=moment == "after put")
            if moment.endswith("put")
            else ParkedLanding(gallery.database, landed=moment == "after update")
        )
        working = gallery.working(*((parked, None) if moment.endswith("put") else (objects, parked)))
        (run,) = await working.begin([entry(stored.id, stored.claim)], 1)
        stopped = asyncio.ensure_future(working.kind.function(run))
        await parked.reached.wait()
        if not frozen:
            stopped.cancel()
            await asyncio.gather(stopped, return_exceptions=True)

        begun = await gallery.jobs.get(stored.id)
        await gallery.store.requeue(begun, begun.job.requeued("its worker died"))
        job = await gallery.run(stored.id, objects)
        parked.go.set()  # a worker that froze goes on when another has done its work
        await asyncio.gather(stopped, return_exceptions=True)

        url = f"{BASE}/{whose.stem}.png"
        assert (job.status, job.result) == (Status.SUCCEEDED, {"url": url})
        assert [listed.key async for listed in objects.list(f"portraits/{whose.world}/")] == [f"{whose.stem}.png"]
        assert await objects.get(f"{whose.stem}.png") == PICTURE
        assert await gallery.details(whose) == {"traits": ["Fearless"], "portrait": whose.job, "image_portrait": url}
        assert (await gallery.row(whose))["url"] == url


@pytest.mark.parametrize("same_job", [False, True], ids=["of another job", "of the same job"])
async def test_a_picture_that_took_its_place_during_the_upload_stays_and_the_older_one_is_in_the_history(
    gallery: Gallery, objects: LocalObjects, same_job: bool
) -> None:
    whose = await gallery.kept()
    stored = await gallery.wanted(media=whose.media)
    parked = Parked(objects, stored=False)
    working = gallery.working(parked)
    run = asyncio.create_task(working.run(stored.id, stored.claim))
    await parked.reached.wait()
    newer = {"portrait": whose.job if same_job else new_job_id(), "image_portrait_base64": text_of(OTHER)}
    await gallery.database.execute(
        "update lore_pieces set details = details || $2::jsonb where id = $1", whose.piece, json.dumps(newer)
    )
    parked.go.set()
    await run

    assert await gallery.details(whose) == {"traits": ["Fearless"], **newer}
    assert (await gallery.jobs.get(stored.id)).job.status is Status.SUCCEEDED
    (medium,) = await gallery.media.history(whose.piece)
    assert medium.url == f"{BASE}/{whose.stem}.png"
    assert await objects.get(f"{whose.stem}.png") == PICTURE


async def test_a_world_that_is_deleted_during_the_upload_takes_nothing_up(
    gallery: Gallery, objects: LocalObjects
) -> None:
    whose = await gallery.kept()
    stored = await gallery.wanted(media=whose.media)
    parked = Parked(objects, stored=True)
    run = asyncio.create_task(gallery.working(parked).run(stored.id, stored.claim))
    await parked.reached.wait()
    await Worlds(gallery.database).delete(whose.world)
    parked.go.set()
    await run

    assert said((await gallery.jobs.get(stored.id)).job) == REFUSED


class Away(Parked):
    async def put(self, key: str, data: bytes, content_type: str) -> None:
        raise ObjectStoreUnavailable("connection refused")


class AwayLanding(Landing):
    async def taken_up(self, medium_id: MediumId) -> TakenUp | None:
        raise DatabaseUnavailable("connection refused")


@pytest.mark.parametrize("what", ["object store", "database"])
async def test_a_store_that_is_away_is_waited_for_at_no_attempt(
    gallery: Gallery, objects: LocalObjects, redis: Redis, keys: Keys, what: str
) -> None:
    whose = await gallery.kept()
    stored = await gallery.wanted(media=whose.media)
    away: Any = Away(objects, stored=False) if what == "object store" else objects

    for _ in range(4):
        before = await gallery.store.now()
        job = await gallery.run(stored.id, away, AwayLanding(gallery.database) if what == "database" else None)
        assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, f"the {what} is away; waiting")
        ((_, due),) = await redis.zrange(keys.delayed, 0, -1, withscores=True)
        assert 0.75 * AWAY_SECONDS * 1000 <= due - before <= 1.25 * AWAY_SECONDS * 1000 + 5_000

    assert (await gallery.run(stored.id, objects)).status is Status.SUCCEEDED
