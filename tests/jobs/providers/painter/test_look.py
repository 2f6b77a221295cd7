import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.providers.base import PortraitRequest
from jobs.providers.painter.look import Look, look_of
from storage.records.character import Character, Stats

STATS = Stats(strength=10, agility=10, intellect=10, willpower=10, charm=10, luck=10)


def request(description: str, seed: int = 7, character: Character | None = None) -> PortraitRequest:
    return PortraitRequest(description, character, seed, 640, 640, "png")


def look(description: str, seed: int = 7) -> Look:
    return look_of(request(description, seed))


def character(race: str, class_: str, appearance: str = "plain", traits: list[str] | None = None) -> Character:
    return Character(
        name="Ada",
        race=race,
        class_=class_,
        traits=traits or ["quick"],
        stats=STATS,
        backstory="-",
        appearance=appearance,
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("words", "field", "expected"),
    [
        ("a High Elf", "race", "elf"),
        ("half-orc with a limp", "race", "orc"),
        ("a dwarven smith", "race", "dwarf"),
        ("dragon-blooded princess", "race", "dragon"),
        ("a demon", "race", "tiefling"),
        ("a drow", "race", "elf"),
        ("a WIZARD", "calling", "mage"),
        ("an assassin", "calling", "rogue"),
        ("holy knight", "calling", "paladin"),
        ("a blood mage", "calling", "necromancer"),
        ("an old woman", "age", "old"),
        ("an old woman", "feminine", True),
        ("a bearded man", "feminine", False),
        ("a bearded man", "beard", "full"),
        ("a man with a long white beard", "beard", "long"),
        ("clean-shaven man with no beard", "beard", "none"),
        ("under a hood", "headgear", "hood"),
        ("wearing a crown", "headgear", "crown"),
        ("standing in the snowy tundra", "place", "snow"),
        ("by the sea", "place", "sea"),
        ("she smiles", "mood", "smiling"),
        ("melancholic", "mood", "sad"),
    ],
)
def test_words_decide(words: str, field: str, expected: object, seed: int) -> None:
    assert getattr(look(words, seed), field) == expected


@pytest.mark.parametrize(
    ("words", "length", "cut"),
    [("a bald man", "bald", None), ("long braided hair", "long", "braids"), ("a mohawk", None, "mohawk")],
)
def test_words_decide_the_hair(words: str, length: str | None, cut: str | None) -> None:
    hair = look(words).hair
    assert length in (None, hair.length)
    assert cut in (None, hair.cut)


def test_marks_that_are_named_are_there() -> None:
    assert {"scar", "freckles", "tattoo", "earring"} <= look("freckled, scarred, tattooed, with an earring").marks


def test_a_colour_goes_to_the_noun_it_stands_before() -> None:
    red, green = look("red hair and green eyes").hair.colour, look("red hair and green eyes").eyes
    assert red[0] > red[1]
    assert green[1] > green[0]


def test_a_colour_does_not_reach_over_another_noun() -> None:
    seen = look("a wizard with a long white beard and a pointed hat, in a blue robe")
    assert seen.cloth[2] > seen.cloth[0]
    assert min(seen.beard_colour) > 0.6


def test_a_colour_may_follow_its_noun() -> None:
    assert look("her hair is white").hair.colour[2] > 0.5


def test_the_race_and_class_of_a_character_go_before_its_description() -> None:
    seen = look_of(request("an elf ranger in a tavern", character=character("Dwarf", "Bard")))
    assert (seen.race, seen.calling, seen.place) == ("dwarf", "bard", "tavern")


def test_appearance_and_traits_of_a_character_are_read() -> None:
    seen = look_of(request("", character=character("Human", "Mage", "bald, in the desert", ["cheerful"])))
    assert (seen.hair.length, seen.place, seen.mood) == ("bald", "desert", "smiling")


def test_the_seed_decides_what_words_leave_open() -> None:
    looks = [look("somebody", seed) for seed in range(60)]
    assert len({seen.race for seen in looks}) >= 4
    assert len({seen.place for seen in looks}) >= 8
    assert {seen.light for seen in looks} == {-1, 1}
    assert {seen.yaw > 0 for seen in looks} == {True, False}


def test_settling_one_thing_in_words_leaves_the_rest_as_it_was() -> None:
    before, after = look("a human mage", 3), look("a human mage, sad", 3)
    assert (before.cloth, before.hair, before.place, before.yaw) == (after.cloth, after.hair, after.place, after.yaw)


@given(st.text(max_size=300), st.integers())
def test_any_text_and_any_seed_give_a_look(text: str, seed: int) -> None:
    assert look(text, seed) == look(text, seed)


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=200))
def test_any_character_gives_a_look(race: str, class_: str, appearance: str) -> None:
    assert look_of(request("", character=character(race, class_, appearance))).race
