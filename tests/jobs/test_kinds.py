from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from jobs.kinds import Tools, own_kinds
from jobs.providers.loop import Loop
from jobs.providers.painter import Painter
from jobs.registry import Registry
from jobs.settings import WorkerSettings
from storage.characters import CharacterIndex
from storage.jobs import JobStore
from storage.keys import Keys
from storage.objects.base import ObjectStore
from storage.objects.local_directory import LocalObjects
from storage.portraits import PortraitStore
from storage.stored import UNBOUNDED, Most

SETTINGS = WorkerSettings(
    characters_at_once=5,
    characters_seconds=30,
    characters_running=7,
    portraits_at_once=2,
    portrait_seconds=60,
    portraits_running=9,
    videos_at_once=3,
    video_seconds=90,
    videos_running=11,
    uploads_at_once=6,
    upload_seconds=20,
    owner_running=3,
    provider_running={"painter": 4},
)


async def made(store: JobStore, redis: Redis, keys: Keys, objects: ObjectStore | None) -> Registry:
    painter, videos = Painter(), Loop()
    async with httpx.AsyncClient(verify=False) as http:
        portraits = PortraitStore(redis, keys)
        characters = CharacterIndex(store.commands, keys, keep_seconds=60)
        kinds = own_kinds(SETTINGS, Tools(store, portraits, characters, http, painter, videos, None, objects))
    painter.close()
    videos.close()
    return kinds


async def test_each_kind_has_its_own_time_and_its_own_places(
    store: JobStore, redis: Redis, keys: Keys, tmp_path: Path
) -> None:
    kinds = await made(store, redis, keys, LocalObjects(tmp_path, "/objects", seconds=5))

    assert {name: (kind.at_once, kind.seconds, kind.most) for name, kind in kinds.items()} == {
        "characters": (5, 30, Most(7, UNBOUNDED, 3)),
        "portrait": (2, 60, Most(9, 4, 3)),
        "upload": (6, 20, Most()),
        "video": (3, 90, Most(11, UNBOUNDED, 3)),
    }


@pytest.mark.parametrize("kind", ["upload", "video"])
async def test_what_is_stored_as_an_object_is_nobodys_work_without_an_object_store(
    store: JobStore, redis: Redis, keys: Keys, kind: str
) -> None:
    assert kind not in await made(store, redis, keys, None)
