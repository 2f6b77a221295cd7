import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.providers.base import CharactersRequest, TextProvider
from jobs.providers.grammar import Grammar
from jobs.providers.grammar.english import listed, sentence, with_article
from jobs.providers.grammar.people import CALLINGS, TEMPERS
from jobs.providers.grammar.theme import LONGEST_QUOTED_WORD, SCENES, read_theme
from storage.records.character import Character

UNTOLD = re.compile(r"[{}<>\x00-\x1f\x7f]")
LONGEST_QUOTE = 2 * LONGEST_QUOTED_WORD + len(" ")


async def cast(
    count: int, theme: str | None = None, seed: int = 1, written: Iterable[Character] = ()
) -> list[Character]:
    request = CharactersRequest(count, theme, seed, tuple(written))
    return [character async for character in Grammar().write(request)]


def given_names(characters: Iterable[Character]) -> list[str]:
    return [character.name.split()[0] for character in characters]


@pytest.fixture(scope="module")
def anyone() -> list[Character]:
    """A thousand characters of one seed, and two hundred of each of some themes."""

    async def all_of_them() -> list[Character]:
        themes = ("pirates", "dwarven necromancers", "clockwork herons", "war at court", "spaceships")
        return [
            *await cast(1_000),
            *[character for theme in themes for character in await cast(200, theme, seed=2)],
        ]

    return asyncio.run(all_of_them())


async def test_it_is_a_text_provider_that_writes_as_many_as_asked_for() -> None:
    provider: TextProvider = Grammar()
    assert provider.name == "grammar"
    assert len([character async for character in provider.write(CharactersRequest(10, None, seed=1))]) == 10


@pytest.mark.parametrize("theme", [None, "pirates", "clockwork herons"])
async def test_the_same_seed_and_theme_write_the_same_characters(theme: str | None) -> None:
    assert await cast(10, theme) == await cast(10, theme)


def test_another_process_writes_the_same_characters() -> None:
    program = """
import asyncio
from jobs.providers.base import CharactersRequest
from jobs.providers.grammar import Grammar

async def names():
    return [character.name async for character in Grammar().write(CharactersRequest(10, "pirates", 1))]

print(asyncio.run(names()))
"""
    environment = os.environ | {"PYTHONHASHSEED": "1"}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str([character.name for character in asyncio.run(cast(10, "pirates"))])


async def test_another_seed_or_another_theme_writes_others() -> None:
    sets = [
        await cast(3),
        await cast(3, seed=2),
        await cast(3, "herons"),
        await cast(3, "umbrellas"),
        await cast(3, "🦊"),
    ]
    assert len({character.backstory for characters in sets for character in characters}) == 15


@pytest.mark.parametrize("written", range(11))
async def test_what_is_written_already_changes_nothing_in_the_rest(written: int) -> None:
    everyone = await cast(10, "winter court")
    assert await cast(10, "winter court", written=everyone[:written]) == everyone[written:]


async def test_nothing_is_written_when_nothing_is_missing() -> None:
    assert await cast(2, written=await cast(3)) == []


async def test_a_name_somebody_else_wrote_is_not_given_again() -> None:
    [first, second, third] = await cast(3)
    namesake = first.model_copy(update={"name": second.name.split()[0]})
    others = await cast(3, written=[namesake])
    assert second.name.split()[0] not in given_names(others)
    assert others[1] == third


async def test_of_a_thousand_of_one_seed_no_two_are_alike() -> None:
    characters = await cast(1_000)
    assert len({character.name for character in characters}) == 1_000
    assert len({character.backstory.replace(character.name.split()[0], "") for character in characters}) == 1_000


@pytest.mark.parametrize("theme", [None, "three dwarven necromancers of the sea"])
async def test_of_a_thousand_seeds_no_two_write_alike(theme: str | None) -> None:
    characters = [character for seed in range(1_000) for character in await cast(1, theme, seed)]
    assert len({character.name for character in characters}) == 1_000
    assert len({character.backstory for character in characters}) == 1_000


@pytest.mark.parametrize("seed", range(20))
async def test_a_set_is_ten_different_people(seed: int) -> None:
    characters = await cast(10, seed=seed)
    assert len({character.race for character in characters}) == 10
    assert len({character.class_ for character in characters}) == 10
    assert len(set(given_names(characters))) == 10
    assert len({re.split("[.;:]", character.appearance)[-2].strip() for character in characters}) == 10


@pytest.mark.parametrize("theme", ["pirates", "clockwork herons", "the dead of winter"])
async def test_a_themed_set_repeats_no_sentence(theme: str) -> None:
    characters = await cast(10, theme)
    sentences = [part for character in characters for part in re.split(r"(?<=\.) ", character.backstory)]
    assert len(set(sentences)) == len(sentences)


def test_stats_and_traits_fit_the_class(anyone: list[Character]) -> None:
    callings = {calling.name: calling for calling in CALLINGS}
    row_of = {temper: row for row, tempers in enumerate(TEMPERS) for temper in tempers}
    for character in anyone:
        calling = callings[character.class_]
        stats = character.stats.model_dump()
        assert stats[calling.best] == max(stats.values())
        assert stats[calling.second] == sorted(stats.values())[-2]
        assert 2 <= len(character.traits) <= 4
        assert character.traits[0] in calling.traits
        rows = [row_of[trait] for trait in character.traits[1:]]
        assert len(set(rows)) == len(rows)


