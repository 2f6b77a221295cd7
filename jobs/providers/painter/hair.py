"""Locks: curves that grow out of a surface, fall by their weight, and are drawn as bundles of fine strands."""

import itertools
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.providers.painter.fields import Bytes, Colour, Floats, smoothstep
from jobs.providers.painter.sheet import fixed_point
from jobs.providers.painter.space import Camera

STEPS = 22


@dataclass(frozen=True, slots=True)
class Locks:
    """`curves` has STEPS points for each lock, `normals` the outward direction along them; `width` is in units of
    space, `tone` a brightness about 1 for each lock."""

    curves: Floats
    normals: Floats
    width: Floats
    tone: Floats

    def chosen(self, which: NDArray[np.intp]) -> "Locks":
        return Locks(self.curves[which], self.normals[which], self.width[which], self.tone[which])


def grow(
    roots: Floats,
    normals: Floats,
    comb: Floats,
    length: Floats,
    rng: np.random.Generator,
    *,
    weight: float,
    curl: float,
    lift: float,
    skull: Floats,
    clear_face: float,
) -> Floats:
    """Curves of the given lengths. They start outwards (`lift`) and along `comb`, and fall with `weight`; they never
    go into the ellipsoid `skull` (half axes) and keep out of the face by `clear_face`."""
    count = len(roots)
    step = (length / (STEPS - 1)).astype(np.float32)[:, None]
    heading = comb + normals * lift
    heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-6
    position = roots.copy()
    curves = np.empty((count, STEPS, 3), np.float32)
    phase = rng.uniform(0, 2 * np.pi, (count, 1)).astype(np.float32)
    pace = rng.uniform(0.8, 1.3, (count, 1)).astype(np.float32)
    down = np.array([0, -1, 0], np.float32)
    for i in range(STEPS):
        curves[:, i] = position
        t = np.float32(i / (STEPS - 1))
        heading = heading + down * np.float32(weight * (0.4 + t)) * step / 0.06
        heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-6
        swing = np.float32(curl) * np.sin(phase + pace * i * 0.95) * min(1.0, float(t) * 3)
        aside = np.stack([heading[:, 1], -heading[:, 0], np.zeros(count, np.float32)], axis=1)
        position = position + (heading + aside * swing) * step
        outside = position / skull
        distance = np.linalg.norm(outside, axis=1, keepdims=True)
        position = np.where((distance < 1) & (position[:, 1:2] > -0.9), position / np.maximum(distance, 0.2), position)
        if clear_face:
            position = _out_of_face(position, clear_face)
    return curves


def _out_of_face(position: Floats, clear: float) -> Floats:
    """Moves aside what hangs before the face."""
    y = position[:, 1]
    half = clear * np.sqrt(np.clip(1.0 - ((y + 0.10) / 1.10) ** 2, 0.05, 1)) * smoothstep(0.85, 0.35, y)
    before = (position[:, 2] > -0.05) & (np.abs(position[:, 0]) < half) & (y > -1.15)
    moved = position.copy()
    side = np.where(position[:, 0] >= 0, 1.0, -1.0)
    moved[:, 0] = np.where(before, position[:, 0] + side * 0.85 * (half - np.abs(position[:, 0])), position[:, 0])
    return moved


