from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.errors import ObjectStoreUnavailable
from storage.objects.local_directory import LocalObjects
from storage.objects.numbering import Part, numbered, put_first_free, put_together

STEM = "portraits/world/character_portrait"
FILM, POSTER = Part(".mp4", b"a film", "video/mp4"), Part("_poster.jpg", b"its poster", "image/jpeg")
OTHER_FILM, OTHER_POSTER = Part(".mp4", b"another", "video/mp4"), Part("_poster.jpg", b"another's", "image/jpeg")


@pytest.fixture
async def objects(tmp_path: Path) -> AsyncIterator[LocalObjects]:
    with closing(LocalObjects(tmp_path / "objects", "/objects")) as objects:
        await objects.prepare()
        yield objects


async def put(objects: LocalObjects, data: bytes, start: int = 1) -> str:
    return await put_first_free(objects, STEM, ".png", data, "image/png", start=start)


async def keys_of(objects: LocalObjects) -> list[str]:
    return sorted([listed.key async for listed in objects.list("")])


async def test_the_first_has_no_number_and_those_after_it_do(objects: LocalObjects) -> None:
    keys = [await put(objects, data) for data in (b"one", b"two", b"three")]
    assert keys == [f"{STEM}.png", f"{STEM}_2.png", f"{STEM}_3.png"]
    assert [await objects.get(key) for key in keys] == [b"one", b"two", b"three"]


async def test_what_an_earlier_try_has_put_is_found_again(objects: LocalObjects) -> None:
    first, second = await put(objects, b"one"), await put(objects, b"two")
    assert (await put(objects, b"one"), await put(objects, b"two")) == (first, second)
    assert len(await keys_of(objects)) == 2


async def test_it_may_begin_at_a_later_number(objects: LocalObjects) -> None:
    assert await put(objects, b"five", start=5) == f"{STEM}_5.png"


async def test_parts_share_the_first_number_that_is_free_for_all_of_them(objects: LocalObjects) -> None:
    await objects.put(numbered("v", ".mp4", 1), b"somebody's", "video/mp4")
    await objects.put(numbered("v", "_poster.jpg", 2), b"somebody's", "image/jpeg")
    assert await put_together(objects, "v", FILM, POSTER) == ["v_3.mp4", "v_3_poster.jpg"]


async def test_a_try_that_ended_between_two_parts_is_gone_on_with(objects: LocalObjects) -> None:
    await objects.put("v.mp4", FILM.data, FILM.content_type)
    assert await put_together(objects, "v", FILM, POSTER) == ["v.mp4", "v_poster.jpg"]
    assert await put_together(objects, "v", FILM, POSTER) == ["v.mp4", "v_poster.jpg"]
    assert await keys_of(objects) == ["v.mp4", "v_poster.jpg"]


async def test_parts_that_are_not_the_same_as_those_of_an_earlier_try_stand_apart(objects: LocalObjects) -> None:
    await objects.put("v.mp4", FILM.data, FILM.content_type)
    assert await put_together(objects, "v", OTHER_FILM, OTHER_POSTER) == ["v_2.mp4", "v_2_poster.jpg"]
    assert await keys_of(objects) == ["v.mp4", "v_2.mp4", "v_2_poster.jpg"]


async def test_a_store_that_is_away_is_told(objects: LocalObjects, tmp_path: Path) -> None:
    (tmp_path / "objects").rename(tmp_path / "away")
    with pytest.raises(ObjectStoreUnavailable):
        await put(objects, b"one")


class Counting(LocalObjects):
    """Counts the puts."""

    puts = 0

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        self.puts += 1
        await super().put(key, data, content_type)


async def test_the_hundredth_is_not_tried_under_a_hundred_names(tmp_path: Path) -> None:
    with closing(Counting(tmp_path / "objects", "/objects")) as objects:
        await objects.prepare()
        for number in range(1, 100):
            await objects.put(numbered(STEM, ".png", number), b"%d" % number, "image/png")
        await objects.put(f"{STEM}er_4711.png", b"another character's", "image/png")
        objects.puts = 0

        assert await put(objects, b"100") == f"{STEM}_100.png"
        assert await put(objects, b"100") == f"{STEM}_100.png"
        assert objects.puts < 10


async def test_a_film_goes_on_at_the_highest_number_of_any_of_its_parts(objects: LocalObjects) -> None:
    for number in range(1, 9):
        await objects.put(numbered("v", ".mp4", number), b"somebody's", "video/mp4")
    await objects.put(numbered("v", "_poster.jpg", 12), b"somebody's", "image/jpeg")

    assert await put_together(objects, "v", FILM, POSTER) == ["v_13.mp4", "v_13_poster.jpg"]
    assert await put_together(objects, "v", FILM, POSTER) == ["v_13.mp4", "v_13_poster.jpg"]
