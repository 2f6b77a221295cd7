"""`/operator`: what the operator sees of the queue, and can do about it."""

import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from server.api.queue import LISTED, shown
from storage.commands import PooledCommands
from storage.keys import Keys
from storage.providers import Providers
from storage.records.ids import JobId, new_job_id
from storage.stored import Submission
from storage.webhooks import DeliveryState, WebhookStore
from storage.workers import Place, Worker, Workers
from tests.server.conftest import API_KEY, OPERATOR_KEY, keyed, lines_of
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

CALLS = [
    ("GET", "/operator/queue"),
    ("POST", "/operator/providers/painter/pause"),
    ("POST", "/operator/providers/painter/resume"),
    ("POST", "/operator/webhooks/x/again"),
]


@pytest.fixture
async def operator(edge: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with keyed(edge, OPERATOR_KEY) as client:
        yield client


@pytest.fixture
def kind() -> str:
    """A kind of the test's own, for it shares its server."""
    return f"kind-{secrets.token_hex(4)}"


@pytest.fixture
def edge_keys(edge_prefix: str) -> Keys:
    return Keys(edge_prefix)


@pytest.fixture
def workers(redis: Redis, edge_keys: Keys) -> Workers:
    return Workers(PooledCommands(redis), edge_keys)


async def look(operator: httpx.AsyncClient) -> dict[str, Any]:
    answer = await operator.get("/operator/queue")
    assert answer.status_code == 200, answer.text
    queue: dict[str, Any] = answer.json()
    return queue


def of_kind(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_only_who_sends_the_operators_key_is_let_in(
    edge: Server, http: httpx.AsyncClient, method: str, path: str
) -> None:
    refused = await http.request(method, path)
    assert_problem(refused, 401)
    assert refused.headers["www-authenticate"] == "Bearer"
    await http.post("/portraits", json={"description": "somebody with a session"})
    assert http.cookies
    assert_problem(await http.request(method, path), 401)
    for key, status in ((API_KEY, 403), ("no key", 401)):
        async with keyed(edge, key) as program:
            assert_problem(await program.request(method, path), status)


def test_where_there_is_no_operator_nobody_is(start: Callable[..., Server]) -> None:
    server = start()
    for key in ("None", API_KEY):
        refused = httpx.get(f"{server.url}/operator/queue", headers={"Authorization": f"Bearer {key}"}, verify=False)
        assert_problem(refused, 403)
        assert "LIMNER_OPERATOR_KEY" in refused.json()["detail"]


async def test_what_waits_runs_and_has_failed_is_counted_and_listed(
    operator: httpx.AsyncClient, player: Player, kind: str
) -> None:
    waiting = await player.submit(kind=kind, owner="key:anna")
    running, failed = await player.submit(kind=kind), await player.submit(kind=kind)
    await player.begin(running)
    await player.advance(running, 0.25)
    await player.begin(failed)
    await player.fail(failed)

    queue = await look(operator)

    rows = {row["provider"]: row for row in of_kind(queue["kinds"], kind)}
    assert {name: (row["waiting"], row["running"], row["failed"]) for name, row in rows.items()} == {
        None: (1, 0, 0),
        "painter": (0, 1, 1),
    }
    (first,) = of_kind(queue["waiting"], kind)
    assert (first["id"], first["owner"], first["status"], first["attempt"]) == (waiting, "key:anna", "queued", 0)
    assert first["queued_at"] == rows[None]["waits_since"]
    (first,) = of_kind(queue["running"], kind)
    assert (first["id"], first["worker"], first["attempt"]) == (running, "player", 1)
    assert (first["progress"], first["stage"]) == (0.25, "painting")
    assert first["lease_until"] > first["started_at"]
    (first,) = of_kind(queue["failed"], kind)
    assert first["id"] == failed
    assert first["error"] == {"code": "provider_unavailable", "message": "The painter is ill.", "retryable": True}


async def test_a_session_is_shown_by_its_first_characters_only(
    operator: httpx.AsyncClient, player: Player, kind: str
) -> None:
    secret = secrets.token_urlsafe(16)
    await player.submit(kind=kind, owner=f"session:{secret}")

    answer = await operator.get("/operator/queue")

    assert of_kind(answer.json()["waiting"], kind)[0]["owner"] == f"session:{secret[:8]}"
    assert secret not in answer.text
    assert shown("key:a-program-with-a-long-name") == "key:a-program-with-a-long-name"


async def test_of_many_the_first_are_listed_and_all_are_counted(
    operator: httpx.AsyncClient, player: Player, kind: str
) -> None:
    ids = [await player.submit(kind=kind) for _ in range(LISTED + 5)]

    queue = await look(operator)

    assert of_kind(queue["kinds"], kind)[0]["waiting"] == LISTED + 5
    assert [job["id"] for job in of_kind(queue["waiting"], kind)] == ids[:LISTED]


async def test_a_worker_is_shown_with_what_it_does_and_its_leases(
    operator: httpx.AsyncClient, player: Player, workers: Workers, kind: str
) -> None:
    noted = await workers.note(
        Worker(name="player", host="atelier", pid=7, kinds={kind: Place(provider="painter", at_once=3)}, running=1)
    )
    idle = await workers.note(noted.model_copy(update={"name": kind}))
    job_id = await player.submit(kind=kind)
    await player.begin(job_id)

    queue = await look(operator)
    await workers.remove(noted.name)
    await workers.remove(idle.name)

    (shown_worker,) = [worker for worker in queue["workers"] if worker["name"] == "player"]
    assert (shown_worker["host"], shown_worker["pid"], shown_worker["running"]) == ("atelier", 7, 1)
    assert shown_worker["kinds"] == {kind: {"provider": "painter", "at_once": 3}}
    leases = {lease["job"]: lease["lease_until"] for lease in shown_worker["leases"]}
    (job,) = of_kind(queue["running"], kind)
    assert leases[job_id] == job["lease_until"]
    assert [worker["leases"] for worker in queue["workers"] if worker["name"] == kind] == [[]]
    assert not any(worker["name"] == "player" for worker in (await look(operator))["workers"])


async def test_how_long_such_jobs_usually_take_is_told(
    operator: httpx.AsyncClient, player: Player, redis: Redis, edge_keys: Keys, kind: str
) -> None:
    await player.begin(await player.submit(kind=kind))
    assert of_kind((await look(operator))["kinds"], kind)[0]["seconds"] is None
    await redis.lpush(edge_keys.durations(kind, "painter"), 5_000)  # type: ignore[misc]
    assert of_kind((await look(operator))["kinds"], kind)[0]["seconds"] == {"p50": 5, "p90": 5}
    await redis.lpush(edge_keys.durations(kind, "painter"), *range(1_000, 11_000, 1_000))  # type: ignore[misc]

    (row,) = of_kind((await look(operator))["kinds"], kind)

    assert row["seconds"] == {"p50": 5, "p90": 9}


async def test_what_the_caller_has_is_not_sent_again_and_what_changed_is(
    operator: httpx.AsyncClient, player: Player, kind: str
) -> None:
    job_id = await player.submit(kind=kind)
    await player.begin(job_id)
    first = await operator.get("/operator/queue")
    headers = {"If-None-Match": first.headers["etag"]}

    same = await operator.get("/operator/queue", headers=headers)
    await player.advance(job_id, 0.5)
    other = await operator.get("/operator/queue", headers=headers)

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]
    assert other.headers["cache-control"] == "private, no-cache"


async def test_a_provider_is_paused_and_resumed(
    edge: Server, operator: httpx.AsyncClient, workers: Workers, redis: Redis, edge_keys: Keys, kind: str
) -> None:
    provider, providers = f"of-{kind}", Providers(PooledCommands(redis), edge_keys)
    await workers.note(
        Worker(name=kind, host="atelier", pid=7, kinds={kind: Place(provider=provider, at_once=3)}, running=1)
    )

    paused = await operator.post(f"/operator/providers/{provider}/pause")
    assert (paused.status_code, paused.json()) == (200, {"name": provider, "paused": True})
    assert provider in await providers.paused()
    assert {"name": provider, "paused": True} in (await look(operator))["providers"]
    await workers.remove(kind)

    resumed = await operator.post(f"/operator/providers/{provider}/resume")  # though nobody works with it any more
    assert (resumed.status_code, resumed.json()) == (200, {"name": provider, "paused": False})
    assert provider not in await providers.paused()
    told = [line["event"] for line in lines_of(edge, "info") if line.get("provider") == provider]
    assert told == ["provider paused", "provider resumed"]


async def test_a_provider_that_nobody_knows_cannot_be_paused(
    operator: httpx.AsyncClient, redis: Redis, edge_keys: Keys
) -> None:
    assert_problem(await operator.post("/operator/providers/paintre/pause"), 404)
    assert "paintre" not in await Providers(PooledCommands(redis), edge_keys).paused()


async def test_the_delivery_of_a_webhook_is_shown_without_its_url_and_sent_again(
    operator: httpx.AsyncClient, player: Player, redis: Redis, edge_keys: Keys
) -> None:
    job_id = new_job_id()
    url = "https://receiver.example/hook?token=secret-of-anna"
    await player.store.submit(Submission(job_id, "portrait", "key:anna", b"{}", "fingerprint", webhook=url))
    await player.store.cancel(job_id)

    answer = await operator.get("/operator/queue")
    (delivery,) = _of_job(answer.json()["webhooks"], job_id)
    assert (delivery["host"], delivery["owner"], delivery["state"]) == ("receiver.example", "key:anna", "waiting")
    assert (delivery["attempts"], delivery["status"], delivery["error"]) == (0, None, None)
    assert "secret-of-anna" not in answer.text

    webhooks = WebhookStore(PooledCommands(redis), edge_keys)
    taken = await webhooks.take(most=100, per_receiver=100, under_way={}, lease_ms=60_000)
    (mine,) = [each for each in taken if each.id == delivery["id"]]
    await webhooks.note(mine, status=500, error="500", wait_ms=None, patience_ms=0)
    (given_up,) = _of_job((await look(operator))["webhooks"], job_id)
    assert (given_up["state"], given_up["attempts"], given_up["next_try"]) == (DeliveryState.GIVEN_UP, 1, None)

    again = await operator.post(f"/operator/webhooks/{delivery['id']}/again")
    assert (again.status_code, again.json()) == (200, {"id": delivery["id"]})
    (waiting,) = _of_job((await look(operator))["webhooks"], job_id)
    assert waiting["state"] == DeliveryState.WAITING
    assert waiting["next_try"] is not None


def _of_job(deliveries: list[dict[str, Any]], job_id: JobId) -> list[dict[str, Any]]:
    return [delivery for delivery in deliveries if delivery["job"] == job_id]


@pytest.mark.parametrize("delivery", ["x", f"{new_job_id()}:1763612345678901", "%00", "x" * 2_000])
async def test_a_delivery_that_is_not_known_cannot_be_sent_again(operator: httpx.AsyncClient, delivery: str) -> None:
    assert_problem(await operator.post(f"/operator/webhooks/{delivery}/again"), 404)


async def test_the_page_is_the_same_for_everybody_and_holds_nothing(http: httpx.AsyncClient) -> None:
    page = await http.get("/queue")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "unsafe" not in page.headers["content-security-policy"]
