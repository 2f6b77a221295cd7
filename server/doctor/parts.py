"""The looks at Redis, Postgres, the object store and their clocks."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

from server.doctor.finding import Finding, found
from server.doctor.public import fetch_object, look_at_server
from server.settings import ServerSettings
from storage.connect import connect, inspect, store_errors
from storage.database import open_database
from storage.errors import DatabaseUnavailable, StartRefused, StoreUnavailable
from storage.keys import Keys
from storage.migrating import inspect_database
from storage.objects.opening import open_objects

APART_SECONDS = 5.0
"""Clocks that are further apart are remarked on."""


async def examine(settings: ServerSettings) -> list[Finding]:
    """Look at everything at once. Raises nothing that an operator can bring about."""
    looks: dict[str, Callable[[], Awaitable[Sequence[str]]]] = {
        "Redis": lambda: look_at_redis(settings),
        "Postgres": lambda: look_at_postgres(settings),
        "object store": lambda: look_at_objects(settings),
        "public URL": lambda: look_at_server(settings),
        "clocks": lambda: look_at_clocks(settings),
    }
    return list(await asyncio.gather(*(found(part, look) for part, look in looks.items())))


async def look_at_redis(settings: ServerSettings) -> Sequence[str]:
    async with connect(settings.redis_url, seconds=settings.redis_seconds) as client:
        return await inspect(client, Keys(settings.redis_prefix))


async def look_at_postgres(settings: ServerSettings) -> Sequence[str]:
    if not settings.database_url.get_secret_value():
        return ["LIMNER_DATABASE_URL is not set: no worlds are kept."]
    return await inspect_database(settings.database_url, pooler=settings.database_pooler)


async def look_at_objects(settings: ServerSettings) -> Sequence[str]:
    """Write, read and remove an object, and fetch one as browsers do."""
    async with open_objects(settings) as objects:
        if objects is None:
            return ["Neither LIMNER_OBJECTS_DIR nor LIMNER_S3_BUCKET is set: there are no uploads and no videos."]
        await objects.check()
        await fetch_object(objects, settings)
    return []


async def look_at_clocks(settings: ServerSettings) -> Sequence[str]:
    """Nothing is said of the clock of one that cannot be asked: that is said elsewhere."""
    remarks = []
    with contextlib.suppress(StoreUnavailable, StartRefused):
        remarks += await _compared("Redis", lambda: _redis_time(settings))
    if settings.database_url.get_secret_value():
        with contextlib.suppress(DatabaseUnavailable, StartRefused):
            remarks += await _compared("Postgres", lambda: _postgres_time(settings))
    return remarks


async def _compared(name: str, ask: Callable[[], Awaitable[float]]) -> list[str]:
    before = time.time()
    theirs = await ask()
    remark = apart(name, theirs, before=before, after=time.time())
    return [remark] if remark is not None else []


def apart(name: str, theirs: float, *, before: float, after: float) -> str | None:
    """What to say of a clock that showed `theirs` at some time between `before` and `after` here."""
    ahead = theirs - after if theirs > after else min(theirs - before, 0.0)
    if abs(ahead) <= APART_SECONDS:
        return None
    side = "ahead of" if ahead > 0 else "behind"
    return f"The clock of {name} is {abs(ahead):.0f} s {side} the one here: set both by NTP."


async def _redis_time(settings: ServerSettings) -> float:
    async with connect(settings.redis_url, seconds=settings.redis_seconds) as client:
        with store_errors():
            seconds, microseconds = await client.time()
    return float(seconds) + float(microseconds) / 1_000_000


async def _postgres_time(settings: ServerSettings) -> float:
    async with open_database(settings.database_url, connections=1, pooler=settings.database_pooler) as database:
        (row,) = await database.fetch("select extract(epoch from clock_timestamp())::float8 as now")
    return float(row["now"])
