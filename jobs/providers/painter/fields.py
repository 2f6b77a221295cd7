"""Fields of numbers that the rest is painted with: their types, soft steps, bumps and noise."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Reals = NDArray[np.float32] | NDArray[np.float64]
"""What is given in either precision, and kept in the single one."""
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]
Colour = tuple[float, float, float]
"""Red, green, blue, each 0…1."""


def smoothstep(low: Reals | float, high: Reals | float, value: Reals) -> Floats:
    """0 at `low`, 1 at `high`, smooth between; `low` may be the larger one."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return cast(Floats, (t * t * (3.0 - 2.0 * t)).astype(np.float32))


def bump(x: Reals, y: Reals, width: float, height: float) -> Floats:
    """A hill of height 1 around zero."""
    return np.exp(-((x / width) ** 2) - (y / height) ** 2).astype(np.float32)


def mix(low: Floats, high: Floats | Colour, amount: Reals | float) -> Floats:
    """`low` where `amount` is 0, `high` where it is 1. Colours lie on the last axis."""
    weight = amount[..., None] if isinstance(amount, np.ndarray) and low.ndim == amount.ndim + 1 else amount
    return cast(Floats, (low + (np.asarray(high, np.float32) - low) * weight).astype(np.float32))


def blend(low: Colour, high: Colour, amount: float) -> Colour:
    return (
        low[0] + (high[0] - low[0]) * amount,
        low[1] + (high[1] - low[1]) * amount,
        low[2] + (high[2] - low[2]) * amount,
    )


def shade(colour: Colour, factor: float) -> Colour:
    return (min(1.0, colour[0] * factor), min(1.0, colour[1] * factor), min(1.0, colour[2] * factor))


def flat(height: int, width: int, colour: Colour) -> Floats:
    return np.full((height, width, 3), colour, np.float32)


def blur(image: Floats, sigma: float) -> Floats:
    """Gaussian blur whose cost does not grow with `sigma`: wide ones are done on a smaller image."""
    if sigma <= 0.3:
        return image
    if sigma > 6.0:
        height, width = image.shape[:2]
        small = cv2.resize(image, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
        return resized(blur(cast(Floats, small), sigma / 4.0), width, height)
    return cast(Floats, cv2.GaussianBlur(image, (0, 0), sigma))


def resized(image: Floats, width: int, height: int) -> Floats:
    return cast(Floats, cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR))


def noise(rng: np.random.Generator, height: int, width: int, rows: int, columns: int) -> Floats:
    """Smooth noise, about -1…1, with `rows` × `columns` hills."""
    seeds = rng.uniform(-1.0, 1.0, (max(2, rows), max(2, columns))).astype(np.float32)
    return cast(Floats, cv2.resize(seeds, (width, height), interpolation=cv2.INTER_CUBIC))


def clouds(rng: np.random.Generator, height: int, width: int, cells: int, octaves: int = 4) -> Floats:
    """Noise of several sizes together, about -1…1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        count = cells << octave
        total += noise(rng, height, width, count * height // max(height, width) + 2, count) * np.float32(0.5**octave)
    return cast(Floats, total / np.float32(1.6))
