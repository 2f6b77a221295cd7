import asyncio
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from storage.errors import ObjectStoreUnavailable, ObjectTaken, ObjectUnknown
from storage.objects.base import ObjectStore
from storage.objects.local_directory import INCOMING, STALE_SECONDS, LocalObjects
from tests.storage.objects.contract import PNG, ObjectStoreContract, listed
from tests.support.limner import DEADLINE_SECONDS, ROOT


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
async def objects(directory: Path) -> LocalObjects:
    objects = LocalObjects(directory, "https://limner.example/objects/")
    await objects.prepare()
    return objects


class TestLocalObjects(ObjectStoreContract):
    @pytest.fixture
    def base_url(self) -> str:
        return "https://limner.example/objects"

    @pytest.fixture
    def away(self, directory: Path) -> ObjectStore:
        return LocalObjects(directory / "gone", "")


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"a secret")
    return folder


@pytest.fixture
def entered(directory: Path, objects: LocalObjects, outside: Path) -> LocalObjects:
    """A store in whose directory are links that lead out of it."""
    (directory / "folder").symlink_to(outside)
    (directory / "a").mkdir()
    (directory / "a" / "file").symlink_to(outside / "secret")
    return objects


@pytest.mark.parametrize("key", ["folder/secret", "a/file"])
async def test_a_link_leads_nobody_out_of_the_directory(entered: LocalObjects, outside: Path, key: str) -> None:
    with pytest.raises(ObjectUnknown):
        await entered.get(key)
    with pytest.raises(ObjectUnknown):
        await entered.open(key)
    with pytest.raises(ObjectTaken):
        await entered.put(key, b"a secret", "")
    assert await listed(entered, "") == await listed(entered, "folder/") == []

    await entered.delete(key)

    assert files(outside) == ["secret"]
    with pytest.raises(ObjectTaken):
        await entered.put("folder/new", PNG, "")
    assert files(outside) == ["secret"]


async def test_an_object_is_no_folder_and_a_folder_no_object(objects: LocalObjects) -> None:
    await objects.put("a/b", PNG, "")

    with pytest.raises(ObjectTaken):
        await objects.put("a/b/c", PNG, "")
    with pytest.raises(ObjectTaken):
        await objects.put("a", PNG, "")


async def test_folders_go_with_the_last_object_in_them(objects: LocalObjects, directory: Path) -> None:
    for key in ("a/b/c/d", "a/b/e"):
        await objects.put(key, PNG, "")

    await objects.delete("a/b/c/d")
    assert files(directory) == [INCOMING, "a", "a/b", "a/b/e"]
    await objects.delete("a/b/e")

    assert files(directory) == [INCOMING]


async def test_puts_and_deletions_of_one_folder_do_not_disturb_each_other(objects: LocalObjects) -> None:
    async def come_and_go(number: int) -> None:
        for _ in range(200):
            await objects.put(f"a/b/{number}", PNG, "")
            await objects.delete(f"a/b/{number}")

    await asyncio.gather(*(come_and_go(number) for number in range(3)))

    assert await listed(objects, "") == []


async def test_nothing_is_left_of_a_put_but_the_object(objects: LocalObjects, directory: Path) -> None:
    await objects.put("a/b", PNG, "")
    with pytest.raises(ObjectTaken):
        await objects.put("a/b", b"", "")

    assert files(directory) == [INCOMING, "a", "a/b"]


async def test_what_a_killed_process_left_is_not_listed_and_goes_after_a_day(
    objects: LocalObjects, directory: Path
) -> None:
    long_ago = time.time() - STALE_SECONDS - 1
    for name in ("old", "new"):
        (directory / INCOMING / name).write_bytes(b"the first half of a pic")
    os.utime(directory / INCOMING / "old", (long_ago, long_ago))

    await objects.prepare()

    assert await listed(objects, "") == []
    assert files(directory) == [INCOMING, f"{INCOMING}/new"]


async def test_what_is_no_object_of_ours_is_not_listed(objects: LocalObjects, directory: Path) -> None:
    (directory / ".DS_Store").write_bytes(b"")
    (directory / "a file with blanks").write_bytes(b"")
    os.mkfifo(directory / "pipe")
    await objects.put("a/b", PNG, "")

    assert await listed(objects, "") == ["a/b"]
    with pytest.raises(ObjectUnknown):
        await objects.get("pipe")


async def test_a_directory_that_goes_while_it_is_used_is_not_made_again(objects: LocalObjects, directory: Path) -> None:
    for path in (directory / INCOMING, directory):
        path.rmdir()

    with pytest.raises(ObjectStoreUnavailable, match="there is no directory"):
        await objects.put("a/b", PNG, "")

    assert files(directory.parent) == []


async def test_what_does_not_fit_is_told_in_words_and_leaves_nothing(objects: LocalObjects, directory: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(PNG) - 1, limits[1]))
    try:
        with pytest.raises(ObjectStoreUnavailable, match=r"File too large \(in LIMNER_OBJECTS_DIR\)"):
            await objects.put("a/b", PNG, "")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert files(directory) == [INCOMING]


async def test_what_was_written_only_after_its_time_gets_no_name(
    objects: LocalObjects, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep, flush = threading.Event(), os.fsync

    def fsync(file: int) -> None:
        asleep.wait(DEADLINE_SECONDS)
        flush(file)

    monkeypatch.setattr(os, "fsync", fsync)
    hasty = LocalObjects(directory, "/objects", seconds=0.01)
    with pytest.raises(ObjectStoreUnavailable, match="no answer within"):
        await hasty.put("a/b", PNG, "")
    hasty.close()
    asleep.set()
    while files(directory) not in ([INCOMING], [INCOMING, "a", "a/b"]):  # noqa: ASYNC110 - a thread tells nobody
        await asyncio.sleep(0.001)

    assert files(directory) == [INCOMING]


async def test_an_object_can_be_read_in_parts_also_when_it_is_deleted_meanwhile(objects: LocalObjects) -> None:
    await objects.put("a/b", PNG, "")

    with closing(await objects.open("a/b")) as found:
        await objects.delete("a/b")
        assert found.size == len(PNG)
        assert await found.read(0, 4) + await found.read(4, 1_000_000) == PNG
        assert await found.read(len(PNG), 1) == b""


async def test_an_object_keeps_its_tag_and_a_later_one_has_another(objects: LocalObjects) -> None:
    async def tag() -> str:
        with closing(await objects.open("a/b")) as found:
            return found.tag

    await objects.put("a/b", PNG, "")
    first = await tag()
    await objects.put("a/b", PNG, "")
    assert await tag() == first

    await objects.delete("a/b")
    await objects.put("a/b", PNG, "")
    assert await tag() != first


@pytest.fixture
def processes(directory: Path, objects: LocalObjects) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "tests.storage.objects.putting", str(directory)]
    with ExitStack() as stack:
        started = []
        for name in "xyz":
            process = stack.enter_context(
                subprocess.Popen(
                    [*command, name, "25"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            stack.callback(process.kill)
            started.append(process)
        yield started


async def test_of_processes_that_put_at_once_one_wins_each_object(
    processes: list[subprocess.Popen[str]], objects: LocalObjects
) -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None

    won = [process.communicate(timeout=DEADLINE_SECONDS)[0].split() for process in processes]

    assert sorted(int(number) for numbers in won for number in numbers) == list(range(25))
    for name, numbers in zip(b"xyz", won, strict=True):
        for number in numbers:
            assert set(await objects.get(f"a/{number}/b")) == {name}
