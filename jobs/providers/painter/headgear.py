"""What is worn on the head: hoods, hats, circlets, crowns, helmets, scarves; and what hangs from the ears or sits on
the nose."""

from math import pi

import numpy as np

from jobs.providers.painter.fields import Colour, Floats, Reals, blend, clouds, shade, smoothstep
from jobs.providers.painter.head import Shape, tube
from jobs.providers.painter.look import Look
from jobs.providers.painter.space import Buffer, Pose, Region


def draw_headgear(buffer: Buffer, pose: Pose, trunk: Pose, look: Look, shape: Shape) -> None:
    match look.headgear:
        case "hood":
            _hood(buffer, pose, look, shape)
        case "hat":
            _brim(buffer, pose, look, shape, 0.72, look.cloth)
            _cone(buffer, pose, look, shape)
        case "cap":
            _dome(buffer, pose, shape, look.cloth, 0.10, 0.56, tilt=0.16 * look.light)
            _feather(buffer, pose, look)
        case "scarf":
            _dome(buffer, pose, shape, look.cloth, 0.05, 0.50, tilt=0.0)
            _band(buffer, pose, shape, shade(look.cloth, 0.8), 0.52, 0.06, 0.1)
        case "circlet":
            _band(buffer, pose, shape, look.metal, 0.56, 0.030, 0.9)
            _gem(buffer, pose, look)
        case "crown":
            _crown(buffer, pose, look, shape)
        case "helmet":
            _dome(buffer, pose, shape, look.metal, 0.09, 0.44, tilt=0.0, gloss=0.92)
            _band(buffer, pose, shape, look.trim, 0.46, 0.06, 0.9, out=0.10)
            _nasal(buffer, pose, look)
    if "earring" in look.marks and shape.ear:
        _earrings(buffer, pose, look, shape)


def _paint(rows: int, columns: int, colour: Colour, gloss: float) -> Floats:
    texture = np.empty((rows, columns, 5), np.float32)
    texture[..., :3] = colour
    texture[..., 3:] = (gloss, 1.0)
    return texture


def _hood(buffer: Buffer, pose: Pose, look: Look, shape: Shape) -> None:
    rows, columns = 90, 130
    t = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    u = np.linspace(-pi, pi, columns, dtype=np.float32)[None, :]
    v = (0.5 - t * 0.98) * pi * 0.98
    rng = look.chance.stream("hood")
    wave = 0.05 * clouds(rng, rows, columns, 5, 2)
    low = smoothstep(0.1, -0.95, np.sin(v) + 0 * u)
    x = (shape.half_width + 0.20 + 0.12 * low + wave) * (np.cos(v) ** 0.8) * np.sin(u) + 0.35 * low * np.sign(
        np.sin(u)
    ) * np.abs(np.sin(u))
    y = 1.36 * np.sin(v) + 0.06 + 0 * u + 0.10 * np.clip(np.cos(u), 0, 1) * np.clip(np.sin(v), 0, 1)
    z = (1.14 + wave) * (np.cos(v) ** 0.7) * np.cos(u) - 0.06
    front = (np.cos(u) > 0) & (z > 0.30 - 0.25 * low)
    opening = (np.abs(x) < 0.78 * shape.width + 0.0 * y) & (y < 0.92 - 0.5 * (x / 0.9) ** 2)
    colour = blend(look.cloth, (0.10, 0.08, 0.08), 0.30)
    texture = _paint(rows, columns, colour, 0.05)
    texture[..., 4] = np.where(front & opening, 0.0, 1.0)
    points = pose.place(np.stack([x, y, z], -1).astype(np.float32))
    lining = texture.copy()
    lining[..., :3] = shade(colour, 0.35)
    buffer.draw(points[:, ::-1], lining[:, ::-1], Region.DRESS)
    buffer.draw(points, texture, Region.DRESS)


def _ring(shape: Shape, out: Reals | float, angle: Floats) -> tuple[Reals, Reals]:
    return (shape.half_width * 0.92 + out) * np.sin(angle), (0.86 + out) * np.cos(angle) - 0.08


