"""Work beside everything else: that it goes on is known, and that it ended is logged."""

import asyncio

from structlog.testing import capture_logs

from server.hub.background import Background


async def test_what_ends_by_a_fault_is_logged_and_known() -> None:
    go_on = asyncio.Event()

    async def fall() -> None:
        await go_on.wait()
        raise RuntimeError("a fault of ours")

    async def stand() -> None:
        await asyncio.Event().wait()

    work = Background()
    work.start(stand(), "stands")
    work.start(fall(), "falls")
    await asyncio.sleep(0)
    assert work.whole
    (falling,) = (task for task in asyncio.all_tasks() if task.get_name() == "falls")
    with capture_logs() as logs:
        go_on.set()
        await asyncio.wait([falling])
        await asyncio.sleep(0)
    assert not work.whole
    assert [(line["event"], str(line["exc_info"])) for line in logs] == [("crashed", "a fault of ours")]
    await work.aclose()
    assert {task for task in asyncio.all_tasks() if task.get_name() == "stands"} == set()
