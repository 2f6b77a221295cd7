"""Strokes: a reference picture painted over again, coarse to fine, each layer only where it still differs."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from jobs.providers.painter.fields import Bytes, Floats, Ints, Mask, blur
from jobs.providers.painter.figure import Reference
from jobs.providers.painter.sheet import fixed_point
from jobs.providers.painter.space import Region


@dataclass(frozen=True, slots=True)
class Layer:
    """One brush. `share` is its part of the whole work, `radius` is in pixels of the reference at 640. Strokes are laid
    where canvas and reference differ by more than `tolerance` of 255; each has at most `length` points. `stages` says
    what is painted in which order."""

    share: float
    radius: float
    tolerance: float
    length: int
    stages: tuple[tuple[str, tuple[Region, ...]], ...]


_STROKES_A_STEP = 2_500
"""At most: somebody who wants the painting to stop should not have to wait for long."""
_ALL = tuple(Region)
_TOLERANCES = np.array([2.3, 1.5, 1.7, 0.75], np.float32)
"""How much may stay different in each region: the face is looked at first."""

LAYERS: tuple[Layer, ...] = (
    Layer(0.06, 22.0, 0.0, 5, (("laying in the ground", _ALL),)),
    Layer(0.12, 10.0, 9.0, 6, (
        ("painting the background", (Region.PLACE,)),
        ("blocking in the figure", (Region.DRESS, Region.HAIR, Region.FACE)),
    )),
    Layer(0.20, 5.0, 9.0, 7, (
        ("painting the background", (Region.PLACE,)), ("painting the dress", (Region.DRESS,)),
        ("painting the face", (Region.FACE,)), ("painting the hair", (Region.HAIR,)),
    )),
    Layer(0.30, 2.5, 10.0, 8, (
        ("painting the dress", (Region.PLACE, Region.DRESS)), ("painting the face", (Region.FACE,)),
        ("painting the hair", (Region.HAIR,)),
    )),
    Layer(0.32, 1.3, 12.0, 8, (("last lights", (Region.DRESS, Region.HAIR, Region.FACE)),)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` rises from 0 to 1; `canvas` is the painting so far, and is painted on further: copy what you want to
    keep."""

    done: float
    stage: str
    canvas: Bytes


