from datetime import UTC, datetime, timedelta

import pytest

from server.generate.messages import Message, Missing
from server.generate.rows import Row, rows, time_left
from server.generate.state import CharacterSet
from tests.server.generate.records import BRAN, FIRST, MIRA, SET, news, told

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=38)


def test_before_anything_is_known_there_is_one_row() -> None:
    assert rows(CharacterSet(SET), 3) == [Row("0 of 3 characters", 0.0, "waiting", None)]
    assert rows(CharacterSet(SET), 1)[0].title == "The character"


def test_each_character_gets_a_row_below_the_sets() -> None:
    characters = told(
        news(SET, "processing", progress=0.67, stage="writing", characters=[MIRA, BRAN]),
        news(FIRST, "processing", progress=0.42, stage="painting the face", expected_at=SOON),
    )
    assert rows(characters, 3) == [
        Row("2 of 3 characters", 0.67, "writing", None),
        Row("Mira, elf ranger", 0.42, "painting the face", SOON),
        Row("Bran, elf ranger", 0.0, "waiting", None),
    ]


@pytest.mark.parametrize(
    ("message", "row"),
    [
        (news(FIRST, "queued"), (0.0, "waiting")),
        (news(FIRST, "queued", queue_position=2), (0.0, "number 2 in the queue")),
        (news(FIRST, "queued", queue_position=2, stage="its worker was lost"), (0.0, "its worker was lost")),
        (news(FIRST, "processing", progress=0.1), (0.1, "begun")),
        (news(FIRST, "succeeded", progress=1.0), (1.0, "painted")),
        (news(FIRST, "failed", progress=0.3, error="No paint."), (0.3, "No paint.")),
        (news(FIRST, "canceled", progress=0.3), (0.3, "This portrait was stopped.")),
        (Missing(FIRST, expired=True), (0.0, "The server no longer keeps this portrait.")),
    ],
)
def test_a_row_says_in_words_what_the_record_says(message: Message, row: tuple[float, str]) -> None:
    characters = told(news(SET, "succeeded", characters=[MIRA]))
    characters.receive(message, 0.0)
    found = rows(characters, 1)[1]
    assert (found.progress, found.stage) == row


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (38, "38 s left"),
        (1, "1 s left"),
        (0, "any moment"),
        (-90, "any moment"),
        (60, "1 min 0 s left"),
        (135, "2 min 15 s left"),
    ],
)
def test_the_time_left_is_said_in_words(seconds: int, words: str) -> None:
    assert time_left(NOW + timedelta(seconds=seconds), NOW) == words


def test_where_nothing_is_known_of_the_time_nothing_is_said() -> None:
    assert time_left(None, NOW) == ""
