"""The key of a submission: the same world again, for as long as the key is known."""

import asyncio

import pytest

from storage.errors import WorldKeyTaken
from storage.kept import Kept
from storage.records.ids import new_id
from storage.records.world import WorldId
from tests.support.kept_states import OWNER, KeptStates, character

pytestmark = pytest.mark.timeout(30)


async def create(kept: Kept, *digests: str, fingerprint: str = "what was sent") -> WorldId:
    world_id = WorldId(new_id())
    return await kept.worlds.create(
        world_id, OWNER, "Old Town", [character(), character()], digests=digests, fingerprint=fingerprint
    )


async def test_a_key_stands_for_the_world_that_it_first_made(kept: Kept, states: KeptStates) -> None:
    first = await create(kept, "key")

    assert await create(kept, "key") == first
    assert await create(kept, "another key") != first
    assert await states.count("worlds") == 2
    assert await states.count("lore_pieces") == 4


async def test_a_key_that_stands_for_another_input_is_refused(kept: Kept, states: KeptStates) -> None:
    await create(kept, "key")

    with pytest.raises(WorldKeyTaken):
        await create(kept, "key", fingerprint="something else")

    assert await states.count("worlds") == 1


async def test_what_a_key_stands_for_can_be_asked_before(kept: Kept) -> None:
    assert await kept.worlds.kept_as(["key"], "what was sent") is None
    world_id = await create(kept, "key")

    assert await kept.worlds.kept_as(["another", "key"], "what was sent") == world_id
    assert await kept.worlds.kept_as(["another"], "what was sent") is None
    assert await kept.worlds.kept_as([], "what was sent") is None
    with pytest.raises(WorldKeyTaken):
        await kept.worlds.kept_as(["key"], "something else")


async def test_without_a_key_each_submission_is_a_world(kept: Kept, states: KeptStates) -> None:
    assert await create(kept) != await create(kept)


async def test_of_many_submissions_of_one_key_at_once_one_makes_a_world(kept: Kept, states: KeptStates) -> None:
    made = await asyncio.gather(*(create(kept, "key") for _ in range(20)))

    assert len(set(made)) == 1
    assert await states.count("worlds") == 1
    assert await states.count("lore_pieces") == 2


async def test_of_two_inputs_under_one_key_at_once_one_is_refused(kept: Kept, states: KeptStates) -> None:
    answers = await asyncio.gather(
        create(kept, "key", fingerprint="one"), create(kept, "key", fingerprint="other"), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["WorldKeyTaken", "str"]
    assert await states.count("worlds") == 1


async def test_a_caller_who_is_known_in_two_ways_finds_the_world_by_either(kept: Kept) -> None:
    first = await create(kept, "by the session", "by the key")

    assert await create(kept, "by the session") == first
    assert await create(kept, "by the key") == first
    assert await create(kept, "by the key", "by something new") == first


async def test_callers_who_name_their_digests_in_other_orders_do_not_wait_for_each_other(
    kept: Kept, states: KeptStates
) -> None:
    names = ["a", "b", "c", "d"]
    orders = [names, names[::-1], names[2:] + names[:2]] * 10

    made = await asyncio.gather(*(create(kept, *order) for order in orders))

    assert len(set(made)) == 1
    assert await states.count("world_keys") == 4


async def test_an_expired_key_makes_a_world_again_and_a_younger_one_does_not(kept: Kept) -> None:
    old, young = await create(kept, "old"), await create(kept, "young")
    await kept.database.execute("update world_keys set created_at = now() - interval '2 days' where digest = 'old'")

    await kept.worlds.forget_keys(seconds=86_400)

    assert await create(kept, "old") != old
    assert await create(kept, "young") == young
    assert await kept.worlds.look(old) is not None


async def test_the_key_of_a_deleted_world_makes_another(kept: Kept) -> None:
    first = await create(kept, "key")
    await kept.worlds.delete(first)

    second = await create(kept, "key", fingerprint="something else")

    assert second != first
    assert await kept.worlds.look(second) is not None
