"""Objects as files of a directory: for a single machine, or several that share a file system."""

import errno
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import quote

from storage.errors import ObjectStoreUnavailable, ObjectTaken, ObjectUnknown
from storage.objects.base import Listed, checked_key, checked_prefix
from storage.objects.checking import try_out
from storage.objects.threads import Threads

THREADS = 8
INCOMING = ".incoming"
"""Where files are written before they have their name. No key begins with a dot."""
STALE_SECONDS = 86_400.0
ROUNDS = 100

# Nothing here is reached through a symbolic link but the directory itself, which is the operator's.
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object that is read in parts. It can be read to its end, also when it is deleted meanwhile. `close` it."""

    size: int
    tag: str
    """Another for another object, also for a later one of the same key."""
    _file: BinaryIO
    _threads: Threads

    async def read(self, offset: int, most: int) -> bytes:
        """At least one byte, but at the end. Raises ObjectStoreUnavailable."""
        return await self._threads.run(partial(_told, partial(os.pread, self._file.fileno(), most, offset)))

    def close(self) -> None:
        self._file.close()


class LocalObjects:
    """Objects under `directory`, which browsers get under `base_url`. Made without I/O; `close` it."""

    def __init__(self, directory: Path, base_url: str, *, seconds: float = 60.0) -> None:
        self._directory = directory
        self._base_url = base_url.rstrip("/")
        self._threads = Threads(THREADS, seconds)

    async def prepare(self) -> None:
        """Make the directory, and remove what killed processes left there. Raises ObjectStoreUnavailable."""
        await self._run(self._prepare)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """The type is not kept: it is told from the bytes whenever it is asked for."""
        deadline = time.monotonic() + self._threads.seconds
        await self._run(partial(self._put, checked_key(key), data, deadline))

    async def get(self, key: str) -> bytes:
        return await self._run(partial(self._get, checked_key(key)))

    async def open(self, key: str) -> OpenObject:
        """The object, to be read in parts. Raises ObjectUnknown."""
        return await self._run(partial(self._open, checked_key(key)))

    def url(self, key: str) -> str:
        return f"{self._base_url}/{quote(checked_key(key))}"

    async def delete(self, *keys: str) -> None:
        for key in keys:
            checked_key(key)
        for key in keys:
            await self._run(partial(self._delete, key))

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        above, slash, _ = checked_prefix(prefix).rpartition("/")
        folders = [above + slash]
        while folders:
            folder = folders.pop()
            inside, objects = await self._run(partial(self._list, folder))
            folders += [path for path in inside if path.startswith(prefix)]
            for listed in objects:
                if listed.key.startswith(prefix):
                    yield listed

    async def check(self) -> None:
        await try_out(self)

    def close(self) -> None:
        self._threads.close()

    async def _run(self, work: Callable[[], T]) -> T:
        return await self._threads.run(partial(_told, work))

    def _prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._folders([INCOMING], make=True) as folders, os.scandir(folders[-1]) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # another process tidies as well
                    if entry.stat(follow_symlinks=False).st_mtime < time.time() - STALE_SECONDS:
                        os.unlink(entry.name, dir_fd=folders[-1])

    def _put(self, key: str, data: bytes, deadline: float) -> None:
        *parts, name = key.split("/")
        with self._folders([INCOMING], make=True) as incoming, _written(data, incoming[-1]) as temporary:
            for _ in range(ROUNDS):
                if time.monotonic() > deadline:  # nobody waits for it any more, and its folder may have been removed
                    raise ObjectStoreUnavailable(f"no answer within {self._threads.seconds:g} s")
                # A deletion may take away the folder that was just made or found: it was empty.
                with suppress(FileNotFoundError), self._folders_of(key, parts) as folders:
                    try:
                        os.link(temporary, name, src_dir_fd=incoming[-1], dst_dir_fd=folders[-1], follow_symlinks=False)
                    except FileExistsError:
                        if not _holds(name, folders[-1], data):
                            raise ObjectTaken(key) from None
                    # All of them, for what is there already may be another's who has not come to this yet.
                    for folder in reversed(folders):
                        os.fsync(folder)
                    return
        raise ObjectStoreUnavailable("others put and remove objects of this folder all the time")

    def _get(self, key: str) -> bytes:
        with self._file_of(key) as file:
            return file.read()

    def _open(self, key: str) -> OpenObject:
        file = self._file_of(key)
        found = os.fstat(file.fileno())
        return OpenObject(found.st_size, f"{found.st_ino:x}-{found.st_mtime_ns:x}", file, self._threads)

    def _file_of(self, key: str) -> BinaryIO:
        *parts, name = key.split("/")
        try:
            with self._folders(parts) as folders:
                return _opened(name, folders[-1])
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectUnknown(key) from None

    def _delete(self, key: str) -> None:
        *parts, name = key.split("/")
        with suppress(FileNotFoundError, NotADirectoryError), self._folders(parts) as folders:
            with suppress(FileNotFoundError, IsADirectoryError):
                os.unlink(name, dir_fd=folders[-1])
            os.fsync(folders[-1])
            with suppress(OSError):  # the first that is not empty
                for part, above in zip(reversed(parts), reversed(folders[:-1]), strict=True):
                    os.rmdir(part, dir_fd=above)

    def _list(self, folder: str) -> tuple[Sequence[str], Sequence[Listed]]:
        """The paths of the folders in a folder, with a slash at their end, and the objects there."""
        inside, objects = [], []
        try:
            with self._folders(folder.split("/")[:-1]) as folders, os.scandir(folders[-1]) as entries:
                for entry in entries:
                    path = folder + entry.name
                    with suppress(ValueError, FileNotFoundError):  # no object of ours; deleted by now
                        checked_key(path)
                        if entry.is_dir(follow_symlinks=False):
                            inside.append(f"{path}/")
                        elif entry.is_file(follow_symlinks=False):
                            modified = entry.stat(follow_symlinks=False).st_mtime
                            objects.append(Listed(path, datetime.fromtimestamp(modified, UTC)))
        except (FileNotFoundError, NotADirectoryError):
            return [], []
        return inside, objects

    @contextmanager
    def _folders_of(self, key: str, parts: Sequence[str]) -> Iterator[Sequence[int]]:
        """The folders of an object that is to be put. Raises ObjectTaken where one of them is an object itself."""
        try:
            with self._folders(parts, make=True) as folders:
                yield folders
        except NotADirectoryError:
            raise ObjectTaken(key) from None

    @contextmanager
    def _folders(self, parts: Sequence[str], *, make: bool = False) -> Iterator[Sequence[int]]:
        """Descriptors of the directory and of the folders that lead down from it."""
        with ExitStack() as stack:
            try:
                folders = [os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)]
            except (FileNotFoundError, NotADirectoryError):
                raise ObjectStoreUnavailable(f"there is no directory {self._directory}") from None
            stack.callback(os.close, folders[0])
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=folders[-1])
                folders.append(_open_beneath(part, _FOLDER, folders[-1]))
                stack.callback(os.close, folders[-1])
            yield folders


def _told(work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as error:
        raise ObjectStoreUnavailable(f"{error.strerror} (in LIMNER_OBJECTS_DIR)") from error


@contextmanager
def _written(data: bytes, folder: int) -> Iterator[str]:
    """The name of a new file with these bytes, which are on the disk. It is gone afterwards."""
    name = secrets.token_hex(16)
    try:
        with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def _opened(name: str, folder: int) -> BinaryIO:
    """Raises FileNotFoundError or NotADirectoryError for whatever is no plain file."""
    descriptor = _open_beneath(name, _FILE, folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError
    return open(descriptor, "rb")


def _open_beneath(name: str, flags: int, folder: int) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:  # what systems say of a symbolic link differs
            raise NotADirectoryError from None
        raise


def _holds(name: str, folder: int, data: bytes) -> bool:
    try:
        with _opened(name, folder) as file:
            return os.fstat(file.fileno()).st_size == len(data) and file.read() == data
    except (FileNotFoundError, NotADirectoryError):
        return False
