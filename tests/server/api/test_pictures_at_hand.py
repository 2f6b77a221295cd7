"""The pictures that go into Postgres with a world: as many as there is room for, and not one more."""

import pytest

from server.api.pictures_at_hand import AT_ONCE, LATER, pictures_at_hand
from server.body import Room
from storage.records.ids import JobId, new_job_id
from tests.server.support.keeper import BASE64, Keeper

SIZE = len(BASE64)


@pytest.fixture
async def job(keeper: Keeper) -> JobId:
    job = await keeper.portrait()
    await keeper.paint(job)
    return job


async def test_each_is_answered_in_its_place_and_holds_room_as_long_as_it_is_used(keeper: Keeper, job: JobId) -> None:
    room, jobs = Room(100 * SIZE), [job, new_job_id(), *[job] * AT_ONCE, new_job_id(), job]

    async with pictures_at_hand(keeper.player.portraits, jobs, most=100 * SIZE, room=room) as pictures:
        assert pictures == [BASE64, None, *[BASE64] * AT_ONCE, None, BASE64]
        assert room.held == (AT_ONCE + 2) * SIZE

    assert room.held == 0


@pytest.mark.parametrize(("most", "room"), [(3 * SIZE - 1, 100 * SIZE), (100 * SIZE, 3 * SIZE - 1)])
async def test_what_has_no_room_comes_later_also_where_it_is_the_same_picture_again(
    keeper: Keeper, job: JobId, most: int, room: int
) -> None:
    jobs = [job] * (AT_ONCE + 1)

    async with pictures_at_hand(keeper.player.portraits, jobs, most=most, room=Room(room)) as pictures:
        assert pictures == [BASE64] * 2 + [LATER] * (AT_ONCE - 1)


async def test_room_is_given_back_whatever_comes_of_the_world(keeper: Keeper, job: JobId) -> None:
    room = Room(SIZE)

    with pytest.raises(KeyError):
        async with pictures_at_hand(keeper.player.portraits, [job], most=SIZE, room=room):
            raise KeyError

    async with pictures_at_hand(keeper.player.portraits, [job], most=SIZE, room=room) as pictures:
        assert pictures == [BASE64]
