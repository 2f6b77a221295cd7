"""The sitter: what is settled about a character before anything is told or painted."""

from dataclasses import dataclass

from jobs.providers.grammar.english import Pronouns
from jobs.providers.grammar.people import Calling, Race
from jobs.providers.grammar.scenes import Place, Scene


@dataclass(frozen=True, slots=True)
class Sitter:
    turn: int
    """The place in the set."""
    visit: int
    """How many of the set came before from the same scene."""
    given_name: str
    byname: str
    race: Race
    calling: Calling
    pronouns: Pronouns
    scene: Scene
    place: Place
    town: str
