"""What a run has with a provider that is paid, noted in its job, so that the next run goes on with it."""

import time
from collections.abc import Callable

from jobs.providers.base import KnownTask, RemoteProvider
from jobs.registry import Abandon
from jobs.run import Run


class RemoteTask:
    """`jobs.providers.base.Task` of one run, with the provider of this name."""

    def __init__(self, run: Run, provider: str, *, clock: Callable[[], float] = time.time) -> None:
        self._run = run
        self._provider = provider
        self._clock = clock

    @property
    def known(self) -> KnownTask | None:
        return noted(self._run.task)

    async def intend(self) -> None:
        await self._keep(KnownTask(provider=self._provider, since=self._clock()))

    async def submitted(self, id: str) -> None:
        since = self.known.since if self.known is not None else self._clock()
        await self._keep(KnownTask(provider=self._provider, since=since, id=id))

    async def clear(self) -> None:
        await self._run.keep_task(b"")

    async def _keep(self, known: KnownTask) -> None:
        await self._run.keep_task(known.model_dump_json().encode())


def noted(task: bytes) -> KnownTask | None:
    """Reads what a run has noted (`Run.task`)."""
    return KnownTask.model_validate_json(task) if task else None


def abandoning(provider: RemoteProvider) -> Abandon:
    """Has `provider` cancel the task that a run has noted, if it is one of its own."""

    async def abandon(task: bytes) -> None:
        known = noted(task)
        if known is not None and known.provider == provider.name:
            await provider.abandon(known)

    return abandon
