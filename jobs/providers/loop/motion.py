"""How a portrait moves: a breath that lifts chest and shoulders, a head that sways with it, a slow drift of air and
light.

Everything is zero at the beginning of the loop, so that its first frame is the portrait itself, and comes back to it
without a seam.
"""

from math import cos, pi, sin
from typing import cast

import cv2
import numpy as np

from jobs.providers.painter.fields import Bytes, Floats, bump, clouds, smoothstep

CELL = 4
"""The fields are so smooth that they are reckoned for squares of so many pixels."""

_RISE = 0.0125
_WIDEN = 0.0075
_LEAN = 0.017
"""Radians."""
_AIR = 0.0022
_NEARER = 0.008
_GLOW = np.array([0.15, 0.12, 0.075], np.float32)
"""How much brighter the light makes red, green and blue where it is."""


class Motion:
    """The motion of one picture. Lengths are shares of its shorter side."""

    def __init__(self, picture: Bytes, seed: int) -> None:
        self._picture = picture
        self._height, self._width = height, width = picture.shape[:2]
        self._unit = min(width, height)
        rows, columns = max(2, height // CELL), max(2, width // CELL)
        self._across, self._down = _grid(rows, columns, width, height)
        x, y = self._across / width - 0.5, self._down / height
        chance = np.random.default_rng(seed)
        self._side = float(chance.choice([-1.0, 1.0]))
        self._depth = float(chance.uniform(0.88, 1.12))
        self._turn = float(chance.uniform(0.75, 1.1))
        self._orbit = float(chance.uniform(0.0, 2 * pi))

        # Nothing moves along the edges, for beyond them there is nothing to come in.
        inside = _inside(self._across, self._down, width, height, self._unit)
        head = bump(x, y - 0.38, 0.30, 0.27)
        shoulders = bump(x, y - 0.80, 0.46, 0.20)
        chest = bump(x, y - 0.88, 0.34, 0.22)
        self._rise = (shoulders + 0.55 * head).astype(np.float32) * inside
        self._widen = cast(Floats, np.tanh(x / 0.2).astype(np.float32) * chest * inside)
        neck = 0.66 * height
        self._lean_x = cast(Floats, (-(self._down - neck) * head * inside).astype(np.float32))
        self._lean_y = cast(Floats, ((self._across - width / 2) * head * inside).astype(np.float32))
        still = 1.0 - 0.8 * bump(x, y - 0.38, 0.2, 0.2)
        air = [clouds(chance, rows, columns, 3, 2) * inside * still for _ in range(4)]
        self._air_x, self._air_y = (air[0], air[1]), (air[2], air[3])
        self._base_x, self._base_y = _grid(height, width, width, height, offset=0.0)

    def frame(self, phase: float) -> Bytes:
        """The picture at `phase` of the loop, 0…1; at 0 and at 1 it is the portrait."""
        angle = 2 * pi * phase
        breath, follow = _breath(phase), _breath(phase - 0.06) - _breath(-0.06)
        sway = self._side * self._turn * (0.8 * sin(angle) + 0.2 * sin(2 * angle))
        unit = self._unit

        rise = _RISE * self._depth * unit
        wind = _AIR * unit
        ahead, aside = cos(angle) - 1.0, sin(angle)
        shift_x = (
            _WIDEN * unit * breath * self._widen
            + _LEAN * sway * self._lean_x
            + wind * (ahead * self._air_x[0] + aside * self._air_x[1])
        )
        shift_y = (
            -rise * (0.7 * breath + 0.3 * follow) * self._rise
            + _LEAN * sway * self._lean_y
            + wind * (ahead * self._air_y[0] + aside * self._air_y[1])
        )
        nearer = 1.0 + _NEARER * (0.5 - 0.5 * cos(angle))
        middle_x, middle_y = (self._width - 1) / 2, 0.55 * (self._height - 1)
        map_x = (self._base_x - middle_x) / nearer + middle_x - self._whole(shift_x)
        map_y = (self._base_y - middle_y) / nearer + middle_y - self._whole(shift_y)
        moved = cv2.remap(
            self._picture,
            map_x.astype(np.float32),
            map_y.astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return self._lit(moved, angle, breath)

    def _lit(self, moved: cv2.typing.MatLike, angle: float, breath: float) -> Bytes:
        """A soft light that goes once around the head."""
        glow = (self._glow(angle) - self._glow(0.0))[..., None] * _GLOW + np.float32(1.0 + 0.012 * breath)
        gain = cv2.resize(glow, (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        return cast(Bytes, cv2.multiply(moved, gain, dtype=cv2.CV_8U))

    def _glow(self, angle: float) -> Floats:
        around = self._orbit + self._side * angle
        x = self._across / self._width - 0.5 - 0.26 * cos(around)
        y = self._down / self._height - 0.42 - 0.22 * sin(around)
        return bump(x, y, 0.40, 0.40)

    def _whole(self, field: Floats) -> Floats:
        size = (self._width, self._height)
        return cast(Floats, cv2.resize(field.astype(np.float32), size, interpolation=cv2.INTER_LINEAR))


def _breath(phase: float) -> float:
    """0 out, 1 in: drawn a little quicker than it is let go, with a rest in between."""
    angle = 2 * pi * phase
    return 0.5 - 0.5 * cos(angle + 0.45 * sin(angle))


def _grid(rows: int, columns: int, width: int, height: int, offset: float = 0.5) -> tuple[Floats, Floats]:
    """Across and down, in pixels of the picture: at the middles of the cells, or at the pixels themselves."""
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return (across + offset) * np.float32(width / columns), (down + offset) * np.float32(height / rows)


def _inside(across: Floats, down: Floats, width: int, height: int, unit: int) -> Floats:
    """0 along the edges, 1 a tenth of the picture from them."""
    edge = np.minimum(np.minimum(across, width - across), np.minimum(down, height - down))
    return smoothstep(0.0, 0.1 * unit, edge)
