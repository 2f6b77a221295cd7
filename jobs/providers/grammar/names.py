"""Names: of towns, and of people: a given name in the sound of a race, and a byname."""

import random

from jobs.providers.grammar.deck import Decks
from jobs.providers.grammar.english import HE, SHE, Pronouns
from jobs.providers.grammar.sounds import EPITHETS, SOUNDS, TOWN_ENDS, TOWN_STARTS


def _joined(*syllables: str) -> str:
    """The syllables as one word, with no letter three times in a row."""
    word = ""
    for letter in "".join(syllables):
        if word[-2:].lower() != letter * 2:
            word += letter
    return word


def town_name(decks: Decks, turn: int) -> str:
    return _joined(decks.deal("town", TOWN_STARTS, turn), decks.deal("end of the town", TOWN_ENDS, turn))


def given_name(race: str, pronouns: Pronouns, chance: random.Random) -> str:
    sounds = SOUNDS[race]
    endings = {HE: sounds.his, SHE: sounds.hers}.get(pronouns, sounds.his + sounds.hers)
    middle = chance.choice(sounds.middles) if chance.random() < 0.55 else ""
    return _joined(chance.choice(sounds.starts), middle, chance.choice(endings))


def byname(race: str, town: str, chance: random.Random) -> str:
    """A family's name, where somebody is from, or what people say behind somebody's back."""
    throw = chance.random()
    if throw < 0.5:
        start = chance.choice(SOUNDS[race].house_starts)
        return _joined(start, chance.choice([end for end in SOUNDS[race].house_ends if end != start.lower()]))
    if throw < 0.75:
        return f"of {town}"
    return f"the {chance.choice(EPITHETS)}"
