"""From a request to a `Look`: what the picture will show. Words decide; the seed decides what they leave open. Pure."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from jobs.providers.base import PortraitRequest
from jobs.providers.painter import words
from jobs.providers.painter.fields import Colour, blend, shade

T = TypeVar("T")

_HUMAN_SKINS: tuple[Colour, ...] = (
    (0.93, 0.76, 0.65),
    (0.88, 0.69, 0.56),
    (0.82, 0.61, 0.46),
    (0.71, 0.50, 0.36),
    (0.55, 0.36, 0.25),
    (0.38, 0.24, 0.17),
)
_SKINS: dict[str, tuple[Colour, ...]] = {
    "human": _HUMAN_SKINS,
    "elf": (*_HUMAN_SKINS[:4], (0.95, 0.82, 0.72), (0.52, 0.50, 0.60)),
    "dwarf": ((0.86, 0.62, 0.50), (0.80, 0.56, 0.43), (0.68, 0.46, 0.33), (0.50, 0.33, 0.24)),
    "orc": ((0.45, 0.53, 0.33), (0.37, 0.46, 0.32), (0.52, 0.53, 0.38), (0.46, 0.49, 0.45)),
    "halfling": _HUMAN_SKINS[:5],
    "gnome": (*_HUMAN_SKINS[:4], (0.78, 0.60, 0.52)),
    "tiefling": ((0.66, 0.25, 0.23), (0.56, 0.27, 0.36), (0.44, 0.30, 0.52), (0.36, 0.40, 0.58), (0.80, 0.62, 0.56)),
    "dragon": ((0.60, 0.28, 0.20), (0.30, 0.45, 0.34), (0.34, 0.43, 0.56), (0.70, 0.52, 0.26), (0.45, 0.42, 0.42)),
}
_SKIN_WORDS = words.Vocabulary(
    {
        "0": "pale, fair, porcelain, alabaster, pallid, fair-skinned, pale-skinned",
        "2": "tanned, sun-kissed, sunburnt, weathered skin, olive skin, bronzed, bronze skin",
        "4": "brown skin, dark-skinned, brown-skinned, dark skin, swarthy",
        "5": "black skin, ebony skin, very dark, deep brown skin",
    }
)
_HAIRS: dict[str, tuple[str, ...]] = {
    "human": ("black", "brown", "brown", "copper", "gold", "darkbrown", "darkbrown"),
    "elf": ("gold", "silver", "black", "copper", "white", "brown"),
    "dwarf": ("copper", "brown", "darkbrown", "gold", "copper", "grey"),
    "orc": ("black", "darkbrown", "black", "grey"),
    "halfling": ("brown", "copper", "gold", "darkbrown"),
    "gnome": ("copper", "white", "gold", "teal", "brown"),
    "tiefling": ("black", "darkbrown", "purple", "white", "red"),
    "dragon": ("black", "white", "grey", "darkbrown"),
}
_HAIR_COLOURS: dict[str, Colour] = {
    **words.COLOURS,
    "black": (0.11, 0.09, 0.09), "darkbrown": (0.20, 0.13, 0.09), "brown": (0.36, 0.22, 0.13), "gold": (0.78, 0.58,
    0.30),
    "copper": (0.58, 0.26, 0.10), "red": (0.52, 0.19, 0.09), "white": (0.86, 0.84, 0.80), "grey": (0.50, 0.49, 0.48),
    "silver": (0.72, 0.72, 0.74),
}  # fmt: skip
_EYES: tuple[str, ...] = ("brown", "brown", "brown", "blue", "green", "grey", "orange")
_EYE_COLOURS: dict[str, Colour] = {
    **words.COLOURS,
    "brown": (0.34, 0.19, 0.10), "blue": (0.27, 0.45, 0.66), "green": (0.30, 0.48, 0.28), "grey": (0.48, 0.52, 0.56),
    "gold": (0.82, 0.62, 0.16), "orange": (0.74, 0.46, 0.14),
}  # fmt: skip

_METALS: dict[str, Colour] = {"gold": (0.66, 0.50, 0.22), "silver": (0.60, 0.62, 0.66), "black": (0.16, 0.16, 0.18)}

_PLACES: dict[str, tuple[str, ...]] = {
    "warrior": ("mountain", "ruins", "hall", "snow", "meadow", "forge"),
    "paladin": ("temple", "hall", "mountain", "meadow"),
    "mage": ("library", "night", "hall", "mountain", "library"),
    "necromancer": ("ruins", "night", "cave", "swamp"),
    "rogue": ("city", "tavern", "night", "sea"),
    "ranger": ("forest", "mountain", "meadow", "sea", "snow"),
    "druid": ("forest", "swamp", "meadow", "cave"),
    "cleric": ("temple", "hall", "meadow", "library"),
    "monk": ("mountain", "temple", "desert", "snow"),
    "bard": ("tavern", "city", "meadow", "tavern", "sea"),
    "noble": ("hall", "city", "hall", "library"),
    "artisan": ("forge", "tavern", "city", "cave"),
}
_CLOTHS: dict[str, tuple[str, ...]] = {
    "warrior": ("red", "brown", "blue", "grey"), "paladin": ("white", "blue", "gold", "red"),
    "mage": ("blue", "purple", "teal", "red"), "necromancer": ("black", "purple", "green", "grey"),
    "rogue": ("black", "grey", "brown", "purple"), "ranger": ("green", "brown", "tan", "teal"),
    "druid": ("green", "brown", "tan", "copper"), "cleric": ("white", "blue", "gold", "red"),
    "monk": ("orange", "brown", "tan", "red"), "bard": ("red", "purple", "teal", "green"),
    "noble": ("red", "blue", "purple", "green", "black"), "artisan": ("brown", "tan", "blue", "copper"),
}  # fmt: skip
_HEADGEAR: dict[str, tuple[str, ...]] = {
    "mage": ("none", "none", "hat", "circlet", "hood"), "necromancer": ("hood", "none", "hood", "circlet"),
    "rogue": ("hood", "none", "none", "scarf"), "ranger": ("none", "hood", "none", "none"),
    "druid": ("none", "circlet", "none"), "cleric": ("none", "circlet", "hood", "none"), "bard": ("cap", "none",
    "none"),
    "noble": ("none", "circlet", "none", "crown"), "artisan": ("none", "scarf", "none"),
    "warrior": ("none", "none", "none", "helmet"),
}  # fmt: skip


class Chance:
    """Choices that depend on the seed and on what they are for, so that settling one leaves the others as they were."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, purpose: str) -> np.random.Generator:
        digest = hashlib.blake2b(f"{self.seed}/{purpose}".encode(), digest_size=16).digest()
        return np.random.default_rng(int.from_bytes(digest, "big"))

    def pick(self, purpose: str, options: Sequence[T]) -> T:
        return options[int(self.stream(purpose).integers(len(options)))]

    def happens(self, purpose: str, probability: float) -> bool:
        return bool(self.stream(purpose).random() < probability)

    def between(self, purpose: str, low: float, high: float) -> float:
        return float(self.stream(purpose).uniform(low, high))


