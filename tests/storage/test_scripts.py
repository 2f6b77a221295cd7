from importlib.resources import files

import pytest
from redis.asyncio import Redis

from storage import scripts
from storage.jobs import JobStore
from storage.keys import Keys
from storage.settings import StorageSettings
from tests.support.job_states import JobStates


def lines(name: str) -> list[str]:
    return files(scripts).joinpath(f"{name}.lua").read_text().splitlines()


def test_every_script_of_the_folder_is_registered() -> None:
    in_folder = {entry.name.removesuffix(".lua") for entry in files(scripts).iterdir() if entry.name.endswith(".lua")}

    assert in_folder == {*scripts.NAMES, "prelude"}


@pytest.mark.parametrize("name", scripts.NAMES)
def test_a_script_says_what_it_is_for_and_then_names_what_it_is_given(name: str) -> None:
    code = [line for line in lines(name) if not line.startswith("--")]

    assert lines(name)[0].startswith("-- ")
    assert code[0].startswith("local ")
    assert "KEYS" in code[0]
    given = [line for line in code if "ARGV[" in line]
    assert not given or code.index(given[0]) <= 2
    assert all(line.startswith("local ") for line in given)


@pytest.mark.parametrize("name", [*scripts.NAMES, "prelude"])
def test_no_script_writes_a_number_in_a_form_that_loses_digits(name: str) -> None:
    code = "\n".join(line.partition("--")[0] for line in lines(name))

    assert "tostring" not in code
    assert "cjson" not in code


async def test_a_redis_that_has_forgotten_the_scripts_is_taught_them_again(own_redis: Redis, keys: Keys) -> None:
    store = JobStore(own_redis, keys, StorageSettings())
    stored = await JobStates(store).queued()
    await own_redis.script_flush()

    assert (await store.cancel(stored.id)).final
