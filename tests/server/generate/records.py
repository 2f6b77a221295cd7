"""Records as a server would say them, for the tests beside this file."""

from datetime import datetime

from server.generate.messages import News, SeenError, SeenJob
from server.generate.state import CharacterSet
from storage.records.ids import JobId
from storage.records.job import JsonObject, Status

SET, FIRST, SECOND = JobId("set"), JobId("first"), JobId("second")


def character(name: str, portrait: JobId) -> JsonObject:
    return {"name": name, "race": "elf", "class": "ranger", "traits": ["curious"], "portrait": portrait}


MIRA = character("Mira", FIRST)
BRAN = character("Bran", SECOND)


def news(
    job_id: JobId,
    status: str,
    version: int = 1,
    *,
    progress: float = 0.0,
    stage: str | None = None,
    queue_position: int | None = None,
    expected_at: datetime | None = None,
    characters: list[JsonObject] | None = None,
    error: str | None = None,
) -> News:
    return News(
        SeenJob(
            id=job_id,
            version=version,
            status=Status(status),
            progress=progress,
            stage=stage,
            queue_position=queue_position,
            expected_at=expected_at,
            result={"characters": characters} if characters is not None else None,
            error=SeenError(message=error) if error is not None else None,
        )
    )


def told(*messages: News) -> CharacterSet:
    """A set of which these were said."""
    characters = CharacterSet(SET)
    for message in messages:
        characters.receive(message, 0.0)
    return characters
