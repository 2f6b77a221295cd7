"""What callers may rely on, whichever way their commands go."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, ResponseError

from storage.commands import Commands, PooledCommands
from storage.errors import StoreUnavailable
from storage.line import Line

pytestmark = pytest.mark.timeout(30)


@pytest.fixture(params=["line", "pool"])
async def commands(request: pytest.FixtureRequest, own_redis_url: str, own_redis: Redis) -> AsyncIterator[Commands]:
    line = Line(SecretStr(own_redis_url), seconds=20)
    yield line if request.param == "line" else PooledCommands(own_redis)
    await line.aclose()


async def test_answers_come_in_the_commands_order_as_redis_gave_them(commands: Commands) -> None:
    answers = await commands.ask(
        [
            (b"HSET", b"hash", b"name", "Ännchen", b"age", 7, b"size", 1.5),
            (b"HMGET", b"hash", b"name", b"age", b"none"),
            ("GET", "nothing"),
            ("INFO", "memory"),
        ]
    )

    assert answers[:3] == [3, ["Ännchen".encode(), b"7", None], None]
    assert b"used_memory:" in answers[3]


async def test_to_ask_nothing_is_answered(commands: Commands) -> None:
    assert await commands.ask([]) == []


async def test_the_first_command_that_is_refused_is_told_in_redis_words(commands: Commands) -> None:
    with pytest.raises(ResponseError, match=r"^WRONGTYPE "):
        await commands.ask([(b"SET", b"text", b"x"), (b"ZCARD", b"text"), (b"NO-SUCH",)])

    assert await commands.ask([(b"GET", b"text")]) == [b"x"]


async def test_a_script_that_redis_has_not_seen_is_told_apart(commands: Commands) -> None:
    with pytest.raises(NoScriptError):
        await commands.ask([(b"EVALSHA", "0" * 40, 0)])


async def test_a_redis_that_cannot_do_it_now_is_unavailable(commands: Commands, own_redis: Redis) -> None:
    await own_redis.config_set("min-replicas-to-write", 1)

    with pytest.raises(StoreUnavailable, match="NOREPLICAS"):
        await commands.ask([(b"PING",), (b"SET", b"text", b"x")])


async def test_a_redis_that_is_full_is_unavailable(commands: Commands, own_redis: Redis) -> None:
    await own_redis.config_set("maxmemory", 1)

    with pytest.raises(StoreUnavailable):
        await commands.ask([(b"SET", b"text", b"x")])