def paint(reference: Reference, size: tuple[int, int], rng: np.random.Generator, slices: int) -> Iterator[Progress]:
    """Paints a canvas of `size` (width, height) in about `slices` steps; the last has `done` 1."""
    height, width = reference.picture.shape[:2]
    scale = size[0] / width
    canvas: Bytes = np.empty((size[1], size[0], 3), np.uint8)
    canvas[:] = (reference.picture.reshape(-1, 3).mean(axis=0) * 0.55 + (44, 30, 20)).astype(np.uint8)
    unit = np.sqrt(width * height) / 640.0
    flow = _flow(reference.picture, 2.6 * unit)
    done = 0.0
    for layer in LAYERS:
        radius = max(1.0, layer.radius * unit)
        smooth = cast(Bytes, cv2.GaussianBlur(reference.picture, (0, 0), max(0.3, radius * 0.42)))
        seen = (
            canvas if scale == 1.0 else cast(Bytes, cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA))
        )
        starts = _starts(smooth, seen, reference.region, radius, layer.tolerance, rng)
        for stage, regions in layer.stages:
            chosen = starts[np.isin(reference.region[starts[:, 1], starts[:, 0]], regions)]
            strokes = _strokes(chosen, smooth, flow, radius, layer.length, rng)
            share = layer.share / len(layer.stages)
            count = max(2, round(slices * share), -(-len(chosen) // _STROKES_A_STEP))
            for i, (begin, end) in enumerate(_spans(len(chosen), count), 1):
                strokes.draw(canvas, begin, end, scale)
                yield Progress((done + share * i / count) * 0.985, stage, canvas)
            done += share
    _varnish(canvas, reference, flow, rng)
    yield Progress(1.0, "last lights", canvas)


def _spans(count: int, parts: int) -> list[tuple[int, int]]:
    edges = [round(count * i / parts) for i in range(parts + 1)]
    return list(itertools.pairwise(edges))


def _starts(
    smooth: Bytes, canvas: Bytes, region: Bytes, radius: float, tolerance: float, rng: np.random.Generator
) -> Ints:
    """One point in each cell of a grid whose error is large, in random order."""
    height, width = smooth.shape[:2]
    step = max(1.6, radius * 0.95)
    columns, rows = int(width / step) + 1, int(height / step) + 1
    x = np.clip(((np.arange(columns)[None, :] + rng.random((rows, columns))) * step).astype(np.int32), 0, width - 1)
    y = np.clip(((np.arange(rows)[:, None] + rng.random((rows, columns))) * step).astype(np.int32), 0, height - 1)
    red, green, blue = cv2.split(cv2.absdiff(smooth, canvas))
    error = cv2.max(cv2.max(red, green), blue)
    limit = (_TOLERANCES * np.float32(tolerance))[region[y, x]]
    needed = cv2.blur(error, (3, 3))[y, x] >= limit
    points = np.stack([x[needed], y[needed]], axis=-1).astype(np.int32)
    return points[rng.permutation(len(points))]


def _flow(picture: Bytes, sigma: float) -> Floats:
    """The direction of least change at each pixel, from the smoothed structure tensor."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    dx, dy = cv2.Scharr(grey, cv2.CV_32F, 1, 0), cv2.Scharr(grey, cv2.CV_32F, 0, 1)
    tensor = np.stack([dx * dx, dy * dy, dx * dy], axis=-1)
    tensor = cast(Floats, cv2.GaussianBlur(tensor, (0, 0), sigma) + 0.08 * cv2.GaussianBlur(tensor, (0, 0), sigma * 3))
    angle = 0.5 * np.arctan2(2 * tensor[..., 2], tensor[..., 0] - tensor[..., 1]) + np.float32(np.pi / 2)
    return cast(Floats, np.stack([np.cos(angle), np.sin(angle)], axis=-1).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Strokes:
    """`paths` count × points × 2, `ends` how many points of each are used, `colours` and `thickness` for each."""

    paths: Floats
    ends: Ints
    colours: Floats
    thickness: Floats

    def draw(self, canvas: Bytes, begin: int, end: int, scale: float) -> None:
        paths = fixed_point(self.paths[begin:end] * np.float32(scale))
        colours = self.colours[begin:end].tolist()
        thick = np.maximum(1, np.rint(self.thickness[begin:end] * scale)).astype(int).tolist()
        for path, stop, colour, width in zip(paths, self.ends[begin:end].tolist(), colours, thick, strict=True):
            cv2.polylines(canvas, [path[:stop]], False, colour, width, cv2.LINE_AA, 4)


def _strokes(
    starts: Ints, smooth: Bytes, flow: Floats, radius: float, length: int, rng: np.random.Generator
) -> Strokes:
    """Strokes that follow the flow from their starts both for as long as the colour under them stays theirs."""
    height, width = smooth.shape[:2]
    count = len(starts)
    colours = smooth[starts[:, 1], starts[:, 0]].astype(np.float32)
    position = starts.astype(np.float32)
    paths = np.empty((count, length, 2), np.float32)
    ends = np.full(count, length, np.int32)
    alive: Mask = np.ones(count, np.bool_)
    heading = flow[starts[:, 1], starts[:, 0]] * rng.choice(np.array([-1, 1], np.float32), (count, 1))
    for i in range(length):
        paths[:, i] = position
        pixel = np.clip(np.rint(position).astype(np.int32), 0, (width - 1, height - 1))
        under = smooth[pixel[:, 1], pixel[:, 0]].astype(np.float32)
        stray = np.abs(under - colours).max(axis=1) > 13 + 1.0 * radius
        stops = alive & stray & (i >= 2)
        ends[stops] = i
        alive &= ~stops
        step = flow[pixel[:, 1], pixel[:, 0]]
        step = step * np.where(np.sum(step * heading, axis=1, keepdims=True) < 0, np.float32(-1), np.float32(1))
        heading = (0.6 * step + 0.4 * heading).astype(np.float32)
        position = position + heading * np.float32(radius * 0.85)
    vary = 1.0 + rng.normal(0, 0.028, (count, 1)) + rng.normal(0, 0.010, (count, 3))
    colours = np.clip(colours * vary, 0, 255).astype(np.float32)
    thickness = (2.0 * radius * rng.uniform(0.70, 1.10, count)).astype(np.float32)
    return Strokes(paths, ends, colours, thickness)


def _varnish(canvas: Bytes, reference: Reference, flow: Floats, rng: np.random.Generator) -> None:
    """The ridges that bristles leave, along the strokes, and the weave of the canvas where the paint is thin."""
    height, width = reference.picture.shape[:2]
    bristles = rng.standard_normal((height, width)).astype(np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    for reach in (1.5, 3.0):
        ahead = cv2.remap(
            bristles,
            x + flow[..., 0] * reach,
            y + flow[..., 1] * reach,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        behind = cv2.remap(
            bristles,
            x - flow[..., 0] * reach,
            y - flow[..., 1] * reach,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        bristles = (bristles + ahead + behind) / np.float32(3)
    grey = cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY).astype(np.float32)
    relief = cv2.resize(bristles, (canvas.shape[1], canvas.shape[0]), interpolation=cv2.INTER_LINEAR) * np.float32(
        9.0
    ) + grey * np.float32(0.22)
    light = cv2.filter2D(relief, cv2.CV_32F, np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], np.float32))
    calm = np.where(reference.region == Region.FACE, np.float32(0.45), np.float32(1.0))
    calm = cv2.resize(blur(calm, 2.0), (canvas.shape[1], canvas.shape[0]), interpolation=cv2.INTER_LINEAR)
    change = np.clip(light * calm * np.float32(-0.16), -13, 13)
    canvas[:] = np.clip(canvas.astype(np.float32) + change[..., None], 0, 255).astype(np.uint8)
