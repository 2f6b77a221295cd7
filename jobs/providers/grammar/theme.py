"""What a theme asks for: scenes, races, classes, and perhaps a word or two worth quoting.

A theme is a stranger's text. It chooses among our tables and seeds their chance; of its own words at most two reach a
story, letters only.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobs.providers.grammar.english import words_of
from jobs.providers.grammar.lands import LANDS
from jobs.providers.grammar.people import CALLINGS, RACES, Calling, Race
from jobs.providers.grammar.peoples import PEOPLES
from jobs.providers.grammar.scenes import Scene

SCENES = LANDS + PEOPLES
EVERYDAY = tuple(scene for scene in SCENES if scene.everyday)

LONGEST_QUOTED_WORD = 20
_SHORTEST_QUOTED_WORD = 3
_PLAIN_WORDS = frozenset(
    words_of(
        "the and but with without from into onto over under for are was were his her its their our your who that "
        "this these those all any some one two three four five six seven eight nine ten very much many more most "
        "only not fantasy character characters theme themed random mode please make give generate create write "
        "want like style set where when which about party group people person world setting story stories hero "
        "heroes adventurer adventurers old new good bad evil great small little big who's have has had you they "
        "them she him out off own will would can could"
    )
)


@dataclass(frozen=True, slots=True)
class Theme:
    scenes: tuple[Scene, ...]
    races: tuple[Race, ...]
    callings: tuple[Calling, ...]
    favoured: tuple[Calling, ...]
    """Of the callings, those one meets most in these scenes; none where no theme asks for a scene."""
    quote: str | None
    key: str
    """Seeds the chance, so that other words make other people."""


def _tokens(text: str) -> Iterator[str]:
    """The words: letters with their marks, apostrophes and hyphens within. Whatever else there is parts words."""
    letters = "".join(c if unicodedata.category(c)[0] in "LM" or c in "-'’" else " " for c in text)
    return (word for part in letters.split() if (word := part.strip("-'’")))


def _forms(word: str) -> set[str]:
    """The word and what it may be the plural or the possessive of."""
    word = re.sub(r"['’]s?$", "", word)
    forms = {word}
    for ending, singular in (("ies", "y"), ("ves", "f"), ("men", "man"), ("es", ""), ("s", "")):
        if word.endswith(ending):
            forms.add(word.removesuffix(ending) + singular)
    return forms


def _names(entry: Scene | Race | Calling) -> set[str]:
    return {entry.name, *entry.words}


def _quotable(word: str) -> bool:
    return _SHORTEST_QUOTED_WORD <= len(word) <= LONGEST_QUOTED_WORD and not _forms(word) & _PLAIN_WORDS


def _quote(words: Iterable[tuple[str, bool]]) -> str | None:
    """The first unknown word, and the one after it if that is unknown too."""
    quoted: list[str] = []
    for word, known in words:
        if not known and _quotable(word):
            quoted.append(word)
            if len(quoted) == 2:
                break
        elif quoted:
            break
    return " ".join(quoted) or None


def read_theme(text: str | None) -> Theme:
    text = unicodedata.normalize("NFKC", text or "").casefold()
    words = list(_tokens(text))
    forms = {word: _forms(word) for word in words}
    asked = {form for of_word in forms.values() for form in of_word}

    scenes = tuple(scene for scene in SCENES if asked & _names(scene))
    races = tuple(race for race in RACES if asked & _names(race))
    callings = tuple(calling for calling in CALLINGS if asked & _names(calling))
    known = {name for entries in (scenes, races, callings) for entry in entries for name in _names(entry)}
    favoured = {name for scene in scenes for name in scene.callings}
    return Theme(
        scenes=scenes or EVERYDAY,
        races=races or RACES,
        callings=callings or CALLINGS,
        favoured=tuple(calling for calling in CALLINGS if calling.name in favoured),
        quote=_quote((word, bool(forms[word] & known)) for word in words),
        key=" ".join(text.split()),
    )
