"""Names of objects that come one after the other: `…_portrait.png`, then `…_portrait_2.png`, and so on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from storage.errors import ObjectTaken
from storage.objects.base import ObjectStore

TRIED = 3
"""Numbers that are tried one after the other. Where they are taken there may be hundreds, and each try sends all."""


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

    Where the very same bytes stand there, they are it: an earlier try wrote them. Raises ObjectStoreUnavailable.
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
            if number == start + TRIED:
                number = max(number, await _last(objects, stem, parts))
        else:
            return keys


async def _last(objects: ObjectStore, stem: str, parts: Sequence[Part]) -> int:
    """The highest number that is taken: an earlier try may have written that one."""
    suffixes = "|".join(re.escape(part.suffix) for part in parts)
    pattern = re.compile(rf"{re.escape(stem)}(?:_([0-9]{{1,9}}))?(?:{suffixes})")
    found = [pattern.fullmatch(listed.key) async for listed in objects.list(stem)]
    return max((int(match[1] or 1) for match in found if match is not None), default=1)