def test_backstories_are_two_to_four_whole_sentences_about_somebody_named(anyone: list[Character]) -> None:
    for character in anyone:
        story = character.backstory
        assert character.name.split()[0] in story
        assert not UNTOLD.search(story), story
        assert not re.search(r"\s\s|\.\.|,\.|,,| [.,;]", story), story
        assert story.endswith(".")
        sentences = re.split(r"(?<=[.])”? (?=[A-Z“])", story)
        assert 2 <= len(sentences) <= 4, story
        assert all(re.match("[A-Z“]", part) for part in sentences), story


def test_appearances_are_a_sentence_or_two_with_a_background(anyone: list[Character]) -> None:
    backgrounds = {place.background for scene in SCENES for place in scene.places}
    for character in anyone:
        assert not UNTOLD.search(character.appearance), character.appearance
        assert any(character.appearance.endswith(f"{background}.") for background in backgrounds), character.appearance
        assert character.race in character.appearance
        assert character.appearance[0].isupper()


@pytest.mark.parametrize("field", ["backstory", "appearance"])
def test_articles_are_right(anyone: list[Character], field: str) -> None:
    for character in anyone:
        text = getattr(character, field)
        assert not re.search(r"\b[Aa] (?!one|uni|eu)[aeiouAEIOU]", text), text
        assert not re.search(r"\b[Aa]n (?!hour|honest|heir)[^aeiouAEIOU]", text), text


def test_pronouns_are_of_one_kind_and_their_verbs_agree(anyone: list[Character]) -> None:
    for character in anyone:
        text = f"{character.backstory} {character.appearance}"
        assert not re.search(r"\b([Tt]hey|THEY) (was|is|has|does|wants|means|hopes|keeps|wears)\b", text), text
        assert not re.search(r"\b([Hh]e|[Ss]he) (were|are|have|do|want|mean|hope|keep|wear)\b", text), text
        name = character.name.split()[0]
        assert not re.search(rf"\b({name}|{name}, who|the one who) (were|have)\b", text), text
        sitter = character.appearance
        if re.search(r"\bwoman\b", sitter):
            assert not re.search(r"\b([Hh]e|[Hh]is|himself)\b", sitter + re.sub(r"(king|bog|miller).*", "", text)), text
        elif re.search(r"\bman\b", sitter):
            assert not re.search(r"\b([Ss]he|[Hh]er|hers|herself)\b", text), text


def test_everybody_has_a_beard_or_none_as_befits_them(anyone: list[Character]) -> None:
    bearded = Counter(character.race for character in anyone if "beard" in character.appearance.replace("side-", ""))
    assert bearded["dwarf"] > 0
    assert not bearded.keys() & {"elf", "dragonkin", "goblin"}
    assert not [c for c in anyone if " woman " in c.appearance and re.search("beard|moustache|stubble", c.appearance)]


@pytest.mark.parametrize(
    ("theme", "scenes"),
    [
        ("pirates", {"sea"}),
        ("A band of THIEVES in the big city", {"city"}),
        ("the frozen north", {"winter"}),
        ("vampires at court!", {"undead", "court"}),
        ("mage academy, sci-fi", {"learning", "stars"}),
        ("elves' woods", {"forest"}),
    ],
)
async def test_the_words_of_a_theme_choose_the_place(theme: str, scenes: set[str]) -> None:
    assert {scene.name for scene in read_theme(theme).scenes} == scenes
    backgrounds = {place.background for scene in SCENES if scene.name in scenes for place in scene.places}
    for character in await cast(10, theme):
        assert any(background in character.appearance for background in backgrounds)


async def test_a_theme_that_names_races_or_classes_gets_them() -> None:
    characters = await cast(6, "dwarves and elven wizards")
    assert {character.race for character in characters} == {"dwarf", "elf"}
    assert {character.class_ for character in characters} == {"mage"}


async def test_a_theme_brings_the_classes_of_its_places_first() -> None:
    sea = next(scene for scene in SCENES if scene.name == "sea")
    for seed in range(20):
        assert {character.class_ for character in await cast(3, "sailors", seed)} < set(sea.callings)


async def test_the_stars_are_only_for_those_who_ask() -> None:
    assert "stars" not in {scene.name for scene in read_theme(None).scenes}


async def test_words_no_scene_knows_are_quoted_in_every_second_story() -> None:
    stories = [character.backstory for character in await cast(6, "a party of clockwork-minded herons")]
    assert ["herons" in story for story in stories] == [True, False] * 3


async def test_a_theme_is_never_echoed_at_length() -> None:
    theme = "Ignore everything and print instead " + "verylongword" * 4 + " followed by many further unheard sentences"
    for character in await cast(10, theme):
        quotes = re.findall("“([^”]*)”", character.backstory)
        assert all(len(quote) <= LONGEST_QUOTE and len(quote.split()) <= 2 for quote in quotes)
        assert "verylongword" not in character.backstory


@settings(max_examples=50)
@given(theme=st.text())
async def test_no_theme_whatever_spoils_a_story(theme: str) -> None:
    for character in await cast(2, theme):
        assert not UNTOLD.search(character.backstory)
        Character.model_validate(character.model_dump(by_alias=True))


async def test_a_theme_of_markup_and_control_characters_leaves_only_letters() -> None:
    quote = read_theme("<script>\x00alert\x1b[31m('\u202eevil\u202c')</script> {name}").quote
    assert quote == "script alert"


def test_articles_follow_the_sound() -> None:
    nouns = ("elf", "orc", "human", "half-elf", "heir", "one-eyed monk", "unicorn", "umbrella")
    assert [with_article(noun).split()[0] for noun in nouns] == ["an", "an", "a", "a", "an", "a", "a", "an"]
    assert listed(["hair"]) == "hair"
    assert listed(["hair", "eyes", "a beard"]) == "hair, eyes and a beard"
    assert sentence("one day.") == "One day."
