"""Light: from the buffer of surfaces to colours. One warm lamp from the side, soft air from the place, a rim from
behind."""

from typing import cast

import numpy as np

from jobs.providers.painter.fields import Colour, Floats, blur, smoothstep
from jobs.providers.painter.space import FAR, Buffer


def lamp(side: int) -> Floats:
    """The direction towards the lamp."""
    direction = np.array([0.66 * side, 0.52, 0.60], np.float32)
    return cast(Floats, (direction / np.linalg.norm(direction)).astype(np.float32))


def lit(buffer: Buffer, side: int, key: Colour, air: Colour, rim: Colour) -> Floats:
    """The picture of all that is in the buffer; where nothing is, it means nothing."""
    normal, albedo, gloss = buffer.normal, buffer.albedo, buffer.gloss
    to_lamp = lamp(side)
    facing = normal @ to_lamp
    shadow = _shadow(buffer, to_lamp)
    wrapped = np.clip((facing + 0.18) / 1.18, 0, 1) ** 1.15
    diffuse = wrapped * (1.0 - 0.78 * shadow)
    hollow = _hollows(buffer)
    above = 0.5 + 0.5 * normal[..., 1]
    ambient = (0.22 + 0.22 * above) * (1.0 - 0.55 * hollow)
    light = diffuse[..., None] * np.array(key, np.float32) * np.float32(1.12) + ambient[..., None] * np.array(
        air, np.float32
    )
    colour = albedo * light
    # Where light ends on skin it goes red before it goes dark.
    edge = np.clip(1 - np.abs(wrapped - 0.22) / 0.22, 0, 1) * np.clip(1 - gloss * 1.4, 0, 1)
    colour[..., 0] *= 1.0 + 0.20 * edge
    metal = smoothstep(0.75, 0.9, gloss)
    half = to_lamp + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    shine = np.clip(normal @ half, 0, 1)
    spec = (gloss * (0.50 - 0.30 * metal) * shine**22 + metal * 0.55 * shine**70) * (1.0 - 0.85 * shadow)
    colour += spec[..., None] * np.array(key, np.float32)
    colour = _polish(colour, normal, albedo, metal, air, key)
    grazing = np.clip(1.0 - normal[..., 2], 0, 1) ** 2.6
    behind = np.clip(-normal[..., 0] * side + 0.25 * normal[..., 1], 0, 1)
    colour += (grazing * behind * 0.75 * (0.35 + 0.65 * albedo.mean(axis=-1)))[..., None] * np.array(rim, np.float32)
    return cast(Floats, np.clip(colour, 0, 1.4))


def _polish(colour: Floats, normal: Floats, albedo: Floats, metal: Floats, air: Colour, key: Colour) -> Floats:
    """What metal mirrors: bright sky, dark horizon, a warm ground."""
    if not metal.any():
        return colour
    up = 2.0 * normal[..., 2] * normal[..., 1]
    sky = smoothstep(0.05, 0.75, up)[..., None] * np.array(air, np.float32) * 0.95
    ground = smoothstep(-0.15, -0.7, up)[..., None] * np.array(key, np.float32) * 0.30
    mirrored = albedo * (sky + ground + 0.08) + sky**2 * 0.07
    return cast(Floats, colour + (mirrored - colour * 0.62) * metal[..., None] * 0.85)


def _shadow(buffer: Buffer, to_lamp: Floats) -> Floats:
    """Looks from every pixel towards the lamp, in steps, for something that stands in the way. 0…1, soft."""
    height, width = buffer.depth.shape
    unit = buffer.camera.scale
    blocked = np.zeros_like(buffer.depth)
    for step in (0.035, 0.06, 0.09, 0.13, 0.18, 0.24, 0.32, 0.42, 0.55):
        dx, dy = round(float(to_lamp[0]) * step * unit), round(float(-to_lamp[1]) * step * unit)
        other = np.full_like(buffer.depth, FAR)
        rows, columns = slice(max(0, -dy), min(height, height - dy)), slice(max(0, -dx), min(width, width - dx))
        source = buffer.depth[rows.start + dy : rows.stop + dy, columns.start + dx : columns.stop + dx]
        other[rows, columns] = source
        over = other - (buffer.depth + np.float32(float(to_lamp[2]) * step + 0.02))
        np.maximum(blocked, np.clip(over * (1 / 0.06), 0, 1) * (over < 0.9), out=blocked)
    return blur(blocked.astype(np.float32), 0.018 * unit)


def _hollows(buffer: Buffer) -> Floats:
    """How much deeper a pixel lies than what is around it. 0…1."""
    unit = buffer.camera.scale
    ground = np.where(buffer.covered, buffer.depth, np.float32(-1.2))
    deep = np.clip((blur(ground, 0.09 * unit) - ground) * 4.0, 0, 1)
    deeper = np.clip((blur(ground, 0.28 * unit) - ground) * 1.4, 0, 1)
    return cast(Floats, np.clip(0.6 * deep + 0.6 * deeper, 0, 1))
