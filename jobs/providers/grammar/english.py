"""The little English the tables need: articles, lists, and sentences that agree with a person."""

from collections.abc import Sequence
from dataclasses import dataclass

_AN_BY_SOUND = ("heir", "honest", "honour", "hour")
_A_BY_SOUND = ("eu", "ewe", "one-", "one ", "uni", "use", "usu", "uto")


def with_article(noun: str) -> str:
    """`an elf`, `a human`, `an honest orc`, `a one-eyed monk`."""
    word = noun.lower()
    vowel = word.startswith(_AN_BY_SOUND) or (word[0] in "aeiou" and not word.startswith(_A_BY_SOUND))
    return f"{'an' if vowel else 'a'} {noun}"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last


def sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def words_of(text: str) -> tuple[str, ...]:
    """A table of single words, written as one text."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Pronouns:
    """The words that stand for a person, and those that must agree with them.

    In a template `{they} want{s}`, `{they} go{es}`, `{they} {was}` are for the pronoun as the subject: after a name the
    verb is always singular.
    """

    they: str
    them: str
    their: str
    theirs: str
    themself: str
    person: str
    plural: bool = False

    def words(self) -> dict[str, str]:
        singular = not self.plural
        return {
            "they": self.they,
            "They": sentence(self.they),
            "them": self.them,
            "their": self.their,
            "Their": sentence(self.their),
            "theirs": self.theirs,
            "themself": self.themself,
            "was": "was" if singular else "were",
            "is": "is" if singular else "are",
            "has": "has" if singular else "have",
            "does": "does" if singular else "do",
            "s": "s" if singular else "",
            "es": "es" if singular else "",
        }


HE = Pronouns("he", "him", "his", "his", "himself", "man")
SHE = Pronouns("she", "her", "her", "hers", "herself", "woman")
THEY = Pronouns("they", "them", "their", "theirs", "themself", "person", plural=True)

PRONOUNS = (HE, SHE, HE, SHE, THEY, SHE, HE, SHE, HE)
"""The deck of them."""