def _dome(
    buffer: Buffer,
    pose: Pose,
    shape: Shape,
    colour: Colour,
    out: float,
    low: float,
    *,
    tilt: float,
    gloss: float = 0.08,
) -> None:
    t = np.linspace(0.01, 1, 60, dtype=np.float32)[:, None]
    u = np.linspace(-pi, pi, 110, dtype=np.float32)[None, :]
    base = low + tilt * np.sin(u) - 0.35 * smoothstep(0.2, -0.8, np.cos(u))
    polar = np.arccos(np.clip(base / (1.16 + out), -1, 1)) * t
    around = np.sin(polar)
    x = (shape.half_width + out) * around * np.sin(u) * (1 + 0.05 * tilt)
    z = np.where(np.cos(u) > 0, 0.84 + out, 1.02 + out) * around * np.cos(u)
    y = (1.16 + out) * np.cos(polar) + out * 0.5
    texture = _paint(60, 110, colour, gloss)
    texture[-5:, :, :3] = shade(colour, 0.6)
    buffer.draw(pose.place(np.stack([x, y, z], -1).astype(np.float32)), texture, Region.DRESS)


def _band(
    buffer: Buffer, pose: Pose, shape: Shape, colour: Colour, y: float, thick: float, gloss: float, out: float = 0.05
) -> None:
    angle = np.linspace(0, 2 * pi, 100, dtype=np.float32)
    fall = np.sqrt(max(0.05, 1 - (y / 1.16) ** 2))
    x = (shape.half_width * fall**0.86 + out) * np.sin(angle)
    z = (np.where(np.cos(angle) > 0, 0.80, 1.0) * fall**0.85 + out + 0.03) * np.cos(angle)
    path = np.stack([x, y - 0.05 * np.cos(angle) + 0 * angle, z], -1).astype(np.float32)
    buffer.draw(
        pose.place(tube(path, np.full(100, thick, np.float32), 14)),
        _paint(100, 14, colour, gloss),
        Region.DRESS,
        both_sides=True,
    )


def _ball(
    buffer: Buffer, pose: Pose, at: tuple[float, float, float], radius: tuple[float, float], colour: Colour
) -> None:
    polar = np.linspace(0.03, pi - 0.03, 20)[:, None]
    angle = np.linspace(0, 2 * pi, 30)[None, :]
    x = at[0] + radius[0] * np.sin(polar) * np.sin(angle)
    y = at[1] + radius[1] * np.cos(polar) + 0 * angle
    z = at[2] + radius[0] * np.sin(polar) * np.cos(angle)
    buffer.draw(
        pose.place(np.stack([x, y, z], -1).astype(np.float32)),
        _paint(20, 30, colour, 0.85),
        Region.DRESS,
        both_sides=True,
    )


def _gem(buffer: Buffer, pose: Pose, look: Look) -> None:
    gem = look.chance.pick("gem", ((0.55, 0.08, 0.10), (0.10, 0.30, 0.60), (0.10, 0.46, 0.28), (0.45, 0.20, 0.55)))
    _ball(buffer, pose, (0.0, 0.47, 0.84), (0.060, 0.085), gem)


def _crown(buffer: Buffer, pose: Pose, look: Look, shape: Shape) -> None:
    gold: Colour = (0.80, 0.60, 0.24)
    t = np.linspace(1, 0, 50, dtype=np.float32)[:, None]
    u = np.linspace(-pi, pi, 220, dtype=np.float32)[None, :]
    x, z = _ring(shape, 0.02 + 0.10 * t, u)
    points = np.stack([x, 0.58 + 0.48 * t - 0.06 * np.cos(u), z], -1).astype(np.float32)
    texture = _paint(50, 220, gold, 0.92)
    point = 0.42 + 0.58 * np.abs(np.cos(u * 4.5)) ** 2.2
    texture[..., 4] = np.where(t < point, 1.0, 0.0)
    texture[-9:-6, :, :3] = shade(gold, 0.4)
    placed = pose.place(points)
    buffer.draw(placed, texture, Region.DRESS, both_sides=True)
    _gem(buffer, Pose(pose.yaw, pose.pitch, pose.roll, pose.pivot), look)


