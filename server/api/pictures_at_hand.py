"""Finished pictures that go into Postgres with their world, as far as this process has room for them meanwhile."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from server.body import Room
from storage.portraits import PortraitStore
from storage.records.ids import JobId

ROOM = Room(128 * 1024 * 1024)
"""A short body names a hundred pictures of a megabyte, and anybody may send many at once."""
AT_ONCE = 10
"""Pictures that are read in one round trip."""
LATER = ""
"""There is no room for this one now: the sweep takes it up a moment later."""


@asynccontextmanager
async def pictures_at_hand(
    portraits: PortraitStore, jobs: Sequence[JobId], *, most: int, room: Room = ROOM
) -> AsyncIterator[list[str | None]]:
    """The base64 of each of these jobs, or none where it is gone, or LATER; of at most `most` characters in all.

    They hold their room until the end of the block. Raises StoreUnavailable.
    """
    texts: dict[JobId, bytes | None] = {}
    pictures: list[str | None] = []
    held, crowded = 0, False
    try:
        for start in range(0, len(jobs), AT_ONCE):
            some = jobs[start : start + AT_ONCE]
            unread = [] if crowded else [job for job in dict.fromkeys(some) if job not in texts]
            texts.update(zip(unread, await portraits.texts(unread), strict=True))
            for job in some:
                text = texts.get(job, b"")
                if text is None:
                    pictures.append(None)
                    continue
                crowded = crowded or held + len(text) > most or not room.take(len(text), limit=0)
                held += 0 if crowded else len(text)
                pictures.append(LATER if crowded else text.decode("ascii"))
        texts.clear()
        yield pictures
    finally:
        room.held -= held
