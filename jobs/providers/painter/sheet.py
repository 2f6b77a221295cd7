"""A sheet: a flat texture on which outlines are filled and lines drawn, smooth at their edges, in units and not in
pixels."""

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from jobs.providers.painter.fields import Bytes, Colour, Floats, Ints, Mask, Reals

Points = Sequence[tuple[float, float]] | Floats
_SHIFT = 4


def smooth_curve(points: Points, count: int = 40, *, closed: bool = False) -> Floats:
    """A curve through the points (Catmull-Rom)."""
    knots = np.asarray(points, np.float32)
    knots = np.concatenate([knots[-1:], knots, knots[:2]]) if closed else np.concatenate([knots[:1], knots, knots[-1:]])
    spans = len(knots) - 3
    t = np.linspace(0, spans, count, endpoint=not closed, dtype=np.float32)
    i = np.minimum(t.astype(np.int32), spans - 1)
    f = (t - i)[:, None]
    p0, p1, p2, p3 = knots[i], knots[i + 1], knots[i + 2], knots[i + 3]
    curve = p1 + 0.5 * f * (p2 - p0 + f * (2 * p0 - 5 * p1 + 4 * p2 - p3 + f * (3 * (p1 - p2) + p3 - p0)))
    return cast(Floats, curve.astype(np.float32))


class Sheet:
    """`origin` is the pixel where (0, 0) lies, `pixels` what one unit is. `gloss` and `opacity` are for each pixel."""

    def __init__(self, width: int, height: int, pixels: float, origin: tuple[float, float], colour: Colour) -> None:
        self.pixels = pixels
        self.origin = origin
        self._planes: Floats = np.empty((5, height, width), np.float32)
        self._planes[:] = np.array((*colour, 0.1, 1.0), np.float32)[:, None, None]

    @property
    def texture(self) -> Floats:
        """Red, green, blue, gloss and opacity, as a surface is drawn with them."""
        return cast(Floats, cv2.merge(list(self._planes)))

    @property
    def gloss(self) -> Floats:
        return cast(Floats, self._planes[3])

    @property
    def shape(self) -> tuple[int, int]:
        _, height, width = self._planes.shape
        return height, width

    def grid(self) -> tuple[Floats, Floats]:
        """x and y, in units, of each pixel: broadcast them."""
        height, width = self.shape
        x = (np.arange(width, dtype=np.float32) - np.float32(self.origin[0])) / np.float32(self.pixels)
        y = (np.float32(self.origin[1]) - np.arange(height, dtype=np.float32)) / np.float32(self.pixels)
        return x[None, :], y[:, None]

    def fill(
        self,
        outline: Points,
        colour: Colour,
        *,
        opacity: float = 1.0,
        soft: float = 0.0,
        gloss: float | None = None,
        inside: Points | None = None,
    ) -> None:
        """Fills the outline; `soft` blurs its edge by so many units, `inside` keeps the paint within another
        outline."""
        shape = self._pixels(outline)
        self._lay([shape], -1, colour, opacity, soft, gloss, None if inside is None else self._pixels(inside))

    def line(
        self,
        path: Points,
        colour: Colour,
        width: float,
        *,
        opacity: float = 1.0,
        soft: float = 0.0,
        inside: Points | None = None,
    ) -> None:
        thickness = max(1, round(width * self.pixels))
        clip = None if inside is None else self._pixels(inside)
        self._lay([self._pixels(path)], thickness, colour, opacity, soft, None, clip)

    def lines(self, paths: Sequence[Points], colour: Colour, width: float, *, opacity: float = 1.0) -> None:
        """Many lines in one coat: where they cross they do not get darker."""
        if len(paths):
            self._lay(
                [self._pixels(p) for p in paths], max(1, round(width * self.pixels)), colour, opacity, 0.0, None, None
            )

    def disc(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Colour,
        *,
        opacity: float = 1.0,
        soft: float = 0.0,
        inside: Points | None = None,
    ) -> None:
        angle = np.linspace(0, 2 * np.pi, 28, endpoint=False, dtype=np.float32)
        outline = np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=-1).astype(np.float32)
        self.fill(outline, colour, opacity=opacity, soft=soft, inside=inside)

    def tint(self, where: Reals, colour: Colour) -> None:
        """Mixes a colour in by a field that is as large as the sheet, or broadcasts to it."""
        weight = where.astype(np.float32)
        for plane, value in zip(self._planes[:3], colour, strict=True):
            plane += (np.float32(value) - plane) * weight

    def brighten(self, factor: Reals) -> None:
        self._planes[:3] *= factor.astype(np.float32)

    def cut(self, keep: Mask) -> None:
        self._planes[4] *= keep

    def _pixels(self, points: Points) -> Floats:
        scale = np.array([self.pixels, -self.pixels], np.float32)
        return np.asarray(points, np.float32) * scale + np.array(self.origin, np.float32)

    def _lay(
        self,
        shapes: list[Floats],
        thickness: int,
        colour: Colour,
        opacity: float,
        soft: float,
        gloss: float | None,
        clip: Floats | None,
    ) -> None:
        height, width = self.shape
        sigma = soft * self.pixels
        margin = max(2.0, thickness + 2.0) + 2.5 * sigma
        everything = np.concatenate(shapes)
        left, top = np.maximum(0, np.floor(everything.min(axis=0) - margin)).astype(int)
        right, bottom = np.minimum((width, height), np.ceil(everything.max(axis=0) + margin)).astype(int)
        if right <= left or bottom <= top:
            return
        corner = np.array([left, top], np.float32)
        mask = np.zeros((bottom - top, right - left), np.uint8)
        fixed = [fixed_point(shape - corner) for shape in shapes]
        if thickness < 0:
            cv2.fillPoly(mask, fixed, (255,), cv2.LINE_AA, _SHIFT)
        else:
            cv2.polylines(mask, fixed, False, (255,), thickness, cv2.LINE_AA, _SHIFT)
        if sigma > 0.3:
            mask = cast(Bytes, cv2.GaussianBlur(mask, (0, 0), sigma))
        if clip is not None:
            stencil = np.zeros_like(mask)
            cv2.fillPoly(stencil, [fixed_point(clip - corner)], (255,), cv2.LINE_AA, _SHIFT)
            mask = cast(Bytes, cv2.min(mask, stencil))
        weight = mask.astype(np.float32) * np.float32(opacity / 255.0)
        values = colour if gloss is None else (*colour, gloss)
        for plane, value in zip(self._planes, values, strict=False):
            part = plane[top:bottom, left:right]
            part += (np.float32(value) - part) * weight


def fixed_point(points: Floats) -> Ints:
    """Coordinates as OpenCV wants them for drawing between pixels."""
    return cast(Ints, np.rint(points * (1 << _SHIFT)).astype(np.int32))
