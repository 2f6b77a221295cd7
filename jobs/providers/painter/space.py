"""Space: a camera, and a buffer into which curved surfaces are drawn so that the nearer one hides the farther.

Space has x to the viewer's right, y up and z towards the viewer; a head is about 2.2 high and its eyes are at y = 0.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import cos, sin
from typing import cast

import cv2
import numpy as np

from jobs.providers.painter.fields import Floats, Ints, Mask

FAR = np.float32(-50.0)
_PERSPECTIVE = np.float32(0.07)
_SPACING = 0.82
"""Points are at most about this many pixels apart, so that a surface has no holes."""


class Region(IntEnum):
    PLACE = 0
    DRESS = 1
    HAIR = 2
    FACE = 3


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the origin of space is on the picture, and how many pixels one unit is."""

    width: int
    height: int
    scale: float
    x: float
    y: float

    def project(self, points: Floats) -> Floats:
        """Pixels, x to the right and y down."""
        nearness = np.float32(self.scale) / (1.0 - points[..., 2] * _PERSPECTIVE)
        screen = np.empty((*points.shape[:-1], 2), np.float32)
        screen[..., 0] = self.x + points[..., 0] * nearness
        screen[..., 1] = self.y - points[..., 1] * nearness
        return screen


@dataclass(frozen=True, slots=True)
class Pose:
    """A turn to the viewer's right (`yaw`), upwards (`pitch`) and onto the shoulder (`roll`), in radians, around
    `pivot`."""

    yaw: float
    pitch: float
    roll: float
    pivot: tuple[float, float, float] = (0.0, -0.9, -0.25)

    def matrix(self) -> Floats:
        cy, sy, cp, sp, cr, sr = (f(a) for a in (self.yaw, self.pitch, self.roll) for f in (cos, sin))
        yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
        roll = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
        return cast(Floats, (roll @ pitch @ yaw).astype(np.float32))

    def place(self, points: Floats) -> Floats:
        pivot = np.array(self.pivot, np.float32)
        return cast(Floats, (points - pivot) @ self.matrix().T + pivot)

    def turn(self, directions: Floats) -> Floats:
        return cast(Floats, directions @ self.matrix().T)


def normals_of(points: Floats) -> Floats:
    """Unit normals of a grid of points: outwards where rows run down and columns run to the right as seen from
    outside."""
    across = np.empty_like(points)
    across[:, 1:-1] = points[:, 2:] - points[:, :-2]
    across[:, 0], across[:, -1] = points[:, 1] - points[:, 0], points[:, -1] - points[:, -2]
    down = np.empty_like(points)
    down[1:-1] = points[2:] - points[:-2]
    down[0], down[-1] = points[1] - points[0], points[-1] - points[-2]
    normal = np.cross(down, across)
    length = np.sqrt(np.einsum("ijk,ijk->ij", normal, normal)) + 1e-9
    return cast(Floats, (normal / length[..., None]).astype(np.float32))


class Buffer:
    """What is nearest at each pixel: `depth`, `normal`, `albedo` (its own colour), `gloss` 0…1 and `region`."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        size = (camera.height, camera.width)
        self.depth: Floats = np.full(size, FAR, np.float32)
        self.surface: Floats = np.zeros((*size, 7), np.float32)
        self.region = np.zeros(size, np.uint8)

    @property
    def covered(self) -> Mask:
        return self.depth > FAR

    @property
    def normal(self) -> Floats:
        return self.surface[..., 0:3]

    @property
    def albedo(self) -> Floats:
        return self.surface[..., 3:6]

    @property
    def gloss(self) -> Floats:
        return self.surface[..., 6]

    def draw(
        self, points: Floats, texture: Floats, region: Region, *, at: Floats | None = None, both_sides: bool = False
    ) -> None:
        """Draws a grid of points. `texture` has red, green, blue, gloss and opacity (drawn where it is over a half);
        it is stretched over the grid, or looked up at the texture's pixels `at` if they are given for each point."""
        where = self._fine(points)
        coarse = normals_of(points)
        fine = _looked_up(np.concatenate([points, coarse[..., 2:]], axis=-1), where)
        screen = np.rint(self.camera.project(fine)).astype(np.int32)
        x, y, depth = screen[..., 0], screen[..., 1], fine[..., 2]
        seen = (x >= 0) & (x < self.camera.width) & (y >= 0) & (y < self.camera.height)
        if not both_sides:
            seen &= fine[..., 3] > -0.02
        chosen = np.flatnonzero(seen)
        pixel = y.reshape(-1)[chosen] * self.camera.width + x.reshape(-1)[chosen]
        nearer = depth.reshape(-1)[chosen] > self.depth.reshape(-1)[pixel]
        chosen, pixel = chosen[nearer], pixel[nearer]
        if chosen.size == 0:
            return
        spot = where.reshape(-1, 2)[chosen]
        if at is None:
            scale = np.array([texture.shape[1] - 1, texture.shape[0] - 1], np.float32)
            paint = _points_of(texture, spot * scale / np.array([points.shape[1] - 1, points.shape[0] - 1], np.float32))
        else:
            paint = _points_of(texture, _points_of(at, spot))
        normal = _points_of(coarse, spot)
        if both_sides:
            normal = np.where(normal[:, 2:] < 0, -normal, normal)
        opaque = paint[:, 4] > 0.5
        surface = np.concatenate([normal, paint[:, :4]], axis=1)
        self._put(pixel[opaque], depth.reshape(-1)[chosen[opaque]], surface[opaque], region)

    def _fine(self, points: Floats) -> Floats:
        """Where to look the grid up, as (column, row), so that neighbours lie less than a pixel apart on the
        picture."""
        screen = self.camera.project(points)
        along = np.hypot(*np.moveaxis(np.diff(screen, axis=0), -1, 0)).max(axis=1)
        across = np.hypot(*np.moveaxis(np.diff(screen, axis=1), -1, 0)).max(axis=0)
        row, column = _evenly(along), _evenly(across)
        return np.stack(np.broadcast_arrays(column[None, :], row[:, None]), axis=-1).astype(np.float32)

    def _put(self, pixel: Ints, depth: Floats, surface: Floats, region: Region) -> None:
        if pixel.size == 0:
            return
        # Far to near, so that the last write to a pixel is the nearest; 16 bits make it a radix sort.
        rank = ((depth - depth.min()) * (65_000.0 / max(1e-6, float(np.ptp(depth))))).astype(np.uint16)
        order = np.argsort(rank, kind="stable")
        pixel = pixel[order]
        self.depth.reshape(-1)[pixel] = depth[order]
        self.surface.reshape(-1, 7)[pixel] = surface[order]
        self.region.reshape(-1)[pixel] = region


def _evenly(gaps: Floats) -> Floats:
    length = np.concatenate([[0.0], np.cumsum(gaps + 1e-4)])
    count = int(np.clip(length[-1] / _SPACING, 2, 2_000))
    return cast(Floats, np.interp(np.linspace(0, length[-1], count), length, np.arange(len(length))).astype(np.float32))


def _looked_up(grid: Floats, where: Floats) -> Floats:
    return cast(
        Floats, cv2.remap(grid, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def _points_of(grid: Floats, spots: Floats) -> Floats:
    """The grid's values at a list of places; OpenCV wants them as an image of moderate width."""
    width = 1_024
    rows = -(-len(spots) // width)
    padded = np.zeros((rows * width, 2), np.float32)
    padded[: len(spots)] = spots
    return _looked_up(grid, padded.reshape(rows, width, 2)).reshape(rows * width, -1)[: len(spots)]
