"""The files that stay: pictures named after their characters, and the set beside them. Nothing is ever overwritten."""

import json
import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from server.generate.errors import BadFolder
from storage.records.job import JsonObject

NAME_CHARACTERS = 60
ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


class Folder:
    """An existing folder, made where there was none. Raises BadFolder where that, or writing, is impossible."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadFolder(path, _reason(error)) from None

    def save_picture(self, name: str, content_type: str, data: bytes) -> Path:
        """Save a character's picture under a name that every system accepts."""
        return self._save(stem_of(name), ENDINGS.get(content_type, ".png"), data)

    def save_set(self, characters: JsonObject) -> Path:
        text = json.dumps(characters, ensure_ascii=False, indent=2) + "\n"
        return self._save("characters", ".json", text.encode())

    def _save(self, stem: str, ending: str, data: bytes) -> Path:
        for name in _names(stem, ending):
            path = self._path / name
            try:
                file = path.open("xb")
            except FileExistsError:
                continue
            except OSError as error:
                raise BadFolder(self._path, _reason(error)) from None
            try:
                with file:
                    file.write(data)
            except OSError as error:
                path.unlink(missing_ok=True)
                raise BadFolder(self._path, _reason(error)) from None
            return path
        raise AssertionError("there is always another number")


def stem_of(name: str) -> str:
    """A character's name as a file's: letters and digits of any script, in lower case, with hyphens between words."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = re.sub(r"[\W_]+", "-", re.sub("['’]", "", plain).lower())
    return words.strip("-")[:NAME_CHARACTERS].strip("-") or "portrait"


def _names(stem: str, ending: str) -> Iterator[str]:
    yield stem + ending
    for number in count(2):
        yield f"{stem}-{number}{ending}"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
