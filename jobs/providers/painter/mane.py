"""What grows: the hair of the head in its cuts, beards, and fur. Each is a set of `Locks` in space."""

from dataclasses import dataclass
from math import pi
from typing import cast

import numpy as np

from jobs.providers.painter.fields import Floats, Reals, smoothstep
from jobs.providers.painter.hair import Locks, grow
from jobs.providers.painter.hairline import hairline
from jobs.providers.painter.head import Shape
from jobs.providers.painter.look import Look
from jobs.providers.painter.space import Pose

_LENGTHS = {"bald": 0.0, "cropped": 0.10, "short": 0.36, "medium": 1.25, "long": 2.3}
_PULLED = frozenset({"mohawk", "tied", "bun"})
_CURLS = {"straight": 0.06, "wavy": 0.34, "curly": 0.85}


@dataclass(frozen=True, slots=True)
class Mane:
    """`behind` is drawn before the body and the head, `before` after them."""

    behind: Locks
    before: Locks


def skull(shape: Shape, thick: float) -> Floats:
    return np.array([shape.half_width + thick, 1.15 + thick, 0.98 + thick], np.float32)


def hair_on_head(look: Look, shape: Shape, pose: Pose) -> Mane:
    rng = look.chance.stream("hair")
    hair = look.hair
    reach = _LENGTHS[hair.length]
    if reach == 0.0:
        return Mane(_none(), _none())
    covered = look.headgear in ("hood", "helmet", "hat", "scarf", "cap")
    count = {"cropped": 700, "short": 430, "medium": 400, "long": 400}[hair.length]
    axes = skull(shape, -0.01)
    u = rng.uniform(-pi, pi, count * 2)
    y = rng.uniform(-0.55, 1.0, count * 2) * 1.15
    keep = (y > hairline(u.astype(np.float32), look)) & (np.abs(y) < 1.14)
    if covered:
        keep &= (np.cos(u) < 0.35) | (y < 0.2)
    if hair.cut == "mohawk":
        keep &= np.abs(np.sin(u) * np.sqrt(np.clip(1 - (y / 1.15) ** 2, 0, 1))) < 0.26
    u, y = u[keep][:count], y[keep][:count]
    around = np.sqrt(np.clip(1 - (y / 1.15) ** 2, 0, 1))
    unit = np.stack([np.sin(u) * around, y / 1.15, np.cos(u) * around], -1).astype(np.float32)
    front = np.clip(unit[:, 2], 0, None)
    roots = unit * axes * np.stack([np.ones_like(front), np.ones_like(front), 1 - 0.17 * front], -1)
    normals = unit / axes
    normals = (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)
    comb = _comb(look, roots, unit, rng)
    comb -= normals * np.clip(np.sum(comb * normals, axis=1, keepdims=True), 0, None)
    length = reach * rng.uniform(0.72, 1.08, len(unit)) * np.where(unit[:, 1] > 0.1, 1.0, 0.86)
    lift, weight = {"short": (0.26, 0.14), "cropped": (1.1, 0.0)}.get(hair.length, (0.22, 0.34))
    curl = _CURLS[hair.wave]
    if hair.cut == "wild":
        lift, weight, curl = lift + 0.55, weight * 0.7, curl + 0.25
    if hair.cut == "swept":
        weight *= 0.5
    if hair.cut == "mohawk":
        lift, weight, length = 3.0, 0.01, np.minimum(length, 0.62) * (0.8 + 0.4 * front)
    if covered:
        lift, length = lift * 0.3, np.where(unit[:, 1] > 0.45, np.minimum(length, 0.15), length)
    fringe = (hair.cut == "fringe" and look.headgear == "none") & (unit[:, 2] > 0.45) & (unit[:, 1] > 0.45)
    length = np.where(fringe, rng.uniform(0.26, 0.44, len(unit)), length)
    cap = 0.05 + 0.07 * min(1.0, reach) + 0.06 * (hair.wave == "curly")
    curves = grow(
        roots.astype(np.float32), normals, comb, length.astype(np.float32), rng,
        weight=weight, curl=curl, lift=lift, skull=skull(shape, cap * 0.8),
        clear_face=0.0 if hair.length == "cropped" or hair.cut in _PULLED else 0.80 * shape.width,
    )  # fmt: skip
    if hair.cut in ("tied", "bun") and hair.length in ("medium", "long"):
        curves = _pulled_back(roots.astype(np.float32), hair.cut, skull(shape, 0.03), rng)
    if fringe.any():
        free = grow(
            roots[fringe].astype(np.float32), normals[fringe], comb[fringe], length[fringe].astype(np.float32), rng,
            weight=0.12, curl=curl * 0.6, lift=0.35, skull=skull(shape, 0.02), clear_face=0.0,
        )  # fmt: skip
        curves[fringe] = free
    width = rng.uniform(0.055, 0.115, len(unit)) * {"cropped": 0.40, "short": 0.85}.get(hair.length, 1.0)
    tone = rng.normal(1.0, 0.12, len(unit)) * (0.80 + 0.25 * smoothstep(-0.4, 0.8, unit[:, 1]))
    locks = _locks(curves, width, tone, pose, skull(shape, 0.0))
    extra = _gathered(look, shape, pose, rng)
    facing = pose.turn(normals)[:, 2]
    low = smoothstep(0.25, -0.25, unit[:, 1]) * 0.5
    behind = facing < -0.05 + low
    order = np.argsort(unit[:, 1] * 0.8 + facing * 0.6 + 0.5 * fringe)
    back, fore = order[behind[order]], order[~behind[order]]
    before = locks.chosen(fore)
    rear = locks.chosen(back)
    if extra is not None:
        locks_extra, ahead = extra
        if ahead:
            before = _joined(before, locks_extra)
        else:
            rear = _joined(rear, locks_extra)
    return Mane(rear, before)


