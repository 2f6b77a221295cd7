"""Composition root of `up`: looks at what could be in the way, then starts everything."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from server.up import listening, python, stores
from server.up.console import Console
from server.up.data_dir import DataDir
from server.up.errors import CannotStart
from server.up.part import Part
from server.up.readiness import is_ready
from server.up.supervisor import GRACE_SECONDS, Supervisor


@dataclass(frozen=True)
class UpOptions:
    host: str
    port: int
    workers: int
    data_dir: Path
    is_open: bool
    """Whoever reaches the server may use it, even without a key."""
    grace: float = GRACE_SECONDS
    """Seconds a part gets to stop by itself."""


def run(options: UpOptions) -> int:
    """Runs Limner until it is told to stop; returns the exit status. Raises CannotStart before anything was started."""
    objects_dir = _objects_dir(options.data_dir)
    _check_settings(options, objects_dir)
    data_dir = DataDir(options.data_dir)
    with listening.listen(options.host, options.port) as listener:
        host, port = listening.address(listener)
        valkey, redis_url = stores.redis(data_dir, os.environ.get("LIMNER_REDIS_URL"))
        postgres, database_url = stores.database(data_dir, os.environ.get("LIMNER_DATABASE_URL"))
        environment = {
            **python.environment(os.environ),
            "PYTHONUNBUFFERED": "1",
            "LIMNER_DRAIN_SECONDS": os.environ.get("LIMNER_DRAIN_SECONDS") or "0",
            "LIMNER_FINISH_SECONDS": os.environ.get("LIMNER_FINISH_SECONDS") or "0",
            "LIMNER_SECRET": os.environ.get("LIMNER_SECRET") or data_dir.secret(),
            "LIMNER_HOST": options.host,
            "LIMNER_PORT": str(port),
            "LIMNER_OPEN": "1" if options.is_open else "0",
            "LIMNER_REDIS_URL": redis_url,
            "LIMNER_DATABASE_URL": database_url,
            "LIMNER_OBJECTS_DIR": objects_dir,
        }
        workers = [_worker(number, environment) for number in range(1, options.workers + 1)]
        server = _server(options, port, listener.fileno(), environment)

        tiers = [valkey, postgres, workers, [server]]
        console = Console(sys.stdout, [part.name for tier in tiers for part in tier])
        supervisor = Supervisor(tiers, console, grace=options.grace)
        greeting = f"Limner is ready: {listening.url(host, port)} (Ctrl-C stops it)"
        asyncio.run(supervisor.run(partial(is_ready, host, port), greeting))
        return 1 if supervisor.refused else 0


def _objects_dir(data_dir: Path) -> str:
    """The folder of the local object store, empty where there is a bucket."""
    if os.environ.get("LIMNER_S3_BUCKET") or os.environ.get("LIMNER_S3_ENDPOINT_URL"):
        return os.environ.get("LIMNER_OBJECTS_DIR", "")
    return os.environ.get("LIMNER_OBJECTS_DIR") or str(data_dir.absolute() / "objects")


def _check_settings(options: UpOptions, objects_dir: str) -> None:
    """The server would refuse them too, but only after Valkey and Postgres were started."""
    from server.settings import ServerSettings
    from storage.errors import SettingsError
    from storage.settings import load

    try:
        load(ServerSettings, host=options.host, port=options.port, open=options.is_open, objects_dir=objects_dir)
    except SettingsError as error:
        raise CannotStart(str(error)) from None


def _server(options: UpOptions, port: int, fd: int, environment: Mapping[str, str]) -> Part:
    arguments = ["serve", "--host", options.host, "--port", str(port), "--fd", str(fd)]
    if options.is_open:
        arguments.append("--open")
    return Part("server", python.command("server", *arguments), environment, pass_fds=(fd,))


def _worker(number: int, environment: Mapping[str, str]) -> Part:
    return Part(f"worker-{number}", python.command("arq_worker"), environment)
