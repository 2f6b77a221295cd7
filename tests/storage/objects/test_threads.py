import asyncio
import threading
from collections.abc import Iterator

import pytest

from storage.errors import ObjectStoreUnavailable
from storage.objects.threads import Threads


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds the threads of a test; open at its end."""
    gate = threading.Event()
    yield gate
    gate.set()


async def test_work_is_done_and_its_outcome_handed_back() -> None:
    threads = Threads(2, 60)

    assert await threads.run(lambda: "done") == "done"
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    threads.close()


async def test_the_event_loop_goes_on_and_at_most_so_many_work_at_once(gate: threading.Event) -> None:
    threads = Threads(2, 60)
    begun = threading.Semaphore(0)

    def work() -> None:
        begun.release()
        gate.wait()

    waiting = [asyncio.create_task(threads.run(work)) for _ in range(5)]
    while begun._value < 2:  # noqa: ASYNC110 - threads set no event of asyncio
        await asyncio.sleep(0.001)
    assert begun._value == 2

    gate.set()
    await asyncio.gather(*waiting)
    threads.close()
    assert begun._value == 5


async def test_after_its_time_a_call_has_failed(gate: threading.Event) -> None:
    threads = Threads(1, 0.05)

    with pytest.raises(ObjectStoreUnavailable, match=r"no answer within 0\.05 s"):
        await threads.run(gate.wait)
    threads.close()


async def test_what_waited_in_vain_for_a_thread_is_not_done_later(gate: threading.Event) -> None:
    threads = Threads(1, 60)
    done: list[str] = []
    first = asyncio.create_task(threads.run(gate.wait))
    second = asyncio.create_task(threads.run(lambda: done.append("second")))
    await asyncio.sleep(0)

    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    gate.set()
    await first
    await threads.run(lambda: done.append("third"))

    assert done == ["third"]
    threads.close()


async def test_what_is_closed_takes_no_more_work(gate: threading.Event) -> None:
    threads = Threads(1, 60)
    threads.close()

    with pytest.raises(ObjectStoreUnavailable, match="closed"):
        await threads.run(gate.wait)
