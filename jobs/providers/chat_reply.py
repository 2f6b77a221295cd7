"""A reply as it grows: each character comes out as soon as its last brace is there."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from storage.records.character import STATS, Character

MOST_CHARACTERS = 16_000
"""A reply that is longer than this for each one asked is not read on."""

_LIST = re.compile(r'"characters"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


class Reply:
    """Reads the characters out of one reply.

    What stands before and after the JSON (a fence, a sentence) does not matter, nor what comes after the last
    one wanted. What is no character, or has a name that is taken, is left out, and `fault` says so afterwards.
    """

    def __init__(self, wanted: int, taken: Iterable[str]) -> None:
        self._wanted = wanted
        self._taken = {name.casefold() for name in taken}
        self._text = ""
        self._place: int | None = None
        self._ended = False
        self._fault: str | None = None

    @property
    def complete(self) -> bool:
        return self._wanted == 0

    @property
    def fault(self) -> str:
        """Why characters are missing, once the reply has ended."""
        if self._fault:
            return self._fault
        return "it had too few characters" if self._ended else "it was no complete JSON of this schema"

    def grow(self, text: str) -> Iterator[Character]:
        """Takes in more text, and gives what it completes."""
        self._text += text
        if "}" not in text and "]" not in text:
            return
        for item in self._items():
            character = self._character(item)
            if character is not None and not self.complete:
                self._wanted -= 1
                self._taken.add(character.name.casefold())
                yield character

    @property
    def too_long(self) -> bool:
        return len(self._text) > MOST_CHARACTERS * max(1, self._wanted)

    def _items(self) -> Iterator[Any]:
        """The items of the list that are complete by now and were not given before."""
        if self._place is None:
            found = _LIST.search(self._text)
            self._place = found and found.end()
        while self._place is not None and not self._ended:
            between = _BETWEEN.match(self._text, self._place)
            start = between.end() if between else self._place
            if self._text.startswith("]", start):
                self._ended = True
                return
            try:
                item, self._place = _DECODER.raw_decode(self._text, start)
            except (ValueError, RecursionError):
                return
            yield item

    def _character(self, item: Any) -> Character | None:
        try:
            character = Character.model_validate(_known(item))
        except ValidationError as error:
            places = sorted({".".join(str(part) for part in fault["loc"]) for fault in error.errors()})
            self._fault = f"not as the schema wants it: {', '.join(places)}"
            return None
        if character.name.casefold() in self._taken:
            self._fault = "a name came twice"
            return None
        return character


_DECODER = json.JSONDecoder()


def _known(item: Any) -> Any:
    """The fields we know, their texts in one line and free of control characters."""
    if not isinstance(item, dict):
        return item
    names = [field.alias or name for name, field in Character.model_fields.items()]
    known = {name: _clean(item[name]) for name in names if name in item}
    stats = known.get("stats")
    if isinstance(stats, dict):
        known["stats"] = {name: stats[name] for name in STATS if name in stats}
    return known


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, str):
        spaced = " ".join(value.split())
        return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs"))
    return value
