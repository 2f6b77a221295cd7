import itertools

import numpy as np
import pytest

from jobs.providers.base import PortraitRequest
from jobs.providers.painter import words
from jobs.providers.painter.figure import Reference, draw
from jobs.providers.painter.look import look_of
from jobs.providers.painter.space import Region

SIDE = 72


def drawn(description: str, seed: int = 1, width: int = SIDE, height: int = SIDE) -> Reference:
    look = look_of(PortraitRequest(description, None, seed, width, height, "png"))
    *_, reference = draw(look, width, height)
    assert reference is not None
    return reference


@pytest.mark.parametrize("race", words.RACES)
def test_a_race_can_be_drawn_in_every_class(race: str) -> None:
    for number, calling in enumerate(words.CALLINGS):
        reference = drawn(f"{words_for(words.RACES, race)} {words_for(words.CALLINGS, calling)}", number)
        assert reference.picture.shape == (SIDE, SIDE, 3)
        assert {Region.PLACE, Region.DRESS, Region.FACE} <= {Region(value) for value in np.unique(reference.region)}


def words_for(vocabulary: words.Vocabulary, name: str) -> str:
    """A word that the vocabulary reads as the name."""
    return next(word for word in (name, "dragonborn") if vocabulary.find(word) == name)


@pytest.mark.parametrize("headgear", words.HEADGEAR)
def test_every_headgear_can_be_drawn(headgear: str) -> None:
    assert drawn(f"a human mage in a {headgear}").picture.any()


@pytest.mark.parametrize("place", words.PLACES)
def test_every_place_has_a_picture_of_its_own(place: str) -> None:
    assert drawn(f"a monk, {place}", 4).picture.std() > 5


@pytest.mark.parametrize(
    ("beard", "cut"), list(itertools.product(("long beard", "goatee", "moustache"), ("bun", "braids", "mohawk")))
)
def test_beards_and_cuts_go_together(beard: str, cut: str) -> None:
    assert Region.HAIR in drawn(f"a man with a {beard} and a {cut}").region


@pytest.mark.parametrize(("width", "height"), [(200, 60), (60, 200)])
def test_the_face_is_inside_the_picture_whatever_its_proportions(width: int, height: int) -> None:
    x, y = drawn("a human warrior", 1, width, height).face
    assert 0.2 * width < x < 0.8 * width
    assert 0.2 * height < y < 0.8 * height


def test_the_face_is_lit_from_the_side_of_the_light() -> None:
    for seed in range(6):
        look = look_of(PortraitRequest("a pale bald human monk", None, seed, 160, 160, "png"))
        reference = drawn("a pale bald human monk", seed, 160, 160)
        columns = np.arange(160)[None, :] + np.zeros((160, 1))
        face = reference.region == Region.FACE
        left = reference.picture[face & (columns < reference.face[0])].mean()
        right = reference.picture[face & (columns > reference.face[0])].mean()
        assert (right > left) == (look.light > 0)
