"""Deleted worlds: nothing of them is left, in Postgres, Redis or the object store."""

from pathlib import Path

import pytest

from jobs.removals import Remover
from storage.errors import ObjectStoreUnavailable
from storage.objects.local_directory import LocalObjects
from storage.records.ids import JobId
from storage.records.job import Status
from tests.support.keeping import INPUT, Keeping, asked, png, ready


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_what_a_user_deletes_is_gone_everywhere(keeping: Keeping) -> None:
    running, finished = await keeping.jobs.processing(), await keeping.jobs.succeeded()
    here, elsewhere = ready(), ready()
    world = await keeping.world(asked(running.id), asked(finished.id), here, pictures={2: png(1)})
    other = await keeping.world(elsewhere, pictures={0: png(2)})
    for world_id in (world, other):
        await keeping.objects.put(f"portraits/{world_id}/a_portrait.png", png(1), "image/png")
        await keeping.objects.put(f"videos/{world_id}/a_video.mp4", b"....ftypisom", "video/mp4")
    await keeping.again()

    assert await keeping.kept.worlds.delete(world)
    await keeping.again()

    assert await keeping.kept.worlds.board(world) is None
    assert await keeping.value("select count(*) from lore_pieces") == 1
    assert await keeping.value("select count(*) from media") == 1
    for job_id in (running.id, finished.id, JobId(here.upload)):
        stored = await keeping.store.look(job_id)
        assert stored is not None
        assert stored.expired
        assert await keeping.portraits.text(job_id) is None
    assert (await keeping.known(elsewhere.upload)).job.status is Status.QUEUED
    assert [listed.key async for listed in keeping.objects.list(f"portraits/{world}/")] == []
    assert files(keeping.folder) == ["a_portrait.png", "a_video.mp4"]


async def test_what_a_run_still_wrote_after_the_deletion_goes_too(keeping: Keeping) -> None:
    world = await keeping.world(None)
    await keeping.kept.worlds.delete(world)
    await keeping.again()
    await keeping.objects.put(f"portraits/{world}/a_portrait.png", png(1), "image/png")
    assert await keeping.value("select count(*) from removals") == 1

    await keeping.execute("update removals set deleted_at = deleted_at - interval '1 hour'")
    await keeping.again()

    assert files(keeping.folder) == []
    assert await keeping.value("select count(*) from removals") == 0


async def test_what_could_be_stopped_only_late_may_write_for_a_while_all_the_same(keeping: Keeping) -> None:
    running = await keeping.jobs.processing(kind="video")
    world = await keeping.world(asked(running.id))
    await keeping.kept.worlds.delete(world)
    await keeping.execute("update removals set deleted_at = deleted_at - interval '1 hour'")
    await keeping.again()

    await keeping.objects.put(f"videos/{world}/a_video.mp4", b"....ftypisom", "video/mp4")
    await keeping.again()

    assert files(keeping.folder) == []
    assert await keeping.value("select count(*) from removals") == 0


class Odd(LocalObjects):
    """Has something in one world that cannot be removed."""

    world = ""

    async def delete(self, *keys: str) -> None:
        if self.world in keys[0]:
            raise ValueError("this is none of ours")
        await super().delete(*keys)


async def test_a_world_that_cannot_be_removed_keeps_nobody_from_the_others(keeping: Keeping) -> None:
    odd, worlds = Odd(keeping.folder, "/objects"), [await keeping.world(None) for _ in range(3)]
    odd.world = worlds[1]
    for world in worlds:
        await odd.put(f"portraits/{world}/a_portrait.png", png(1), "image/png")
        await keeping.kept.worlds.delete(world)

    await Remover(keeping.store, keeping.kept.removals, odd, most=60).remove_due(again=1)

    assert [listed.key async for listed in odd.list("")] == [f"portraits/{odd.world}/a_portrait.png"]
    odd.close()


async def test_an_object_store_that_is_away_is_waited_for(keeping: Keeping) -> None:
    world = await keeping.world(None)
    await keeping.objects.put(f"portraits/{world}/a_portrait.png", png(1), "image/png")
    await keeping.kept.worlds.delete(world)
    away = keeping.folder.with_name("away")
    keeping.folder.rename(away)

    with pytest.raises(ObjectStoreUnavailable):
        await keeping.again()
    away.rename(keeping.folder)
    await keeping.again()

    assert files(keeping.folder) == []


async def test_a_portrait_that_another_world_needs_too_goes_on(keeping: Keeping) -> None:
    job = await keeping.jobs.queued()
    first = await keeping.world(asked(job.id))
    second = await keeping.world(asked(job.id))
    await keeping.kept.worlds.delete(first)
    await keeping.again()

    await keeping.finish(job.id, png(1))
    await keeping.again()

    assert (await keeping.piece(second)).portrait.coming == job.id


async def test_a_world_made_while_another_is_removed_gets_its_portrait_all_the_same(keeping: Keeping) -> None:
    job = await keeping.jobs.succeeded(input=INPUT.encode())
    await keeping.kept.worlds.delete(await keeping.world(asked(job.id)))
    world = await keeping.world(asked(job.id, status=Status.PROCESSING))
    await Remover(keeping.store, keeping.kept.removals, keeping.objects, most=60).remove_due(again=1)

    await keeping.again()

    portrait = (await keeping.piece(world)).portrait
    assert (portrait.status, portrait.job != job.id) == (Status.QUEUED, True)
