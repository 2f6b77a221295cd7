"""A portrait from its request to the encoded picture, in small steps. Runs in whatever thread iterates over it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import cast

import cv2

from jobs.providers.base import PREVIEW_BYTES, PortraitRequest
from jobs.providers.painter.fields import Bytes
from jobs.providers.painter.figure import draw
from jobs.providers.painter.look import look_of
from jobs.providers.painter.strokes import paint
from storage.records.media import Picture, PictureFormat

SKETCHED = 0.15
"""The progress at which the strokes begin."""

PREVIEW_SIDE = 160
_SMALLEST, _LARGEST = 320 * 320, 640 * 640
_CONTENT_TYPES: dict[PictureFormat, str] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Step:
    """`progress` rises from step to step, to 1. `painted` is the share of the strokes that is done. `canvas` is the
    painting so far, None while it is only sketched; it is painted on further: encode it before the next step."""

    progress: float
    painted: float
    stage: str
    canvas: Bytes | None


def paint_portrait(request: PortraitRequest, slices: int = 20) -> Iterator[Step]:
    """The canvas of the last step has the size that was asked for. `slices` is about how many steps the strokes
    take."""
    look = look_of(request)
    width, height = _work_size(request.width, request.height)
    reference = None
    for count, drawn in enumerate(draw(look, width, height), 1):
        reference = drawn
        yield Step(SKETCHED * count / (count + 1), 0.0, "sketching the figure", None)
    if reference is None:
        raise RuntimeError("the sketch ended without a picture")
    larger = request.width * request.height > width * height
    size = (request.width, request.height) if larger else (width, height)
    for step in paint(reference, size, look.chance.stream("strokes"), slices):
        canvas = step.canvas
        if step.done == 1.0 and size != (request.width, request.height):
            canvas = cast(Bytes, cv2.resize(canvas, (request.width, request.height), interpolation=cv2.INTER_AREA))
        yield Step(SKETCHED + (1 - SKETCHED) * step.done, step.done, step.stage, canvas)


def encoded(canvas: Bytes, kind: PictureFormat) -> Picture:
    height, width = canvas.shape[:2]
    options = {
        "png": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 3]),
        "jpeg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]),
        "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 90]),
    }[kind]
    return Picture(_encode(canvas, *options), _CONTENT_TYPES[kind], width, height)


def preview_of(canvas: Bytes) -> Picture:
    """A WebP of at most PREVIEW_BYTES."""
    height, width = canvas.shape[:2]
    scale = min(1.0, PREVIEW_SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cast(Bytes, cv2.resize(canvas, size, interpolation=cv2.INTER_AREA))
    data = b""
    for quality in (75, 55, 35, 15, 1):
        data = _encode(small, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality])
        if len(data) <= PREVIEW_BYTES:
            break
    return Picture(data, "image/webp", *size)


def _encode(canvas: Bytes, ending: str, options: list[int]) -> bytes:
    done, data = cv2.imencode(ending, cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise RuntimeError(f"OpenCV cannot write {ending}")
    return data.tobytes()


def _work_size(width: int, height: int) -> tuple[int, int]:
    """The size at which the figure is drawn: the same composition at every size, at about the same cost."""
    area = min(_LARGEST, max(_SMALLEST, width * height))
    scale = sqrt(area / (width * height))
    return max(16, round(width * scale)), max(16, round(height * scale))