@dataclass(frozen=True, slots=True)
class Hair:
    length: str
    """bald, cropped, short, medium, long"""
    cut: str
    """loose, swept, tied, bun, braids, mohawk, wild, fringe"""
    wave: str
    """straight, wavy, curly"""
    parting: float
    """-1…1, from where over the forehead the hair falls apart"""
    colour: Colour


@dataclass(frozen=True, slots=True)
class Look:
    """What a portrait shows. Angles are in radians; `light` is -1 where the light comes from the left, 1 from the
    right."""

    race: str
    calling: str
    feminine: bool
    age: str
    mood: str
    skin: Colour
    eyes: Colour
    hair: Hair
    beard: str
    beard_colour: Colour
    cloth: Colour
    trim: Colour
    metal: Colour
    headgear: str
    marks: frozenset[str]
    place: str
    light: int
    yaw: float
    pitch: float
    roll: float
    seed: int

    @property
    def chance(self) -> Chance:
        return Chance(self.seed)


def look_of(request: PortraitRequest) -> Look:
    """Never raises, whatever the words are."""
    chance = Chance(request.seed)
    character = request.character
    race_text = _plain(character.race) if character else ""
    class_text = _plain(character.class_) if character else ""
    parts = [request.description] + ([character.appearance, *character.traits] if character else [])
    seen = _plain(" ; ".join(parts))
    told = _plain(character.backstory) if character else ""

    race = words.RACES.find(race_text, seen) or chance.pick("race", ("human", "human", "elf", "dwarf", "halfling"))
    calling = words.CALLINGS.find(class_text, seen) or chance.pick("calling", tuple(_PLACES))
    feminine = _feminine(chance, race, class_text, seen, told)
    age = words.AGES.find(seen) or chance.pick("age", ("young", "adult", "adult", "adult", "old"))
    hair = _hair(chance, race, feminine, age, seen)
    beard = _beard(chance, race, feminine, age, seen)
    beard_colour = words.colour_of(seen, words.BEARD_NOUNS)
    if hair.length == "bald" and beard == "none" and not feminine and race in ("dwarf", "human"):
        beard = chance.pick("bald", ("none", "full", "goatee"))
    cloth = words.COLOURS[words.colour_of(seen, words.DRESS_NOUNS) or chance.pick("cloth", _CLOTHS[calling])]
    metal = words.colour_of(seen, words.METAL_NOUNS) or chance.pick("metal", ("silver", "silver", "gold", "grey"))
    side = chance.pick("side", (-1, 1))
    light = chance.pick("light", (-1, 1))
    yaw = side * chance.between("yaw", 0.20, 0.58)
    return Look(
        race=race,
        calling=calling,
        feminine=feminine,
        age=age,
        mood=words.MOODS.find(seen) or chance.pick("mood", tuple(words.MOODS)),
        skin=_skin(chance, race, seen),
        eyes=_eyes(chance, race, seen),
        hair=hair,
        beard=beard,
        beard_colour=_HAIR_COLOURS[beard_colour] if beard_colour else shade(hair.colour, 0.92),
        cloth=_varied(chance, "cloth shade", cloth),
        trim=words.COLOURS[chance.pick("trim", ("gold", "silver", "copper", "white", "gold"))],
        metal=_METALS.get(metal, words.COLOURS[metal]),
        headgear=_headgear(chance, race, calling, hair, seen),
        marks=_marks(chance, calling, feminine, seen),
        place=words.PLACES.find(seen) or chance.pick("place", _PLACES[calling]),
        light=light,
        yaw=yaw,
        pitch=chance.between("pitch", -0.10, 0.10),
        roll=chance.between("roll", -0.11, 0.11) - 0.06 * side,
        seed=request.seed,
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‑", "-")


def _varied(chance: Chance, purpose: str, colour: Colour) -> Colour:
    rng = chance.stream(purpose)
    red, green, blue = (1.0 + rng.uniform(-0.08, 0.08, 3)).tolist()
    grey = sum(colour) / 3
    muted = blend(colour, (grey, grey, grey), 0.16)
    varied = (muted[0] * red, muted[1] * green, muted[2] * blue)
    return shade(varied, float(rng.uniform(0.85, 1.08)))


def _feminine(chance: Chance, race: str, class_text: str, seen: str, told: str) -> bool:
    said = words.FEMININE.find(class_text, seen, told)
    return said == "yes" if said else chance.happens("feminine", 0.3 if race in ("dwarf", "orc") else 0.5)


def _skin(chance: Chance, race: str, seen: str) -> Colour:
    said = words.colour_of(seen, words.SKIN_NOUNS)
    tone = _SKIN_WORDS.find(seen)
    if said and said not in ("black", "white", "brown", "tan", "pink", "copper", "gold") and race != "human":
        colour = blend(words.COLOURS[said], (0.62, 0.58, 0.55), 0.42)
    elif tone and race not in ("orc", "tiefling", "dragon"):
        colour = _HUMAN_SKINS[int(tone)]
    else:
        colour = chance.pick("skin", _SKINS[race])
    return shade(colour, chance.between("skin shade", 0.95, 1.05))


def _eyes(chance: Chance, race: str, seen: str) -> Colour:
    wild = ("gold", "red", "orange", "purple", "white")
    options: Mapping[str, Sequence[str]] = {"tiefling": wild, "dragon": wild, "orc": ("orange", "brown", "red", "gold")}
    said = words.colour_of(seen, words.EYE_NOUNS)
    return _EYE_COLOURS[said or chance.pick("eyes", options.get(race, _EYES))]


def _hair(chance: Chance, race: str, feminine: bool, age: str, seen: str) -> Hair:
    lengths: tuple[str, ...] = (
        ("medium", "long", "long", "long", "short") if feminine else ("short", "short", "medium", "long", "cropped")
    )
    if not feminine:
        by_race = {
            "elf": ("long", "long", "medium"),
            "dwarf": ("medium", "long", "bald", "short"),
            "orc": ("bald", "short", "long", "cropped"),
            "dragon": ("bald", "bald", "long"),
        }
        lengths = by_race.get(race, (*lengths, "bald") if age == "old" else lengths)
    cuts: tuple[str, ...] = ("loose", "loose", "swept", "fringe", "braids", "bun", "tied", "wild")
    if not feminine:
        cuts = ("loose", "swept", "wild", "loose", "tied", "fringe", "swept", "swept")
    if race == "orc":
        cuts = ("mohawk", "braids", "bun", "wild", "swept")
    said = words.colour_of(seen, words.HAIR_NOUNS) or words.colour_of(seen, words.BEARD_NOUNS)
    options = _HAIRS[race] if age != "old" else ("grey", "white", "silver", "grey")
    colour = _HAIR_COLOURS[said or chance.pick("hair colour", options)]
    wave = words.HAIR_WAVES.find(seen) or chance.pick("wave", ("straight", "wavy", "wavy", "curly"))
    cut = words.HAIR_CUTS.find(seen)
    length = words.HAIR_LENGTHS.find(seen) or (
        chance.pick("hair with a cut", ("medium", "long")) if cut else chance.pick("hair length", lengths)
    )
    parting = chance.pick("parting", (-0.45, 0.0, 0.45, 0.3, -0.3)) + chance.between("parting a little", -0.08, 0.08)
    return Hair(length, cut or chance.pick("cut", cuts), wave, parting, _varied(chance, "hair shade", colour))


def _beard(chance: Chance, race: str, feminine: bool, age: str, seen: str) -> str:
    said = words.BEARDS.all(seen)
    for style in ("none", "long", "goatee", "full", "moustache", "stubble"):
        if style in said:
            return style
    if feminine or race in ("elf", "dragon"):
        return "none"
    if race == "dwarf":
        return chance.pick("beard", ("long", "long", "full"))
    if age == "young":
        return chance.pick("beard", ("none", "none", "stubble"))
    return chance.pick(
        "beard", ("none", "stubble", "full", "goatee", "moustache", "none", "long" if age == "old" else "full")
    )


def _headgear(chance: Chance, race: str, calling: str, hair: Hair, seen: str) -> str:
    said = words.HEADGEAR.find(seen)
    if said:
        return said
    if race in ("tiefling", "dragon") or hair.cut in ("mohawk", "bun"):
        return "none"
    return chance.pick("headgear", _HEADGEAR.get(calling, ("none",)))


def _marks(chance: Chance, calling: str, feminine: bool, seen: str) -> frozenset[str]:
    likely = {
        "scar": 0.35 if calling in ("warrior", "rogue", "necromancer") else 0.05,
        "freckles": 0.15,
        "warpaint": 0.25 if calling in ("druid", "warrior") else 0.0,
        "tattoo": 0.25 if calling in ("monk", "mage", "druid", "necromancer") else 0.05,
        "earring": 0.5 if feminine or calling in ("rogue", "bard") else 0.12,
        "necklace": 0.6 if calling in ("cleric", "noble", "druid", "mage", "bard") else 0.2,
        "fur": 0.35 if calling in ("warrior", "ranger", "druid", "noble") else 0.0,
        "cloak": 0.5,
    }
    chosen = {mark for mark, probability in likely.items() if chance.happens(mark, probability)}
    return frozenset(chosen) | words.MARKS.all(seen)
