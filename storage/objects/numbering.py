"""Names of objects that come one after the other: `…_portrait.png`, then `…_portrait_2.png`, and so on."""

from dataclasses import dataclass

from storage.errors import ObjectTaken
from storage.objects.base import ObjectStore


@dataclass(frozen=True, slots=True)
class Part:
    """One file, and how its name ends."""

    suffix: str
    data: bytes
    content_type: str


def numbered(stem: str, suffix: str, number: int) -> str:
    """The key with that number, counted from 1, which is not named."""
    return f"{stem}{suffix}" if number == 1 else f"{stem}_{number}{suffix}"


async def put_first_free(
    objects: ObjectStore, stem: str, suffix: str, data: bytes, content_type: str, *, start: int = 1
) -> str:
    """Write an object under the first number from `start` on that is free, and answer its key.

    Where the very same bytes stand before that, they are it: an earlier try wrote them. Raises ObjectStoreUnavailable.
    """
    (key,) = await put_together(objects, stem, Part(suffix, data, content_type), start=start)
    return key


async def put_together(objects: ObjectStore, stem: str, *parts: Part, start: int = 1) -> list[str]:
    """The same for several that share a number, in the order given.

    A try that ended between two of them is gone on with, as long as the parts are the same again. If not, they get
    another number together: no part ever stands beside one that it was not made with.
    """
    number = start
    while True:
        keys = [numbered(stem, part.suffix, number) for part in parts]
        try:
            for key, part in zip(keys, parts, strict=True):
                await objects.put(key, part.data, part.content_type)
        except ObjectTaken:
            number += 1
        else:
            return keys
