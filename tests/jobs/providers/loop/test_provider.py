import asyncio
import io
import threading
import tracemalloc
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from jobs.errors import InvalidInput
from jobs.providers.base import PREVIEW_BYTES, VideoProvider, VideoRequest
from jobs.providers.loop import Loop
from jobs.providers.threads import Stopped
from tests.jobs.providers.loop.watching import boxes_of, frames_of
from tests.support.pictures import Pixels, decoded, encoded, likeness, portrait
from tests.support.told import Told

pytestmark = pytest.mark.timeout(60)

ENDLESS = 36_000.0


@pytest.fixture
async def loop() -> AsyncIterator[Loop]:
    provider = Loop()
    yield provider
    provider.close()


def request(seed: int = 3, data: bytes | None = None) -> VideoRequest:
    return VideoRequest(portrait() if data is None else data, seed)


def apart(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(np.float32) - other).mean())


async def test_it_is_a_video_provider(loop: Loop) -> None:
    provider: VideoProvider = loop
    assert provider.name == "loop"


async def test_every_frame_can_be_decoded_and_there_are_as_many_as_it_says(loop: Loop) -> None:
    video = await loop.film(request(), Told())
    frames = frames_of(video.data)
    assert {frame.shape for frame in frames} == {(video.height, video.width, 3)} == {(96, 96, 3)}
    assert (video.seconds, len(frames)) == (4.0, 96)
    assert video.content_type == "video/mp4"


async def test_it_plays_everywhere_and_from_its_first_bytes(loop: Loop) -> None:
    video = await loop.film(request(), Told())
    boxes = boxes_of(video.data)
    assert boxes.index("moov") < boxes.index("mdat")
    with av.open(io.BytesIO(video.data), "r") as container:
        [stream] = container.streams.video
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.profile) == ("h264", "yuv420p", "High")
        assert (context.colorspace, context.color_range) == (Colorspace.ITU709.value, ColorRange.MPEG.value)
        assert (context.color_primaries, context.color_trc) == (ColorPrimaries.BT709.value, ColorTrc.BT709.value)
        assert (stream.start_time, container.duration) == (0, 4_000_000)
        assert all(packet.pts == packet.dts for packet in container.demux(stream))


async def test_its_colours_are_those_of_the_portrait(loop: Loop) -> None:
    green = np.full((64, 64, 3), (30, 200, 90), np.uint8)
    [first, *_] = frames_of((await loop.film(request(data=encoded(green)), Told())).data)
    assert np.abs(first.astype(int) - (90, 200, 30)).max() <= 4


async def test_the_same_request_gives_the_same_bytes_and_another_seed_others(loop: Loop) -> None:
    video = await loop.film(request(), Told())
    assert await loop.film(request(), Told()) == video
    assert (await loop.film(request(seed=4), Told())).data != video.data


