"""An operator hears what keeps an object store from working, once, and that it works again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage.errors import ObjectStoreUnavailable, ObjectTaken, ObjectUnknown
from storage.logs import Event
from storage.objects.local_directory import LocalObjects
from storage.objects.reporting import ReportingObjects
from tests.storage.objects.contract import PNG, ObjectStoreContract, listed
from tests.support.logged import Logs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
async def local(folder: Path) -> AsyncIterator[LocalObjects]:
    with closing(LocalObjects(folder, "/objects", seconds=5)) as local:
        await local.prepare()
        yield local


@pytest.fixture
def objects(local: LocalObjects) -> ReportingObjects:
    return ReportingObjects(local)


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as logs:
        yield logs


class TestReportingObjects(ObjectStoreContract):
    @pytest.fixture
    def base_url(self) -> str:
        return "/objects"

    @pytest.fixture
    def away(self, tmp_path: Path) -> Iterator[ReportingObjects]:
        with closing(LocalObjects(tmp_path / "nowhere", "/objects")) as nowhere:
            yield ReportingObjects(nowhere)


def move(folder: Path, other: Path) -> None:
    folder.rename(other)


async def use(objects: ReportingObjects) -> None:
    with suppress(ObjectStoreUnavailable):
        await objects.put("a/b", PNG, "")
    with suppress(ObjectStoreUnavailable):
        await listed(objects, "")


async def test_what_is_wrong_is_said_once_of_each_call_and_so_is_its_end(
    objects: ReportingObjects, folder: Path, logs: Logs
) -> None:
    away, why = folder.with_name("away"), f"there is no directory {folder}"
    for _ in range(2):
        await use(objects)
        move(folder, away)
        for _ in range(3):
            await use(objects)
        move(away, folder)

    await objects.put("a/b", PNG, "")

    told = [(line["event"], line["call"], line.get("detail")) for line in logs]
    lost = [(Event.OBJECTS_LOST.value, call, why) for call in ("put", "list")]
    back = [(Event.OBJECTS_BACK.value, call, None) for call in ("put", "list")]
    assert told == [*lost, *back, *lost, back[0]]


async def test_an_answer_that_is_none_to_our_liking_is_an_answer(
    objects: ReportingObjects, folder: Path, logs: Logs
) -> None:
    await objects.put("a/b", PNG, "")
    away = folder.with_name("away")
    move(folder, away)
    for _ in range(2):
        with pytest.raises(ObjectStoreUnavailable):
            await objects.get("a/c")
        with pytest.raises(ObjectStoreUnavailable):
            await objects.put("a/b", b"other bytes", "")
    move(away, folder)

    with pytest.raises(ObjectUnknown):
        await objects.get("a/c")
    with pytest.raises(ObjectTaken):
        await objects.put("a/b", b"other bytes", "")

    assert [(line["log_level"], line["call"]) for line in logs] == [
        ("warning", "get"),
        ("warning", "put"),
        ("info", "get"),
        ("info", "put"),
    ]
