"""Neck, shoulders and chest as one flowing surface, and shells of cloth or metal around it."""

from dataclasses import dataclass
from math import pi
from typing import cast

import numpy as np

from jobs.providers.painter.fields import Colour, Floats, bump, clouds, shade
from jobs.providers.painter.look import Look
from jobs.providers.painter.sheet import Sheet
from jobs.providers.painter.space import Buffer, Pose, Region

ROWS, COLUMNS = 110, 100

_KNOTS = np.array(
    # y, half width, half depth, middle of the depth
    [
        (-0.45, 0.39, 0.36, -0.30),
        (-0.95, 0.40, 0.37, -0.22),
        (-1.15, 0.43, 0.39, -0.20),
        (-1.30, 0.53, 0.42, -0.20),
        (-1.42, 0.74, 0.46, -0.18),
        (-1.53, 1.02, 0.51, -0.16),
        (-1.66, 1.32, 0.57, -0.12),
        (-1.85, 1.57, 0.65, -0.08),
        (-2.15, 1.72, 0.73, -0.04),
        (-2.60, 1.80, 0.80, 0.00),
        (-3.80, 1.86, 0.84, 0.00),
    ],
    np.float32,
)


@dataclass(frozen=True, slots=True)
class Build:
    """How broad the shoulders and the neck are."""

    shoulders: float
    neck: float


def build_of(look: Look) -> Build:
    shoulders = {"dwarf": 1.12, "orc": 1.17, "elf": 0.92, "halfling": 0.88, "gnome": 0.84}.get(look.race, 1.0)
    neck = {"dwarf": 1.22, "orc": 1.30, "elf": 0.86}.get(look.race, 1.0)
    slim = look.feminine
    return Build(shoulders * (0.86 if slim else 1.0), neck * (0.80 if slim else 1.05))


def body_surface(build: Build, offset: float = 0.0, top: float = -0.45) -> Floats:
    """The body's grid of points from the height `top` down, `offset` outside the skin."""
    y = np.interp(np.linspace(0, 1, ROWS), [0, 0.25, 0.75, 1], [top, min(top, -1.15) - 0.1, -1.95, -3.8])
    width, depth, middle = (np.interp(-y, -_KNOTS[:, 0], _KNOTS[:, i]) for i in (1, 2, 3))
    neck = np.clip((y + 1.55) / 0.35, 0, 1)
    kernel = np.hanning(13) / np.hanning(13).sum()
    width = np.convolve(np.pad(width, 6, mode="edge"), kernel, mode="valid")
    width = width * (build.shoulders + (build.neck - build.shoulders) * neck) + offset
    depth = depth * (0.5 + 0.5 * build.neck) + offset
    angle = np.linspace(-2.1, 2.1, COLUMNS)[None, :]
    x = width[:, None] * np.sin(angle)
    z = middle[:, None] + depth[:, None] * np.cos(angle)
    height = y[:, None] + 0.0 * angle + 0.5 * offset
    return cast(Floats, np.stack([x, height, z], axis=-1).astype(np.float32))


def chest_sheet(colour: Colour, pixels: float) -> Sheet:
    """A sheet for the body as seen from the front: x from -2.3 to 2.3, y from -0.3 down to -3.7."""
    return Sheet(round(4.6 * pixels), round(3.4 * pixels), pixels, (2.3 * pixels, -0.3 * pixels), colour)


def chest_place(points: Floats, sheet: Sheet) -> Floats:
    """Where on its sheet each point of a body's surface is."""
    at = np.empty((*points.shape[:2], 2), np.float32)
    at[..., 0] = sheet.origin[0] + points[..., 0] * sheet.pixels
    at[..., 1] = sheet.origin[1] - points[..., 1] * sheet.pixels
    return at


def draw_body(buffer: Buffer, pose: Pose, look: Look, build: Build) -> None:
    points = body_surface(build)
    x, y = points[..., 0], points[..., 1]
    muscle = (
        0.035
        * np.exp(-(((np.abs(x) - 0.09 - 0.24 * np.clip((y + 1.40) / 0.7, 0, 1)) / 0.05) ** 2))
        * np.clip((y + 1.42) * 8, 0, 1)
    )
    bone = 0.035 * bump(np.abs(x) - 0.52, y + 1.56 - 0.12 * (np.abs(x) - 0.5), 0.42, 0.045)
    hollow = -0.05 * bump(x, y + 1.50, 0.08, 0.09)
    points[..., 2] += muscle + bone + hollow
    sheet = chest_sheet(shade(look.skin, 0.96), buffer.camera.scale)
    sheet.gloss[:] = 0.12
    sheet.tint(
        np.clip(-(sheet.grid()[1] + 1.3) * 0.4, 0, 0.25) + 0 * sheet.grid()[0],
        (look.skin[0], look.skin[1] * 0.72, look.skin[2] * 0.66),
    )
    buffer.draw(pose.place(points), sheet.texture, Region.FACE, at=chest_place(points, sheet))