def _pulled_back(roots: Floats, cut: str, axes: Floats, rng: np.random.Generator) -> Floats:
    """Curves close to the skull from the roots, over the head, to where the hair is held together."""
    tie = np.array([0.0, 1.05, -0.50] if cut == "bun" else [0.0, 0.15, -1.05], np.float32)
    over = (roots + tie) / 2 + np.stack(
        [roots[:, 0] * 0.55, 0.75 * np.clip(roots[:, 2] + 0.3, 0, 1), np.zeros(len(roots))], -1
    )
    t = np.linspace(0, 1, 22, dtype=np.float32)[None, :, None]
    curves = (1 - t) ** 2 * roots[:, None] + 2 * t * (1 - t) * over[:, None] + t**2 * tie
    distance = np.linalg.norm(curves / axes, axis=2, keepdims=True)
    loose = 1.0 + rng.uniform(0.0, 0.05, (len(roots), 1, 1)) * np.sin(pi * t)
    return cast(Floats, (curves / np.maximum(distance, 0.3) * loose).astype(np.float32))


def _comb(look: Look, roots: Floats, unit: Floats, rng: np.random.Generator) -> Floats:
    """The direction along which each lock starts."""
    count = len(unit)
    cut = look.hair.cut
    away = np.where(unit[:, 0] - look.hair.parting * 0.5 >= 0, 1.0, -1.0)
    aside = np.stack([away, np.full(count, 0.10), np.full(count, -0.15)], -1)
    back = np.array([0.0, -0.5, -1.0]) - roots
    back /= np.linalg.norm(back, axis=1, keepdims=True) + 0.05
    forward = np.stack([look.hair.parting + unit[:, 0] * 0.5, np.full(count, 0.1), np.full(count, 0.9)], -1)
    comb = {"swept": back, "tied": back, "bun": back, "mohawk": back * 0.35, "fringe": aside, "braids": aside}.get(
        cut, aside
    )
    if cut == "fringe" and look.headgear == "none":
        comb = np.where(((unit[:, 2] > 0.45) & (unit[:, 1] > 0.45))[:, None], forward, aside)
    if look.hair.length == "short" and cut in ("loose", "wild"):
        comb = 0.7 * aside + 0.35 * back + np.array([0.0, 0.45, 0.1])
    comb = comb + rng.normal(0, 0.45 if cut == "wild" else 0.14, (count, 3))
    return cast(Floats, comb.astype(np.float32))


def _gathered(look: Look, shape: Shape, pose: Pose, rng: np.random.Generator) -> tuple[Locks, bool] | None:
    """A bun, a ponytail over one shoulder, or braids."""
    cut = look.hair.cut
    if look.hair.length not in ("medium", "long") or look.headgear in ("hood", "helmet"):
        return None
    if cut == "bun":
        return _locks(
            _knot(rng), rng.uniform(0.07, 0.11, 70), rng.normal(1.0, 0.14, 70), pose, np.array([1, 1, 1], np.float32)
        ), False
    if cut == "braids":
        parts = [_braid(look, shape, side, rng) for side in (-1, 1)]
        curves = np.concatenate(parts)
        count = len(curves)
        return _locks(
            curves, np.full(count, 0.085), rng.normal(1.0, 0.10, count), pose, np.array([1, 1, 1], np.float32)
        ), True
    if cut == "tied":
        side = look.chance.pick("tail", (-1, 1))
        return _locks(
            _tail(side, rng),
            rng.uniform(0.05, 0.10, 60),
            rng.normal(1.0, 0.12, 60),
            pose,
            np.array([1, 1, 1], np.float32),
        ), False
    return None


