"""The object stores that the table plays on, looked into past Limner, and broken."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from tests.support.s3_faults import Fault, FaultyS3
from tests.support.seaweed import Bucket, Seaweed, new_bucket

AT_ONCE = 8


class Place(Protocol):
    environment: Mapping[str, str]

    def objects(self) -> dict[str, bytes]:
        """All that is there, by its keys."""

    def key_of(self, url: str) -> str | None:
        """What a browser that follows this address gets."""

    def refuse(self) -> None:
        """Until `mend` everything fails."""

    def mend(self) -> None: ...

    def clear(self) -> None: ...


class Folder:
    """The local object store: `link`, which leads to a folder, or nowhere."""

    def __init__(self, link: Path, server_url: str) -> None:
        self._link = link
        self._folder = link.with_name("folder")
        self._folder.mkdir()
        self._base = f"{server_url}/objects/"
        self.environment: Mapping[str, str] = {"LIMNER_OBJECTS_DIR": str(link), "LIMNER_PUBLIC_URL": server_url}
        self._lead_to(self._folder)

    def objects(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self._folder)): path.read_bytes()
            for path in self._folder.rglob("*")
            if path.is_file() and not path.relative_to(self._folder).parts[0].startswith(".")
        }

    def key_of(self, url: str) -> str | None:
        return unquote(url.removeprefix(self._base)) if url.startswith(self._base) else None

    def refuse(self) -> None:
        self._lead_to(self._folder.with_name("nowhere"))

    def mend(self) -> None:
        self._lead_to(self._folder)

    def clear(self) -> None:
        for path in self._folder.iterdir():
            if not path.name.startswith("."):
                shutil.rmtree(path)

    def _lead_to(self, folder: Path) -> None:
        new = self._link.with_name("link")
        new.symlink_to(folder)
        new.rename(self._link)


class FaultyBucket:
    """A bucket of SeaweedFS, which checks signatures; what Limner says to it goes through `faulty`."""

    def __init__(self, bucket: Bucket, faulty: FaultyS3) -> None:
        self._bucket = bucket
        self.faulty = faulty
        self.environment: Mapping[str, str] = {**bucket.environment, "LIMNER_S3_ENDPOINT_URL": faulty.url}

    def objects(self) -> dict[str, bytes]:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            keys = self.keys()
            return dict(zip(keys, threads.map(self._get, keys), strict=True))

    def keys(self) -> list[str]:
        return self._bucket.keys()

    def key_of(self, url: str) -> str | None:
        base = urlsplit(self._bucket.public_url)
        there = urlsplit(url)
        if (there.netloc, there.path.startswith(f"{base.path}/")) != (base.netloc, True):
            return None
        return unquote(there.path.removeprefix(f"{base.path}/"))

    def refuse(self) -> None:
        self.faulty.only = lambda _: True
        self.faulty.fault = Fault.REFUSES

    def mend(self) -> None:
        self.faulty.delay = 0.0
        self.faulty.fault = Fault.NONE

    def clear(self) -> None:
        self.mend()
        self.faulty.seen.clear()
        for key in self.keys():
            self._bucket.admin.delete_object(Bucket=self._bucket.name, Key=key)

    def _get(self, key: str) -> bytes:
        return self._bucket.admin.get_object(Bucket=self._bucket.name, Key=key)["Body"].read()


@asynccontextmanager
async def folder_at(link: Path, server_url: str) -> AsyncIterator[Place]:
    yield Folder(link, server_url)


@asynccontextmanager
async def bucket_in(seaweed: Seaweed) -> AsyncIterator[Place]:
    bucket = await asyncio.to_thread(new_bucket, seaweed)
    async with FaultyS3(bucket.endpoint_url) as faulty:
        yield FaultyBucket(bucket, faulty)
