import pytest

from server.generate.messages import Goodbye, Missing, Trouble, Unintelligible
from server.generate.state import LOST_SECONDS, CharacterSet
from tests.server.generate.records import BRAN, FIRST, MIRA, SECOND, SET, news, told

WRITTEN = news(SET, "succeeded", characters=[MIRA, BRAN])


def test_a_set_of_which_nothing_was_said_is_watched_from_the_beginning() -> None:
    characters = CharacterSet(SET)
    assert characters.wanted() == {SET: 0}
    assert not characters.finished


def test_a_portrait_is_watched_as_soon_as_its_character_appears() -> None:
    characters = told(news(SET, "processing", 5, characters=[MIRA]))
    assert characters.wanted() == {SET: 5, FIRST: 0}
    assert [card.title for card in characters.cards] == ["Mira, elf ranger"]
    assert characters.cards[0].record == MIRA


def test_whoever_comes_back_names_the_versions_it_has() -> None:
    characters = told(WRITTEN, news(FIRST, "processing", 8), news(SECOND, "queued", 9))
    assert characters.wanted() == {SET: 1, FIRST: 8, SECOND: 9}


def test_a_finished_portrait_is_watched_no_more() -> None:
    characters = told(WRITTEN, news(FIRST, "succeeded", 8))
    assert characters.wanted() == {SET: 1, SECOND: 0}


@pytest.mark.parametrize("end", ["succeeded", "failed", "canceled"])
def test_it_is_finished_when_the_set_and_all_its_portraits_are(end: str) -> None:
    characters = told(WRITTEN, news(FIRST, "succeeded"))
    assert not characters.finished
    characters.receive(news(SECOND, end), 0.0)
    assert characters.finished


def test_portraits_that_are_finished_do_not_finish_a_set_that_is_still_being_written() -> None:
    assert not told(news(SET, "processing", characters=[MIRA]), news(FIRST, "succeeded")).finished


def test_the_portraits_of_a_set_that_failed_half_way_are_waited_for() -> None:
    characters = told(news(SET, "failed", characters=[MIRA], error="The writer is ill."))
    assert not characters.finished
    characters.receive(news(FIRST, "succeeded"), 0.0)
    assert characters.finished
    assert characters.failure() == "The writer is ill."


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        ("queued", None, None),
        ("processing", None, None),
        ("succeeded", None, None),
        ("canceled", None, "This portrait was stopped."),
        ("failed", "The painter cannot be reached.", "The painter cannot be reached."),
        ("failed", None, "This portrait failed."),
    ],
)
def test_a_portrait_that_is_not_there_has_a_reason(status: str, error: str | None, sentence: str | None) -> None:
    characters = told(WRITTEN, news(FIRST, status, error=error))
    assert characters.failure_of(characters.cards[0]) == sentence
    assert characters.failure_of(characters.cards[1]) is None
    assert characters.failure() is None


def test_a_portrait_that_is_no_longer_kept_is_given_up_at_once() -> None:
    characters = told(WRITTEN, news(FIRST, "succeeded"))
    characters.receive(Missing(SECOND, expired=True), 1.0)
    assert characters.finished
    assert characters.failure_of(characters.cards[1]) == "The server no longer keeps this portrait."


def test_a_portrait_that_is_unknown_may_yet_be_submitted() -> None:
    characters = told(WRITTEN, news(FIRST, "succeeded"))
    characters.receive(Missing(SECOND, expired=False), 0.0)
    characters.tick(LOST_SECONDS)
    assert characters.wanted() == {SET: 1, SECOND: 0}
    characters.receive(news(SECOND, "queued", 3), LOST_SECONDS)
    characters.tick(LOST_SECONDS * 5)
    assert characters.wanted() == {SET: 1, SECOND: 3}


def test_a_portrait_that_stays_unknown_is_given_up() -> None:
    characters = told(WRITTEN, news(FIRST, "succeeded"))
    characters.receive(Missing(SECOND, expired=False), 0.0)
    characters.tick(LOST_SECONDS + 1)
    assert characters.finished
    assert characters.is_lost(SECOND)


def test_while_the_set_is_being_written_no_portrait_is_given_up() -> None:
    characters = told(news(SET, "processing", characters=[MIRA]))
    characters.receive(Missing(FIRST, expired=False), 0.0)
    characters.tick(LOST_SECONDS * 10)
    assert not characters.is_lost(FIRST)
    characters.receive(news(SET, "succeeded", 2, characters=[MIRA]), LOST_SECONDS * 10)
    characters.tick(LOST_SECONDS * 10 + 1)
    assert not characters.is_lost(FIRST)


def test_an_unknown_job_has_no_version_any_more() -> None:
    characters = told(WRITTEN, news(FIRST, "processing", 8))
    characters.receive(Missing(FIRST, expired=False), 0.0)
    assert characters.wanted()[FIRST] == 0


def test_what_a_job_came_to_stays_known_when_it_is_no_longer_kept() -> None:
    characters = told(WRITTEN, news(FIRST, "succeeded"), news(SECOND, "succeeded"))
    characters.receive(Missing(SET, expired=True), 1.0)
    assert characters.finished
    assert characters.failure() is None


def test_a_set_that_is_no_longer_kept_is_a_failure() -> None:
    characters = CharacterSet(SET)
    characters.receive(Missing(SET, expired=True), 0.0)
    assert characters.finished
    assert characters.failure() == "The server no longer keeps this set."


def test_a_set_that_was_written_anew_has_the_new_portraits() -> None:
    characters = told(news(SET, "processing", characters=[MIRA]), news(FIRST, "processing", 4))
    characters.receive(Missing(SET, expired=False), 1.0)
    characters.receive(news(SET, "processing", 9, characters=[BRAN]), 2.0)
    assert characters.wanted() == {SET: 9, SECOND: 0}


def test_what_is_said_of_the_connection_changes_nothing() -> None:
    characters = told(WRITTEN)
    before = characters.wanted()
    characters.receive(Trouble("Later."), 0.0)
    characters.receive(Goodbye(1.0), 0.0)
    assert characters.wanted() == before


def test_a_set_whose_characters_are_none_is_not_believed() -> None:
    with pytest.raises(Unintelligible):
        told(news(SET, "processing", characters=[{"name": "Mira"}]))
