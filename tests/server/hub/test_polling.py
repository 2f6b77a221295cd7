"""Held requests: what wakes them, what does not, and who is not held."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from server.admission import Admission, address_of
from server.hub.counters import Counters
from server.hub.drain import Drain
from server.hub.http_wire import EXTENSION
from server.hub.hub import Hub
from server.hub.polling import EXPIRED, HeldRequests, Waiter
from server.hub.subscription import Subscription
from storage.connect import connect
from storage.embedded import running
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId, new_job_id
from tests.server.conftest import player_over
from tests.server.support.client import client
from tests.server.support.figures import figure, until_figure
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.server.support.records import A, digits, event
from tests.support.limner import Server

HELD = 'limner_connections{transport="wait"}'
WAITED = "preference-applied"


@pytest.mark.parametrize(
    ("had", "expired", "news"),
    [
        (NO_VERSION, False, False),
        (NO_VERSION, True, True),
        (EXPIRED, True, False),
        (EXPIRED, False, True),
        (digits(5), False, True),
        (digits(5), True, True),
    ],
)
def test_a_job_that_is_missing_is_news_only_to_who_knew_otherwise(had: bytes, expired: bool, news: bool) -> None:
    waiter = Waiter({A: had}, lambda _: True)
    waiter.missing(Subscription(waiter, A, had), expired=expired)
    assert waiter.found.is_set() is news


def test_who_waits_for_the_end_is_not_woken_by_a_step() -> None:
    waiter = Waiter({A: digits(5)}, lambda state: state.final)
    waiter.deliver(Subscription(waiter, A, digits(5)), event(A, 6))
    assert not waiter.found.is_set()
    waiter.deliver(Subscription(waiter, A, digits(6)), event(A, 7, final=True))
    assert waiter.found.is_set()


class Here:
    """The connection that a request came on."""

    on_ready: Callable[[], None] | None = None
    on_lost: Callable[[], None] | None = None
    pipelined = False


async def test_without_events_nobody_is_held_and_who_would_ask_again_at_once_is_told(
    redis: Redis, redis_url: str, store: JobStore, keys: Keys
) -> None:
    counters = Counters()
    hub, drain = Hub(redis, store, keys, SecretStr(redis_url), counters=counters), Drain(counters)
    admission = Admission(drain, counters, most=1, most_per_address=1)
    held_requests = HeldRequests(hub, drain, admission, counters, address_of)
    scope = {"type": "http", "client": None, "extensions": {EXTENSION: Here()}}
    assert not hub.up
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await held_requests.until_change(scope, {A: digits(5)}, 30)
        assert not await held_requests.until_final(scope, A, digits(5), 30)
    assert (admission.open.total(), len(drain), hub.subscriptions) == (0, 0, 0)


def test_who_has_found_what_it_waits_for_is_not_cut_off_by_what_follows() -> None:
    for calls, cut_off in ((["unavailable", "unavailable", "deliver"], True), (["deliver", "unavailable"], False)):
        waiter = Waiter({A: digits(5)}, lambda _: True)
        for call in calls:
            if call == "deliver":
                waiter.deliver(Subscription(waiter, A, digits(5)), event(A, 6))
            else:
                waiter.unavailable()
        assert (waiter.found.is_set(), waiter.cut_off) == (True, cut_off)


async def test_while_commands_go_through_and_events_do_not_a_poll_gets_503_until_they_do() -> None:
    with running() as valkey:
        async with connect(SecretStr(valkey.url)) as redis:
            everything = {"enabled": True, "passwords": ["+word"], "keys": ["*"], "categories": ["+@all"]}
            await redis.acl_setuser("limner", channels=["*"], **everything)  # type: ignore[arg-type]
            job_id = await player_over(redis, "cut:").running()
            url = valkey.url.replace("://", "://limner:word@")
            with Server({"LIMNER_REDIS_URL": url, "LIMNER_REDIS_PREFIX": "cut:"}) as server:
                async with held(server, job_id) as waiting:
                    await redis.acl_setuser("limner", enabled=True, reset_channels=True)
                    assert_problem(await answer_of(waiting), 503)
                server.wait_until_logged("permissions to access a channel")
                async with httpx.AsyncClient(base_url=server.url, timeout=20, verify=False) as http:
                    tag = (await http.get(f"/jobs/{job_id}")).headers["etag"]
                    for _ in range(20):
                        answer = await http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag, "Prefer": "wait=30"})
                        assert_problem(answer, 503)
                        assert int(answer.headers["retry-after"]) > 0
                assert "redis back" not in server.log()
                await redis.acl_setuser("limner", enabled=True, channels=["*"])
                server.wait_until_logged("redis back")
                async with held(server, job_id) as waiting:
                    assert not waiting.done()


@asynccontextmanager
async def held(server: Server, *job_ids: str) -> AsyncIterator["asyncio.Task[httpx.Response]"]:
    """A request for these jobs that says what it has and is being held."""
    async with httpx.AsyncClient(base_url=server.url, timeout=40, verify=False) as http:
        params = {"id": list(job_ids)}
        tag = (await http.get("/jobs", params=params)).headers["etag"]
        headers = {"If-None-Match": tag, "Prefer": "wait=30"}
        task = asyncio.create_task(http.get("/jobs", params=params, headers=headers))
        await until_figure(server.url, HELD, 1)
        yield task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def answer_of(task: "asyncio.Task[httpx.Response]") -> httpx.Response:
    async with asyncio.timeout(20):  # less than it would be held for
        return await task


async def test_a_job_that_appears_wakes_who_waits_for_it(start: Callable[..., Server], own_player: Player) -> None:
    job_id = new_job_id()
    async with held(start(), job_id) as waiting:
        job = await own_player.job(await own_player.submit(job_id))
        answer = await answer_of(waiting)
    assert (answer.status_code, answer.headers[WAITED]) == (200, "wait")
    assert answer.json() == {"jobs": [job.model_dump(mode="json")], "unknown": [], "expired": []}


async def test_a_finished_job_that_is_tried_again_or_removed_wakes_who_waits_for_another_with_it(
    start: Callable[..., Server], own_player: Player
) -> None:
    server, player = start(), own_player
    running, failed, done = await player.running(), await player.running(), await player.finished()
    await player.fail(failed)
    async with held(server, running, failed, done.id) as waiting:
        await player.store.retry(failed)
        answer = await answer_of(waiting)
        assert [job["status"] for job in answer.json()["jobs"]] == ["processing", "queued", "succeeded"]
    async with held(server, running, failed, done.id) as waiting:
        await player.store.remove(JobId(done.id))
        answer = await answer_of(waiting)
        assert answer.json()["expired"] == [done.id]


async def test_what_is_no_longer_kept_and_what_is_not_there_do_not_end_the_wait(
    start: Callable[..., Server], own_player: Player
) -> None:
    server, player = start(), own_player
    running, gone = await player.running(), await player.finished()
    await player.store.remove(JobId(gone.id))
    async with held(server, running, gone.id, new_job_id()) as waiting:
        await until_figure(server.url, "limner_subscriptions", 3)
        assert await figure(server.url, HELD) == 1
        done = await player.succeed(running)
        answer = await answer_of(waiting)
    assert [job["version"] for job in answer.json()["jobs"]] == [done.version]


@pytest.mark.parametrize("limit", [{"max_connections": 1}, {"max_connections_per_address": 1}])
async def test_where_there_is_no_room_nobody_is_held_and_everybody_answered(
    start: Callable[..., Server], own_player: Player, limit: dict[str, int]
) -> None:
    server, job_id = start(**limit), await own_player.running()
    async with (
        client(server.ws_url) as socket,
        httpx.AsyncClient(base_url=server.url, timeout=20, verify=False) as http,
    ):
        await socket.next()
        tag = (await http.get(f"/jobs/{job_id}")).headers["etag"]
        wait = {"Prefer": "wait=30"}
        for path in (f"/jobs/{job_id}", f"/jobs?id={job_id}"):
            tag = (await http.get(path)).headers["etag"]
            answer = await http.get(path, headers={"If-None-Match": tag, **wait})
            assert (answer.status_code, WAITED in answer.headers) == (304, False)
            assert int(answer.headers["retry-after"]) > 0
        answer = await http.post("/portraits", json={"description": "an elf"}, headers=wait)
        assert (answer.status_code, WAITED in answer.headers) == (202, False)
    reason = "full" if "max_connections" in limit else "crowded"
    assert await figure(server.url, f'limner_connections_refused_total{{reason="{reason}"}}') == 3


async def test_who_goes_while_it_is_held_leaves_its_place_at_once(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start()
    async with held(server, await own_player.running()) as waiting:
        waiting.cancel()
        await until_figure(server.url, HELD, 0)
    assert await figure(server.url, 'limner_connections_accepted_total{transport="wait"}') == 1


async def test_a_post_that_waited_for_the_end_says_so(start: Callable[..., Server], own_player: Player) -> None:
    server, job_id = start(), new_job_id()
    async with httpx.AsyncClient(base_url=server.url, timeout=40, verify=False) as http:
        body = {"description": "an elf", "id": job_id}
        posting = asyncio.create_task(http.post("/portraits", json=body, headers={"Prefer": "wait=30"}))
        await until_figure(server.url, HELD, 1)
        await own_player.begin(job_id)
        await own_player.succeed(job_id)
        answer = await answer_of(posting)
    assert (answer.status_code, answer.headers[WAITED], answer.json()["status"]) == (200, "wait", "succeeded")


async def test_a_server_that_stops_answers_who_is_held_as_if_no_wait_had_been_asked(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start()
    async with held(server, await own_player.running()) as waiting:
        await asyncio.to_thread(server.terminate)
        answer = await answer_of(waiting)
    assert (answer.status_code, WAITED in answer.headers) == (304, False)