def draw_shell(
    buffer: Buffer,
    pose: Pose,
    sheet: Sheet,
    build: Build,
    offset: float,
    *,
    folds: float = 0.0,
    look: Look,
    name: str,
    ridge: float = 0.0,
) -> None:
    """A garment that follows the body. It is there where the sheet's opacity is; `folds` is how deep they hang."""
    points = body_surface(build, offset, top=-0.95)
    if folds:
        rng = look.chance.stream(f"folds of {name}")
        drape = clouds(rng, COLUMNS, ROWS, 7, 2).T[:ROWS, :COLUMNS]
        hang = np.linspace(0.25, 1.0, ROWS, dtype=np.float32)[:, None]
        slant = np.abs(np.linspace(-1, 1, COLUMNS, dtype=np.float32))[None, :]
        creases = np.sin(slant * 16 + points[..., 1] * 3 + 2.2 * drape) * 0.55 + drape
        points[..., 2] += folds * hang * creases
        points[..., 0] += np.sign(points[..., 0]) * folds * 0.4 * hang * drape
    if ridge:
        points[..., 2] += (
            ridge * (1 - np.minimum(1, np.abs(points[..., 0]) / 0.55)) * np.clip(-(points[..., 1] + 1.5), 0, 1)
        )
        points[..., 2] += (0.12 if look.feminine else 0.05) * bump(
            np.abs(points[..., 0]) - 0.55, points[..., 1] + 2.15, 0.45, 0.38
        )
    buffer.draw(pose.place(points), sheet.texture, Region.DRESS, at=chest_place(points, sheet))


def draw_collar(
    buffer: Buffer, pose: Pose, colour: Colour, lining: Colour, build: Build, *, height: float, flare: float, gap: float
) -> None:
    """A standing collar, open in front over the angle `gap`."""
    rows, columns = 24, 90
    t = np.linspace(1, 0, rows)[:, None]
    angle = np.linspace(gap, 2 * pi - gap, columns)[None, :]
    radius = (0.50 * build.neck + 0.10 * (1 - t)) + flare * t**1.5
    back = 0.5 - 0.5 * np.cos(angle)
    x = radius * 1.05 * np.sin(angle)
    z = -0.20 + radius * 0.92 * np.cos(angle)
    y = -1.42 + 0.16 * back * (1 - t) + height * t * (0.72 + 0.45 * back) - 0.12 * (1 - back) * (1 - t)
    points = np.stack([x, y + 0 * x, z], axis=-1).astype(np.float32)
    texture = np.empty((rows, columns, 5), np.float32)
    texture[..., :3] = colour
    texture[:4, :, :3] = lining
    texture[..., 3:] = (0.15, 1.0)
    inner = texture.copy()
    inner[..., :3] = shade(lining, 0.55)
    placed = pose.place(points)
    buffer.draw(placed, texture, Region.DRESS)
    buffer.draw(placed[:, ::-1], inner[:, ::-1], Region.DRESS)


def draw_pauldrons(buffer: Buffer, pose: Pose, colour: Colour, trim: Colour, build: Build, gloss: float) -> None:
    """Three overlapping plates over each shoulder."""
    t = np.linspace(0, 1, 50)[:, None]
    angle = np.linspace(-2.2, 2.2, 70)[None, :]
    for sign in (-1.0, 1.0):
        for plate in (2, 1, 0):
            size = 0.50 - 0.02 * plate
            polar = t * (1.25 - 0.1 * plate)
            x = sign * (1.30 * build.shoulders + 0.10 * plate + size * 1.05 * np.sin(polar) * np.cos(angle) * 0.95)
            z = -0.05 + size * 1.25 * np.sin(polar) * np.sin(angle)
            y = -1.72 - 0.22 * plate + size * (0.70 * np.cos(polar) + 0 * angle)
            points = np.stack([x, y, z], axis=-1).astype(np.float32)
            texture = np.empty((50, 70, 5), np.float32)
            texture[..., :3] = shade(colour, 1.0 - 0.10 * plate)
            texture[-7:, :, :3] = trim
            texture[-9:-7, :, :3] = shade(colour, 0.35)
            texture[..., 3:] = (gloss, 1.0)
            buffer.draw(pose.place(points), texture, Region.DRESS, both_sides=True)


def draw_roll(
    buffer: Buffer, pose: Pose, colour: Colour, build: Build, look: Look, *, thick: float, low: float
) -> None:
    """A scarf, or a hood that lies back, around the neck."""
    t = np.linspace(0, 2 * pi, 120)
    radius = 0.56 * build.neck + 0.06
    path = np.stack(
        [
            radius * 1.12 * np.sin(t),
            -1.34 + 0.18 * -np.cos(t) * 1.0 - low * np.maximum(0, np.cos(t)),
            -0.16 + radius * 1.05 * np.cos(t),
        ],
        -1,
    )
    rng = look.chance.stream("roll")
    wobble = 1 + 0.18 * np.sin(t * 5 + rng.uniform(0, 6)) + 0.10 * np.sin(t * 11 + rng.uniform(0, 6))
    ring = np.linspace(0, 2 * pi, 32)
    centre = path[:, None, :]
    outward = np.stack([np.sin(t), 0 * t, np.cos(t)], -1)[:, None, :]
    r = thick * wobble[:, None] * (1 + 0.12 * np.sin(ring[None, :] * 3 + t[:, None] * 4))
    points = (
        centre
        + outward * (np.cos(ring)[None, :] * r)[..., None]
        + np.array([0, 1, 0]) * (np.sin(ring)[None, :] * r)[..., None]
    )
    texture = np.empty((120, 32, 5), np.float32)
    texture[..., :3] = colour
    texture[..., 3:] = (0.05, 1.0)
    buffer.draw(pose.place(points.astype(np.float32)), texture, Region.DRESS, both_sides=True)
