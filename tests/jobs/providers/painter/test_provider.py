import asyncio
import threading
from collections.abc import AsyncIterator

import cv2
import numpy as np
import pytest

from jobs.providers.base import PREVIEW_BYTES, PortraitProvider, PortraitRequest
from jobs.providers.painter import Painter
from jobs.providers.threads import Stopped
from storage.records.media import Picture, PictureFormat
from tests.support.told import Told

ENDLESS = 3_600.0


def request(
    seed: int = 3, side: int = 256, kind: PictureFormat = "png", description: str = "a dwarf bard"
) -> PortraitRequest:
    return PortraitRequest(description, None, seed, side, side, kind)


@pytest.fixture
async def painter() -> AsyncIterator[Painter]:
    provider = Painter()
    yield provider
    provider.close()


async def test_it_is_a_portrait_provider(painter: Painter) -> None:
    provider: PortraitProvider = painter
    assert provider.name == "painter"


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
async def test_the_picture_is_what_was_asked_for(painter: Painter, kind: PictureFormat) -> None:
    picture = await painter.paint(request(kind=kind), Told())
    image = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (256, 256, 3)
    assert picture.content_type == f"image/{kind}"


async def test_the_same_request_gives_the_same_bytes(painter: Painter) -> None:
    assert await painter.paint(request(), Told()) == await painter.paint(request(), Told())


async def test_what_it_tells_rises_to_one_on_the_loop_with_previews_that_fit(painter: Painter) -> None:
    told = Told()
    await painter.paint(request(), told)
    assert told.progress == sorted(set(told.progress))
    assert told.progress[-1] == 1.0
    assert told.threads == {threading.get_ident()}
    assert told.previews
    for preview in told.previews:
        assert len(preview.data) <= PREVIEW_BYTES
        image = cv2.imdecode(np.frombuffer(preview.data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.shape[:2] == (preview.height, preview.width)


async def test_cancelling_stops_the_thread_and_frees_it_for_the_next() -> None:
    painter, told = Painter(seconds=ENDLESS), Told()
    task = asyncio.create_task(painter.paint(request(), told))
    await told.first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = Told()
    task = asyncio.create_task(painter.paint(request(), again))
    await again.first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    painter.close()


async def test_a_report_that_raises_stops_the_painting() -> None:
    painter = Painter(seconds=ENDLESS)

    async def lost(
        progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        if preview is not None:
            raise asyncio.CancelledError

    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await painter.paint(request(), lost)
    painter.close()


async def test_cancelling_one_that_waits_for_a_thread_lets_the_other_go_on() -> None:
    painter, told = Painter(seconds=ENDLESS), Told()
    first = asyncio.create_task(painter.paint(request(), told))
    await told.first.wait()
    waiting = asyncio.create_task(painter.paint(request(), Told()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not first.done()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    painter.close()


async def test_closing_stops_what_is_painted_and_what_waits() -> None:
    painter, told = Painter(seconds=ENDLESS), Told()
    running = asyncio.create_task(painter.paint(request(), told))
    await told.first.wait()
    waiting = asyncio.create_task(painter.paint(request(), Told()))
    await asyncio.sleep(0)
    painter.close()
    for task in (running, waiting):
        with pytest.raises(Stopped):
            await task
    with pytest.raises(RuntimeError):
        await painter.paint(request(), Told())


async def test_no_thread_is_left_behind() -> None:
    painter, told = Painter(seconds=ENDLESS), Told()
    task = asyncio.create_task(painter.paint(request(), told))
    await told.first.wait()
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("painter")]
    painter.close()
    with pytest.raises(Stopped):
        await task
    for thread in threads:
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


async def test_what_goes_wrong_while_painting_is_raised(painter: Painter) -> None:
    with pytest.raises(ZeroDivisionError):
        await painter.paint(PortraitRequest("a mage", None, 1, 0, 0, "png"), Told())
