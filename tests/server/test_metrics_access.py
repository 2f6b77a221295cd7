"""Who may see `/metrics`, and in which form."""

from collections.abc import Callable

import httpx
import pytest

from tests.server.conftest import API_KEY, OPERATOR_KEY, keyed
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

Start = Callable[..., Server]


async def test_where_there_is_an_operator_only_the_operator_sees_them(edge: Server, http: httpx.AsyncClient) -> None:
    refused = await http.get("/metrics")
    assert_problem(refused, 401)
    assert refused.headers["www-authenticate"] == "Bearer"
    for key in (API_KEY, "no key"):
        async with keyed(edge, key) as program:
            assert_problem(await program.get("/metrics"), 401)
    async with keyed(edge, OPERATOR_KEY) as operator:
        assert (await operator.get("/metrics")).status_code == 200


def test_without_an_operator_they_are_seen_where_everybody_may_ask(start: Start) -> None:
    assert httpx.get(f"{start(api_keys='anna=key').url}/metrics", verify=False).status_code == 200
    closed = start(host="0.0.0.0", api_keys="anna=key")
    refused = httpx.get(f"{closed.url}/metrics", headers={"Authorization": "Bearer key"}, verify=False)
    assert_problem(refused, 403)
    assert "LIMNER_OPERATOR_KEY" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0"),
        ("application/openmetrics-text; version=x", "text/plain; version=0.0.4"),
    ],
)
async def test_the_answer_has_the_form_that_is_asked_for(edge: Server, accept: str, content_type: str) -> None:
    async with keyed(edge, OPERATOR_KEY) as operator:
        answer = await operator.get("/metrics", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.text.endswith("# EOF\n") == ("openmetrics" in content_type)