def _brim(buffer: Buffer, pose: Pose, look: Look, shape: Shape, reach: float, colour: Colour) -> None:
    t = np.linspace(0, 1, 40, dtype=np.float32)[:, None]
    u = np.linspace(-pi, pi, 140, dtype=np.float32)[None, :]
    phase = look.chance.between("brim", 0, 6)
    x, z = _ring(shape, -0.05 + reach * t, u)
    y = 0.66 - 0.14 * t + 0.10 * t * np.sin(2 * u + phase) - 0.10 * np.cos(u)
    points = pose.place(np.stack([x, y + 0 * x, z * 0.96], -1).astype(np.float32))
    texture = _paint(40, 140, colour, 0.06)
    texture[-3:, :, :3] = look.trim
    buffer.draw(points, texture, Region.DRESS, both_sides=True)


def _cone(buffer: Buffer, pose: Pose, look: Look, shape: Shape) -> None:
    t = np.linspace(1, 0, 80, dtype=np.float32)[:, None]
    u = np.linspace(-pi, pi, 110, dtype=np.float32)[None, :]
    bend = 0.42 * look.chance.pick("bend", (-1, 1)) * t**2
    slim = (1 - t**1.25) ** 0.95 * (1 + 0.06 * np.sin(t * 26))
    x = (shape.half_width + 0.16) * slim * np.sin(u) + bend
    z = 1.06 * slim * np.cos(u) - 0.06 - 0.35 * t
    y = 0.62 + 1.25 * t - 0.28 * t**3 + 0 * u - 0.08 * np.cos(u) * (1 - t)
    texture = _paint(80, 110, look.cloth, 0.06)
    texture[-12:-3, :, :3] = look.trim
    buffer.draw(pose.place(np.stack([x, y, z], -1).astype(np.float32)), texture, Region.DRESS, both_sides=True)


def _feather(buffer: Buffer, pose: Pose, look: Look) -> None:
    t = np.linspace(0, 1, 60, dtype=np.float32)[:, None]
    s = np.linspace(-1, 1, 18, dtype=np.float32)[None, :]
    side = -look.light
    breadth = 0.13 * np.sin(pi * np.clip(t * 0.9 + 0.06, 0, 1)) ** 0.7
    x = side * (0.62 + 0.55 * t) + s * breadth * 0.75
    y = 0.62 + 0.90 * np.sin(t * 1.9) - s * breadth * side * 0.6
    z = 0.35 - 0.9 * t + 0 * s
    colour = look.chance.pick(
        "feather", ((0.85, 0.82, 0.74), (0.62, 0.14, 0.12), (0.16, 0.36, 0.42), (0.80, 0.60, 0.20))
    )
    texture = _paint(60, 18, colour, 0.1)
    texture[..., :3] *= (0.85 + 0.2 * np.sin(t * 90 + np.abs(s) * 6))[..., None]
    texture[:, 8:10, :3] = shade(colour, 0.6)
    buffer.draw(pose.place(np.stack([x, y + 0 * x, z], -1).astype(np.float32)), texture, Region.DRESS, both_sides=True)


def _nasal(buffer: Buffer, pose: Pose, look: Look) -> None:
    t = np.linspace(0, 1, 30, dtype=np.float32)[:, None]
    s = np.linspace(-1, 1, 12, dtype=np.float32)[None, :]
    points = np.stack([0.075 * s * (1 + 0.4 * t), 0.50 - 0.62 * t + 0 * s, 0.92 + 0.20 * t - 0.03 * s * s], -1)
    buffer.draw(pose.place(points.astype(np.float32)), _paint(30, 12, look.metal, 0.92), Region.DRESS, both_sides=True)


def _earrings(buffer: Buffer, pose: Pose, look: Look, shape: Shape) -> None:
    angle = np.linspace(0, 2 * pi, 40, dtype=np.float32)
    for side in (-1.0, 1.0):
        path = np.stack(
            [
                side * (shape.half_width * 0.97 + 0.06) + 0.02 * np.cos(angle),
                -0.44 + 0.085 * np.sin(angle),
                -0.10 + 0.075 * np.cos(angle),
            ],
            -1,
        )
        buffer.draw(
            pose.place(tube(path.astype(np.float32), np.full(40, 0.018, np.float32), 10)),
            _paint(40, 10, look.trim, 0.9),
            Region.DRESS,
            both_sides=True,
        )
