"""The painted face: skin, eyes, brows, lips and marks, drawn from the front on a flat sheet that is wrapped around
the head."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from jobs.providers.painter.fields import Colour, Floats, blend, bump, clouds, shade, smoothstep
from jobs.providers.painter.hairline import scalp
from jobs.providers.painter.head import Shape
from jobs.providers.painter.look import Look
from jobs.providers.painter.sheet import Sheet, smooth_curve

_DARK: Colour = (0.10, 0.06, 0.05)


@dataclass(frozen=True, slots=True)
class Mien:
    """A mood as the face shows it."""

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    open: float = 1.0
    smile: float = 0.0
    skew: float = 0.0
    """One corner of the mouth and one brow higher than the other."""


_MIENS: dict[str, Mien] = {
    "calm": Mien(0.01, 0.0, 0.95, 0.012),
    "smiling": Mien(0.015, 0.01, 0.86, 0.055),
    "stern": Mien(-0.035, 0.01, 0.84, -0.016),
    "fierce": Mien(-0.065, 0.045, 0.98, -0.028),
    "sad": Mien(0.05, -0.045, 0.82, -0.032),
    "sly": Mien(-0.012, 0.02, 0.80, 0.028, 0.03),
    "proud": Mien(0.012, 0.035, 0.78, 0.0, 0.008),
}


def paint_face(look: Look, shape: Shape, pixels: float) -> Sheet:
    """The face, `pixels` a unit; the origin is in the middle between the eyes."""
    sheet = Sheet(round(2.0 * pixels), round(2.43 * pixels), pixels, (1.0 * pixels, 1.25 * pixels), look.skin)
    mien = _MIENS[look.mood]
    _skin(sheet, look, shape)
    _mouth(sheet, look, shape, mien)
    for side in (-1, 1):
        _eye(sheet, look, shape, mien, side)
        _brow(sheet, look, shape, mien, side)
    _nostrils(sheet, look, shape)
    _marks(sheet, look, shape)
    return sheet


def _skin(sheet: Sheet, look: Look, shape: Shape) -> None:
    x, y = sheet.grid()
    side = np.abs(x)
    skin = look.skin
    height, width = sheet.shape
    rng = look.chance.stream("skin texture")
    sheet.brighten(1.0 + 0.035 * clouds(rng, height, width, 5))
    warm: Colour = (min(1.0, skin[0] * 1.03), skin[1] * 0.72, skin[2] * 0.68)
    flush = 0.50 * bump(side - 0.43, y + 0.26, 0.22, 0.17) + 0.45 * bump(x, y + 0.27, 0.15, 0.12)
    sheet.tint((flush * (1.1 if look.feminine or look.race in ("dwarf", "halfling", "gnome") else 0.8)), warm)
    sheet.tint(0.40 * bump(side - 0.29, y - 0.03, 0.20, 0.11), shade(warm, 0.72))
    sheet.tint((0.22 * bump(x, y - 0.60, 0.5, 0.2)), blend(skin, (1.0, 0.95, 0.80), 0.35))
    if look.age == "old":
        sheet.tint(0.25 * bump(side - 0.30, y + 0.13, 0.15, 0.03), shade(warm, 0.6))
    if look.beard != "none" and not look.feminine:
        zone = smoothstep(-0.30, -0.52, y) * smoothstep(0.03, 0.15, side + 0.5 * np.maximum(0, -0.62 - y) + 0.1)
        zone = np.maximum(zone, bump(x, y + 0.45, 0.24, 0.06))
        grain = 0.8 + 0.4 * rng.random((height, width), np.float32)
        strength = 0.50 if look.beard == "stubble" else 0.32
        sheet.tint(zone * strength * grain, blend(shade(look.beard_colour, 0.7), (0.25, 0.24, 0.26), 0.4))
    sheet.tint(0.92 * scalp(x, y, shape.half_width, look), shade(look.hair.colour, 0.62))
    if look.race == "dragon":
        _scales(sheet, look)
    oily = (
        0.12
        + 0.40 * bump(x, y + 0.2, 0.10, 0.25)
        + 0.18 * bump(x, y - 0.5, 0.4, 0.25)
        + 0.1 * bump(side - 0.42, y + 0.1, 0.2, 0.1)
    )
    sheet.gloss[:] = oily


def _scales(sheet: Sheet, look: Look) -> None:
    x, y = sheet.grid()
    row = np.floor(y * 13 + 0.0 * x)
    across = (x * 11 + 0.5 * np.mod(row, 2)) % 1.0 - 0.5
    along = (y * 13) % 1.0
    edge = smoothstep(0.30, 0.62, np.hypot(across * 1.1, along - 0.75)) + 0.0 * x
    where = smoothstep(0.25, 0.62, np.abs(x) + 0.0 * y) + smoothstep(0.28, 0.62, y + 0.0 * x)
    where = np.clip(where + 0.25, 0, 1)
    sheet.tint(cast(Floats, (0.65 * edge * where).astype(np.float32)), shade(look.skin, 0.48))
    sheet.tint(cast(Floats, (0.30 * (1 - edge) * where).astype(np.float32)), blend(look.skin, (1, 0.95, 0.7), 0.4))


def _eye(sheet: Sheet, look: Look, shape: Shape, mien: Mien, side: int) -> None:
    cx = side * 0.30 * (0.5 + 0.5 * shape.width)
    size = shape.eye
    lift = 0.035 + 0.06 * shape.slant
    lid = 0.082 * size * mien.open
    inner, outer = (cx - side * 0.148 * size, -0.018), (cx + side * 0.152 * size, -0.018 + lift)
    upper = smooth_curve(
        [
            inner,
            (cx - side * 0.07 * size, lid * 0.80),
            (cx + side * 0.03 * size, lid),
            (cx + side * 0.115 * size, lid * 0.62 + lift * 0.5),
            outer,
        ],
        24,
    )
    lower = smooth_curve(
        [outer, (cx + side * 0.06 * size, -0.052 * size), (cx - side * 0.04 * size, -0.054 * size), inner], 20
    )
    almond = np.concatenate([upper, lower])
    dark_race = look.race in ("tiefling", "dragon")
    fold = upper + np.array([0.0, 0.040], np.float32)
    sheet.line(fold[2:], shade(look.skin, 0.50), 0.016, opacity=0.55, soft=0.007)
    sheet.fill(np.concatenate([upper, fold[::-1]]), shade(look.skin, 0.86), opacity=0.45, soft=0.012)
    white: Colour = (0.20, 0.13, 0.10) if dark_race and "glow" in look.marks else (0.86, 0.83, 0.79)
    sheet.fill(almond, white, gloss=0.7)
    sheet.disc(
        inner[0] + side * 0.012, inner[1] + 0.004, 0.02, (0.78, 0.48, 0.44), opacity=0.8, soft=0.005, inside=almond
    )
    gaze = -0.028 * np.sign(look.yaw) + look.chance.between("gaze", -0.012, 0.012)
    iris = (cx + gaze, 0.012)
    eyes = blend(look.eyes, (1.0, 0.85, 0.3), 0.35) if dark_race or "glow" in look.marks else look.eyes
    sheet.disc(*iris, 0.077 * size, shade(eyes, 0.38), inside=almond)
    sheet.disc(*iris, 0.066 * size, eyes, soft=0.006, inside=almond)
    sheet.disc(
        iris[0],
        iris[1] - 0.024,
        0.042 * size,
        shade(blend(eyes, (1, 1, 0.9), 0.25), 1.35),
        opacity=0.8,
        soft=0.012,
        inside=almond,
    )
    if dark_race:
        slit = [
            (iris[0] - 0.014, iris[1]),
            (iris[0], iris[1] + 0.06),
            (iris[0] + 0.014, iris[1]),
            (iris[0], iris[1] - 0.06),
        ]
        sheet.fill(slit, (0.02, 0.02, 0.02), inside=almond)
    else:
        sheet.disc(*iris, 0.033 * size, (0.03, 0.025, 0.03), inside=almond)
    sheet.line(
        upper - np.array([0.0, 0.014], np.float32), (0.08, 0.05, 0.05), 0.030, opacity=0.55, soft=0.008, inside=almond
    )
    if "glow" in look.marks:
        sheet.disc(*iris, 0.10, blend(eyes, (1, 1, 1), 0.5), opacity=0.45, soft=0.03)
    lash = blend(_DARK, look.hair.colour, 0.12)
    sheet.line(upper, lash, 0.022 if look.feminine else 0.016, opacity=0.95)
    sheet.line(upper[10:], lash, 0.030 if look.feminine else 0.020, opacity=0.9)
    if look.feminine:
        tip = outer[0] + side * 0.045, outer[1] + 0.028
        sheet.line([(float(upper[-4][0]), float(upper[-4][1])), outer, tip], lash, 0.016, opacity=0.9)
    sheet.line(lower[2:-2], shade(look.skin, 0.42), 0.009, opacity=0.55, soft=0.003)
    under = lower + np.array([0.0, -0.05], np.float32)
    sheet.line(under, shade(look.skin, 0.62), 0.014, opacity=0.65 if look.age == "old" else 0.28, soft=0.012)
    light = (iris[0] + look.light * 0.026, iris[1] + 0.030)
    sheet.disc(*light, 0.0165 * size, (1.0, 0.99, 0.95))


def _brow(sheet: Sheet, look: Look, shape: Shape, mien: Mien, side: int) -> None:
    cx = side * 0.30 * (0.5 + 0.5 * shape.width)
    skew = mien.skew * (1 if side == look.light else -0.4)
    base = 0.175 + 0.02 * (shape.brow < 0.8)
    rise = 0.05 + 0.03 * look.feminine + 0.10 * shape.slant
    spine = smooth_curve(
        [
            (cx - side * 0.185, base - 0.015 + mien.brow_inner),
            (cx - side * 0.06, base + rise * 0.55 + mien.brow_inner * 0.5 + skew),
            (cx + side * 0.09, base + rise + mien.brow_outer * 0.7 + skew * 1.3),
            (cx + side * 0.225, base + rise * 0.25 + mien.brow_outer + skew),
        ],
        30,
    )
    colour = blend(shade(look.hair.colour, 0.72), _DARK, 0.35 if look.age != "old" else 0.1)
    thick = (0.030 if look.feminine else 0.046) * (1.45 if look.race in ("dwarf", "orc") else 1.0)
    taper = thick * np.sqrt(np.clip(1.02 - np.linspace(0.15, 1.0, 30) ** 2, 0, 1)).astype(np.float32)
    above = spine + np.stack([np.zeros(30, np.float32), taper * 0.6], -1)
    below = spine - np.stack([np.zeros(30, np.float32), taper * 0.6], -1)
    sheet.fill(np.concatenate([above, below[::-1]]), colour, opacity=0.62, soft=0.010)
    rng = look.chance.stream("brow")
    hairs = []
    for i in range(1, 29):
        for _ in range(2):
            start = spine[i] + rng.uniform(-0.5, 0.5, 2) * taper[i]
            lean = np.array([side * (0.03 + 0.035 * i / 30), 0.045 * (1 - i / 17)])
            hairs.append(np.stack([start - lean * 0.4, start + lean * 0.7]).astype(np.float32))
    sheet.lines(hairs, shade(colour, 0.9), 0.007, opacity=0.75)


def _mouth(sheet: Sheet, look: Look, shape: Shape, mien: Mien) -> None:
    half = 0.225 * (0.6 + 0.4 * shape.jaw) * (1.0 + 1.5 * max(0.0, mien.smile))
    left, right = mien.smile - mien.skew * 0.3, mien.smile + mien.skew
    if look.light < 0:
        left, right = right, left
    full = 0.5 * shape.lips + 0.5
    line = smooth_curve(
        [
            (-half, -0.570 + left),
            (-0.10, -0.566 + left * 0.2),
            (0, -0.574 - abs(mien.smile) * 0.1),
            (0.10, -0.566 + right * 0.2),
            (half, -0.570 + right),
        ],
        40,
    )
    top = smooth_curve(
        [
            (-half, -0.570 + left),
            (-0.13, -0.528),
            (-0.045, -0.498 - 0.01 * (1 - full)),
            (0, -0.512),
            (0.045, -0.498 - 0.01 * (1 - full)),
            (0.13, -0.528),
            (half, -0.570 + right),
        ],
        40,
    )
    bottom = smooth_curve(
        [
            (-half * 0.92, -0.578 + left),
            (-0.11, -0.632 * (0.94 + 0.06 * full)),
            (0, -0.655 * (0.94 + 0.06 * full)),
            (0.11, -0.632 * (0.94 + 0.06 * full)),
            (half * 0.92, -0.578 + right),
        ],
        40,
    )
    skin = look.skin
    strength = 0.85 if look.feminine else 0.52
    tone = look.chance.pick("lips", ((0.66, 0.24, 0.24), (0.70, 0.32, 0.30), (0.60, 0.20, 0.26)))
    lip = blend((skin[0] * 0.88, skin[1] * 0.66, skin[2] * 0.64), tone, 0.42 if look.feminine else 0.15)
    if look.race == "orc":
        lip = shade(skin, 0.68)
    sheet.fill(np.concatenate([top, line[::-1]]), shade(lip, 0.78), opacity=strength, soft=0.006)
    sheet.fill(np.concatenate([line, bottom[::-1]]), lip, opacity=strength, soft=0.007, gloss=0.55)
    sheet.line(
        [(-0.07, -0.608), (0.0, -0.614), (0.08, -0.606)],
        blend(lip, (1, 0.9, 0.85), 0.5),
        0.016,
        opacity=0.5,
        soft=0.010,
    )
    sheet.line(line, shade((lip[0] * 0.8, lip[1] * 0.5, lip[2] * 0.5), 0.42), 0.014, opacity=0.9, soft=0.002)
    for side, lift in ((-1, left), (1, right)):
        sheet.disc(side * half, -0.570 + lift, 0.018, shade(skin, 0.42), opacity=0.55, soft=0.010)
    sheet.line([(-0.11, -0.70), (0.0, -0.708), (0.11, -0.70)], shade(skin, 0.66), 0.03, opacity=0.40, soft=0.02)


def _nostrils(sheet: Sheet, look: Look, shape: Shape) -> None:
    dark = shade((look.skin[0] * 0.8, look.skin[1] * 0.55, look.skin[2] * 0.5), 0.40)
    for side in (-1, 1):
        x = side * 0.062 * shape.nose_width
        sheet.fill(
            smooth_curve([(x - 0.03, -0.352), (x, -0.338), (x + 0.03, -0.352), (x, -0.364)], 16, closed=True),
            dark,
            opacity=0.85,
            soft=0.006,
        )
        wing = side * 0.155 * shape.nose_width
        sheet.line(
            smooth_curve([(wing * 0.9, -0.25), (wing * 1.03, -0.30), (wing * 0.88, -0.345)], 12),
            dark,
            0.012,
            opacity=0.35,
            soft=0.008,
        )


def _marks(sheet: Sheet, look: Look, shape: Shape) -> None:
    chance = look.chance
    side = chance.pick("mark side", (-1, 1))
    skin = look.skin
    if "freckles" in look.marks:
        rng = chance.stream("freckles")
        for _ in range(70):
            sheet.disc(
                float(rng.normal(0, 0.30)),
                float(rng.normal(-0.20, 0.09)),
                float(rng.uniform(0.006, 0.013)),
                (skin[0] * 0.75, skin[1] * 0.55, skin[2] * 0.45),
                opacity=0.55,
            )
    if "warpaint" in look.marks:
        paint = chance.pick("paint", ((0.12, 0.26, 0.48), (0.60, 0.12, 0.08), (0.90, 0.88, 0.82), (0.08, 0.08, 0.09)))
        kind = chance.pick("paint kind", ("band", "stripes"))
        if kind == "band":
            sheet.fill(
                [(-0.7, 0.09), (0.7, 0.09), (0.7, -0.12), (0.16, -0.07), (-0.16, -0.07), (-0.7, -0.12)],
                paint,
                opacity=0.62,
                soft=0.012,
            )
        else:
            for turn in (-1, 1):
                for i in range(3):
                    y = -0.14 - 0.085 * i
                    sheet.line(
                        [(turn * 0.62, y - 0.06), (turn * (0.24 + 0.05 * i), y + 0.01)],
                        paint,
                        0.036,
                        opacity=0.75,
                        soft=0.004,
                    )
    if "tattoo" in look.marks:
        ink = chance.pick("ink", ((0.10, 0.16, 0.24), (0.14, 0.30, 0.38), (0.42, 0.12, 0.12)))
        spiral = np.linspace(0, 1, 30, dtype=np.float32)
        angle = 1.2 + spiral * 7.5
        curl = np.stack(
            [side * (0.47 + (0.03 + 0.09 * spiral) * np.cos(angle)), -0.16 + (0.03 + 0.12 * spiral) * np.sin(angle)], -1
        )
        sheet.line(curl.astype(np.float32), ink, 0.017, opacity=0.75)
        sheet.line(
            smooth_curve([(side * 0.52, 0.42), (side * 0.60, 0.22), (side * 0.60, 0.0)], 16), ink, 0.022, opacity=0.75
        )
        for i in range(3):
            sheet.disc(0.0, 0.33 + 0.085 * i, 0.022 - 0.004 * i, ink, opacity=0.75)
    if "scar" in look.marks:
        x = side * 0.33
        path = smooth_curve([(x - 0.05, 0.40), (x + 0.015, 0.20), (x + 0.01, -0.10), (x + side * 0.07, -0.42)], 24)
        sheet.line(path, (skin[0] * 0.80, skin[1] * 0.55, skin[2] * 0.52), 0.030, opacity=0.8, soft=0.005)
        sheet.line(path, blend(skin, (1.0, 0.82, 0.78), 0.55), 0.012, opacity=0.85)
