"""The rows of the table of what is kept: what breaks on a picture's way from the API to its place."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.support.kept_faults import killings, outages
from tests.support.kept_faults.everything import everything
from tests.support.kept_faults.play import Play


class Store(StrEnum):
    FOLDER = "folder"
    BUCKET = "bucket"


BUCKET_ONLY = (Store.BUCKET,)
"""What it takes only a bucket can do."""
IN_A_FOLDER = (Store.FOLDER,)


@dataclass(frozen=True)
class Row:
    """`strike` makes worlds and breaks something: on its return everything stands again, or is being started."""

    name: str
    remedy: str
    """Without this the row fails."""
    strike: Callable[[Play], Awaitable[None]]
    stores: Sequence[Store] = tuple(Store)
    """Over which it can be played."""
    suite: Sequence[Store] = (Store.BUCKET,)
    """Over which the suite plays it."""

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-")


ROWS = (
    Row(
        "worker killed during decode",
        "the sweep gives its jobs to others",
        killings.killed_during_decode,
        suite=IN_A_FOLDER,
    ),
    Row(
        "worker killed before put", "the sweep gives its jobs to others", killings.killed_before_put, stores=BUCKET_ONLY
    ),
    Row(
        "worker killed before a put that arrives late",
        "no object is overwritten; the same bytes are the same object",
        killings.killed_before_put_that_is_done_later,
        stores=BUCKET_ONLY,
    ),
    Row(
        "worker killed after put",
        "the same bytes under the first name are the same object",
        killings.killed_after_put,
        suite=tuple(Store),
    ),
    Row(
        "worker killed after UPDATE", "a row that has its URL is done", killings.killed_after_update, suite=IN_A_FOLDER
    ),
    Row("regenerated during upload", "the UPDATE names job and base64", outages.regenerated, stores=BUCKET_ONLY),
    Row("object store refuses", "an upload waits, and that costs no attempt", outages.refused),
    Row("bucket slow beyond a lease", "leases are renewed whatever a put takes", outages.slow, stores=BUCKET_ONLY),
    Row("Postgres restarted", "uploads wait; the Idempotency-Key", outages.postgres_restarted, suite=IN_A_FOLDER),
    Row("Redis emptied", "the media sweep submits again what Redis lost", outages.redis_emptied, suite=IN_A_FOLDER),
    Row(
        "worker killed during a removal",
        "a removal stays until it is done, and is done once more when nobody can write",
        killings.killed_during_removal,
        stores=BUCKET_ONLY,
    ),
    Row("everything together", "all of these", everything),
)
