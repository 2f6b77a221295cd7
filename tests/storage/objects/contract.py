"""What every object store does. The subclasses only say how one is come by."""

import asyncio
from datetime import UTC, datetime

import pytest

from storage.errors import ObjectStoreUnavailable, ObjectTaken, ObjectUnknown
from storage.objects.base import ObjectStore

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3
NO_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    ".a",
    "a/.b",
    "a\0b",
    "a b",
    "a\\b",
    "a\n",
    "ä",
    "%2e%2e/a",
    "a" * 1_025,
    "a/" + "b" * 256,
]


async def listed(objects: ObjectStore, prefix: str) -> list[str]:
    return sorted([one.key async for one in objects.list(prefix)])


class ObjectStoreContract:
    """Fixtures to supply: `objects`, an empty store whose page is 10 objects, `base_url`, where browsers get its
    objects, and `away`, a store that cannot be reached."""

    async def test_what_was_put_is_there_with_the_same_bytes(self, objects: ObjectStore) -> None:
        for number, data in enumerate((PNG, b"", b"\0" * 5_000_000)):
            await objects.put(f"portraits/w/c_portrait_{number}.png", data, "image/png")

            assert await objects.get(f"portraits/w/c_portrait_{number}.png") == data

    async def test_the_same_bytes_may_be_put_again(self, objects: ObjectStore) -> None:
        await objects.put("a/b.png", PNG, "image/png")
        await objects.put("a/b.png", PNG, "image/png")

        assert await objects.get("a/b.png") == PNG

    async def test_other_bytes_are_refused_and_the_first_stay(self, objects: ObjectStore) -> None:
        await objects.put("a/b.png", PNG, "image/png")

        for other in (b"", PNG[:-1], PNG[:-1] + b"x"):
            with pytest.raises(ObjectTaken) as refused:
                await objects.put("a/b.png", other, "image/png")
            assert refused.value.key == "a/b.png"
            assert await objects.get("a/b.png") == PNG

    async def test_of_many_who_put_at_once_one_wins_and_the_others_are_told(self, objects: ObjectStore) -> None:
        kinds = [b"%d " % number * 1_000 for number in range(30)]

        ended = await asyncio.gather(*(objects.put("a/b", kind, "") for kind in kinds), return_exceptions=True)

        won = [kind for kind, end in zip(kinds, ended, strict=True) if end is None]
        assert [await objects.get("a/b")] == won
        assert {type(end) for end in ended} == {type(None), ObjectTaken}

    async def test_several_who_put_the_same_bytes_at_once_are_all_content(self, objects: ObjectStore) -> None:
        await asyncio.gather(*(objects.put("a/b", PNG, "image/png") for _ in range(4)))

        assert await objects.get("a/b") == PNG

    async def test_what_is_not_there_is_unknown(self, objects: ObjectStore) -> None:
        await objects.put("a/b", PNG, "image/png")

        for key in ("a/c", "b", "a", "a/b/c"):
            with pytest.raises(ObjectUnknown) as unknown:
                await objects.get(key)
            assert unknown.value.key == key

    async def test_what_was_deleted_is_gone_and_its_key_free(self, objects: ObjectStore) -> None:
        for key in ("a/b", "a/c", "a/d/e"):
            await objects.put(key, PNG, "image/png")

        await objects.delete("a/b", "a/d/e", "was/never")

        assert await listed(objects, "") == ["a/c"]
        with pytest.raises(ObjectUnknown):
            await objects.get("a/b")
        await objects.put("a/b", b"another", "")
        assert await objects.get("a/b") == b"another"

    async def test_what_is_not_there_is_deleted_without_a_word(self, objects: ObjectStore) -> None:
        await objects.put("a/b", PNG, "image/png")

        await objects.delete()
        await objects.delete("b")
        await objects.delete("a")
        await objects.delete("a/b/c")

        assert await listed(objects, "") == ["a/b"]

    async def test_a_listing_has_what_begins_with_the_prefix(self, objects: ObjectStore) -> None:
        before = datetime.now(UTC).replace(microsecond=0)
        for key in ("a/b/one", "a/b/one.png", "a/bb/two", "a/c", "aa"):
            await objects.put(key, key.encode(), "")

        assert await listed(objects, "") == ["a/b/one", "a/b/one.png", "a/bb/two", "a/c", "aa"]
        assert await listed(objects, "a") == ["a/b/one", "a/b/one.png", "a/bb/two", "a/c", "aa"]
        assert await listed(objects, "a/") == ["a/b/one", "a/b/one.png", "a/bb/two", "a/c"]
        assert await listed(objects, "a/b") == ["a/b/one", "a/b/one.png", "a/bb/two"]
        assert await listed(objects, "a/b/") == ["a/b/one", "a/b/one.png"]
        assert await listed(objects, "a/b/one") == ["a/b/one", "a/b/one.png"]
        assert await listed(objects, "a/b/one.") == ["a/b/one.png"]
        assert await listed(objects, "b") == []
        assert await listed(objects, "a/c/") == []
        assert min([one.modified async for one in objects.list("")]) >= before

    async def test_a_listing_goes_on_after_its_page(self, objects: ObjectStore) -> None:
        keys = [f"many/{number:02}/{number}" for number in range(35)]
        await asyncio.gather(*(objects.put(key, b"", "") for key in keys))

        assert await listed(objects, "many/") == keys
        await objects.delete(*keys)
        assert await listed(objects, "") == []

    async def test_what_is_no_key_is_refused(self, objects: ObjectStore) -> None:
        for key in NO_KEYS:
            with pytest.raises(ValueError, match="no key"):
                await objects.put(key, PNG, "image/png")
            with pytest.raises(ValueError, match="no key"):
                await objects.get(key)
            with pytest.raises(ValueError, match="no key"):
                objects.url(key)
            with pytest.raises(ValueError, match="no key"):
                await objects.delete("a", key)

    async def test_no_key_begins_with_the_prefix_of_one_that_is_none(self, objects: ObjectStore) -> None:
        for prefix in ("/", "../", "a/../", "a//", ".incoming", "a\0"):
            with pytest.raises(ValueError, match="no key"):
                await listed(objects, prefix)

    async def test_the_longest_key_is_one(self, objects: ObjectStore) -> None:
        key = "/".join(["k" * 255] * 4)

        await objects.put(key, PNG, "image/png")

        assert await listed(objects, "") == [key]
        assert await objects.get(key) == PNG

    async def test_browsers_get_an_object_at_its_url(self, objects: ObjectStore, base_url: str) -> None:
        assert objects.url("portraits/w/c_1-2.png") == f"{base_url}/portraits/w/c_1-2.png"

    async def test_a_store_that_serves_passes_its_check_and_keeps_nothing_of_it(self, objects: ObjectStore) -> None:
        await objects.check()

        assert await listed(objects, "") == []

    async def test_a_store_that_is_away_says_so(self, away: ObjectStore) -> None:
        with pytest.raises(ObjectStoreUnavailable):
            await away.put("a/b", PNG, "image/png")
        with pytest.raises(ObjectStoreUnavailable):
            await away.get("a/b")
        with pytest.raises(ObjectStoreUnavailable):
            await away.delete("a/b", "a/c")
        with pytest.raises(ObjectStoreUnavailable):
            await listed(away, "")
        with pytest.raises(ObjectStoreUnavailable):
            await away.check()

    async def test_a_put_that_was_cancelled_may_be_done_again(self, objects: ObjectStore) -> None:
        puts = [asyncio.create_task(objects.put(f"a/{number}", PNG, "image/png")) for number in range(40)]
        await asyncio.sleep(0)  # they have begun, or wait for a thread

        for put in puts:
            put.cancel()
        ended = await asyncio.gather(*puts, return_exceptions=True)

        assert {type(end) for end in ended} == {asyncio.CancelledError}
        await asyncio.gather(*(objects.put(f"a/{number}", PNG, "image/png") for number in range(40)))
        assert len(await listed(objects, "a/")) == 40