def _knot(rng: np.random.Generator) -> Floats:
    t = np.linspace(0, 1, 22)[None, :]
    start = rng.uniform(0, 2 * pi, (70, 1))
    tilt = rng.uniform(-1.2, 1.2, (70, 1))
    angle = start + t * rng.uniform(1.5, 3.6, (70, 1))
    r = 0.30 * np.cos(tilt)
    curves = np.stack(
        [r * np.cos(angle), 1.18 + 0.24 * np.sin(tilt) + 0.10 * np.sin(angle), -0.42 + r * np.sin(angle)], -1
    )
    return cast(Floats, curves.astype(np.float32))


def _tail(side: int, rng: np.random.Generator) -> Floats:
    t = np.linspace(0, 1, 22)[None, :]
    loose = rng.normal(0, 1, (60, 1)) * 0.16 * np.abs(np.sin(pi * (t * 0.9 + 0.05))) ** 0.7
    x = side * (0.15 + 0.95 * np.sin(t * 1.7)) + loose
    y = 0.55 + 0.35 * np.sin(t * 3.0) - 2.2 * t**1.3 + rng.normal(0, 0.05, (60, 1))
    z = -0.95 - 0.25 * np.sin(t * 3.0) + 0.45 * t + 0.3 * loose
    return cast(Floats, np.stack([x, y, z], -1).astype(np.float32))


def _braid(look: Look, shape: Shape, side: int, rng: np.random.Generator) -> Floats:
    """Short overlapping locks that cross from side to side down a curve."""
    links = 26
    s = np.linspace(0, 1, links)
    x = side * (shape.half_width * 0.93 + 0.16 * np.sin(s * 2.6) + 0.05 * s)
    y = -0.05 - (1.35 if look.hair.length == "medium" else 2.1) * s
    z = 0.10 + 0.55 * np.sin(np.clip(s * 1.6, 0, 1.57))
    t = np.linspace(0, 1, 22)
    turn = np.where(np.arange(links) % 2 == 0, 1, -1)
    breadth = 0.10 * (1 - 0.45 * s)
    cross = turn[:, None] * breadth[:, None] * np.cos(pi * t)[None, :]
    drop = -0.17 * t[None, :]
    rise = 0.06 * np.sin(pi * t)[None, :]
    return cast(Floats, np.stack([x[:, None] + cross, y[:, None] + drop, z[:, None] + rise], -1).astype(np.float32))


def beard_of(look: Look, shape: Shape, pose: Pose) -> Locks:
    if look.beard in ("none", "stubble") or (look.feminine and look.beard != "long" and look.race != "dwarf"):
        return _none()
    rng = look.chance.stream("beard")
    pieces = []
    if look.beard in ("full", "long", "goatee"):
        pieces.append(_chin(look, shape, rng))
    if look.beard in ("full", "long", "goatee", "moustache"):
        pieces.append(_moustache(look, shape, rng))
    curves = np.concatenate([curve for curve, _ in pieces])
    width = np.concatenate([w for _, w in pieces])
    return _locks(curves, width, rng.normal(1.0, 0.13, len(curves)), pose, np.array([0.9, 1.3, 1.0], np.float32))


def _chin(look: Look, shape: Shape, rng: np.random.Generator) -> tuple[Floats, Reals]:
    count = {"goatee": 110, "full": 330, "long": 360}[look.beard]
    reach = {"goatee": 0.45, "full": 0.36, "long": 1.35}[look.beard] * look.chance.between("beard length", 0.85, 1.2)
    spread = 0.32 if look.beard == "goatee" else 1.42
    u = rng.uniform(-spread, spread, count)
    upper = np.where(np.abs(u) < 0.36, -0.70, -0.52 + 0.42 * (np.abs(u) - 0.36) / 1.05)
    y = upper - rng.uniform(0, 1, count) * (1.0 + upper) * np.where(np.abs(u) < 0.5, 1.0, 0.75)
    order = np.argsort(y)
    u, y = u[order], y[order]
    around = np.clip(1 - (y / 1.06) ** 2, 0.02, 1)
    x = shape.half_width * around ** (0.52 - 0.21 * (shape.jaw - 0.55)) * np.sin(u) * 0.94
    z = (0.80 * around**0.21 + 0.10) * np.cos(u) + 0.03
    roots = np.stack([x, y, z], -1).astype(np.float32)
    normals = np.stack([np.sin(u), -0.25 - 0.4 * (y < -0.8), np.cos(u)], -1).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    comb = np.stack([np.sin(u) * 0.15 - x * 0.45, np.full(count, -1.0), np.cos(u) * 0.25], -1).astype(np.float32)
    length = reach * rng.uniform(0.65, 1.1, count) * (0.45 + 0.55 * np.cos(u * 0.8))
    curves = grow(
        roots, normals, comb, length.astype(np.float32), rng,
        weight=0.05, curl=_CURLS[look.hair.wave] * 0.55 + 0.12, lift=0.35, skull=np.array([0.62, 1.0, 0.80],
        np.float32), clear_face=0.0,
    )  # fmt: skip
    return curves, rng.uniform(0.05, 0.085, count) * (1.0 if look.beard == "long" else 0.8)


