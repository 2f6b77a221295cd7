import asyncio
import threading

import pytest

from jobs.providers.threads import News, Stopped, Tell, Threads
from storage.records.media import Picture

pytestmark = pytest.mark.timeout(30)


class Told:
    def __init__(self) -> None:
        self.progress: list[float] = []
        self.threads: set[int] = set()
        self.begun = asyncio.Event()

    async def __call__(
        self, progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        self.progress.append(progress)
        self.threads.add(threading.get_ident())
        self.begun.set()


class Endless:
    """Works until it is told to stop."""

    def __init__(self) -> None:
        self.ended = False

    def __call__(self, tell: Tell, stop: threading.Event) -> None:
        tell(News(0.1, "working"))
        stop.wait()
        self.ended = True
        raise Stopped


def quick(tell: Tell, stop: threading.Event) -> int:
    for progress in (0.25, 0.5, 1.0):
        tell(News(progress, "working"))
    return threading.get_ident()


async def test_it_works_beside_the_event_loop_and_tells_on_it_before_it_answers() -> None:
    threads, told = Threads("work", 1), Told()
    assert await threads.run(quick, told) != threading.get_ident()
    assert told.progress == [0.25, 0.5, 1.0]
    assert told.threads == {threading.get_ident()}
    threads.close()


async def test_when_the_caller_is_cancelled_the_work_has_ended_and_the_thread_is_free() -> None:
    threads, told, endless = Threads("work", 1), Told(), Endless()
    task = asyncio.create_task(threads.run(endless, told))
    await told.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert endless.ended
    await threads.run(quick, Told())
    threads.close()


async def test_a_caller_who_is_cancelled_again_while_the_work_stops_waits_for_its_end_all_the_same() -> None:
    threads, told, stopping, go = Threads("work", 1), Told(), threading.Event(), threading.Event()
    ended = []

    def reluctant(tell: Tell, stop: threading.Event) -> None:
        tell(News(0.1, "working"))
        stop.wait()
        stopping.set()
        go.wait()
        ended.append(True)
        raise Stopped

    task = asyncio.create_task(threads.run(reluctant, told))
    try:
        await told.begun.wait()
        task.cancel()
        await asyncio.to_thread(stopping.wait)
        task.cancel()
        await asyncio.wait({task}, timeout=0.05)
        assert not task.done()
    finally:
        go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended
    threads.close()


async def test_what_goes_wrong_in_the_work_or_in_the_report_is_raised() -> None:
    threads, endless = Threads("work", 1), Endless()

    def broken(tell: Tell, stop: threading.Event) -> None:
        raise ZeroDivisionError

    async def deaf(
        progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        raise KeyError

    with pytest.raises(ZeroDivisionError):
        await threads.run(broken, Told())
    with pytest.raises(KeyError):
        await threads.run(endless, deaf)
    assert endless.ended
    threads.close()


async def test_as_much_is_done_at_once_as_is_allowed_and_closing_stops_all_of_it() -> None:
    threads, running = Threads("work", 2), [Told(), Told()]
    tasks = [asyncio.create_task(threads.run(Endless(), told)) for told in [*running, Told()]]
    for told in running:
        await told.begun.wait()
    threads.close()
    for task in tasks:
        with pytest.raises(Stopped):
            await task
    with pytest.raises(RuntimeError):
        await threads.run(quick, Told())
