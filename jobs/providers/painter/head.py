"""The head as a surface in space: skull, jaw, nose, sockets, lips, ears, horns and tusks."""

from dataclasses import dataclass
from math import pi
from typing import cast

import numpy as np

from jobs.providers.painter.fields import Colour, Floats, bump, flat, shade, smoothstep
from jobs.providers.painter.look import Look
from jobs.providers.painter.sheet import Sheet
from jobs.providers.painter.space import Buffer, Pose, Region

ROWS, COLUMNS = 190, 170
_SIDE = 2.25
"""How far round the surface reaches from the front, in radians; the rest is never seen."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A head's proportions; 1 is an ordinary human's."""

    width: float = 1.0
    jaw: float = 1.0
    chin: float = 1.0
    brow: float = 1.0
    nose: float = 1.0
    nose_width: float = 1.0
    cheek: float = 1.0
    lips: float = 1.0
    eye: float = 1.0
    slant: float = 0.0
    ear: float = 1.0
    hollow: float = 0.5

    @property
    def half_width(self) -> float:
        return 0.75 * self.width


_RACES: dict[str, Shape] = {
    "human": Shape(),
    "elf": Shape(
        width=0.93,
        jaw=0.86,
        chin=0.95,
        brow=0.7,
        nose=0.92,
        nose_width=0.82,
        cheek=1.35,
        eye=1.10,
        slant=0.30,
        ear=2.5,
        hollow=0.7,
    ),
    "dwarf": Shape(width=1.13, jaw=1.18, chin=1.1, brow=1.5, nose=1.22, nose_width=1.42, cheek=1.2, eye=0.94, ear=1.1),
    "orc": Shape(
        width=1.10,
        jaw=1.36,
        chin=1.5,
        brow=2.0,
        nose=0.82,
        nose_width=1.5,
        cheek=1.2,
        lips=1.15,
        eye=0.88,
        slant=0.12,
        ear=1.7,
    ),
    "halfling": Shape(
        width=1.04, jaw=1.0, chin=0.8, brow=0.7, nose=0.95, nose_width=1.15, cheek=1.2, eye=1.14, ear=1.3, hollow=0.0
    ),
    "gnome": Shape(
        width=1.04, jaw=0.9, chin=0.85, brow=0.9, nose=1.42, nose_width=1.3, cheek=1.3, eye=1.15, ear=1.8, hollow=0.2
    ),
    "tiefling": Shape(width=0.96, jaw=0.92, chin=1.15, brow=1.2, cheek=1.35, eye=1.04, slant=0.28, ear=1.9, hollow=0.8),
    "dragon": Shape(
        width=1.02,
        jaw=1.15,
        chin=1.2,
        brow=1.9,
        nose=0.85,
        nose_width=1.35,
        cheek=1.6,
        lips=0.8,
        slant=0.25,
        ear=0.0,
        hollow=0.8,
    ),
}


def shape_of(look: Look) -> Shape:
    base = _RACES[look.race]
    chance = look.chance
    soft = look.feminine
    aged = {"young": -0.3, "adult": 0.0, "old": 0.5}[look.age]
    return Shape(
        width=base.width * chance.between("head width", 0.96, 1.04),
        jaw=base.jaw * chance.between("jaw", 0.92, 1.08) * (0.86 if soft else 1.03),
        chin=base.chin * chance.between("chin", 0.85, 1.15) * (0.82 if soft else 1.08),
        brow=base.brow * (0.5 if soft else 1.1),
        nose=base.nose * chance.between("nose", 0.88, 1.15) * (0.86 if soft else 1.04),
        nose_width=base.nose_width * chance.between("nose width", 0.9, 1.1) * (0.86 if soft else 1.0),
        cheek=base.cheek * chance.between("cheek", 0.85, 1.15),
        lips=base.lips * chance.between("lips", 0.9, 1.15) * (1.25 if soft else 0.9),
        eye=base.eye * (1.08 if soft else 0.98) * (1.05 if look.age == "young" else 1.0),
        slant=base.slant + chance.between("slant", -0.05, 0.12),
        ear=base.ear,
        hollow=max(0.0, base.hollow + aged * 0.6 + chance.between("hollow", -0.2, 0.3)),
    )


