"""Everything that is kept in Postgres, over one pool of connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from storage.database import Database
from storage.landing import Landing
from storage.lore_pieces import LorePieces
from storage.media import Media
from storage.removals import Removals
from storage.settings import StorageSettings
from storage.worlds import Worlds


@dataclass(frozen=True, slots=True)
class Kept:
    database: Database
    worlds: Worlds
    lore_pieces: LorePieces
    media: Media
    landing: Landing
    removals: Removals

    @classmethod
    def over(cls, database: Database) -> "Kept":
        return cls(
            database, Worlds(database), LorePieces(database), Media(database), Landing(database), Removals(database)
        )


def kept_of(settings: StorageSettings) -> Kept | None:
    """What is kept, or none where the settings name no database. Its database is to be opened before it is used."""
    if not settings.database_url.get_secret_value():
        return None
    url, most, pooler = settings.database_url, settings.database_connections, settings.database_pooler
    return Kept.over(Database(url, connections=most, pooler=pooler))


@asynccontextmanager
async def opened(kept: Kept | None) -> AsyncIterator[None]:
    """Meanwhile what is kept can be used. Postgres need not be there. Raises SettingsError."""
    if kept is None:
        yield
        return
    await kept.database.open()
    try:
        yield
    finally:
        kept.database.close()
