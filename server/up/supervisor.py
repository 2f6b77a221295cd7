"""Keeps parts running until it is told to stop, and then stops every one of them."""

import asyncio
import itertools
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from server.up.child import Child
from server.up.part import Part, RestartPause
from storage.errors import REFUSED

GRACE_SECONDS = 10.0
_ASK_AGAIN = 0.02
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Tiers = Sequence[Sequence[Part]]


class Reporter(Protocol):
    """Who is told what happens to the parts, by their names."""

    def show(self, name: str, line: str) -> None:
        """A line that the part printed."""

    def ready(self, greeting: str) -> None: ...
    def stopping(self) -> None: ...
    def ended(self, name: str, end: str, again_in: float) -> None: ...
    def refused(self, name: str) -> None: ...
    def late(self, name: str, grace: float) -> None: ...
    def stopped(self, name: str) -> None: ...


class Supervisor:
    """Starts `tiers` in order and stops them in the opposite one; the parts of a tier start and stop at once.

    A part that ends is started again after a growing pause. Every step is told to `reporter`.
    """

    def __init__(self, tiers: Tiers, reporter: Reporter, *, grace: float = GRACE_SECONDS) -> None:
        self._tiers = tiers
        self._reporter = reporter
        self._grace = grace
        self._children: dict[str, Child] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._hurry = False
        self._is_up = False
        self.refused = False
        """A part refused its settings before everything was up."""
        self.killed = False
        """A part did not stop by itself."""

    async def run(self, is_ready: Callable[[], Awaitable[bool]] | None = None, greeting: str = "") -> None:
        """Runs until SIGINT, SIGTERM or SIGHUP. A second signal kills.

        Says `greeting` once `is_ready` is true. A part that refuses its settings before that ends everything, and so
        does what the `is_ready` of a part raises: it is raised when all have stopped. Call it in the main thread.
        """
        with self._signals():
            try:
                async with asyncio.TaskGroup() as group:
                    starting = group.create_task(self._start(group, is_ready, greeting))
                    await self._stop.wait()
                    starting.cancel()
                    for keeper in self._keepers:
                        keeper.cancel()
            except ExceptionGroup as raised:
                raise raised.exceptions[0] from None
            finally:
                await self._stop_all()

    async def _start(
        self, group: asyncio.TaskGroup, is_ready: Callable[[], Awaitable[bool]] | None, greeting: str
    ) -> None:
        for tier in self._tiers:
            self._keepers += [group.create_task(self._keep(part)) for part in tier]
            for part in tier:
                if part.is_ready is not None:
                    await _until(part.is_ready)
        if is_ready is not None:
            await _until(is_ready)
        self._is_up = True
        self._reporter.ready(greeting)

    async def _keep(self, part: Part) -> None:
        pause = RestartPause()
        loop = asyncio.get_running_loop()
        for start in itertools.count():
            started_at = loop.time()
            try:
                child = self._children[part.name] = Child(part, self._reporter.show)
            except OSError as error:
                end = f"could not be started ({error})"
            else:
                status = await asyncio.shield(child.ended)
                if status == REFUSED and (start == 0 or not self._is_up):
                    self._give_up(part)
                    return
                end = _described(status)
            seconds = pause.after(loop.time() - started_at)
            self._reporter.ended(part.name, end, seconds)
            await asyncio.sleep(seconds)

    def _give_up(self, part: Part) -> None:
        self._reporter.refused(part.name)
        self.refused = True
        self._stop.set()

    async def _stop_all(self) -> None:
        running = {name: child for name, child in self._children.items() if not child.ended.done()}
        for tier in reversed(self._tiers):
            children = [running[part.name] for part in tier if part.name in running]
            for child in children:
                child.kill() if self._hurry else child.terminate()
            if not children:
                continue
            _, late = await asyncio.wait([child.ended for child in children], timeout=self._grace)
            for child in children:
                if child.ended in late:
                    self._reporter.late(child.name, self._grace)
                    self.killed = True
                    child.kill()
                await child.ended
                self._reporter.stopped(child.name)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        # What the caller made deaf, as nohup and `&` do, stays so.
        watched = [number for number in _STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for number in watched:
            loop.add_signal_handler(number, self._on_stop_signal)
        try:
            yield
        finally:
            for number in (*watched, signal.SIGCHLD):
                loop.remove_signal_handler(number)

    def _reap(self) -> None:
        # One SIGCHLD may stand for several ends.
        for child in self._children.values():
            child.reap()

    def _on_stop_signal(self) -> None:
        if not self._stop.is_set():
            self._reporter.stopping()
            self._stop.set()
        elif not self._hurry:
            self._hurry = self.killed = True
            for child in self._children.values():
                child.kill()


async def _until(is_true: Callable[[], Awaitable[bool]]) -> None:
    while not await is_true():  # noqa: ASYNC110 - another process knows, and does not call
        await asyncio.sleep(_ASK_AGAIN)


def _described(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"
