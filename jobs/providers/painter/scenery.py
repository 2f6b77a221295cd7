"""What places are made of: skies, ridges, trunks, roofs, columns, glows. x and y run from -1 to 1, y upwards."""

from math import pi

import cv2
import numpy as np

from jobs.providers.painter.fields import Colour, Floats, blend, blur, bump, clouds, mix, shade, smoothstep
from jobs.providers.painter.sheet import fixed_point

Corners = list[tuple[float, float]]


class Scene:
    """A small picture that is painted from far to near. `light` is the side the light comes from."""

    def __init__(self, width: int, height: int, light: int, rng: np.random.Generator, horizon: Colour) -> None:
        self.width, self.height = width, height
        self.light = light
        self.rng = rng
        self.horizon = horizon
        self.colours: Floats = np.zeros((height, width, 3), np.float32)
        self.x: Floats = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        self.y: Floats = np.linspace(1, -1, height, dtype=np.float32)[:, None]

    def any_of(self, *colours: Colour) -> Colour:
        return colours[int(self.rng.integers(len(colours)))]

    def sky(self, top: Colour, horizon: Colour) -> None:
        self.colours = mix(
            np.full((self.height, self.width, 3), horizon, np.float32), top, smoothstep(-0.15, 1.0, self.y + 0 * self.x)
        )

    def wash(self, strength: float) -> None:
        self.colours *= 1 + np.float32(strength) * clouds(self.rng, self.height, self.width, 3)[..., None]

    def soften(self, sigma: float) -> None:
        self.colours = blur(self.colours, sigma)

    def shape(self, corners: Corners | Floats, colour: Colour) -> None:
        points = (np.asarray(corners, np.float32) * (1, -1) + 1) * 0.5 * (self.width, self.height)
        cv2.fillPoly(self.colours, [fixed_point(points.astype(np.float32))], colour, cv2.LINE_8, 4)

    def box(self, left: float, bottom: float, right: float, top: float, colour: Colour) -> None:
        self.shape([(left, bottom), (right, bottom), (right, top), (left, top)], colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        aspect = self.width / self.height
        angle = np.linspace(0, 2 * pi, 40)
        self.shape(
            np.stack([x + radius * np.cos(angle), y + radius * aspect * np.sin(angle)], -1).astype(np.float32), colour
        )

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        aspect = self.width / self.height
        self.colours = mix(
            self.colours, colour, bump(self.x - x, self.y - y, radius, radius * aspect) * np.float32(strength)
        )

    def haze(self, y: float, colour: Colour, strength: float) -> None:
        self.colours = mix(self.colours, colour, np.float32(strength) * bump(self.y - y, 0 * self.x, 0.3, 1.0))

    def blobs(
        self,
        count: int,
        x: tuple[float, float],
        y: tuple[float, float],
        size: tuple[float, float],
        colour: Colour,
        strength: float,
    ) -> None:
        """Foliage, clouds, bushes: flat ellipses, lighter on the side of the light, their edges lost."""
        layer = self.colours.copy()
        for _ in range(count):
            cx, cy, r = float(self.rng.uniform(*x)), float(self.rng.uniform(*y)), float(self.rng.uniform(*size))
            tone = float(self.rng.uniform(0.8, 1.2))
            for shift, bright in ((0.0, 0.88), (0.25, 1.15)):
                centre = (
                    int((cx + shift * r * self.light + 1) * self.width / 2),
                    int((1 - cy - shift * r * 0.6) * self.height / 2),
                )
                axes = (max(1, int(r * self.width / 2 * (1 - shift))), max(1, int(r * self.width / 3.2 * (1 - shift))))
                cv2.ellipse(
                    layer, centre, axes, float(self.rng.uniform(-20, 20)), 0, 360, shade(colour, tone * bright), -1
                )
        self.colours = mix(self.colours, blur(layer, 2.6), strength)

    def trunk(self, x: float, half: float, colour: Colour, bend: float = 0.12) -> None:
        y = np.linspace(-1, 1.05, 14)
        middle = x + bend * 0.25 * np.sin(y * 2.2 + float(self.rng.uniform(0, 6)))
        breadth = half * (1.35 - 0.35 * y)
        for left, right, tone in ((-1.0, 1.0, 0.9), (0.15 * self.light - 0.25, 0.15 * self.light + 0.25, 1.25)):
            edge = np.concatenate(
                [np.stack([middle + breadth * left, y], -1), np.stack([middle + breadth * right, y], -1)[::-1]]
            )
            self.shape(edge.astype(np.float32), shade(colour, tone))
        if bend > 0.2 or half < 0.05:
            for _ in range(2):
                top, side = float(self.rng.uniform(0.1, 0.8)), float(self.rng.choice((-1.0, 1.0)))
                self.shape(
                    [(x, top), (x + side * 0.3, top + 0.28), (x + side * 0.29, top + 0.30), (x, top + 0.09)],
                    shade(colour, 0.9),
                )

    def rays(self, colour: Colour, strength: float) -> None:
        slant = self.x * 1.0 - self.light * (1 - self.y) * -0.55
        bands = clouds(self.rng, 1, 512, 14, 2)[0]
        index = np.clip(((slant + 2.2) / 4.4 * 511), 0, 511).astype(np.int32)
        self.colours = mix(
            self.colours,
            colour,
            blur(np.clip(bands[index] - 0.05, 0, 1), 1.5) * smoothstep(-0.8, 0.8, self.y) * np.float32(strength * 2),
        )

    def ridge(self, base: float, rise: float, peaks: int, colour: Colour, *, snow: Colour | None) -> None:
        count = peaks * 6 + 1
        x = np.linspace(-1.05, 1.05, count)
        knots = self.rng.uniform(0.15, 1.0, peaks + 1)
        y = (
            base
            + rise * (np.interp(np.linspace(0, peaks, count), np.arange(peaks + 1), knots) - 0.4)
            + self.rng.normal(0, rise * 0.045, count)
        )
        line = np.stack([x, y], -1)
        self.shape(np.concatenate([line, [[1.05, -1.1], [-1.05, -1.1]]]).astype(np.float32), colour)
        slope = np.gradient(y)
        for i in range(count - 1):
            dark = slope[i] * self.light > 0
            drop = 0.30 * rise * (y[i] - base + rise) / rise
            tone = shade(colour, 1.18 if not dark else 0.84)
            if snow is not None and y[i] > base + 0.05 * rise:
                tone = snow if not dark else blend(snow, colour, 0.6)
                drop *= 0.75
            self.shape(
                [
                    (x[i], y[i]),
                    (x[i + 1], y[i + 1]),
                    (x[i + 1] + 0.02, y[i + 1] - drop * float(self.rng.uniform(0.3, 1))),
                    (x[i], y[i] - drop * float(self.rng.uniform(0.4, 1.1))),
                ],
                tone,
            )

    def dune(self, base: float, rise: float, bright: Colour, dark: Colour) -> None:
        x = np.linspace(-1.05, 1.05, 40)
        y = base + rise * np.sin(x * float(self.rng.uniform(1.5, 3)) + float(self.rng.uniform(0, 6))) * 0.6
        ground = np.concatenate([np.stack([x, y], -1), [[1.05, -1.1], [-1.05, -1.1]]])
        before = self.colours.copy()
        self.shape(ground.astype(np.float32), (1.0, 1.0, 1.0))
        mask = np.zeros((self.height, self.width), np.uint8)
        points = (ground.astype(np.float32) * (1, -1) + 1) * 0.5 * (self.width, self.height)
        cv2.fillPoly(mask, [fixed_point(points.astype(np.float32))], (255,), cv2.LINE_AA, 4)
        fall = np.clip((base + rise - self.y) / (rise * 3.2), 0, 1) + 0.16 * clouds(
            self.rng, self.height, self.width, 6, 2
        )
        painted = mix(np.full_like(before, bright), dark, np.clip(fall, 0, 1).astype(np.float32))
        self.colours = mix(before, painted, mask.astype(np.float32) / 255)

    def waves(self, level: float, bright: Colour, dark: Colour) -> None:
        below = smoothstep(level + 0.01, level - 0.02, self.y + 0 * self.x)
        rows = clouds(self.rng, self.height * 1, max(8, self.width // 10), 24, 3)
        ripple = cv2.resize(rows, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        depth = np.clip((level - self.y) / 0.9, 0, 1)
        water = mix(
            mix(np.full_like(self.colours, bright), dark, (depth + 0 * self.x).astype(np.float32)),
            (0.95, 0.92, 0.84),
            np.clip(ripple - 0.35, 0, 0.45).astype(np.float32),
        )
        self.colours = mix(self.colours, water, below)

    def roofs(self, base: float, rise: float, colour: Colour, *, lit: Colour | None) -> None:
        x = -1.1
        while x < 1.05:
            breadth = float(self.rng.uniform(0.12, 0.26))
            top = base + float(self.rng.uniform(-0.5, 0.6)) * rise
            wall = shade(colour, float(self.rng.uniform(0.85, 1.15)))
            self.box(x, -1.0, x + breadth, top, wall)
            peak = top + float(self.rng.uniform(0.10, 0.34)) * (2.4 if self.rng.random() < 0.22 else 1)
            self.shape(
                [(x - 0.02, top), (x + breadth / 2, peak), (x + breadth + 0.02, top)],
                shade(blend(wall, (0.36, 0.14, 0.10), 0.35), 0.85),
            )
            if lit is not None:
                for _ in range(3):
                    wx, wy = x + float(self.rng.uniform(0.2, 0.7)) * breadth, top - float(self.rng.uniform(0.06, 0.6))
                    self.box(wx, wy, wx + 0.028, wy + 0.06, lit)
            x += breadth * float(self.rng.uniform(0.85, 1.1))

    def column(self, x: float, half: float, top: float, colour: Colour, *, broken: bool) -> None:
        for i in range(9):
            a = -1 + 2 * i / 9
            tone = 0.62 + 0.55 * np.exp(-(((a - 0.45 * self.light) / 0.55) ** 2))
            uneven = float(self.rng.uniform(-0.06, 0.06)) if broken else 0.0
            self.box(x + a * half, -1.0, x + (a + 2 / 9) * half, top + uneven, shade(colour, float(tone)))
        if not broken:
            self.box(x - half * 1.4, 0.80, x + half * 1.4, 0.90, shade(colour, 0.95))

    def arch(self, x: float, half: float, spring: float, colour: Colour) -> None:
        aspect = self.width / self.height
        angle = np.linspace(0, pi, 24)
        for radius, tone in ((half * 1.32, 0.95), (half * 1.24, 1.12)):
            self.shape(
                np.concatenate(
                    [
                        [[x + radius, -1]],
                        np.stack([x + radius * np.cos(angle), spring + radius * aspect * np.sin(angle)], -1),
                        [[x - radius, -1]],
                    ]
                ).astype(np.float32),
                shade(colour, tone),
            )
        inside = np.concatenate(
            [
                [[x + half, -1]],
                np.stack([x + half * np.cos(angle), spring + half * aspect * np.sin(angle)], -1),
                [[x - half, -1]],
            ]
        )
        self.shape(inside.astype(np.float32), blend(self.horizon, (1, 1, 1), 0.12))

    def window(self, x: float, y: float, half: float, tall: float) -> None:
        outline = [
            (x - half, y - tall),
            (x - half, y + tall * 0.55),
            (x, y + tall),
            (x + half, y + tall * 0.55),
            (x + half, y - tall),
        ]
        self.shape([(x + (px - x) * 1.18, y + (py - y) * 1.10) for px, py in outline], (0.30, 0.27, 0.24))
        self.shape(outline, (0.98, 0.88, 0.62))
        for row in range(6):
            for column in range(2):
                px, py = x - half * 0.9 + column * half * 0.95, y - tall * 0.95 + row * tall * 0.28
                colour = self.any_of(
                    (0.72, 0.22, 0.18), (0.22, 0.40, 0.68), (0.92, 0.72, 0.30), (0.30, 0.55, 0.40), (0.98, 0.92, 0.72)
                )
                self.box(px, py, px + half * 0.85, py + tall * 0.24, colour)
        self.glow(x, y, half * 2.6, (1.0, 0.90, 0.66), 0.35)

    def books(self, level: float, tall: float) -> None:
        self.box(-1.0, level, 1.0, level + tall, (0.07, 0.05, 0.04))
        x = -1.0
        while x < 1.0:
            breadth = float(self.rng.uniform(0.028, 0.07))
            colour = self.any_of(
                (0.42, 0.14, 0.10),
                (0.16, 0.22, 0.30),
                (0.20, 0.28, 0.17),
                (0.48, 0.34, 0.18),
                (0.30, 0.18, 0.12),
                (0.55, 0.46, 0.32),
            )
            top = level + tall * float(self.rng.uniform(0.55, 0.85))
            self.box(x, level + 0.05, x + breadth * 0.9, top, shade(colour, float(self.rng.uniform(0.6, 1.1))))
            self.box(x, top - 0.07, x + breadth * 0.9, top - 0.05, (0.66, 0.50, 0.22))
            x += breadth
        self.box(-1.0, level, 1.0, level + 0.045, (0.20, 0.12, 0.07))

    def stones(self, colour: Colour) -> None:
        for row in range(9):
            x = -1.1 + 0.16 * (row % 2)
            while x < 1.0:
                breadth = float(self.rng.uniform(0.22, 0.36))
                self.box(
                    x,
                    -1 + row * 0.23,
                    x + breadth - 0.012,
                    -1 + row * 0.23 + 0.215,
                    shade(colour, float(self.rng.uniform(0.72, 1.2))),
                )
                x += breadth

    def stars(self, count: int) -> None:
        for _ in range(count):
            x, y = self.rng.integers(0, self.width), self.rng.integers(0, int(self.height * 0.75))
            self.colours[y, x] = np.maximum(self.colours[y, x], float(self.rng.uniform(0.5, 1.0)))

    def sparks(self, count: int, x: float) -> None:
        for _ in range(count):
            sx, sy = float(self.rng.normal(x, 0.25)), float(self.rng.uniform(-0.3, 0.9))
            self.disc(sx, sy, float(self.rng.uniform(0.004, 0.011)), (1.0, float(self.rng.uniform(0.45, 0.85)), 0.2))

    def firs(self, base: float, count: int, colour: Colour) -> None:
        for x in self.rng.uniform(-1.05, 1.05, count):
            tall = float(self.rng.uniform(0.25, 0.50))
            for i in range(4):
                y, half = base + tall * i * 0.22, 0.10 * (1 - 0.2 * i)
                self.shape([(x - half, y), (x + half, y), (x, y + tall * 0.42)], shade(colour, 0.85 + 0.08 * i))
                self.shape(
                    [(x - half * 0.6, y + tall * 0.10), (x + half * 0.6, y + tall * 0.10), (x, y + tall * 0.40)],
                    blend(colour, (0.95, 0.97, 1.0), 0.45),
                )

    def spikes(self, count: int, colour: Colour, *, down: bool) -> None:
        for x in self.rng.uniform(-1.05, 1.05, count):
            long, half = float(self.rng.uniform(0.25, 0.85)), float(self.rng.uniform(0.05, 0.13))
            start = 1.05 if down else -1.05
            tip = start - long if down else start + long * 0.8
            self.shape(
                [(x - half, start), (x + half, start), (x, tip)], shade(colour, float(self.rng.uniform(0.8, 1.5)))
            )
            self.shape([(x, start), (x + half * self.light, start), (x, tip)], shade(colour, 2.0))

    def flowers(self, count: int) -> None:
        colour = self.any_of((0.92, 0.88, 0.84), (0.82, 0.30, 0.26), (0.60, 0.44, 0.80), (0.95, 0.80, 0.30))
        for _ in range(count):
            near = float(self.rng.uniform(0, 1))
            self.disc(
                float(self.rng.uniform(-1, 1)),
                -0.25 - 0.75 * near,
                0.008 + 0.022 * near,
                shade(colour, float(self.rng.uniform(0.7, 1.1))),
            )
