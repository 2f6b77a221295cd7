"""The schema of Postgres, step by step: `0001_….sql` and on, each applied once and never changed again.

A step only adds: the code of the version before must go on running on the new schema while servers and workers are
changed one by one. What is no longer used is removed a version later.
"""

import re
from dataclasses import dataclass
from importlib import resources

_NAME = re.compile(r"(\d{4})_[a-z_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


def all_migrations() -> list[Migration]:
    """Every step, in order."""
    found = []
    for file in resources.files(__name__).iterdir():
        if match := _NAME.fullmatch(file.name):
            found.append(Migration(int(match[1]), file.name.removesuffix(".sql"), file.read_text()))
    return sorted(found, key=lambda migration: migration.number)