def head_surface(shape: Shape, age: str) -> tuple[Floats, Floats]:
    """The grid of points of the face and skull, and the flat place (x, y) that each has on the painted face."""
    v = np.linspace(pi / 2 * 0.995, -pi / 2 * 0.985, ROWS, dtype=np.float32)[:, None]
    u = np.linspace(-_SIDE, _SIDE, COLUMNS, dtype=np.float32)[None, :]
    cos_v, sin_v = np.cos(v), np.sin(v)
    sin_u, cos_u = np.sin(u), np.cos(u)
    low = smoothstep(0.05, -0.95, sin_v)
    width = np.where(sin_v > 0, cos_v**0.86, cos_v ** (1.04 - 0.42 * (shape.jaw - 0.55)))
    width = width * (1.0 - 0.10 * low)
    x = (shape.half_width * width * np.sign(sin_u) * np.abs(sin_u) ** 0.92).astype(np.float32)
    y = (np.where(sin_v > 0, 1.16, 1.06) * sin_v + 0.0 * u).astype(np.float32)
    front = 0.80 * cos_v ** np.where(sin_v > 0, 0.85, 0.42) * np.maximum(cos_u, 0)
    back = 1.02 * cos_v * (1.0 - 0.75 * low) * np.minimum(cos_u, 0)
    z = (front + back).astype(np.float32)
    place = np.stack([x, y], axis=-1).astype(np.float32)
    facing = smoothstep(0.02, 0.40, cos_u + 0.0 * v)
    z = z + facing * _features(x, y, shape, age)
    return np.stack([x, y, z], axis=-1).astype(np.float32), place


def _features(x: Floats, y: Floats, shape: Shape, age: str) -> Floats:
    side = np.abs(x)
    eye_x = 0.30 * (0.5 + 0.5 * shape.width)
    relief = -0.15 * bump(side - eye_x, y - 0.02, 0.16, 0.12)
    relief += 0.075 * bump(side - eye_x, y - 0.005, 0.12 * shape.eye, 0.075 * shape.eye)
    relief += 0.055 * shape.brow * bump(side - 0.27, y - 0.19, 0.21, 0.065)
    relief += 0.05 * bump(x, y - 0.50, 0.45, 0.26)
    relief += 0.075 * shape.cheek * bump(side - 0.44, y + 0.17, 0.17, 0.13)
    relief -= 0.075 * shape.hollow * bump(side - 0.45, y + 0.50, 0.13, 0.20)
    relief -= 0.045 * bump(side - 0.64, y - 0.28, 0.12, 0.20)
    relief += _nose(x, y, side, shape)
    relief += 0.07 * bump(x, y + 0.56, 0.28, 0.19)
    relief += 0.045 * shape.lips * bump(x, y + 0.525, 0.17, 0.038)
    relief += 0.055 * shape.lips * bump(x, y + 0.622, 0.14, 0.045)
    relief -= 0.045 * bump(x, y + 0.567, 0.20, 0.018)
    relief -= 0.055 * bump(x, y + 0.73, 0.17, 0.05)
    relief += 0.12 * shape.chin * bump(x, y + 0.89, 0.15 + 0.07 * shape.jaw, 0.12)
    line = side - (0.19 + 0.30 * (-0.34 - y))
    furrow = {"young": 0.008, "adult": 0.022, "old": 0.045}[age]
    relief -= furrow * np.exp(-((line / 0.035) ** 2)) * smoothstep(-0.28, -0.40, y) * smoothstep(-0.72, -0.60, y)
    if age == "old":
        for height in (0.42, 0.52, 0.62):
            relief -= 0.010 * bump(x, y - height - 0.03 * np.cos(4.0 * x), 0.38, 0.014)
        relief -= 0.02 * bump(side - eye_x, y + 0.13, 0.14, 0.025)
    return cast(Floats, relief.astype(np.float32))


def _nose(x: Floats, y: Floats, side: Floats, shape: Shape) -> Floats:
    down = smoothstep(0.20, -0.29, y)
    under = smoothstep(-0.385, -0.29, y)
    ridge = (0.05 + 0.25 * shape.nose * down**1.15) * under * smoothstep(0.26, 0.02, y)
    breadth = (0.060 + 0.050 * down**2) * (0.5 + 0.5 * shape.nose_width)
    nose = ridge * np.exp(-((side / breadth) ** 2))
    nose += 0.05 * shape.nose * bump(x, y + 0.275, 0.075 * shape.nose_width, 0.06)
    nose += 0.10 * bump(side - 0.105 * shape.nose_width, y + 0.30, 0.055, 0.055)
    return cast(Floats, nose)


