"""An object store whose troubles are logged: whoever waits for it waits in silence, and an operator has to know why."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from storage.errors import ObjectStoreUnavailable, ObjectTaken, ObjectUnknown
from storage.logs import Event, log, warn
from storage.objects.base import Listed, ObjectStore


class ReportingObjects:
    """The same store. Of each of its calls it is logged once what keeps it from working, and once that it works again:
    a store that is away is asked many times a second, and a key that may read may not be allowed to write.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._said: dict[str, set[str]] = {}

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        with self._reporting("put"):
            await self._objects.put(key, data, content_type)

    async def get(self, key: str) -> bytes:
        with self._reporting("get"):
            return await self._objects.get(key)

    def url(self, key: str) -> str:
        return self._objects.url(key)

    async def delete(self, *keys: str) -> None:
        with self._reporting("delete"):
            await self._objects.delete(*keys)

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        with self._reporting("list"):
            async for listed in self._objects.list(prefix):
                yield listed

    async def check(self) -> None:
        await self._objects.check()

    @contextmanager
    def _reporting(self, call: str) -> Iterator[None]:
        try:
            yield
        except ObjectStoreUnavailable as error:
            said = self._said.setdefault(call, set())
            if error.detail not in said:
                said.add(error.detail)
                warn(Event.OBJECTS_LOST, call=call, detail=error.detail)
            raise
        except (ObjectTaken, ObjectUnknown):
            self._works(call)
            raise
        self._works(call)

    def _works(self, call: str) -> None:
        if self._said.pop(call, None) is not None:
            log(Event.OBJECTS_BACK, call=call)
