"""`limner migrate`: the schema of Postgres brought up to date."""

import asyncio
import sys

from pydantic import Field, SecretStr

from storage.errors import REFUSED, DatabaseUnavailable, SettingsError, StartRefused
from storage.migrating import inspect_database, migrate
from storage.settings import Settings, load


class MigrateSettings(Settings):
    """What is needed here: whoever brings the schema up to date need not have the rest."""

    database_url: SecretStr = Field(SecretStr(""), description="the Postgres whose schema is brought up to date")


def run() -> int:
    """Apply the steps that are missing, and say which. Answers the exit status."""
    try:
        url = load(MigrateSettings).database_url
        if not url.get_secret_value():
            raise SettingsError(["LIMNER_DATABASE_URL: must be set to the Postgres that is to be brought up to date"])
        asyncio.run(_migrate(url))
    except StartRefused as error:
        print(error, file=sys.stderr)
        return REFUSED
    except DatabaseUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _migrate(url: SecretStr) -> None:
    applied = await migrate(url)
    for name in applied:
        print(f"{name} applied")
    remarks = await inspect_database(url, pooler=True)
    print(*(remarks or ["The schema is up to date."]), sep="\n")