def draw_locks(
    image: Bytes,
    cover: Bytes,
    camera: Camera,
    locks: Locks,
    colour: Colour,
    lamp: Floats,
    key: Colour,
    air: Colour,
    rng: np.random.Generator,
    *,
    strands: int = 4,
    sheen: float = 0.55,
    dark: float = 1.0,
    depth: Floats | None = None,
) -> None:
    """Draws the locks in the order given onto `image`, in white onto `cover`, and how near they are onto `depth`."""
    count = len(locks.curves)
    if count == 0:
        return
    screen = camera.project(locks.curves)
    tangent = np.gradient(locks.curves, axis=1)
    tangent /= np.linalg.norm(tangent, axis=2, keepdims=True) + 1e-6
    light = _strand_light(tangent, locks.normals, lamp, sheen)
    flow = np.gradient(screen, axis=1)
    flow /= np.linalg.norm(flow, axis=2, keepdims=True) + 1e-6
    across = np.stack([-flow[..., 1], flow[..., 0]], axis=-1)
    t = np.linspace(0, 1, STEPS, dtype=np.float32)
    body = (np.abs(np.sin(np.pi * (t * 0.84 + 0.14))) ** 0.6).astype(np.float32)
    spread = (locks.width * camera.scale)[:, None] * body[None, :]
    warm = np.array(key, np.float32) * light[0][..., None]
    cool = np.array(air, np.float32) * light[1][..., None]
    base = np.array(colour, np.float32)
    lustre = np.sqrt(base) * 0.62 + 0.10
    paint = (
        base * (warm + cool) * dark * locks.tone[:, None, None]
        + lustre * light[2][..., None] * np.array(key, np.float32) * dark
    )
    knots = [*range(0, STEPS - 1, 5), STEPS - 1]
    middles = [(a + b) // 2 for a, b in itertools.pairwise(knots)]
    jitter = rng.uniform(0.80, 1.20, (count, 2, 1, 1))
    tones = np.clip(paint[:, None, middles] * (jitter * 255), 0, 255).tolist()
    grounds = np.clip(paint[:, STEPS // 3] * (0.62 * 255), 0, 255).tolist()
    offsets = np.linspace(-0.5, 0.5, strands) + rng.uniform(-0.14, 0.14, (count, strands))
    paths = screen[:, None] + across[:, None] * (spread[:, None] * offsets[..., None])[..., None]
    fixed = fixed_point(paths.astype(np.float32))
    half = across * (spread * 0.5)[..., None]
    outlines = fixed_point(np.concatenate([screen + half, (screen - half)[:, ::-1]], axis=1))
    thick = np.maximum(1, np.rint(locks.width * camera.scale / strands * 1.5)).astype(int).tolist()
    ends = rng.integers(STEPS - 4, STEPS, (count, strands)).tolist()
    near, nearness = fixed_point(screen), locks.curves[..., 2].tolist()
    wide = np.maximum(1, np.rint(locks.width * camera.scale * 1.3)).astype(int).tolist()
    for i in range(count):
        cv2.fillPoly(image, [outlines[i]], grounds[i], cv2.LINE_AA, 4)
        cv2.fillPoly(cover, [outlines[i]], (255,), cv2.LINE_AA, 4)
        for j in (0, 1):
            chosen = [fixed[i, k] for k in range(j, strands, 2)]
            for piece, (a, b) in enumerate(itertools.pairwise(knots)):
                last = b == STEPS - 1
                stops = [ends[i][k] if last else b for k in range(j, strands, 2)]
                parts = [path[a : stop + 1] for path, stop in zip(chosen, stops, strict=True)]
                width = max(1, thick[i] - 1) if last else thick[i]
                cv2.polylines(image, parts, False, tones[i][j][piece], width, cv2.LINE_AA, 4)
        if depth is not None:
            for a, b in itertools.pairwise(knots):
                cv2.polylines(depth, [near[i, a : b + 1]], False, nearness[i][(a + b) // 2], wide[i], cv2.LINE_8, 4)
        cv2.polylines(cover, list(fixed[i][:, : STEPS - 3]), False, (255,), thick[i], cv2.LINE_AA, 4)


def _strand_light(tangent: Floats, normal: Floats, lamp: Floats, sheen: float) -> tuple[Floats, Floats, Floats]:
    """Direct light, light of the air, and shine along the strands (Kajiya and Kay's)."""
    facing = normal @ lamp
    along = tangent @ lamp
    direct = np.clip((facing + 0.60) / 1.60, 0, 1) * (0.45 + 0.55 * np.sqrt(np.clip(1 - along**2, 0, 1)))
    half = lamp + np.array([0, 0, 1], np.float32)
    half = half / np.linalg.norm(half)
    ring = np.sqrt(np.clip(1 - (tangent @ half) ** 2, 0, 1))
    shine = sheen * ring**28 * np.clip(normal @ half, 0, 1) ** 1.5
    sky = 0.20 + 0.22 * (0.5 + 0.5 * normal[..., 1])
    return cast(Floats, 1.02 * direct), cast(Floats, sky), cast(Floats, shine)
