import numpy as np
import pytest

from jobs.providers.loop.motion import Motion
from tests.support.pictures import Pixels, likeness

FRAMES = 48


def apart(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(np.float32) - other).mean())


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_it_begins_and_ends_with_the_portrait_itself(seed: int) -> None:
    picture = likeness()
    motion = Motion(picture, seed)
    assert np.array_equal(motion.frame(0.0), picture)
    assert apart(motion.frame(1.0), picture) < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_it_goes_on_evenly_also_from_its_end_to_its_beginning(seed: int) -> None:
    motion = Motion(likeness(256, 256), seed)
    frames = [motion.frame(number / FRAMES) for number in range(FRAMES)]
    steps = [apart(one, other) for one, other in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert max(steps) < 3 * float(np.median(steps))
    assert steps[-1] <= max(steps[:-1])


def test_chest_and_shoulders_rise_and_the_corners_stay() -> None:
    rows = np.zeros((256, 256, 3), np.uint8)
    rows[205:] = 200
    breathing = Motion(rows, 1)
    # Of the chest's middle column, the first row that is light; in the middle of the loop the breath is drawn.
    beginning, drawn = (int(np.argmax(breathing.frame(phase)[:, 128, 0] > 100)) for phase in (0.0, 0.5))
    assert 1 <= beginning - drawn <= 6

    dots = np.zeros((256, 256, 3), np.uint8)
    dots[:16, :16] = dots[:16, -16:] = 200
    still = Motion(dots, 1)
    corners = [still.frame(phase)[:13, [*range(13), *range(243, 256)]].min() for phase in (0.25, 0.5, 0.75)]
    assert min(corners) > 150


@pytest.mark.parametrize(("width", "height"), [(16, 16), (720, 16), (16, 720), (480, 720)])
def test_no_shape_of_picture_is_torn(width: int, height: int) -> None:
    motion = Motion(likeness(width, height), 5)
    frames = [motion.frame(phase) for phase in (0.0, 0.25, 0.5, 0.75)]
    assert {frame.shape for frame in frames} == {(height, width, 3)}
    assert all(frame.min() > 10 for frame in frames)


def test_no_two_seeds_move_alike() -> None:
    frames = [Motion(likeness(), seed).frame(0.3).tobytes() for seed in range(5)]
    assert len(set(frames)) == 5


def test_nothing_is_pulled_in_from_beyond_the_edges() -> None:
    floor = np.zeros((256, 256, 3), np.uint8)
    floor[252:] = 200
    assert Motion(floor, 1).frame(0.5)[:252, 128].max() < 20
