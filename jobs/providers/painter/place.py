"""Places: what lies behind the figure, out of focus, and the light that comes with it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jobs.providers.painter.fields import Colour, Floats, blend, blur, bump, clouds, mix, resized, shade, smoothstep
from jobs.providers.painter.look import Look
from jobs.providers.painter.moods import MOODS, Mood
from jobs.providers.painter.scenery import Scene


@dataclass(frozen=True, slots=True)
class Place:
    """`key` is the colour of the lamp, `air` of the light from everywhere, `rim` of the light from behind."""

    picture: Floats
    key: Colour
    air: Colour
    rim: Colour


def place_of(look: Look, width: int, height: int) -> Place:
    """The picture of the look's place, a soft one, darker at the edges and brighter behind the shadow side of the
    head."""
    mood = MOODS[look.place]
    small = min(1.0, 300.0 / max(width, height))
    scene = Scene(
        max(24, int(width * small)), max(24, int(height * small)), look.light, look.chance.stream("place"), mood.horizon
    )
    scene.sky(mood.top, mood.horizon)
    scene.wash(0.10)
    _PAINTERS[look.place](scene, mood)
    picture = resized(blur(scene.colours, 0.7), width, height)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    halo = 0.20 * bump(x + 0.30 * look.light, y + 0.22, 0.60, 0.62)
    picture = mix(picture, blend(mood.horizon, mood.air, 0.3), halo)
    edge = smoothstep(0.72, 1.45, np.hypot(x * 0.95, y))
    texture = 1.0 + 0.07 * clouds(look.chance.stream("canvas"), height, width, 9, 3)
    picture = picture * ((1.0 - 0.52 * edge) * texture)[..., None] * np.float32(0.86)
    return Place(picture.astype(np.float32), mood.key, mood.air, mood.rim)


def _forest(scene: Scene, mood: Mood) -> None:
    scene.blobs(26, (-1.0, 1.0), (-0.2, 1.0), (0.12, 0.30), (0.20, 0.34, 0.14), 0.5)
    for depth in (0.2, 0.6, 1.0):
        colour = blend(mood.horizon, (0.09, 0.08, 0.05), 0.35 + 0.6 * depth)
        for x in scene.rng.uniform(-1.05, 1.05, 5):
            scene.trunk(float(x), 0.02 + 0.05 * depth, colour)
        scene.blobs(
            12, (-1.0, 1.0), (0.45, 1.0), (0.12, 0.28), blend((0.38, 0.46, 0.16), (0.06, 0.11, 0.05), depth), 0.6
        )
    scene.rays((0.95, 0.95, 0.62), 0.22)
    scene.blobs(22, (-1.0, 1.0), (-1.0, -0.55), (0.10, 0.22), (0.09, 0.15, 0.06), 0.8)


def _tavern(scene: Scene, mood: Mood) -> None:
    for x in (-0.86, 0.62):
        scene.box(x, -1.0, x + 0.13, 1.0, (0.12, 0.07, 0.04))
    scene.box(-1.0, 0.66, 1.0, 0.84, (0.14, 0.08, 0.05))
    side = -scene.light
    scene.box(side * 0.72 - 0.25, -1.0, side * 0.72 + 0.25, -0.12, (0.07, 0.04, 0.03))
    scene.glow(side * 0.72, -0.52, 0.36, (1.0, 0.52, 0.14), 0.95)
    scene.box(-1.0, 0.12, -0.2, 0.16, (0.10, 0.06, 0.04))
    for x in scene.rng.uniform(-0.98, -0.2, 8):
        scene.box(
            float(x) - 0.022,
            0.16,
            float(x) + 0.022,
            0.16 + float(scene.rng.uniform(0.10, 0.22)),
            shade(scene.any_of((0.20, 0.30, 0.16), (0.40, 0.18, 0.08), (0.22, 0.20, 0.28)), 1.3),
        )
    for x, y in ((-0.60, 0.46), (0.32, 0.60), (0.86, 0.40)):
        scene.glow(x, y, 0.20, (1.0, 0.72, 0.34), 0.9)


def _mountain(scene: Scene, mood: Mood) -> None:
    scene.blobs(10, (-1.0, 1.0), (0.3, 0.95), (0.10, 0.32), (0.95, 0.90, 0.84), 0.45)
    for i, (base, rise) in enumerate(((0.28, 0.62), (0.02, 0.45), (-0.34, 0.30))):
        colour = blend(mood.horizon, (0.17, 0.22, 0.28), 0.38 + 0.28 * i)
        scene.ridge(base, rise, 5 + 2 * i, colour, snow=(0.95, 0.95, 0.97) if i < 2 else None)
        scene.haze(base - 0.30, mood.horizon, 0.30)


def _sea(scene: Scene, mood: Mood) -> None:
    scene.blobs(12, (-1.0, 1.0), (0.15, 0.95), (0.10, 0.34), (0.98, 0.88, 0.76), 0.5)
    scene.glow(scene.light * 0.62, 0.12, 0.46, (1.0, 0.88, 0.62), 0.8)
    scene.box(-1.0, -1.0, 1.0, -0.06, mood.ground)
    scene.waves(-0.06, blend(mood.horizon, mood.ground, 0.35), blend(mood.ground, (0.03, 0.10, 0.16), 0.5))
    x = -scene.light * 0.66
    scene.shape([(x - 0.20, -0.02), (x + 0.20, -0.02), (x + 0.14, -0.12), (x - 0.14, -0.12)], (0.16, 0.12, 0.10))
    scene.shape([(x - 0.02, 0.40), (x + 0.16, 0.05), (x - 0.02, 0.05)], (0.88, 0.82, 0.70))
    scene.shape([(x - 0.04, 0.34), (x - 0.17, 0.03), (x - 0.04, 0.03)], (0.78, 0.70, 0.58))


def _city(scene: Scene, mood: Mood) -> None:
    scene.glow(scene.light * 0.7, -0.05, 0.7, (1.0, 0.70, 0.40), 0.6)
    for depth in (0.25, 0.6, 1.0):
        colour = blend(mood.horizon, (0.13, 0.11, 0.17), 0.3 + 0.62 * depth)
        scene.roofs(0.36 - 0.42 * depth, 0.34, colour, lit=(1.0, 0.80, 0.42) if depth > 0.5 else None)


def _desert(scene: Scene, mood: Mood) -> None:
    scene.glow(scene.light * 0.6, 0.52, 0.40, (1.0, 0.96, 0.82), 0.9)
    for i in range(4):
        base = -0.02 - 0.22 * i
        scene.dune(
            base,
            0.16 + 0.05 * i,
            blend(mood.horizon, mood.ground, 0.45 + 0.18 * i),
            blend(mood.ground, (0.34, 0.20, 0.14), 0.35 + 0.1 * i),
        )


def _night(scene: Scene, mood: Mood) -> None:
    scene.wash(0.10)
    scene.stars(110)
    x = -scene.light * 0.58
    scene.glow(x, 0.58, 0.44, (0.70, 0.78, 1.0), 0.55)
    scene.disc(x, 0.58, 0.17, (0.95, 0.94, 0.86))
    scene.disc(x + 0.05, 0.62, 0.04, (0.80, 0.80, 0.78))
    scene.blobs(8, (-1.0, 1.0), (0.1, 0.6), (0.10, 0.32), (0.14, 0.18, 0.32), 0.5)
    scene.ridge(-0.10, 0.32, 6, (0.09, 0.12, 0.22), snow=None)
    scene.ridge(-0.42, 0.22, 9, (0.05, 0.07, 0.12), snow=None)


def _library(scene: Scene, mood: Mood) -> None:
    for level in np.arange(-1.0, 1.0, 0.40):
        scene.books(float(level), 0.40)
    for x in (-0.97, -0.08, 0.90):
        scene.box(x - 0.05, -1.0, x + 0.05, 1.0, (0.13, 0.08, 0.05))
    scene.soften(1.3)
    scene.glow(scene.light * 0.82, 0.34, 0.42, (1.0, 0.76, 0.38), 0.75)
    scene.glow(-scene.light * 0.74, 0.62, 0.26, (1.0, 0.72, 0.36), 0.65)


def _ruins(scene: Scene, mood: Mood) -> None:
    scene.blobs(9, (-1.0, 1.0), (0.2, 0.95), (0.12, 0.34), (0.84, 0.82, 0.74), 0.4)
    scene.ridge(-0.12, 0.22, 7, blend(mood.horizon, (0.30, 0.36, 0.34), 0.6), snow=None)
    stone = (0.50, 0.47, 0.40)
    scene.arch(-scene.light * 0.62, 0.30, 0.42, stone)
    for x, top in ((scene.light * 0.80, 0.55), (scene.light * 0.48, 0.02), (-scene.light * 0.12, 0.30)):
        scene.column(x, 0.085, top, stone, broken=True)
    scene.blobs(24, (-1.0, 1.0), (-1.0, -0.55), (0.08, 0.20), (0.22, 0.26, 0.13), 0.7)


def _temple(scene: Scene, mood: Mood) -> None:
    scene.window(-scene.light * 0.62, 0.34, 0.21, 0.50)
    scene.window(scene.light * 0.92, 0.30, 0.15, 0.44)
    for x in (-scene.light * 0.22, scene.light * 0.52, -scene.light * 1.0):
        scene.column(x, 0.10, 1.0, (0.58, 0.52, 0.44), broken=False)
    scene.rays((1.0, 0.92, 0.70), 0.26)
    for x in (-0.9, -0.72, 0.74, 0.9):
        scene.glow(x, -0.58, 0.16, (1.0, 0.74, 0.36), 0.9)


def _hall(scene: Scene, mood: Mood) -> None:
    scene.stones((0.26, 0.22, 0.20))
    for x in (-0.66, 0.66):
        colour = scene.any_of((0.48, 0.10, 0.10), (0.14, 0.20, 0.44), (0.16, 0.32, 0.20), (0.36, 0.14, 0.40))
        scene.shape([(x - 0.20, 1.0), (x + 0.20, 1.0), (x + 0.20, -0.20), (x, -0.42), (x - 0.20, -0.20)], colour)
        scene.shape(
            [(x - 0.20, -0.16), (x + 0.20, -0.16), (x + 0.20, -0.22), (x, -0.44), (x - 0.20, -0.22)], (0.72, 0.56, 0.26)
        )
        scene.shape([(x, 0.42), (x + 0.10, 0.24), (x, 0.06), (x - 0.10, 0.24)], (0.76, 0.60, 0.28))
    scene.soften(1.2)
    scene.glow(scene.light * 0.97, 0.30, 0.34, (1.0, 0.66, 0.28), 0.9)


def _forge(scene: Scene, mood: Mood) -> None:
    scene.stones((0.15, 0.10, 0.09))
    side = -scene.light
    scene.arch(side * 0.64, 0.36, 0.05, (0.20, 0.13, 0.11))
    scene.glow(side * 0.64, -0.32, 0.62, (1.0, 0.42, 0.08), 0.95)
    scene.glow(side * 0.64, -0.46, 0.28, (1.0, 0.86, 0.42), 1.0)
    scene.sparks(70, side * 0.55)


def _snow(scene: Scene, mood: Mood) -> None:
    scene.ridge(0.20, 0.50, 5, (0.62, 0.70, 0.80), snow=(0.98, 0.98, 1.0))
    scene.dune(-0.10, 0.14, (0.92, 0.95, 0.98), (0.64, 0.74, 0.86))
    scene.firs(-0.10, 14, (0.30, 0.38, 0.42))
    scene.firs(-0.34, 8, (0.18, 0.25, 0.28))
    scene.dune(-0.50, 0.10, (0.95, 0.97, 1.0), (0.62, 0.72, 0.86))
    scene.stars(90)


def _cave(scene: Scene, mood: Mood) -> None:
    scene.glow(-scene.light * 0.5, 0.15, 0.8, (0.30, 0.62, 0.66), 0.55)
    scene.spikes(14, (0.07, 0.09, 0.11), down=True)
    scene.spikes(10, (0.05, 0.06, 0.08), down=False)
    for _ in range(7):
        x, y = float(scene.rng.uniform(-1, 1)), float(scene.rng.uniform(-0.75, 0.1))
        colour = scene.any_of((0.30, 0.95, 0.95), (0.65, 0.45, 1.0), (0.35, 0.85, 0.60))
        scene.glow(x, y, 0.17, colour, 0.75)
        scene.shape([(x - 0.03, y - 0.10), (x, y + 0.10), (x + 0.03, y - 0.10)], blend(colour, (1, 1, 1), 0.4))


def _meadow(scene: Scene, mood: Mood) -> None:
    scene.blobs(14, (-1.0, 1.0), (0.2, 0.95), (0.10, 0.30), (1.0, 0.97, 0.92), 0.55)
    for i in range(3):
        scene.dune(
            0.02 - 0.24 * i,
            0.14,
            blend((0.60, 0.68, 0.46), mood.ground, 0.35 + 0.3 * i),
            blend((0.40, 0.52, 0.40), (0.24, 0.34, 0.12), 0.3 * i),
        )
    scene.blobs(16, (-1.0, 1.0), (-0.06, 0.08), (0.04, 0.11), (0.26, 0.38, 0.18), 0.9)
    scene.flowers(120)


def _swamp(scene: Scene, mood: Mood) -> None:
    for depth in (0.3, 0.9):
        for x in scene.rng.uniform(-1.0, 1.0, 5):
            scene.trunk(
                float(x), 0.02 + 0.03 * depth, blend(mood.horizon, (0.10, 0.11, 0.08), 0.3 + 0.55 * depth), bend=0.35
            )
        scene.haze(-0.1, mood.horizon, 0.35)
    scene.waves(-0.45, (0.30, 0.36, 0.27), (0.13, 0.17, 0.12))
    for x in scene.rng.uniform(-1.0, 1.0, 5):
        scene.glow(float(x), float(scene.rng.uniform(-0.5, 0.3)), 0.10, (0.75, 1.0, 0.55), 0.7)


def _studio(scene: Scene, mood: Mood) -> None:
    scene.wash(0.35)
    scene.glow(-scene.light * 0.4, 0.1, 0.9, blend(mood.horizon, (0.6, 0.5, 0.4), 0.4), 0.5)


_PAINTERS: dict[str, Callable[[Scene, Mood], None]] = {
    "forest": _forest, "tavern": _tavern, "mountain": _mountain, "sea": _sea, "city": _city, "desert": _desert,
    "night": _night, "library": _library, "ruins": _ruins, "temple": _temple, "hall": _hall, "forge": _forge,
    "snow": _snow, "cave": _cave, "meadow": _meadow, "swamp": _swamp, "studio": _studio,
}  # fmt: skip
