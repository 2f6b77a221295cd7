"""Races and classes: which words name them, what they are good at, how they are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Race:
    name: str
    words: tuple[str, ...]
    """Other words of a theme that mean this race."""
    gift: str
    """The ability its people tend to have."""


@dataclass(frozen=True, slots=True)
class Calling:
    """A class, under a name that Python lets us use."""

    name: str
    words: tuple[str, ...]
    best: str
    second: str
    traits: tuple[str, ...]


RACES = (
    Race("human", ("mankind",), "luck"),
    Race("elf", ("elven", "elvish"), "agility"),
    Race("dwarf", ("dwarven", "dwarvish"), "strength"),
    Race("orc", ("orcish",), "strength"),
    Race("halfling", ("halfling",), "luck"),
    Race("gnome", ("gnomish",), "intellect"),
    Race("tiefling", ("demon", "devil"), "charm"),
    Race("dragonkin", ("dragon", "dragonfolk", "draconic"), "willpower"),
    Race("goblin", ("hobgoblin",), "agility"),
    Race("half-elf", ("halfelf",), "charm"),
)

CALLINGS = (
    Calling(
        "warrior",
        ("fighter", "soldier", "swordsman", "gladiator", "barbarian", "mercenary"),
        "strength",
        "willpower",
        ("battle-worn", "blunt", "protective", "heavy-handed", "used to command"),
    ),
    Calling(
        "mage",
        ("wizard", "sorcerer", "sorceress", "witch", "warlock", "magician", "archmage"),
        "intellect",
        "willpower",
        ("curious", "ink-stained", "exact", "sleepless", "forever humming"),
    ),
    Calling(
        "rogue",
        ("thief", "assassin", "burglar", "pickpocket", "spy", "smuggler", "bandit", "outlaw"),
        "agility",
        "luck",
        ("nimble", "watchful", "quick-witted", "hard to find", "fond of rooftops"),
    ),
    Calling(
        "ranger",
        ("hunter", "scout", "archer", "tracker", "huntress"),
        "agility",
        "strength",
        ("sharp-eyed", "at home outdoors", "wary of walls", "soft-footed", "hard to follow"),
    ),
    Calling(
        "cleric",
        ("priest", "priestess", "healer", "acolyte", "nun"),
        "willpower",
        "charm",
        ("dutiful", "steady-handed", "stern", "a patient listener", "full of doubts"),
    ),
    Calling(
        "bard",
        ("minstrel", "musician", "singer", "poet", "dancer", "troubadour"),
        "charm",
        "luck",
        ("musical", "dramatic", "well-dressed", "quick with a rhyme", "prone to tears"),
    ),
    Calling(
        "paladin",
        ("knight", "crusader", "templar"),
        "willpower",
        "strength",
        ("straight-backed", "formal", "scrupulous", "unbending", "fond of proverbs"),
    ),
    Calling(
        "necromancer",
        ("necromancy", "lich"),
        "intellect",
        "luck",
        ("nocturnal", "soft-spoken", "meticulous", "polite to the dead", "pale by choice"),
    ),
    Calling(
        "druid",
        ("shaman", "hermit", "herbalist"),
        "willpower",
        "intellect",
        ("at ease with beasts", "weather-wise", "untidy", "stubborn", "green-fingered"),
    ),
    Calling(
        "monk",
        ("pilgrim", "friar", "ascetic"),
        "agility",
        "willpower",
        ("disciplined", "early to rise", "hard to surprise", "light on the feet", "content with little"),
    ),
)

TEMPERS = (
    ("brave", "cautious", "reckless"),
    ("generous", "thrifty", "greedy"),
    ("cheerful", "melancholy", "sardonic"),
    ("loyal", "restless", "solitary"),
    ("honest", "evasive", "secretive"),
    ("kind", "ruthless", "short-tempered", "vengeful", "forgiving", "tender-hearted"),
    ("humble", "ambitious", "haughty", "boastful"),
    ("superstitious", "level-headed", "dreamy"),
    ("hard-working", "lazy", "impatient"),
    ("well-read", "homespun", "forgetful"),
    ("never on time", "fond of a wager", "a heavy sleeper"),
    ("good with children", "slow to trust", "flirtatious"),
    ("afraid of the dark", "afraid of deep water", "afraid of horses"),
)
"""Of each row at most one fits a person."""
