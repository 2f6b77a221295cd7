import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from jobs.temporary_objects import BATCH, TemporaryObjects
from storage.errors import ObjectStoreUnavailable
from storage.jobs import JobStore
from storage.objects.local_directory import LocalObjects
from storage.records.ids import new_job_id
from storage.tasks import end
from tests.support.job_states import JobStates
from tests.support.listening import eventually
from tests.support.logged import Logs

pytestmark = pytest.mark.timeout(60)

OLD_SECONDS, YOUNG_SECONDS = 11 * 60, 9 * 60


class Shelf:
    """A local object store whose objects have the age that a test wants."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.objects = LocalObjects(directory, "/objects")

    async def put(self, key: str, age: float = OLD_SECONDS) -> str:
        await self.objects.put(key, b"a film", "video/mp4")
        self.age(key, age)
        return key

    def age(self, key: str, seconds: float) -> None:
        then = time.time() - seconds
        os.utime(self.directory / key, (then, then))

    def take_away(self) -> None:
        self.directory.rename(self.directory.with_name("away"))

    def bring_back(self) -> None:
        self.directory.with_name("away").rename(self.directory)

    async def keys(self) -> set[str]:
        return {listed.key async for listed in self.objects.list("")}


class Watched(TemporaryObjects):
    """Counts how often it has begun to look."""

    begun = 0

    async def sweep(self) -> None:
        self.begun += 1
        await super().sweep()


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path / "objects")
    with closing(shelf.objects):
        await shelf.objects.prepare()
        yield shelf


@pytest.fixture
def temporary(store: JobStore, shelf: Shelf) -> Watched:
    return Watched(store, shelf.objects, seconds=0.02)


async def test_what_belongs_to_a_job_that_is_kept_stays_and_what_belongs_to_none_goes(
    temporary: TemporaryObjects, shelf: Shelf, store: JobStore, jobs: JobStates
) -> None:
    kept = [await jobs.queued(), await jobs.processing(), await jobs.succeeded(), await jobs.failed()]
    removed = await jobs.succeeded()
    await store.remove(removed.id)
    stay = {await shelf.put(f"temp/videos/{stored.id}.mp4") for stored in kept}
    for job_id in (removed.id, new_job_id()):
        for ending in (".mp4", "_poster.jpg", "_2.mp4", "_2_poster.jpg"):
            await shelf.put(f"temp/videos/{job_id}{ending}")

    await temporary.sweep()

    assert await shelf.keys() == stay


async def test_what_is_young_or_no_temporary_object_of_a_job_stays(temporary: TemporaryObjects, shelf: Shelf) -> None:
    job_id = new_job_id()
    stay = {
        await shelf.put(f"temp/videos/{job_id}.mp4", YOUNG_SECONDS),
        await shelf.put("temp/videos/somebodys.mp4"),
        await shelf.put(f"videos/{job_id}/{job_id}_video.mp4"),
        await shelf.put(f"portraits/{job_id}/{job_id}_portrait.png"),
    }
    await temporary.sweep()
    assert await shelf.keys() == stay


async def test_many_are_looked_at_in_batches(
    temporary: TemporaryObjects, shelf: Shelf, jobs: JobStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.temporary_objects.BATCH", 3)
    assert BATCH > 3
    stay = await shelf.put(f"temp/videos/{(await jobs.queued()).id}.mp4")
    for _ in range(10):
        await shelf.put(f"temp/videos/{new_job_id()}.mp4")
    await temporary.sweep()
    assert await shelf.keys() == {stay}


async def test_it_looks_again_and_again_also_after_the_store_was_away(
    temporary: Watched, shelf: Shelf, logs: Logs
) -> None:
    async def has_looked_twice() -> bool:
        return temporary.begun > 1

    async def is_gone() -> bool:
        return not await shelf.keys()

    shelf.take_away()
    with pytest.raises(ObjectStoreUnavailable):
        await temporary.sweep()
    temporary.begun = 0
    serving = asyncio.create_task(temporary.serve())
    await eventually(has_looked_twice)
    shelf.bring_back()
    for _ in range(2):
        await shelf.put(f"temp/videos/{new_job_id()}.mp4")
        await eventually(is_gone)
    await end(serving)
    assert logs == []