async def test_it_moves_and_its_last_frame_leads_to_the_first(loop: Loop) -> None:
    frames = frames_of((await loop.film(request(data=portrait(256, 256)), Told())).data)
    middle = apart(frames[0], frames[len(frames) // 2])
    assert middle > 4
    assert apart(frames[0], frames[-1]) < middle / 2


async def test_the_poster_is_the_first_frame_and_that_is_the_portrait(loop: Loop) -> None:
    video = await loop.film(request(data=portrait(256, 256)), Told())
    poster = video.poster
    assert poster.data.startswith(b"\xff\xd8\xff")
    assert (poster.content_type, poster.width, poster.height) == ("image/jpeg", video.width, video.height)
    assert apart(decoded(poster.data), frames_of(video.data)[0]) < 4
    assert apart(decoded(poster.data), decoded(portrait(256, 256))) < 2


async def test_nothing_black_comes_in_from_beyond_the_edges(loop: Loop) -> None:
    white = np.full((96, 96, 3), 255, np.uint8)
    for frame in frames_of((await loop.film(request(data=encoded(white)), Told())).data):
        assert frame.min() > 180


@pytest.mark.parametrize(
    ("size", "made"),
    [
        ((640, 640), (640, 640)),
        ((1280, 1280), (720, 720)),
        ((1280, 853), (720, 480)),
        ((301, 403), (300, 404)),
        ((16, 16), (16, 16)),
        ((1, 1), (16, 16)),
        ((900, 3), (720, 16)),
    ],
)
async def test_its_sides_are_even_and_at_most_720(size: tuple[int, int], made: tuple[int, int]) -> None:
    loop = Loop(seconds=0.1)
    video = await loop.film(request(data=portrait(*size)), Told())
    loop.close()
    assert (video.width, video.height) == made
    assert {frame.shape for frame in frames_of(video.data)} == {(made[1], made[0], 3)}


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
async def test_it_takes_every_kind_of_picture_that_a_portrait_may_be(ending: str) -> None:
    loop = Loop(seconds=0.1)
    video = await loop.film(request(data=portrait(ending=ending)), Told())
    loop.close()
    assert apart(frames_of(video.data)[0], decoded(portrait(ending=ending))) < 6


async def test_a_grey_picture_and_one_of_sixteen_bits_look_the_same() -> None:
    loop = Loop(seconds=0.1)
    grey = likeness()[..., 2]
    for data in (encoded(grey), encoded(grey.astype(np.uint16) * 257)):
        first = frames_of((await loop.film(request(data=data), Told())).data)[0]
        assert apart(first, np.repeat(grey[..., None], 3, axis=2)) < 6
    loop.close()


@pytest.mark.parametrize("bits", [8, 16])
async def test_what_is_transparent_gets_a_dark_ground_of_the_pictures_colour(bits: int) -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[16:48, 16:48] = (40, 60, 200, 255)
    loop = Loop(seconds=0.1)
    data = encoded(pixels if bits == 8 else pixels.astype(np.uint16) * 257)
    first = frames_of((await loop.film(request(data=data), Told())).data)[0]
    loop.close()
    assert np.abs(first[32, 32].astype(int) - (200, 60, 40)).max() < 12
    assert np.abs(first[4, 4].astype(int) - (80, 24, 16)).max() < 12


async def test_a_large_picture_with_holes_takes_little_more_memory_than_itself() -> None:
    pixels = np.zeros((3_000, 3_000, 4), np.uint8)
    pixels[500:2_500, 500:2_500] = (40, 60, 200, 255)
    loop, data = Loop(seconds=0.1), encoded(pixels)
    tracemalloc.start()
    video = await loop.film(request(data=data), Told())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    loop.close()
    assert most < 4 * pixels.nbytes
    first = frames_of(video.data)[0]
    assert np.abs(first[360, 360].astype(int) - (200, 60, 40)).max() < 12
    assert np.abs(first[40, 40].astype(int) - (80, 24, 16)).max() < 12


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture at all",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20),
        portrait()[:80],
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x27\x10\x00\x00\x27\x10\x08\x02\x00\x00\x00" + bytes(100),
    ],
    ids=["empty", "text", "no size", "cut off", "a head", "a hundred megapixels"],
)
async def test_what_is_no_picture_cannot_be_set_in_motion(loop: Loop, data: bytes) -> None:
    with pytest.raises(InvalidInput, match="no picture"):
        await loop.film(request(data=data), Told())


async def test_what_it_tells_rises_to_one_on_the_loop_with_previews_that_fit(loop: Loop) -> None:
    told = Told()
    await loop.film(request(data=portrait(640, 640)), told)
    assert told.progress == sorted(set(told.progress))
    assert told.progress[-1] == 1.0
    assert len(told.progress) > 90
    assert told.threads == {threading.get_ident()}
    assert told.previews
    for preview in told.previews:
        assert preview.content_type == "image/webp"
        assert len(preview.data) <= PREVIEW_BYTES
        assert decoded(preview.data).shape[:2] == (preview.height, preview.width)


async def test_cancelling_stops_the_thread_and_frees_it_for_the_next() -> None:
    loop = Loop(seconds=ENDLESS)
    for _ in range(2):
        told = Told()
        task = asyncio.create_task(loop.film(request(), told))
        await told.first.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    loop.close()


async def test_closing_stops_what_is_made_and_what_waits() -> None:
    loop, told = Loop(seconds=ENDLESS), Told()
    running = asyncio.create_task(loop.film(request(), told))
    await told.first.wait()
    waiting = asyncio.create_task(loop.film(request(), Told()))
    await asyncio.sleep(0)
    loop.close()
    for task in (running, waiting):
        with pytest.raises(Stopped):
            await task
    with pytest.raises(RuntimeError):
        await loop.film(request(), Told())
