"""The table of messages, over real sockets of a real server."""

import asyncio
import contextlib

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from storage.keys import Keys
from storage.records.ids import new_job_id
from tests.server.support.client import Client, client, versions
from tests.server.support.player import Player
from tests.support.limner import Server


async def test_the_greeting_comes_first(edge: Server) -> None:
    async with client(edge.ws_url) as socket:
        assert await socket.next() == {
            "type": "hello",
            "ping_interval_ms": 25_000,
            "retry_window_ms": 5_000,
            "max_jobs": 256,
        }


async def test_one_url_is_enough_to_see_a_portrait_arrive(edge: Server, player: Player) -> None:
    job_id = await player.submit()
    async with client(edge.ws_url, job_id) as socket:
        assert (await socket.until_type("subscribed"))["jobs"] == [job_id]
        await player.begin(job_id)
        await player.advance(job_id, 0.5, preview="data:image/webp;base64,AAAA")
        done = await player.succeed(job_id)
        assert await socket.until_status(job_id, "succeeded") == done.model_dump(mode="json")
        states = socket.states_of(job_id)
        assert [(state["status"], state["progress"]) for state in states] == [
            ("queued", 0.0),
            ("processing", 0.0),
            ("processing", 0.5),
            ("succeeded", 1.0),
        ]
        assert [kind["type"] for kind in socket.heard[:3]] == ["hello", "job", "subscribed"]


async def test_subscribing_by_message_is_answered_with_the_current_state_of_each_job(
    edge: Server, player: Player
) -> None:
    finished, waiting, nowhere = (await player.finished()).id, await player.submit(), new_job_id()
    async with client(edge.ws_url) as socket:
        answers = await socket.subscribe(finished, waiting, nowhere)
        states = {message["job"]["id"]: message["job"]["status"] for message in answers if message["type"] == "job"}
        assert states == {finished: "succeeded", waiting: "queued"}
        assert {"type": "unknown", "job": nowhere, "expired": False} in answers
        assert socket.heard[-1] == {"type": "subscribed", "jobs": [finished, waiting, nowhere]}


async def test_what_the_client_has_already_is_not_sent_again(edge: Server, player: Player) -> None:
    done = await player.finished()
    async with client(edge.ws_url) as socket:
        await socket.next()
        assert await socket.subscribe(done.id, seen=done.version) == []


@pytest.mark.parametrize("off_by", [-1, 1])
async def test_any_other_version_than_the_stored_one_gets_the_state(edge: Server, player: Player, off_by: int) -> None:
    done = await player.finished()
    async with client(edge.ws_url) as socket:
        await socket.next()
        [answer] = await socket.subscribe(done.id, seen=done.version + off_by)
        assert answer["job"]["version"] == done.version


async def test_subscribing_again_starts_a_new_subscription_with_the_version_given(edge: Server, player: Player) -> None:
    done = await player.finished()
    async with client(edge.ws_url, done.id) as socket:
        await socket.until_type("subscribed")
        assert await socket.subscribe(done.id, seen=done.version) == []
        [again] = await socket.subscribe(done.id, seen=0)
        assert again["job"]["version"] == done.version


async def test_an_id_in_capitals_is_answered_in_its_canonical_form(edge: Server, player: Player) -> None:
    done = await player.finished()
    async with client(edge.ws_url, done.id.upper()) as socket:
        assert (await socket.until_type("subscribed"))["jobs"] == [done.id]


async def test_after_unsubscribing_nothing_more_is_heard_of_the_job(edge: Server, player: Player) -> None:
    left, kept = await player.running(), await player.running()
    async with client(edge.ws_url, left, kept) as socket:
        await socket.until_type("subscribed")
        await socket.say(type="unsubscribe", jobs=[left])
        await socket.answer_to_ping()
        await player.succeed(left)
        await player.succeed(kept)
        await socket.until_status(kept, "succeeded")
        assert [state["status"] for state in socket.states_of(left)] == ["processing"]


