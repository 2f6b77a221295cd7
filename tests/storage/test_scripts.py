import re
from importlib.resources import files

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from storage import scripts
from storage.commands import PooledCommands
from storage.jobs import JobStore
from storage.keys import Keys
from storage.line import Line
from storage.scripts import Scripts, Words
from storage.settings import StorageSettings
from tests.storage.asked import Asked
from tests.support.job_states import JobStates

GIVEN = re.compile(r"(KEYS|ARGV)\[(\d+)\]")


def lines(name: str) -> list[str]:
    return files(scripts).joinpath(f"{name}.lua").read_text().splitlines()


def test_every_script_of_the_folder_is_registered() -> None:
    in_folder = {entry.name.removesuffix(".lua") for entry in files(scripts).iterdir() if entry.name.endswith(".lua")}

    assert in_folder == {*scripts.NAMES, "prelude"}


@pytest.mark.parametrize("name", scripts.NAMES)
def test_a_script_says_what_it_is_for_and_then_names_what_it_is_given(name: str) -> None:
    code = [line for line in lines(name) if not line.startswith("--")]
    named = code[: code.index("")]

    assert lines(name)[0].startswith("-- ")
    assert code[0].startswith("local ")
    assert "KEYS" in code[0]
    assert not GIVEN.search("\n".join(code[len(named) :]))


@pytest.mark.parametrize("name", scripts.NAMES)
@pytest.mark.parametrize("words", ["KEYS", "ARGV"])
def test_a_script_names_each_thing_it_is_given_once_and_in_its_order(name: str, words: str) -> None:
    code = "\n".join(line for line in lines(name) if not line.startswith("--"))
    given = [int(place) for found, place in GIVEN.findall(code) if found == words]

    assert given == list(range(1, len(given) + 1))


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


async def test_a_script_is_sent_as_its_digest_once_redis_knows_it(own_redis: Redis, keys: Keys) -> None:
    asked = Asked(PooledCommands(own_redis))
    held = await JobStates(JobStore(own_redis, keys, StorageSettings(redis_prefix=keys.prefix))).processing()
    claims = [b"1", held.claim, b"2"]
    calls: list[tuple[list[str], Words]] = [
        ([keys.job(held.id), keys.leases], [held.id, claim, 1_000]) for claim in claims
    ]

    assert await Scripts(asked).call_all("renew_lease", calls) == [0, 1, 0]
    assert await Scripts(asked).call("renew_lease", *calls[1]) == 1

    first, taught, known = asked.round_trips
    assert (len(first), len(taught), len(known)) == (3, 4, 1)
    assert max(len(word) for command in [*first, *known] for word in command if isinstance(word, (str, bytes))) < 100


async def test_no_script_is_called_for_nothing(own_redis_url: str) -> None:
    line = Line(SecretStr(own_redis_url), seconds=20)

    assert await Scripts(line).call_all("renew_lease", []) == []
    assert not line.stands
    await line.aclose()


async def test_what_a_script_cannot_do_is_told_in_redis_words(own_redis: Redis, keys: Keys) -> None:
    await own_redis.set(keys.job("one"), "no hash")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await Scripts(PooledCommands(own_redis)).call("renew_lease", [keys.job("one"), keys.leases], ["one", b"1", 1])
