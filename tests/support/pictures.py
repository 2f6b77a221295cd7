"""Small pictures, encoded."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def encoded(pixels: NDArray[np.uint8] | NDArray[np.uint16], ending: str = ".png") -> bytes:
    """Of blue, green and red, with opacity as a fourth; or of grey."""
    done, data = cv2.imencode(ending, pixels)
    assert done
    return data.tobytes()


def decoded(data: bytes) -> Pixels:
    """RGB."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return cast(Pixels, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def likeness(width: int = 96, height: int = 96) -> Pixels:
    """Something like a portrait: a light head and shoulders before a dark ground with some pattern."""
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = across / width - 0.5, down / height
    inside = (np.hypot(x / 0.2, (y - 0.38) / 0.24) < 1) | (np.hypot(x / 0.4, (y - 0.95) / 0.3) < 1)
    pattern = 40 + 30 * np.sin(x * 40) * np.cos(y * 40)
    grey = np.where(inside, 150 + pattern, 60 + pattern)
    return cast(Pixels, np.stack([grey * 0.7, grey * 0.85, grey], axis=-1).clip(0, 255).astype(np.uint8))


def portrait(width: int = 96, height: int = 96, ending: str = ".png") -> bytes:
    return encoded(likeness(width, height), ending)