async def test_who_comes_back_to_a_job_gets_what_happened_meanwhile(edge: Server, player: Player) -> None:
    job_id = await player.running()
    async with client(edge.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        seen = socket.states_of(job_id)[-1]["version"]
        await socket.say(type="unsubscribe", jobs=[job_id])
        await socket.answer_to_ping()
        done = await player.succeed(job_id)
        [state] = await socket.subscribe(job_id, seen=seen)
        assert state["job"]["version"] == done.version


async def test_several_sockets_see_the_same(edge: Server, player: Player) -> None:
    job_id = await player.running()
    async with client(edge.ws_url, job_id) as one, client(edge.ws_url, job_id) as two, client(edge.ws_url) as three:
        await three.subscribe(job_id)
        for socket in (one, two):
            await socket.until_type("subscribed")
        done = await player.succeed(job_id)
        for socket in (one, two, three):
            assert (await socket.until_status(job_id, "succeeded"))["version"] == done.version
            assert versions(socket.states_of(job_id)) == sorted(set(versions(socket.states_of(job_id))))


async def test_a_job_that_is_unknown_may_still_appear(edge: Server, player: Player) -> None:
    job_id = new_job_id()
    async with client(edge.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        assert socket.heard[1] == {"type": "unknown", "job": job_id, "expired": False}
        await player.submit(job_id)
        await socket.until_status(job_id, "queued")


async def test_a_removed_job_is_told_to_its_watchers_as_no_longer_kept(edge: Server, player: Player) -> None:
    done = await player.finished()
    async with client(edge.ws_url, done.id) as socket:
        await socket.until_type("subscribed")
        await player.store.remove(done.id)  # type: ignore[arg-type]
        assert await socket.next() == {"type": "unknown", "job": done.id, "expired": True}
    async with client(edge.ws_url, done.id) as later:
        await later.until_type("subscribed")
        assert later.heard[1]["expired"] is True


async def test_a_retry_that_a_person_asked_for_is_seen_by_who_saw_the_failure(edge: Server, player: Player) -> None:
    job_id = await player.running()
    await player.fail(job_id)
    async with client(edge.ws_url, job_id) as socket:
        failed = await socket.until_status(job_id, "failed")
        assert failed["error"] == {
            "code": "provider_unavailable",
            "message": "The painter is ill.",
            "retryable": True,
        }
        await player.store.retry(job_id)
        queued = await socket.until_status(job_id, "queued")
        assert (queued["error"], queued["version"] > failed["version"]) == (None, True)


async def test_a_cancel_is_seen_by_everybody_who_watches(edge: Server, player: Player) -> None:
    job_id = await player.running()
    async with client(edge.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        await player.store.cancel(job_id)
        canceled = await socket.until_status(job_id, "canceled")
        assert (canceled["preview"], canceled["error"]) == (None, None)


async def test_a_bad_message_is_an_error_and_the_socket_lives(edge: Server, player: Player) -> None:
    done = await player.finished()
    async with client(edge.ws_url, "nonsense") as socket:
        await socket.next()
        assert (await socket.next())["code"] == "bad_field"
        for text, code in (("nonsense", "not_json"), ('{"type":"x"}', "unknown_type"), ("{}", "unknown_type")):
            await socket.connection.send(text)
            answer = await socket.next()
            assert (answer["type"], answer["code"]) == ("error", code)
        assert len(await socket.subscribe(done.id)) == 1


async def test_as_many_jobs_as_are_allowed_fit_into_one_url(edge: Server) -> None:
    job_ids = [new_job_id() for _ in range(256)]
    async with client(edge.ws_url, *job_ids) as socket:
        assert (await socket.until_type("subscribed"))["jobs"] == job_ids
        assert len(socket.heard) == 1 + 256 + 1


async def test_a_thousand_subscriptions_are_refused_and_none_of_them_is_made(edge: Server, player: Player) -> None:
    wanted = [new_job_id() for _ in range(1_000)]
    done = await player.finished()
    async with client(edge.ws_url) as socket:
        await socket.next()
        for first in range(0, 1_000, 250):
            await socket.say(type="subscribe", jobs=dict.fromkeys(wanted[first : first + 250], 0))
        refusals = 0
        while refusals < 3:
            message = await socket.next()
            refusals += message["type"] == "error" and message["code"] == "too_many_jobs"
        await socket.until_type("subscribed")
        assert len(await socket.subscribe(done.id)) == 1
        assert len([message for message in socket.heard if message["type"] == "unknown"]) == 250


async def test_fragments_of_a_message_are_put_together(edge: Server, player: Player) -> None:
    done = await player.finished()
    async with client(edge.ws_url) as socket:
        await socket.connection.send(iter(['{"type":"subscribe",', '"jobs":{"', done.id, '":0}}']))
        await socket.until_type("subscribed")
        assert len(socket.states_of(done.id)) == 1


async def test_the_socket_answers_while_another_is_opened_and_closed(edge: Server, player: Player) -> None:
    job_id = await player.running()

    async def come_and_go() -> None:
        async with client(edge.ws_url, job_id) as socket:
            await socket.until_type("subscribed")

    async with client(edge.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        await asyncio.gather(*(come_and_go() for _ in range(20)))
        await player.succeed(job_id)
        await socket.until_status(job_id, "succeeded")
        assert len(socket.states_of(job_id)) == 2


async def test_a_client_that_closes_is_answered_with_its_own_code(edge: Server) -> None:
    async with client(edge.ws_url) as socket:
        await socket.connection.close(1000)
        assert isinstance(socket.connection, ClientConnection)
        assert socket.connection.close_code == 1000


async def test_a_message_that_is_too_long_is_refused_with_a_code_that_its_sender_can_read(edge: Server) -> None:
    codes = []
    for length in (20_000, 1_000_000, 5_000_000):
        # The client's library may abort a transport that has gone by then, which asyncio's (3.11) does not stand.
        with contextlib.suppress(AttributeError):
            async with client(edge.ws_url) as socket:
                with contextlib.suppress(ConnectionClosed):
                    await socket.connection.send("x" * length)
                codes.append((await socket.closed())[0])
    assert codes == [1009, 1009, 1009]


def test_a_socket_is_not_opened_at_other_addresses(edge: Server) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert httpx.get(f"{edge.url}/jobs", headers=upgrade, verify=False).status_code == 403


async def test_watching_a_finished_job_keeps_it(edge: Server, player: Player, redis: Redis, edge_prefix: str) -> None:
    done, keys = await player.finished(), Keys(edge_prefix)
    soon = await player.store.now() + 60_000
    await redis.hset(keys.job(done.id), "kept_until", str(soon))  # type: ignore[misc]
    async with client(edge.ws_url, done.id) as socket:
        await socket.until_type("subscribed")
        await socket.subscribe(new_job_id())  # snapshots are read one batch after the other
    kept_until = await redis.hget(keys.job(done.id), "kept_until")  # type: ignore[misc]
    assert kept_until is not None
    assert int(kept_until) > soon


async def test_a_job_whose_time_is_over_is_unknown_and_expired(
    edge: Server, player: Player, redis: Redis, edge_prefix: str
) -> None:
    done, keys = await player.finished(), Keys(edge_prefix)
    await redis.hset(keys.job(done.id), "kept_until", str(await player.store.now()))  # type: ignore[misc]
    async with client(edge.ws_url, done.id) as socket:
        assert isinstance(socket, Client)
        await socket.until_type("subscribed")
        assert socket.heard[1] == {"type": "unknown", "job": done.id, "expired": True}
