"""Grammar: writes characters from tables, each determined by the seed, the theme and its place in the set."""

from collections.abc import AsyncGenerator

from jobs.providers.base import CharactersRequest
from jobs.providers.grammar.backstory import backstory
from jobs.providers.grammar.deck import Decks
from jobs.providers.grammar.english import PRONOUNS
from jobs.providers.grammar.looks import appearance
from jobs.providers.grammar.names import byname, given_name, town_name
from jobs.providers.grammar.people import TEMPERS
from jobs.providers.grammar.sitter import Sitter
from jobs.providers.grammar.theme import Theme, read_theme
from storage.records.character import STATS, Character, Stats


class Grammar:
    """Needs no network and no model. The same seed, theme and place in the set give the same character, whether those
    before it were written in this run or in an earlier one. No given name comes twice in a set."""

    @property
    def name(self) -> str:
        return "grammar"

    async def write(self, request: CharactersRequest) -> AsyncGenerator[Character, None]:
        theme = read_theme(request.theme)
        decks = Decks(request.seed, theme.key)
        taken = {_first_word(character) for character in request.written}
        for turn in range(len(request.written), request.count):
            sitter = _sitter(turn, theme, decks, taken)
            character = Character(
                name=f"{sitter.given_name} {sitter.byname}",
                race=sitter.race.name,
                class_=sitter.calling.name,
                traits=_traits(sitter, decks),
                stats=_stats(sitter, decks),
                backstory=backstory(sitter, theme.quote, decks),
                appearance=appearance(sitter, decks),
            )
            taken.add(_first_word(character))
            yield character


def _first_word(character: Character) -> str:
    return character.name.partition(" ")[0]


def _sitter(turn: int, theme: Theme, decks: Decks, taken: set[str]) -> Sitter:
    race = decks.deal("race", theme.races, turn)
    pronouns = decks.deal("pronouns", PRONOUNS, turn)
    scene = decks.deal("scene", theme.scenes, turn)
    visit = turn // len(theme.scenes)
    town = town_name(decks, turn)
    chance = decks.chance("name", turn)
    given = given_name(race.name, pronouns, chance)
    while given in taken:
        given = given_name(race.name, pronouns, chance)
    return Sitter(
        turn=turn,
        visit=visit,
        given_name=given,
        byname=byname(race.name, town, chance),
        race=race,
        calling=decks.deal("class", theme.callings, turn, first=theme.favoured),
        pronouns=pronouns,
        scene=scene,
        place=decks.deal(f"places of {scene.name}", scene.places, visit),
        town=town,
    )


def _traits(sitter: Sitter, decks: Decks) -> list[str]:
    chance = decks.chance("traits", sitter.turn)
    tempers = chance.sample(TEMPERS, chance.randint(1, 3))
    return [chance.choice(sitter.calling.traits), *(chance.choice(temper) for temper in tempers)]


def _stats(sitter: Sitter, decks: Decks) -> Stats:
    """The best three of four dice, six times; the best throw goes where the class needs it most."""
    chance = decks.chance("stats", sitter.turn)
    throws = sorted((sum(sorted(chance.choices(range(1, 7), k=4))[1:]) for _ in STATS), reverse=True)
    rest = chance.sample(STATS, len(STATS))
    order = dict.fromkeys((sitter.calling.best, sitter.calling.second, sitter.race.gift, *rest))
    return Stats(**dict(zip(order, throws, strict=True)))
