"""Dress by calling: which shells, collars, plates, straps and jewels lie over the body."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from jobs.providers.painter import body
from jobs.providers.painter.body import Build, chest_sheet, draw_collar, draw_pauldrons, draw_roll, draw_shell
from jobs.providers.painter.fields import Colour, blend, clouds, shade, smoothstep
from jobs.providers.painter.look import Look
from jobs.providers.painter.sheet import Sheet, smooth_curve
from jobs.providers.painter.space import Buffer, Pose, Region

_LEATHER: tuple[Colour, ...] = ((0.30, 0.19, 0.11), (0.22, 0.14, 0.10), (0.38, 0.25, 0.15), (0.16, 0.13, 0.12))
_LINEN: Colour = (0.74, 0.68, 0.57)


class Wardrobe:
    """One figure being dressed."""

    def __init__(self, buffer: Buffer, pose: Pose, look: Look, build: Build) -> None:
        self.buffer, self.pose, self.look, self.build = buffer, pose, look, build
        self.shells: list[Callable[[], None]] = []
        self.leather = look.chance.pick("leather", _LEATHER)

    def sheet(self, colour: Colour, weave: float = 0.06) -> Sheet:
        sheet = chest_sheet(colour, self.buffer.camera.scale)
        height, width = sheet.shape
        sheet.brighten(1 + weave * clouds(self.look.chance.stream("weave"), height, width, 12, 2))
        return sheet

    def neck(self, sheet: Sheet, depth: float, half: float, edge: Colour | None = None, band: float = 0.07) -> None:
        """Cuts a neckline, `half` wide and pointed so deep, and lays a band along it."""
        x, y = sheet.grid()
        line = (
            -1.36 - depth * np.clip(1 - np.abs(x) / half, 0, 1) ** 0.85 + 0.10 * smoothstep(half, half + 0.5, np.abs(x))
        )
        if edge is not None:
            sheet.tint((smoothstep(line - band, line - band + 0.015, y + 0 * x)).astype(np.float32), edge)
            sheet.tint((0.7 * np.exp(-(((y - line + band) / 0.012) ** 2))).astype(np.float32), shade(edge, 0.4))
        sheet.cut(y < line)

    def shell(self, sheet: Sheet, offset: float, name: str, *, folds: float = 0.0, ridge: float = 0.0) -> None:
        """Keeps the garment for later: what is nearer hides the rest, so the order does not matter."""
        self.shells.append(
            partial(
                draw_shell, self.buffer, self.pose, sheet, self.build, offset,
                folds=folds, look=self.look, name=name, ridge=ridge,
            )
        )  # fmt: skip

    def shirt(self, colour: Colour = _LINEN) -> None:
        sheet = self.sheet(colour)
        self.neck(sheet, 0.16, 0.40, shade(colour, 1.1), 0.05)
        self.shell(sheet, 0.03, "shirt", folds=0.03)

    def collar(self, colour: Colour, lining: Colour, height: float, flare: float, gap: float = 0.45) -> None:
        draw_collar(self.buffer, self.pose, colour, lining, self.build, height=height, flare=flare, gap=gap)

    def mail(self) -> None:
        sheet = self.sheet((0.42, 0.43, 0.45))
        x, y = sheet.grid()
        ring = np.sin(x * 95 + np.floor(y * 26) * 1.57) * np.sin(y * 82)
        sheet.brighten(1 + 0.38 * ring)
        sheet.gloss[:] = 0.55
        self.neck(sheet, 0.05, 0.5, self.leather, 0.06)
        self.shell(sheet, 0.06, "mail", folds=0.02)

    def plate(self, colour: Colour, trim: Colour) -> None:
        sheet = self.sheet(colour, 0.10)
        sheet.gloss[:] = 0.92
        for side in (-1, 1):
            sheet.line(
                smooth_curve(
                    [(side * 0.06, -1.95), (side * 0.45, -1.82), (side * 0.95, -1.95), (side * 1.15, -2.6)], 30
                ),
                shade(colour, 0.32),
                0.022,
                opacity=0.8,
            )
            sheet.line(
                smooth_curve(
                    [(side * 0.06, -1.99), (side * 0.45, -1.86), (side * 0.92, -1.99), (side * 1.10, -2.6)], 30
                ),
                trim,
                0.035,
            )
            for y in (-2.05, -2.35, -2.65):
                sheet.disc(side * 1.0, y, 0.03, shade(trim, 1.2))
        self.neck(sheet, 0.10, 0.62, trim, 0.075)
        self.shell(sheet, 0.12, "plate", ridge=0.14)

    def strap(self, sheet: Sheet, side: int) -> None:
        path = np.array([(-side * 1.25, -1.45), (-side * 0.55, -1.95), (side * 0.75, -3.0)], np.float32)
        sheet.line(path, shade(self.leather, 0.45), 0.20)
        sheet.line(path, shade(self.leather, 1.25), 0.16)
        x, y = -side * 0.40, -2.06
        sheet.line(
            [
                (x - 0.09, y - 0.09),
                (x + 0.09, y - 0.09),
                (x + 0.09, y + 0.09),
                (x - 0.09, y + 0.09),
                (x - 0.09, y - 0.09),
            ],
            self.look.trim,
            0.035,
        )

    def laces(self, sheet: Sheet, top: float, colour: Colour) -> None:
        sheet.line([(0, top), (0, -3.6)], shade(self.leather, 0.35), 0.03, opacity=0.8)
        for i in range(7):
            y = top - 0.10 - 0.16 * i
            for side in (-1, 1):
                sheet.line([(-0.09 * side, y), (0.09 * side, y - 0.13)], colour, 0.022)
                sheet.disc(0.10 * side, y, 0.02, shade(self.leather, 0.4))

    def embroidery(self, sheet: Sheet, half: float, colour: Colour) -> None:
        for side in (-1, 1):
            sheet.line([(side * half, -1.4), (side * (half + 0.05), -3.6)], colour, 0.10)
            for i in range(12):
                sheet.disc(side * (half + 0.01), -1.62 - 0.16 * i, 0.028, shade(colour, 0.45))

    def cloak(self, colour: Colour, clasp: bool = True) -> None:
        sheet = self.sheet(colour)
        x, y = sheet.grid()
        opening = 0.34 + 0.62 * smoothstep(-1.45, -2.9, y)
        sheet.tint((0.5 * np.exp(-(((np.abs(x) - opening) / 0.03) ** 2))).astype(np.float32), shade(colour, 1.5))
        sheet.cut((np.abs(x) > opening) & (y < -1.26 - 0.1 * np.abs(x)))
        self.shell(sheet, 0.20, "cloak", folds=0.075)
        if clasp:
            self.buttons([(-0.40, -1.62), (0.40, -1.62)], 0.085, self.look.metal)
            self.chain(0.40, -1.62, 0.12, self.look.metal)

    def buttons(self, places: list[tuple[float, float]], radius: float, colour: Colour) -> None:
        angle = np.linspace(0, 2 * np.pi, 24)[None, :]
        polar = np.linspace(0.02, 1.5, 14)[:, None]
        texture = np.empty((14, 24, 5), np.float32)
        texture[..., :3], texture[..., 3:] = colour, (0.85, 1.0)
        for x, y in places:
            z = self._front(x, y) + 0.05
            points = np.stack(
                [
                    x + radius * np.sin(polar) * np.cos(angle),
                    y + radius * np.sin(polar) * np.sin(angle),
                    z + radius * 0.7 * np.cos(polar) + 0 * angle,
                ],
                -1,
            )
            self.buffer.draw(self.pose.place(points.astype(np.float32)), texture, Region.DRESS, both_sides=True)

    def chain(self, half: float, top: float, drop: float, colour: Colour) -> None:
        t = np.linspace(-1, 1, 15)
        self.buttons([(float(half * a), float(top - drop * (1 - a * a))) for a in t], 0.034, colour)

    def _front(self, x: float, y: float) -> float:
        points = body.body_surface(self.build, 0.18).reshape(-1, 3)
        near = np.argmin((points[:, 0] - x) ** 2 + (points[:, 1] - y) ** 2 + 4 * (points[:, 2] < -0.1))
        return float(points[near, 2])

    def necklace(self) -> None:
        look = self.look
        kind = look.chance.pick("necklace", ("pendant", "beads", "teeth"))
        t = np.linspace(-1, 1, 17)
        places = [(float(0.50 * a), float(-1.52 - 0.42 * (1 - abs(a) ** 1.7))) for a in t]
        if kind == "pendant":
            self.buttons(places, 0.022, look.trim)
            gem = look.chance.pick(
                "gem", ((0.55, 0.08, 0.10), (0.10, 0.30, 0.60), (0.10, 0.46, 0.28), (0.80, 0.64, 0.25))
            )
            self.buttons([(0.0, -2.02)], 0.115, look.trim)
            self.buttons([(0.0, -2.02 + 0.01)], 0.125 * 0.75, gem)
        else:
            stone = (
                (0.80, 0.74, 0.60)
                if kind == "teeth"
                else look.chance.pick("bead", ((0.20, 0.45, 0.45), (0.50, 0.20, 0.12), (0.75, 0.55, 0.25)))
            )
            self.buttons(places, 0.046, stone)


def _warrior(w: Wardrobe) -> None:
    w.mail()
    kind = w.look.chance.pick("armour", ("plate", "leather", "plate"))
    if kind == "plate":
        w.plate(w.look.metal, shade(w.leather, 1.1))
        draw_pauldrons(w.buffer, w.pose, w.look.metal, w.look.trim, w.build, 0.92)
        w.collar(w.look.metal, shade(w.look.metal, 0.5), 0.16, 0.04, 0.3)
    else:
        sheet = w.sheet(w.leather, 0.14)
        for y in (-1.9, -2.2, -2.5, -2.8):
            sheet.line([(-1.6, y - 0.06), (0.0, y), (1.6, y - 0.06)], shade(w.leather, 0.4), 0.03)
            for x in np.arange(-1.2, 1.3, 0.3):
                sheet.disc(float(x), y - 0.12, 0.028, w.look.metal)
        w.neck(sheet, 0.16, 0.62, shade(w.leather, 1.4))
        w.shell(sheet, 0.11, "leather", ridge=0.04)
        draw_pauldrons(w.buffer, w.pose, shade(w.leather, 1.2), w.look.metal, w.build, 0.3)


def _paladin(w: Wardrobe) -> None:
    bright = blend(w.look.metal, (0.86, 0.86, 0.86), 0.4)
    w.mail()
    w.plate(bright, (0.80, 0.62, 0.26))
    sheet = w.sheet(w.look.cloth)
    x, y = sheet.grid()
    gold: Colour = (0.80, 0.62, 0.26)
    sheet.line([(0, -1.95), (0, -2.75)], gold, 0.10)
    sheet.line([(-0.26, -2.22), (0.26, -2.22)], gold, 0.10)
    for i in range(8):
        a = i * np.pi / 4 + 0.39
        sheet.line([(0, -2.22), (0.3 * float(np.cos(a)), -2.22 + 0.3 * float(np.sin(a)))], gold, 0.025)
    edge = np.exp(-(((np.abs(x) - 0.53) / 0.04) ** 2)) + 0 * y
    sheet.tint((0.9 * edge).astype(np.float32), gold)
    sheet.cut((np.abs(x) < 0.56) & (y < -1.66 + 0.12 * np.abs(x)))
    w.shell(sheet, 0.17, "tabard", folds=0.02, ridge=0.13)
    draw_pauldrons(w.buffer, w.pose, bright, gold, w.build, 0.92)
    w.collar(bright, shade(bright, 0.5), 0.26, 0.05, 0.35)


def _robe(w: Wardrobe, colour: Colour, edge: Colour, collar: float) -> None:
    w.shirt(blend(colour, (0.10, 0.09, 0.10), 0.65))
    sheet = w.sheet(colour)
    w.embroidery(sheet, 0.16, edge)
    w.neck(sheet, 0.62, 0.50, edge, 0.11)
    w.shell(sheet, 0.09, "robe", folds=0.06)
    if collar:
        w.collar(colour, edge, collar, 0.24, 0.75)


def _mage(w: Wardrobe) -> None:
    _robe(w, w.look.cloth, w.look.trim, w.look.chance.pick("collar", (0.0, 0.42, 0.30)))


def _necromancer(w: Wardrobe) -> None:
    _robe(w, blend(w.look.cloth, (0.06, 0.05, 0.07), 0.55), shade(w.look.trim, 0.55), 0.62)


def _rogue(w: Wardrobe) -> None:
    w.shirt(blend(_LINEN, w.look.cloth, 0.6))
    sheet = w.sheet(w.leather, 0.16)
    sheet.gloss[:] = 0.32
    w.laces(sheet, -1.9, (0.55, 0.42, 0.28))
    w.strap(sheet, w.look.chance.pick("strap", (-1, 1)))
    w.neck(sheet, 0.50, 0.46, shade(w.leather, 1.5), 0.06)
    w.shell(sheet, 0.08, "jacket", folds=0.03)
    draw_roll(w.buffer, w.pose, w.look.cloth, w.build, w.look, thick=0.14, low=0.14)


def _ranger(w: Wardrobe) -> None:
    w.shirt()
    sheet = w.sheet(w.look.cloth)
    w.laces(sheet, -1.85, shade(w.leather, 1.6))
    w.strap(sheet, w.look.chance.pick("strap", (-1, 1)))
    w.neck(sheet, 0.42, 0.44, w.leather, 0.08)
    w.shell(sheet, 0.08, "tunic", folds=0.045)
    draw_roll(w.buffer, w.pose, shade(w.look.cloth, 0.75), w.build, w.look, thick=0.13, low=0.10)


def _cleric(w: Wardrobe) -> None:
    white = blend(w.look.cloth, (0.80, 0.76, 0.68), 0.6)
    sheet = w.sheet(white)
    x, y = sheet.grid()
    stole = smoothstep(0.40, 0.38, np.abs(np.abs(x) - 0.46 + 0.0 * y) + 0.24)
    sheet.tint((stole + 0 * y).astype(np.float32), w.look.cloth)
    for side in (-1, 1):
        sheet.line([(side * 0.31, -1.3), (side * 0.31, -3.6)], (0.80, 0.62, 0.26), 0.03)
        sheet.line([(side * 0.61, -1.3), (side * 0.61, -3.6)], (0.80, 0.62, 0.26), 0.03)
        sheet.line([(side * 0.46, -2.1), (side * 0.46, -2.45)], (0.85, 0.68, 0.30), 0.05)
        sheet.line([(side * 0.46 - 0.11, -2.2), (side * 0.46 + 0.11, -2.2)], (0.85, 0.68, 0.30), 0.05)
    w.neck(sheet, 0.06, 0.4, (0.80, 0.62, 0.26), 0.05)
    w.shell(sheet, 0.09, "vestment", folds=0.05)
    w.collar(white, (0.80, 0.62, 0.26), 0.20, 0.04, 0.25)


def _monk(w: Wardrobe) -> None:
    inner = w.sheet(_LINEN)
    w.neck(inner, 0.45, 0.42, shade(_LINEN, 0.8), 0.06)
    w.shell(inner, 0.04, "inner", folds=0.03)
    sheet = w.sheet(w.look.cloth)
    w.neck(sheet, 0.95, 0.62, shade(w.look.cloth, 0.6), 0.15)
    sheet.line([(0.35, -1.95), (-0.5, -3.3)], shade(w.look.cloth, 0.5), 0.05)
    w.shell(sheet, 0.10, "wrap", folds=0.06)


def _druid(w: Wardrobe) -> None:
    w.shirt(blend(_LINEN, w.look.cloth, 0.4))
    sheet = w.sheet(w.look.cloth, 0.18)
    rng = w.look.chance.stream("leaves")
    for _ in range(90):
        x, y = float(rng.normal(0, 0.75)), float(rng.uniform(-2.25, -1.45))
        colour = blend((0.25, 0.38, 0.13), (0.55, 0.42, 0.14), float(rng.random()))
        sheet.fill(
            [(x - 0.06, y), (x, y + 0.12), (x + 0.06, y), (x, y - 0.12)], shade(colour, float(rng.uniform(0.7, 1.2)))
        )
    w.neck(sheet, 0.40, 0.50, w.leather)
    w.shell(sheet, 0.10, "mantle", folds=0.06)


def _bard(w: Wardrobe) -> None:
    sheet = w.sheet(w.look.cloth)
    for x in np.arange(-1.5, 1.6, 0.3):
        sheet.fill(
            smooth_curve([(x - 0.045, -2.0), (x, -1.72), (x + 0.045, -2.0), (x, -2.5)], 20, closed=True),
            shade(w.look.trim, 0.95),
            opacity=0.9,
        )
    sheet.line([(0, -1.4), (0, -3.6)], shade(w.look.cloth, 0.4), 0.04)
    w.neck(sheet, 0.16, 0.40, w.look.trim, 0.06)
    w.shell(sheet, 0.08, "doublet", folds=0.035)
    w.buttons([(0.0, -1.75 - 0.26 * i) for i in range(4)], 0.05, w.look.metal)
    draw_roll(w.buffer, w.pose, (0.80, 0.77, 0.70), w.build, w.look, thick=0.085, low=0.06)


def _noble(w: Wardrobe) -> None:
    w.shirt((0.82, 0.79, 0.72))
    sheet = w.sheet(w.look.cloth)
    x, y = sheet.grid()
    pattern = np.sin(x * 13 + np.sin(y * 9)) * np.sin(y * 11 + np.sin(x * 8))
    sheet.tint(smoothstep(0.35, 0.60, (pattern + 0 * x).astype(np.float32)) * np.float32(0.55), w.look.trim)
    w.neck(sheet, 0.40, 0.60, w.look.trim, 0.09)
    w.shell(sheet, 0.09, "velvet", folds=0.035)
    w.collar(w.look.cloth, w.look.trim, 0.34, 0.20, 0.8)
    w.chain(0.95, -1.72, 0.55, (0.80, 0.62, 0.26))


def _artisan(w: Wardrobe) -> None:
    sheet = w.sheet(blend(_LINEN, w.look.cloth, 0.35))
    w.neck(sheet, 0.34, 0.34, shade(_LINEN, 0.7), 0.05)
    w.shell(sheet, 0.06, "shirt", folds=0.05)
    apron = w.sheet(w.leather, 0.18)
    x, y = apron.grid()
    for side in (-1, 1):
        apron.line([(side * 0.62, -2.0), (side * 0.62, -3.5)], shade(w.leather, 1.7), 0.02, opacity=0.7)
        apron.disc(side * 0.58, -2.08, 0.06, w.look.metal)
    apron.cut(((np.abs(x) < 0.72) & (y < -1.98)) | ((np.abs(np.abs(x) - 0.60) < 0.09) & (y < -1.35)))
    w.shell(apron, 0.11, "apron")


_DRESSERS: dict[str, Callable[[Wardrobe], None]] = {
    "warrior": _warrior, "paladin": _paladin, "mage": _mage, "necromancer": _necromancer, "rogue": _rogue,
    "ranger": _ranger, "cleric": _cleric, "monk": _monk, "druid": _druid, "bard": _bard, "noble": _noble,
    "artisan": _artisan,
}  # fmt: skip


def draw_dress(buffer: Buffer, pose: Pose, look: Look, build: Build) -> Iterator[None]:
    wardrobe = Wardrobe(buffer, pose, look, build)
    _DRESSERS[look.calling](wardrobe)
    yield
    if "cloak" in look.marks and look.calling not in ("monk", "artisan"):
        wardrobe.cloak(shade(blend(look.cloth, (0.2, 0.15, 0.12), 0.3), 0.8))
    if "necklace" in look.marks and look.calling not in ("noble", "paladin"):
        wardrobe.necklace()
    for shell in wardrobe.shells:
        yield
        shell()
