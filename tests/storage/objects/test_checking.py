from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.errors import ObjectStoreUnavailable, ObjectUnknown
from storage.objects.base import Listed
from storage.objects.checking import try_out
from storage.objects.local_directory import LocalObjects


class Unfaithful:
    """A store that overwrites, and may forget or change what it is given."""

    def __init__(self, *, kept: int = 1_000) -> None:
        self.objects: dict[str, bytes] = {}
        self.kept = kept

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        if self.kept:
            self.objects[key] = data[: self.kept]

    async def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise ObjectUnknown(key)
        return self.objects[key]

    def url(self, key: str) -> str:
        return key

    async def delete(self, *keys: str) -> None:
        for key in keys:
            self.objects.pop(key, None)

    def list(self, prefix: str) -> AsyncIterator[Listed]:
        raise NotImplementedError

    async def check(self) -> None:
        await try_out(self)


@pytest.mark.parametrize(
    ("kept", "fault"), [(0, "is not there"), (10, "has other bytes"), (1_000, "does not heed If-None-Match")]
)
async def test_a_store_that_keeps_no_promise_is_found_out_and_cleaned_up(kept: int, fault: str) -> None:
    store = Unfaithful(kept=kept)

    with pytest.raises(ObjectStoreUnavailable, match=fault):
        await store.check()

    assert store.objects == {}


async def test_what_went_wrong_first_is_told_and_not_what_that_led_to(tmp_path: Path) -> None:
    with pytest.raises(ObjectStoreUnavailable, match="there is no directory"):
        await try_out(LocalObjects(tmp_path / "gone", ""))
