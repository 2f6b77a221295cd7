import asyncio
import os
import signal
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from storage.embedded import running
from storage.errors import StoreUnavailable
from storage.events import Events
from tests.support.limner import free_port
from tests.support.listening import Listener, eventually

pytestmark = pytest.mark.timeout(60)


async def cut_off(redis: Redis) -> None:
    await redis.client_kill_filter(_type="pubsub")


def with_user(url: str, user: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{user}@{rest}"


async def test_every_message_after_the_acknowledgement_arrives_in_order(listener: Listener, redis: Redis) -> None:
    await listener.subscribe("news:all")
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(1_000):
            pipe.publish("news:all", number)
        await pipe.execute()

    assert [int(await listener.message()) for _ in range(1_000)] == list(range(1_000))


async def test_the_acknowledgement_comes_before_the_first_message(redis_url: str, redis: Redis) -> None:
    up, heard = asyncio.Event(), asyncio.Event()
    acknowledged_first: list[bool] = []

    def on_message(channel: bytes, data: bytes) -> None:
        acknowledged_first.append(acknowledgement.done())
        heard.set()

    async def publish() -> None:
        while not heard.is_set():
            await redis.publish("news:ack", "x")

    events = Events(SecretStr(redis_url), on_message=on_message, on_up=up.set, on_down=lambda: None)
    events.start()
    await up.wait()
    publishing = asyncio.create_task(publish())
    acknowledgement = events.subscribe(b"news:ack")
    await heard.wait()
    await publishing
    await events.aclose()

    assert all(acknowledged_first)


async def test_each_subscription_has_an_acknowledgement_of_its_own(listener: Listener) -> None:
    channels = [f"news:{number}".encode() for number in range(100)]

    acknowledgements = [listener.events.subscribe(channel) for channel in [*channels, *channels]]

    await asyncio.wait_for(asyncio.gather(*acknowledgements), 10)


async def test_many_channels_are_one_command_whose_acknowledgement_is_that_of_the_last(
    own_redis_url: str, own_redis: Redis
) -> None:
    channels = [f"news:{number}" for number in range(500)]
    async with Listener(own_redis_url) as listener:
        assert await listener.until_told() == "up"

        many, one = listener.events.subscribe(*map(str.encode, channels)), listener.events.subscribe(b"other")
        await asyncio.wait_for(many, 10)

        listening = await own_redis.pubsub_numsub(*channels)
        assert [count for _, count in listening] == [1] * 500
        await asyncio.wait_for(one, 10)
        stats = await own_redis.info("commandstats")
        assert stats["cmdstat_subscribe"]["calls"] == 2
        listener.events.unsubscribe(*map(str.encode, channels[1:]))
        await listener.subscribe("last")
        assert [count for _, count in await own_redis.pubsub_numsub(*channels)] == [1] + [0] * 499


async def test_a_channel_that_is_subscribed_to_already_is_acknowledged_again(listener: Listener) -> None:
    for _ in range(3):
        await listener.subscribe("news:again")


async def test_what_was_unsubscribed_is_not_heard(listener: Listener, redis: Redis) -> None:
    await listener.subscribe("news:left")
    listener.events.unsubscribe(b"news:left")
    await listener.subscribe("news:kept")

    assert await redis.publish("news:left", "x") == 0
    await redis.publish("news:kept", "y")
    assert await listener.message() == b"y"
    assert listener.messages.empty()


async def test_a_lost_connection_is_told_and_made_again_with_nothing_subscribed(
    own_redis_url: str, own_redis: Redis
) -> None:
    async with Listener(own_redis_url) as listener:
        assert await listener.until_told() == "up"
        await listener.subscribe("news")

        await cut_off(own_redis)

        assert [await listener.until_told(), await listener.until_told()] == ["down", "up"]
        assert await own_redis.publish("news", "lost") == 0
        await listener.subscribe("news")
        await own_redis.publish("news", "heard")
        assert await listener.message() == b"heard"


async def test_an_acknowledgement_that_can_no_longer_come_is_cancelled(own_redis_url: str, own_redis: Redis) -> None:
    server = (await own_redis.info("server"))["process_id"]
    async with Listener(own_redis_url) as listener:
        assert await listener.until_told() == "up"
        os.kill(server, signal.SIGSTOP)
        acknowledgement = listener.events.subscribe(b"news")

        os.kill(server, signal.SIGKILL)

        assert await listener.until_told() == "down"
        assert acknowledgement.cancelled()


async def test_a_connection_that_brings_nothing_can_be_dropped_and_owes_nothing_to_the_next(
    own_redis_url: str, own_redis: Redis
) -> None:
    server = (await own_redis.info("server"))["process_id"]
    async with Listener(own_redis_url) as listener:
        assert await listener.until_told() == "up"
        os.kill(server, signal.SIGSTOP)
        owed = listener.events.subscribe(b"one", b"two")

        listener.events.reconnect()
        listener.events.reconnect()

        assert await listener.until_told() == "down"
        assert owed.cancelled()
        listener.events.reconnect()
        os.kill(server, signal.SIGCONT)
        assert await listener.until_told() == "up"
        await listener.subscribe("three")
        assert await own_redis.pubsub_numsub("one", "two", "three") == [(b"one", 0), (b"two", 0), (b"three", 1)]
        assert listener.told.empty()


async def test_without_a_connection_nothing_can_be_subscribed(own_redis_url: str) -> None:
    listener = Listener(own_redis_url)

    assert not listener.events.up
    with pytest.raises(StoreUnavailable):
        listener.events.subscribe(b"news")
    listener.events.unsubscribe(b"news")


async def test_it_waits_for_a_redis_that_is_not_there_yet_and_survives_its_restart(tmp_path: Path) -> None:
    with running(tmp_path) as valkey:
        url = valkey.url
    async with Listener(url) as listener:
        for told in ("up", "down", "up"):
            if told == "down":
                assert await listener.until_told() == told
                continue
            with running(tmp_path):
                assert await listener.until_told() == told
                await listener.subscribe("news")
        assert await listener.until_told() == "down"


@pytest.mark.parametrize("user", [":s%40cret%2F", "default:s%40cret%2F", "hub:hub%20word"])
async def test_it_says_who_it_is(own_redis_url: str, own_redis: Redis, user: str) -> None:
    await own_redis.acl_setuser("hub", enabled=True, passwords=["+hub word"], channels=["*"], categories=["+@all"])
    await own_redis.config_set("requirepass", "s@cret/")

    async with Listener(with_user(own_redis_url, user)) as listener:
        assert await listener.until_told() == "up"
        await listener.subscribe("news")
        await own_redis.publish("news", "heard")
        assert await listener.message() == b"heard"


async def test_with_a_wrong_password_it_goes_on_trying(own_redis_url: str, own_redis: Redis) -> None:
    await own_redis.config_set("requirepass", "right")

    async with Listener(with_user(own_redis_url, ":changed")) as listener:
        await eventually(lambda: _refusals(own_redis, at_least=2))
        assert not listener.events.up
        await own_redis.config_set("requirepass", "changed")
        assert await listener.until_told() == "up"


async def _refusals(redis: Redis, *, at_least: int) -> bool:
    stats = await redis.info("stats")
    return int(stats["acl_access_denied_auth"]) >= at_least


async def test_a_user_who_may_not_subscribe_is_served_once_he_may(own_redis_url: str, own_redis: Redis) -> None:
    await own_redis.acl_setuser("hub", enabled=True, passwords=["+word"], reset_channels=True, categories=["+@all"])

    async with Listener(with_user(own_redis_url, "hub:word")) as listener:
        assert await listener.until_told() == "up"
        refused = listener.events.subscribe(b"news")
        assert [await listener.until_told(), await listener.until_told()] == ["down", "up"]
        assert refused.cancelled()
        await own_redis.acl_setuser("hub", enabled=True, channels=["news"])
        await listener.subscribe("news")


async def test_it_speaks_over_tcp_too(own_redis_url: str, own_redis: Redis) -> None:
    port = free_port()
    await own_redis.config_set("port", port)

    async with Listener(f"redis://127.0.0.1:{port}/3") as listener:
        assert await listener.until_told() == "up"
        await listener.subscribe("news")
        await own_redis.publish("news", "heard")
        assert await listener.message() == b"heard"


async def test_a_server_that_speaks_something_else_is_no_redis() -> None:
    greeted = asyncio.Queue[bytes]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeted.put_nowait(await reader.read(100))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Listener(f"redis://127.0.0.1:{port}") as listener:
            for _ in range(2):
                await asyncio.wait_for(greeted.get(), 10)
            assert not listener.events.up
            assert listener.told.empty()


async def test_closing_leaves_no_task_and_no_connection(own_redis_url: str, own_redis: Redis) -> None:
    ours = asyncio.all_tasks()
    async with Listener(own_redis_url) as listener:
        assert await listener.until_told() == "up"
        await listener.subscribe("news")
    await listener.events.aclose()

    assert asyncio.all_tasks() == ours
    assert not listener.events.up

    async def nobody_listens() -> bool:
        return bool(await own_redis.publish("news", "x") == 0)

    await eventually(nobody_listens)


async def test_closing_in_the_middle_of_a_greeting_leaves_no_task() -> None:
    met = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        ours = asyncio.all_tasks()
        async with Listener(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}") as listener:
            await met.wait()
        assert not listener.events.up
        assert {task for task in asyncio.all_tasks() - ours if task.get_name() == "redis events"} == set()


async def test_who_stumbles_over_a_connection_that_stands_is_told_of_the_next_one(own_redis_url: str) -> None:
    ups = asyncio.Queue[None]()

    def on_up() -> None:
        ups.put_nowait(None)
        if ups.qsize() == 1:
            raise RuntimeError("a fault of ours")

    events = Events(SecretStr(own_redis_url), on_message=lambda *_: None, on_up=on_up, on_down=lambda: None)
    with capture_logs() as logs:
        events.start()
        await eventually(lambda: _has(ups, 2))
    assert events.up
    await events.aclose()
    assert [line["event"] for line in logs] == ["crashed"]


async def _has(queue: asyncio.Queue[None], least: int) -> bool:
    return queue.qsize() >= least


async def test_what_was_refused_is_known_in_the_words_of_redis_until_the_next_connection(
    own_redis_url: str, own_redis: Redis
) -> None:
    await own_redis.acl_setuser("hub", enabled=True, passwords=["+word"], reset_channels=True, categories=["+@all"])

    async with Listener(with_user(own_redis_url, "hub:word")) as listener:
        assert await listener.until_told() == "up"
        assert listener.events.refusal is None
        listener.events.subscribe(b"news")
        assert await listener.until_told() == "down"
        assert "permissions" in str(listener.events.refusal)
        assert await listener.until_told() == "up"
        assert listener.events.refusal is None
