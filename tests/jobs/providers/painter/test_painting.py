import cv2
import numpy as np
import pytest

from jobs.providers.base import PREVIEW_BYTES, PortraitRequest
from jobs.providers.painter.fields import Bytes
from jobs.providers.painter.painting import PREVIEW_SIDE, encoded, paint_portrait, preview_of
from storage.records.media import PictureFormat


def request(description: str = "an elf mage", seed: int = 5, width: int = 96, height: int = 96) -> PortraitRequest:
    return PortraitRequest(description, None, seed, width, height, "png")


def painted(of: PortraitRequest) -> Bytes:
    *_, last = paint_portrait(of)
    assert last.canvas is not None
    return last.canvas


def test_the_same_request_gives_the_same_picture() -> None:
    assert np.array_equal(painted(request()), painted(request()))


def test_another_seed_gives_another_picture() -> None:
    assert not np.array_equal(painted(request(seed=1)), painted(request(seed=2)))


def test_progress_rises_at_every_step_and_ends_at_one() -> None:
    progress = [step.progress for step in paint_portrait(request())]
    assert progress[0] > 0
    assert progress == sorted(set(progress))
    assert progress[-1] == 1.0
    assert len(progress) >= 12


def test_more_slices_make_more_steps() -> None:
    assert len(list(paint_portrait(request(), 80))) > len(list(paint_portrait(request(), 20))) + 40


def test_the_stages_go_from_the_sketch_to_the_last_lights() -> None:
    stages = list(dict.fromkeys(step.stage for step in paint_portrait(request())))
    assert stages[:2] == ["sketching the figure", "laying in the ground"]
    assert "painting the face" in stages
    assert stages[-1] == "last lights"


def test_a_later_canvas_is_nearer_to_the_finished_picture() -> None:
    canvases = [
        step.canvas.copy() for step in paint_portrait(request(width=400, height=400)) if step.canvas is not None
    ]
    end = canvases[-1].astype(np.float32)
    far = [float(np.abs(canvas - end).mean()) for canvas in (canvases[0], canvases[len(canvases) // 2], canvases[-2])]
    assert far[0] > far[1] > far[2]


@pytest.mark.parametrize(("width", "height"), [(256, 256), (1280, 320), (300, 500), (800, 800)])
def test_the_canvas_has_the_size_that_was_asked_for(width: int, height: int) -> None:
    assert painted(request(width=width, height=height)).shape == (height, width, 3)


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("jpeg", b"\xff\xd8\xff"), ("webp", b"RIFF")])
def test_a_picture_is_encoded_as_it_says(kind: PictureFormat, magic: bytes) -> None:
    picture = encoded(np.full((30, 40, 3), (200, 40, 10), np.uint8), kind)
    assert picture.data.startswith(magic)
    assert picture.content_type == f"image/{kind}"
    assert (picture.width, picture.height) == (40, 30)
    back = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    assert back is not None
    assert np.abs(back[15, 20].astype(int) - (10, 40, 200)).max() < 12


def test_a_preview_fits_even_where_the_canvas_is_noise() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (640, 640, 3), np.uint8)
    preview = preview_of(noise)
    assert len(preview.data) <= PREVIEW_BYTES
    assert max(preview.width, preview.height) <= PREVIEW_SIDE
