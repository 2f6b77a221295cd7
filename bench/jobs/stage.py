"""What all parts stand on: two cores, a Valkey for each that is measured, and processes of which lines are read."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from bench.hub.machine import Cores, cores, pinned
from bench.processes import NotMeasured, clean
from server.up.python import command
from storage.embedded import running

LINE_SECONDS = 60.0
"""After which nothing comes any more."""

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """The worker, or the server, that is measured runs alone on its core; all else is on the other one."""

    cores: Cores
    redis_url: str


@contextmanager
def stage() -> Iterator[Stage]:
    """Raises NotMeasured, EmbeddedUnavailable."""
    with ExitStack() as stack:
        both = cores()
        stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        os.sched_setaffinity(0, {both.load})  # children inherit it
        yield Stage(both, stack.enter_context(running()).url)


class Process:
    """A process of ours that is measured. What it sees it says on standard output, in lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name

    @property
    def pid(self) -> int:
        return self._process.pid

    async def line(self) -> Line:
        """The next line. Raises NotMeasured if none comes."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(LINE_SECONDS):
                text = await self._process.stdout.readline()
        except TimeoutError:
            raise NotMeasured(f"{self._name} said nothing for {LINE_SECONDS:.0f} s.") from None
        if not text:
            raise NotMeasured(f"{self._name} ended while it was measured.")
        said: Line = json.loads(text)
        return said

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def process(
    module: str, *arguments: str, core: int, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """`python -m module`, killed in the end. Its log is told where it ended or said nothing."""
    with tempfile.TemporaryFile() as log:
        started = await asyncio.create_subprocess_exec(
            *command(module, *arguments),
            env=clean(settings or {}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            preexec_fn=pinned(core),
        )
        one = Process(started, module)
        try:
            yield one
        except NotMeasured as error:
            raise NotMeasured(f"{error}\n{os.pread(log.fileno(), 100_000, 0).decode(errors='replace')}") from None
        finally:
            await one.kill()
