"""Worlds as they travel."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.records.job import Status
from storage.records.world import Making, Piece, PieceId, WorldId, at


def making(status: Status | None = None, *, url: str | None = None, coming: str | None = None) -> Making:
    return Making(status, "job" if status else None, None, url, None, coming, 0)


@pytest.mark.parametrize(
    ("now", "there", "being_made", "missing"),
    [
        (making(), False, False, True),
        (making(Status.QUEUED), False, True, False),
        (making(Status.PROCESSING), False, True, False),
        (making(Status.SUCCEEDED), False, False, False),
        (making(Status.FAILED), False, False, True),
        (making(Status.CANCELED), False, False, True),
        (making(Status.SUCCEEDED, coming="job"), True, False, False),
        (making(Status.SUCCEEDED, url="https://…"), True, False, False),
        (making(Status.FAILED, url="https://…"), True, False, False),
        (making(Status.PROCESSING, url="https://…"), True, True, False),
        (making(Status.FAILED, coming="job"), True, False, False),
    ],
)
def test_a_picture_is_there_or_being_made_or_missing(now: Making, there: bool, being_made: bool, missing: bool) -> None:
    assert (now.there, now.being_made, now.missing) == (there, being_made, missing)


def test_a_character_has_each_kind_of_media_for_itself() -> None:
    portrait, video = making(Status.FAILED), making(Status.QUEUED)
    piece = Piece(PieceId("c"), WorldId("w"), "Ann", {}, portrait, video)

    assert [piece.making("portrait"), piece.making("video")] == [portrait, video]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 20, 9, 5, 7, 123_999, UTC), "2026-11-20T09:05:07.123Z"),
        (datetime(2026, 11, 20, 9, 5, 7, 999, UTC), "2026-11-20T09:05:07.000Z"),
        (datetime(2026, 11, 20, 0, 5, 7, 0, timezone(timedelta(hours=2))), "2026-11-19T22:05:07.000Z"),
    ],
)
def test_times_are_written_like_all_others(moment: datetime, text: str) -> None:
    assert at(moment) == text