def _moustache(look: Look, shape: Shape, rng: np.random.Generator) -> tuple[Floats, Reals]:
    count = 70
    side = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    x = side * rng.uniform(0.01, 0.20, count)
    y = -0.435 - 0.035 * rng.uniform(0, 1, count) - 0.15 * np.abs(x)
    roots = np.stack([x, y, 0.93 - 0.35 * np.abs(x)], -1).astype(np.float32)
    long = 0.42 if look.beard in ("long", "moustache") else 0.27
    t = np.linspace(0, 1, 22)[None, :]
    reach = (long * rng.uniform(0.7, 1.1, count))[:, None]
    dx = side[:, None] * reach * t * 0.80
    dy = -reach * (0.62 * t**1.5 - (0.30 * t**3 if look.beard == "moustache" else 0))
    dz = 0.05 * np.sin(pi * t) - 0.30 * reach * t**1.5
    curves = roots[:, None] + np.stack([dx, dy + 0 * dx, dz + 0 * dx], -1)
    return cast(Floats, curves.astype(np.float32)), rng.uniform(0.035, 0.06, count)


def fur_of(look: Look, pose: Pose, breadth: float) -> Locks:
    """A collar of fur over the shoulders."""
    rng = look.chance.stream("fur")
    count = 420
    angle = rng.uniform(-2.5, 2.5, count)
    along = rng.uniform(0, 1, count)
    radius = 0.62 + 0.62 * along
    x = np.sin(angle) * radius * breadth * 1.05
    y = -1.30 - 0.26 * along - 0.10 * np.maximum(0, np.cos(angle)) * along - 0.16 * (np.abs(x) > 1)
    z = -0.1 + np.cos(angle) * (0.45 + 0.30 * along)
    order = np.argsort(along * 1.0 - np.cos(angle) * 0.2)[::-1]
    roots = np.stack([x, y, z], -1)[order].astype(np.float32)
    normals = np.stack([np.sin(angle) * 0.7, np.full(count, 0.55), np.cos(angle) * 0.7 + 0.2], -1)[order].astype(
        np.float32
    )
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    comb = np.stack([np.sin(angle), np.full(count, -0.5), np.cos(angle) * 0.5], -1)[order].astype(
        np.float32
    ) + rng.normal(0, 0.4, (count, 3)).astype(np.float32)
    curves = grow(
        roots, normals, comb, rng.uniform(0.22, 0.40, count).astype(np.float32), rng,
        weight=0.06, curl=0.25, lift=0.8, skull=np.array([0.01, 0.01, 0.01], np.float32), clear_face=0.0,
    )  # fmt: skip
    return _locks(curves, rng.uniform(0.07, 0.11, count), rng.normal(0.95, 0.2, count), pose, None, normals)


def _locks(
    curves: Floats, width: Reals, tone: Reals, pose: Pose, axes: Floats | None, fixed: Floats | None = None
) -> Locks:
    if axes is not None:
        normals = curves / axes**2 * np.array([1, 0.8, 1], np.float32)
    else:
        normals = np.broadcast_to(fixed[:, None] if fixed is not None else curves, curves.shape).copy()
    normals = normals / (np.linalg.norm(normals, axis=2, keepdims=True) + 1e-6)
    return Locks(
        pose.place(curves), pose.turn(normals.astype(np.float32)), width.astype(np.float32), tone.astype(np.float32)
    )


def _none() -> Locks:
    return Locks(
        np.empty((0, 22, 3), np.float32),
        np.empty((0, 22, 3), np.float32),
        np.empty(0, np.float32),
        np.empty(0, np.float32),
    )


def _joined(first: Locks, second: Locks) -> Locks:
    return Locks(
        np.concatenate([first.curves, second.curves]),
        np.concatenate([first.normals, second.normals]),
        np.concatenate([first.width, second.width]),
        np.concatenate([first.tone, second.tone]),
    )
