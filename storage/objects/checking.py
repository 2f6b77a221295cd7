"""Trying an object store out, as `ObjectStore.check` promises it."""

import secrets
from contextlib import suppress

from storage.errors import ObjectStoreUnavailable, ObjectTaken, ObjectUnknown
from storage.objects.base import ObjectStore


async def try_out(store: ObjectStore) -> None:
    """Write, read, fail to overwrite, and remove a small object. Raises ObjectStoreUnavailable."""
    key = f"temp/check-{secrets.token_hex(8)}"
    try:
        await _use(store, key)
    except BaseException:
        with suppress(ObjectStoreUnavailable):
            await store.delete(key)
        raise
    await store.delete(key)


async def _use(store: ObjectStore, key: str) -> None:
    data = b"Limner looks whether it can keep objects here."
    await store.put(key, data, "text/plain")
    try:
        found = await store.get(key)
    except ObjectUnknown:
        raise ObjectStoreUnavailable("an object that was just put is not there") from None
    if found != data:
        raise ObjectStoreUnavailable("an object that was just put has other bytes")
    try:
        await store.put(key, data[::-1], "text/plain")
    except ObjectTaken:
        return
    raise ObjectStoreUnavailable("it overwrites objects: it does not heed If-None-Match")