def draw_ears(buffer: Buffer, pose: Pose, look: Look, shape: Shape) -> None:
    if shape.ear == 0.0:
        return
    rows, columns = 40, 24
    t = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    s = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    long = max(0.0, shape.ear - 1.2)
    top = 0.20 + 0.30 * long
    y = top + (-0.36 - top) * t + 0.0 * s
    breadth = 0.115 * np.sin(pi * np.clip(t, 0.03, 0.97)) ** (0.55 + 0.35 * long)
    lean = np.clip(1 - t, 0, 1) ** (1.0 + 0.5 * long)
    texture = np.zeros((rows, columns, 5), np.float32)
    inner = np.exp(-(((s + 0.1) / 0.42) ** 2)) * np.exp(-(((t - 0.45) / 0.28) ** 2))
    colour = shade(look.skin, 0.97)
    texture[..., :3] = flat(rows, columns, (colour[0], colour[1] * 0.88, colour[2] * 0.86)) * (
        1 - 0.42 * inner[..., None]
    )
    texture[..., 3:] = (0.2, 1.0)
    for sign in (-1.0, 1.0):
        out = 0.05 + 0.10 * (s + 1) / 2 + 0.34 * long * lean
        x = sign * (shape.half_width * 0.93 + out)
        z = -0.16 - breadth * s * 0.9 - 0.28 * long * lean + 0.05 * np.cos(s * 3) * (1 - inner)
        points = np.stack([x + 0.0 * t, y, z + 0.0 * y], axis=-1).astype(np.float32)
        buffer.draw(pose.place(points), texture, Region.FACE, both_sides=True)


def tube(path: Floats, radius: Floats, columns: int = 20) -> Floats:
    """A round body along a path of points, with a radius at each."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    helper = np.array([0.31, 0.2, 0.93], np.float32)
    first = np.cross(along, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-6
    second = np.cross(along, first)
    angle = np.linspace(0, 2 * pi, columns, dtype=np.float32)
    ring = np.cos(angle)[None, :, None] * first[:, None] + np.sin(angle)[None, :, None] * second[:, None]
    return cast(Floats, (path[:, None] + ring * radius[:, None, None]).astype(np.float32))


def draw_horns(buffer: Buffer, pose: Pose, look: Look, shape: Shape) -> None:
    if look.race not in ("tiefling", "dragon"):
        return
    t = np.linspace(0, 1, 60, dtype=np.float32)
    kind = look.chance.pick("horns", ("ram", "swept", "tall") if look.race == "tiefling" else ("swept", "tall"))
    if kind == "ram":
        angle = t * 4.6 - 0.5
        curve = np.stack(
            [0.30 + 0.50 * t, 0.42 + 0.42 * np.sin(angle + 1.0) - 0.12 * t, -0.28 + 0.45 * np.cos(angle + 1.3)], -1
        )
    elif kind == "swept":
        curve = np.stack([0.32 + 0.42 * np.sin(t * 2.2), 0.72 + 0.55 * t, 0.42 - 1.1 * t**1.3], -1)
    else:
        curve = np.stack([0.34 + 0.30 * np.sin(t * 3.0), 0.74 + 0.92 * t, 0.36 - 0.45 * np.sin(t * 2.4)], -1)
    radius = (0.135 * (1 - t) ** 0.7 * (1 + 0.07 * np.sin(t * 60))).astype(np.float32) + 0.006
    pale = look.chance.pick("horn colour", ((0.20, 0.16, 0.15), (0.62, 0.55, 0.44), (0.34, 0.22, 0.18)))
    texture = np.empty((60, 20, 5), np.float32)
    texture[..., :3] = flat(60, 20, pale) * (0.75 + 0.4 * t + 0.14 * np.sin(t * 60))[:, None, None]
    texture[..., 3:] = (0.55, 1.0)
    for sign in (-1.0, 1.0):
        path = curve.astype(np.float32) * np.array([sign, 1, 1], np.float32)
        buffer.draw(pose.place(tube(path, radius)), texture, Region.HAIR, both_sides=True)


def draw_tusks(buffer: Buffer, pose: Pose, look: Look) -> None:
    if look.race != "orc":
        return
    t = np.linspace(0, 1, 24, dtype=np.float32)
    size = look.chance.between("tusks", 0.75, 1.2) * (0.75 if look.feminine else 1.0)
    path = np.stack([0.17 + 0.05 * np.sin(t * 2.4), -0.62 + 0.20 * size * t, 0.90 + 0.05 * np.sin(t * 3)], -1)
    radius = (0.040 * np.sqrt(1 - t) + 0.004).astype(np.float32)
    texture = np.empty((24, 12, 5), np.float32)
    ivory: Colour = (0.90, 0.84, 0.68)
    texture[..., :3] = flat(24, 12, ivory) * (0.78 + 0.25 * t)[:, None, None]
    texture[..., 3:] = (0.6, 1.0)
    for sign in (-1.0, 1.0):
        turned = path.astype(np.float32) * np.array([sign, 1, 1], np.float32)
        buffer.draw(pose.place(tube(turned, radius, 12)), texture, Region.FACE, both_sides=True)


def draw_head(buffer: Buffer, pose: Pose, shape: Shape, age: str, face: Sheet) -> None:
    """Wraps the painted face around the head."""
    points, place = head_surface(shape, age)
    at = np.empty_like(place)
    at[..., 0] = face.origin[0] + place[..., 0] * face.pixels
    at[..., 1] = face.origin[1] - place[..., 1] * face.pixels
    buffer.draw(pose.place(points), face.texture, Region.FACE, at=at)
