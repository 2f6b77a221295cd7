"""Removals: what is left of deleted worlds, each for one worker at a time, until it is done."""

import asyncio

import pytest

from storage.kept import Kept
from storage.records.ids import new_id
from storage.records.world import WorldId
from tests.support.kept_states import KeptStates, character

pytestmark = pytest.mark.timeout(30)


async def deleted(kept: Kept, states: KeptStates, owner: str = "session:ann") -> WorldId:
    world_id = await states.world(character(), owner=owner)
    await kept.worlds.delete(world_id)
    return world_id


async def test_a_removal_says_whose_world_it_was_and_since_when_it_is_deleted(kept: Kept, states: KeptStates) -> None:
    world_id = await deleted(kept, states, owner="key:bob")
    await kept.database.execute("update removals set deleted_at = now() - interval '90 seconds'")

    (removal,) = await kept.removals.due(limit=10, again=60)

    assert (removal.world_id, removal.owner, removal.jobs) == (world_id, "key:bob", [])
    assert 90 <= removal.age < 120


async def test_of_many_workers_each_gets_other_removals(kept: Kept, states: KeptStates) -> None:
    worlds = [await deleted(kept, states) for _ in range(30)]

    taken = await asyncio.gather(*(kept.removals.due(limit=5, again=60) for _ in range(10)))

    found = [removal.world_id for removals in taken for removal in removals]
    assert sorted(found) == sorted(worlds)
    assert max(len(removals) for removals in taken) <= 5
    assert await kept.removals.due(limit=5, again=60) == []


async def test_whoever_looks_does_not_wait_for_another(kept: Kept, states: KeptStates) -> None:
    first, second = await deleted(kept, states), await deleted(kept, states)
    async with kept.database.transaction() as another:
        await another.execute("update removals set look_at = now() + interval '1 hour' where world_id = $1", first)

        assert [removal.world_id for removal in await kept.removals.due(limit=5, again=60)] == [second]


async def test_the_longest_due_come_first(kept: Kept, states: KeptStates) -> None:
    first, second, third = [await deleted(kept, states) for _ in range(3)]
    for world_id, seconds in ((first, 10), (second, 30), (third, 20)):
        await kept.removals.look_again(world_id, seconds=-seconds)

    found = [(await kept.removals.due(limit=1, again=60))[0].world_id for _ in range(3)]

    assert found == [second, third, first]


async def test_one_that_was_not_done_is_due_again_after_a_while(kept: Kept, states: KeptStates) -> None:
    world_id = await deleted(kept, states)

    assert len(await kept.removals.due(limit=10, again=0)) == 1
    assert len(await kept.removals.due(limit=10, again=60)) == 1
    assert await kept.removals.due(limit=10, again=60) == []
    await kept.removals.look_again(world_id, seconds=0)
    assert len(await kept.removals.due(limit=10, again=60)) == 1


async def test_one_that_is_done_never_comes_again(kept: Kept, states: KeptStates) -> None:
    world_id, other = await deleted(kept, states), await deleted(kept, states)

    await kept.removals.done(world_id)
    await kept.removals.done(WorldId(new_id()))

    assert [removal.world_id for removal in await kept.removals.due(limit=10, again=60)] == [other]
