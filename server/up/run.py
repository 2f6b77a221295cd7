"""Composition root of `up`: looks at what could be in the way, then starts everything."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from server.up import listening, python
from server.up.console import Console
from server.up.data_dir import DataDir
from server.up.errors import CannotStart
from server.up.part import Part
from server.up.readiness import is_ready
from server.up.supervisor import GRACE_SECONDS, Supervisor

# An embedded Valkey forks for nothing but to shorten its append-only file, and copes when that fails.
_VALKEY_NOISE = ("Memory overcommit", "oO0OoO0OoO0Oo")


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
    _check_settings(options)
    data_dir = DataDir(options.data_dir)
    with listening.listen(options.host, options.port) as listener:
        host, port = listening.address(listener)
        environment = {
            **python.environment(os.environ),
            "PYTHONUNBUFFERED": "1",
            "LIMNER_DRAIN_SECONDS": os.environ.get("LIMNER_DRAIN_SECONDS") or "0",
            "LIMNER_FINISH_SECONDS": os.environ.get("LIMNER_FINISH_SECONDS") or "0",
            "LIMNER_SECRET": os.environ.get("LIMNER_SECRET") or data_dir.secret(),
            "LIMNER_HOST": options.host,
            "LIMNER_PORT": str(port),
            "LIMNER_OPEN": "1" if options.is_open else "0",
        }
        if redis_url := os.environ.get("LIMNER_REDIS_URL"):
            _look_at(redis_url)
            store = []
        else:
            valkey, redis_url = _valkey(data_dir)
            store = [valkey]
        environment["LIMNER_REDIS_URL"] = redis_url
        workers = [_worker(number, environment) for number in range(1, options.workers + 1)]
        server = _server(options, port, listener.fileno(), environment)

        console = Console(sys.stdout, [part.name for part in (server, *workers, *store)])
        supervisor = Supervisor([store, workers, [server]], console, grace=options.grace)
        greeting = f"Limner is ready: {listening.url(host, port)} (Ctrl-C stops it)"
        asyncio.run(supervisor.run(partial(is_ready, host, port), greeting))
        return 1 if supervisor.refused else 0


def _check_settings(options: UpOptions) -> None:
    """The server would refuse them too, but only after Valkey was started."""
    from server.settings import ServerSettings
    from storage.errors import SettingsError
    from storage.settings import load

    try:
        load(ServerSettings, host=options.host, port=options.port, open=options.is_open)
    except SettingsError as error:
        raise CannotStart("\n".join(error.problems)) from None


def _server(options: UpOptions, port: int, fd: int, environment: Mapping[str, str]) -> Part:
    arguments = ["serve", "--host", options.host, "--port", str(port), "--fd", str(fd)]
    if options.is_open:
        arguments.append("--open")
    return Part("server", python.command("server", *arguments), environment, pass_fds=(fd,))


def _worker(number: int, environment: Mapping[str, str]) -> Part:
    return Part(f"worker-{number}", python.command("arq_worker"), environment)


def _valkey(data_dir: DataDir) -> tuple[Part, str]:
    from storage.embedded import EmbeddedUnavailable, prepare

    try:
        valkey = prepare(data_dir.path)
    except EmbeddedUnavailable as error:
        raise CannotStart(str(error)) from None
    except OSError as error:
        raise CannotStart(f"the data folder {data_dir.path} cannot be used: {error.strerror}.") from None

    async def answers() -> bool:
        return valkey.is_ready()

    part = Part(
        "valkey",
        valkey.command,
        {"PATH": os.environ.get("PATH", os.defpath)},
        pass_fds=(data_dir.lock_fd,),
        # It ends by itself at once, and with SIGTERM its file is whole.
        death_signal=signal.SIGTERM,
        is_ready=answers,
        hides=lambda line: any(noise in line for noise in _VALKEY_NOISE),
    )
    return part, valkey.url


def _look_at(redis_url: str) -> None:
    """Raises CannotStart with every fault of the Redis that `redis_url` names."""
    from pydantic import SecretStr

    from storage.connect import connect, inspect
    from storage.errors import SettingsError, StoreUnavailable, UnfitStore

    async def look() -> None:
        client = connect(SecretStr(redis_url), connections=1)
        try:
            await inspect(client)
        finally:
            await client.aclose()

    try:
        asyncio.run(look())
    except (SettingsError, UnfitStore) as error:
        raise CannotStart(str(error)) from None
    except StoreUnavailable as error:
        raise CannotStart(f"the Redis that LIMNER_REDIS_URL names cannot be reached: {error.detail}") from None
