"""The picture that a video begins with: of an even size that plays everywhere, and without holes."""

from typing import cast

import cv2
import numpy as np

from jobs.pixels import pixels_of
from jobs.providers.painter.fields import Bytes
from storage.pictures import head_of

MOST_SIDE = 720
LEAST_SIDE = 16
"""No encoder likes less."""


def source_of(data: bytes) -> Bytes:
    """RGB, its longer side at most MOST_SIDE and both even. Raises NoPicture."""
    head_of(data)
    picture = cast(Bytes, pixels_of(data))
    if data[:4] in (b"\x89PNG", b"RIFF"):
        whole = pixels_of(data, cv2.IMREAD_UNCHANGED)
        if whole.ndim == 3 and whole.shape[2] == 4:
            picture = _on_ground(_sized(cast(Bytes, whole)))  # as it is, it may take gigabytes
    return _sized(cast(Bytes, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)))


def _on_ground(whole: Bytes) -> Bytes:
    """What is transparent becomes a dark tone of the picture's own colour."""
    scaled = whole.astype(np.float32) * np.float32(1 / 65_535 if whole.dtype == np.uint16 else 1 / 255)
    colours, alpha = scaled[..., :3], scaled[..., 3:]
    ground = (colours * alpha).sum((0, 1)) / max(float(alpha.sum()), 1.0) * 0.4
    return cast(Bytes, ((colours * alpha + ground * (1.0 - alpha)) * 255).round().astype(np.uint8))


def _sized(picture: Bytes) -> Bytes:
    height, width = picture.shape[:2]
    scale = min(1.0, MOST_SIDE / max(width, height))
    size = _even(width * scale), _even(height * scale)
    if size == (width, height):
        return picture
    return cast(Bytes, cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _even(side: float) -> int:
    return max(LEAST_SIDE, round(side / 2) * 2)
