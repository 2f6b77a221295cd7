"""Everything that is kept, put together as the settings say."""

import pytest
from pydantic import SecretStr

from storage.errors import DatabaseUnavailable, SettingsError
from storage.kept import kept_of, opened
from storage.settings import StorageSettings
from tests.support.kept_states import OWNER, KeptStates, character

pytestmark = pytest.mark.timeout(30)


def settings(url: str) -> StorageSettings:
    return StorageSettings(database_url=SecretStr(url), objects_dir="/nowhere", database_connections=2)


async def test_without_a_database_nothing_is_kept() -> None:
    kept = kept_of(StorageSettings())

    assert kept is None
    async with opened(kept):
        pass


async def test_all_of_it_uses_one_database_while_it_is_open(shared_database_url: str) -> None:
    kept = kept_of(settings(shared_database_url))
    assert kept is not None

    async with opened(kept):
        states = KeptStates(kept)
        world_id, piece_id = await states.lone(character())
        await states.ask(piece_id)
        assert await kept.worlds.delete(world_id)
        assert [removal.world_id for removal in await kept.removals.due(limit=10, again=60)].count(world_id) == 1

    with pytest.raises(DatabaseUnavailable):
        await kept.worlds.owned(OWNER, before=None, limit=1)


async def test_a_url_that_is_none_is_refused_when_it_is_opened() -> None:
    with pytest.raises(SettingsError):
        async with opened(kept_of(settings("http://127.0.0.1"))):
            raise AssertionError
