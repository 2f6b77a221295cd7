"""The object store: where the files are that users keep. One seam, kept by S3 and by a local directory."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

FOREVER = "public, max-age=31536000, immutable"
"""An object never changes, so whoever has it need not ask again (RFC 8246)."""

MOST_KEY_BYTES = 1_024
"""S3's own limit."""

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,254})*")
"""A part is at most as long as the name of a file."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing has it; `modified` has a time zone."""

    key: str
    modified: datetime


class ObjectStore(Protocol):
    """Objects by their keys. A key is `parts/of/letters.digits`; every method raises ValueError for another.

    All methods raise ObjectStoreUnavailable while the store cannot be reached, or refuses us: nobody knows then
    whether a put or delete was done, and it may be repeated.
    """

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write an object that is not there. On return it is stored and readable, for good (`FOREVER`).

        One that is there with the same bytes was written by an earlier try, and is left. Raises ObjectTaken where
        there is one with other bytes: nothing is ever overwritten.
        """

    async def get(self, key: str) -> bytes:
        """The object's bytes. Raises ObjectUnknown."""

    def url(self, key: str) -> str:
        """Where browsers get the object; nothing is asked."""

    async def delete(self, *keys: str) -> None:
        """Remove objects; those that are not there are passed over."""

    def list(self, prefix: str) -> AsyncIterator[Listed]:
        """Every object whose key begins with `prefix`, which is empty or the beginning of a key."""

    async def check(self) -> None:
        """Write, read and remove a small object. Raises ObjectStoreUnavailable, whose sentence says what is wrong."""


def checked_key(key: str) -> str:
    """The key, if it is one. Raises ValueError: no key leads out of a directory, or has a name that a system hides."""
    if not _KEY.fullmatch(key) or len(key) > MOST_KEY_BYTES:
        raise ValueError(f"{key[:80]!r} is no key of an object")
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix, if a key can begin with it. Raises ValueError."""
    return prefix if prefix == "" else checked_key(prefix.removesuffix("/")) and prefix
