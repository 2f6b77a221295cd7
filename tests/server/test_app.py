"""What all routes have in common: errors, origins, headers."""

import httpx
import pytest

from tests.server.conftest import ALLOWED_ORIGIN
from tests.server.support.problems import assert_problem

FOREIGN = ["https://evil.example", "null", f"{ALLOWED_ORIGIN}.evil", "http://page.example"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/jobs/", "/jobs/a/b/c", "/temp-portraits", "/web/nothing.js", "/web/app/no.js"]
)
async def test_what_is_not_there_is_a_problem_of_the_usual_shape(http: httpx.AsyncClient, path: str) -> None:
    assert_problem(await http.get(path), 404)


async def test_the_address_of_the_websocket_says_what_it_is(http: httpx.AsyncClient) -> None:
    answer = await http.get("/ws")
    assert_problem(answer, 426)
    assert answer.headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/characters"),
        ("DELETE", "/portraits"),
        ("POST", "/jobs"),
        ("PUT", "/jobs/x"),
        ("GET", "/jobs/x/cancel"),
        ("POST", "/temp-portraits/x"),
        ("POST", "/health"),
        ("POST", "/"),
        ("POST", "/web/app/app.js"),
    ],
)
async def test_a_method_that_a_route_does_not_have_is_a_problem_of_the_usual_shape(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    assert_problem(await http.request(method, path), 405)


async def test_the_server_says_that_it_is_alive_and_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).json() == {"status": "ok"}
    assert (await http.get("/ready")).json() == {"status": "ready"}


async def test_a_page_of_a_listed_origin_may_read_what_it_needs(http: httpx.AsyncClient) -> None:
    answer = await http.post("/characters", json={"count": 1}, headers={"Origin": ALLOWED_ORIGIN})
    assert answer.status_code == 202
    assert answer.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert exposed == {"ETag", "Location", "Retry-After"}


@pytest.mark.parametrize("header", ["Authorization", "If-None-Match", "Prefer", "Idempotency-Key", "Content-Type"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_page_of_a_listed_origin_may_send_what_it_needs(
    http: httpx.AsyncClient, method: str, header: str
) -> None:
    asking = {
        "Origin": ALLOWED_ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header,
    }
    answer = await http.options("/jobs/x", headers=asking)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    assert header in answer.headers["access-control-allow-headers"]
    assert method in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_a_foreign_origin_can_change_nothing_and_read_nothing(
    http: httpx.AsyncClient, origin: str
) -> None:
    headers = {"Origin": origin}
    for answer in (
        await http.post("/characters", json={"count": 1}, headers=headers),
        await http.post("/characters", data={"count": "1"}, headers=headers),
        await http.post("/jobs/x/cancel", headers=headers),
        await http.delete("/jobs/x", headers=headers),
    ):
        assert_problem(answer, 403)
        assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in (await http.get("/health", headers=headers)).headers
    asking = {**headers, "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in (await http.options("/characters", headers=asking)).headers


async def test_problems_can_be_read_by_a_page_of_a_listed_origin(http: httpx.AsyncClient) -> None:
    answer = await http.post("/characters", json={"count": 0}, headers={"Origin": ALLOWED_ORIGIN})
    assert_problem(answer, 422, fields=["count"])
    assert answer.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
