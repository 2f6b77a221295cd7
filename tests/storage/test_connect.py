import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from storage.commands import PooledCommands
from storage.connect import COMMAND_SECONDS, connect, inspect, store_errors
from storage.durations import Durations
from storage.embedded import running
from storage.errors import SettingsError, StoreUnavailable, UnfitStore
from storage.jobs import JobStore
from storage.keys import Keys
from storage.line import Line
from storage.portraits import PortraitStore
from storage.records.ids import new_job_id
from storage.settings import StorageSettings
from tests.support.fake_redis import redis_that_says
from tests.support.job_states import submission
from tests.support.limner import free_port
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)

FIT = {"redis_version": "7.2.4", "redis_mode": "standalone", "cluster_enabled": 0, "maxmemory_policy": "noeviction"}

CALLS: dict[str, Callable[[Redis, Keys, JobStore], Awaitable[object]]] = {
    "now": lambda client, keys, store: store.now(),
    "submit": lambda client, keys, store: store.submit(submission()),
    "get": lambda client, keys, store: store.get(new_job_id()),
    "owned": lambda client, keys, store: store.owned("ann", limit=1),
    "cancel": lambda client, keys, store: store.cancel(new_job_id()),
    "retry": lambda client, keys, store: store.retry(new_job_id()),
    "remove": lambda client, keys, store: store.remove(new_job_id()),
    "renew": lambda client, keys, store: store.renew([(new_job_id(), b"1")], lease_ms=1),
    "sweep": lambda client, keys, store: store.sweep(lease_ms=1, patience_ms=1, offset=0, batch=1),
    "count_active": lambda client, keys, store: store.count_active(),
    "portrait": lambda client, keys, store: PortraitStore(client, keys).data(new_job_id()),
    "recent durations": lambda client, keys, store: Durations(PooledCommands(client), keys).recent(
        "portrait", "painter"
    ),
    "inspect": lambda client, keys, store: inspect(client),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_whatever_is_asked_of_a_redis_that_is_away_raises_store_unavailable(
    tmp_path: Path, keys: Keys, storage_settings: StorageSettings, call: Callable[..., Awaitable[object]]
) -> None:
    async with connect(SecretStr(f"unix://{tmp_path}/nobody.sock")) as client:
        with pytest.raises(StoreUnavailable, match="Redis cannot be reached"):
            await call(client, keys, JobStore(client, keys, storage_settings))


async def test_a_command_that_is_refused_passes_as_it_is(redis: Redis, prefix: str) -> None:
    await redis.set(f"{prefix}text", "x")

    with pytest.raises(ResponseError, match="WRONGTYPE"), store_errors():
        await redis.zcard(f"{prefix}text")


async def test_more_commands_at_once_than_connections_wait_for_one(redis_url: str) -> None:
    async with connect(SecretStr(redis_url), connections=2) as client:
        assert all(await asyncio.gather(*(client.ping() for _ in range(50))))


async def test_a_command_ends_in_the_time_that_was_given(own_redis_url: str, own_redis: Redis) -> None:
    server = (await own_redis.info("server"))["process_id"]
    async with connect(SecretStr(own_redis_url), seconds=0.2) as client:
        await client.ping()
        os.kill(server, signal.SIGSTOP)
        try:
            async with asyncio.timeout(COMMAND_SECONDS * 0.8):
                with pytest.raises(StoreUnavailable), store_errors():
                    await client.ping()
        finally:
            os.kill(server, signal.SIGCONT)


def timers_of_connections_to(port: int) -> list[str]:
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[5] for row in rows if row[2] == f"0100007F:{port:04X}" and row[3] == "01"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of its sockets in a file")
async def test_over_tcp_the_kernel_asks_whether_the_other_side_is_there(own_redis_url: str, own_redis: Redis) -> None:
    port = free_port()
    await own_redis.config_set("port", port)
    url = f"redis://127.0.0.1:{port}/0"
    line = Line(SecretStr(url), seconds=20)
    async with connect(SecretStr(url)) as client, Listener(url) as listener:
        await client.ping()
        await line.ask([(b"PING",)])
        assert await listener.until_told() == "up"

        timers = timers_of_connections_to(port)
        await line.aclose()
    assert [timer.startswith("02:") for timer in timers] == [True] * 3
    assert all(int(timer.partition(":")[2], 16) <= 3_000 for timer in timers)


@pytest.mark.parametrize(
    "url",
    ["", "localhost:6379", "http://:hunter2@localhost", "redis://:hunter2#@localhost:6379", "redis://h:hunter2"],
)
def test_what_is_no_url_of_a_redis_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        connect(SecretStr(url))

    assert str(refused.value).startswith("LIMNER_REDIS_URL: ")
    assert "hunter2" not in str(refused.value)


async def test_the_embedded_valkey_is_fit(redis: Redis) -> None:
    await inspect(redis)


async def test_a_redis_that_would_throw_jobs_away_is_refused(own_redis: Redis) -> None:
    await own_redis.config_set("maxmemory-policy", "allkeys-lru")

    with pytest.raises(UnfitStore, match=r"maxmemory-policy is allkeys-lru.*noeviction") as unfit:
        await inspect(own_redis)
    assert len(unfit.value.faults) == 1


@pytest.mark.parametrize("version", ["6.2.0", "6.10.1", "7.0.15", "10.0.0", "255.255.255"])
async def test_a_redis_that_is_new_enough_is_fit(version: str) -> None:
    async with redis_that_says({**FIT, "redis_version": version}) as url, connect(SecretStr(url)) as client:
        await inspect(client)


async def test_every_fault_is_named() -> None:
    about = {**FIT, "redis_version": "6.0.16", "cluster_enabled": 1, "maxmemory_policy": "volatile-ttl"}

    async with redis_that_says(about) as url, connect(SecretStr(url)) as client:
        with pytest.raises(UnfitStore) as unfit:
            await inspect(client)

    assert [fault.split(":")[0] for fault in unfit.value.faults] == [
        "Redis 6.0.16 is too old",
        "This Redis is a Cluster",
        "maxmemory-policy is volatile-ttl",
    ]


async def test_a_wrong_password_is_no_reason_to_wait(own_redis_url: str, own_redis: Redis) -> None:
    await own_redis.config_set("requirepass", "right")

    url = own_redis_url.replace("://", "://:hunter2@", 1)
    async with connect(SecretStr(url)) as client:
        with pytest.raises(UnfitStore, match="Redis refuses the user and password in LIMNER_REDIS_URL") as unfit:
            await inspect(client)
    assert "hunter2" not in str(unfit.value)


async def test_a_user_who_may_not_even_look_is_told_so(own_redis_url: str, own_redis: Redis) -> None:
    await own_redis.acl_setuser("ann", enabled=True, passwords=["+word"], categories=["+@all"], commands=["-info"])

    async with connect(SecretStr(own_redis_url.replace("://", "://ann:word@", 1))) as client:
        with pytest.raises(UnfitStore, match="'info'"):
            await inspect(client)


async def test_a_redis_that_keeps_no_file_or_is_nearly_full_is_remarked_on() -> None:
    with running() as valkey:
        async with connect(SecretStr(valkey.url)) as client:
            assert await inspect(client) == []
            await client.config_set("appendonly", "no")
            await client.set("filler", b"x" * 2_000_000)
            await client.config_set("maxmemory", int((await client.info())["used_memory"] * 1.1))
            remarks = await inspect(client)
    assert [word in remark for word, remark in zip(("append-only", "memory"), remarks, strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("limits", "enough"),
    [
        ("33554432 8388608 60", False),
        ("268435456 8388608 60", False),
        ("268435456 67108864 60", True),
        ("0 0 0", True),
        ("0 67108864 10", True),
    ],
)
async def test_a_redis_that_gives_a_subscriber_little_room_is_remarked_on(
    own_redis: Redis, limits: str, enough: bool
) -> None:
    await own_redis.config_set("client-output-buffer-limit", f"pubsub {limits}")

    remarks = await inspect(own_redis)

    assert len(remarks) == (0 if enough else 1)
    assert all(f"client-output-buffer-limit pubsub is {limits}" in remark for remark in remarks)


async def test_of_a_redis_whose_configuration_is_secret_nothing_is_said(own_redis_url: str, own_redis: Redis) -> None:
    await own_redis.config_set("client-output-buffer-limit", "pubsub 1mb 1mb 1")
    await own_redis.acl_setuser("ann", enabled=True, passwords=["+word"], categories=["+@all"], commands=["-config"])

    async with connect(SecretStr(own_redis_url.replace("://", "://ann:word@", 1))) as client:
        assert await inspect(client) == []


async def test_a_user_who_may_not_use_the_channels_is_refused_in_a_sentence(
    own_redis_url: str, own_redis: Redis
) -> None:
    await own_redis.acl_setuser("ann", enabled=True, passwords=["+word"], reset_channels=True, categories=["+@all"])
    async with connect(SecretStr(own_redis_url.replace("://", "://ann:word@", 1))) as client:
        await inspect(client)
        for rights in (
            {},
            {"channels": ["other:*"]},
            {"channels": ["mine:job:*"]},
            {"channels": ["mine:*"], "commands": ["-subscribe"]},
            {"channels": ["mine:*"], "commands": ["+subscribe", "-publish"]},
        ):
            await own_redis.acl_setuser("ann", enabled=True, **rights)  # type: ignore[arg-type]
            with pytest.raises(UnfitStore, match=r"The user in LIMNER_REDIS_URL may not .* channels mine:\*") as unfit:
                await inspect(client, Keys("mine:"))
            assert "ermission" in str(unfit.value)
        await own_redis.acl_setuser("ann", enabled=True, commands=["+publish"])
        assert await inspect(client, Keys("mine:")) == []
        assert (await own_redis.pubsub_numpat(), await own_redis.pubsub_channels()) == (0, [])


async def test_looking_at_the_channels_of_a_redis_that_stands_still_ends(own_redis_url: str, own_redis: Redis) -> None:
    async with connect(SecretStr(own_redis_url), seconds=0.2) as client:
        await own_redis.client_pause(20_000)
        with pytest.raises(StoreUnavailable):
            await inspect(client, Keys("mine:"))
