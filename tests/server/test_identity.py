"""Whose cookie is whose. What callers may do with it is looked at from outside, in `api/`."""

from collections.abc import Callable

import httpx

from tests.server.support.problems import assert_problem
from tests.support.limner import Server


def test_a_session_outlives_the_server_where_the_secret_is_set(start: Callable[..., Server]) -> None:
    with httpx.Client(verify=False) as browser:
        first, second, other = start(secret="one"), start(secret="one"), start(secret="two")
        job_id = browser.post(f"{first.url}/characters", json={"count": 1}).json()["id"]
        cookie = {"Cookie": f"limner_session={browser.cookies['limner_session']}"}
        browser.cookies.clear()
        assert_problem(browser.post(f"{other.url}/jobs/{job_id}/cancel", headers=cookie), 403)
        assert browser.post(f"{second.url}/jobs/{job_id}/cancel", headers=cookie).status_code == 200


def test_on_another_address_a_browser_without_a_key_is_turned_away(start: Callable[..., Server]) -> None:
    server = start(host="0.0.0.0", api_keys="anna=k1")
    assert_problem(httpx.post(f"{server.url}/characters", json={"count": 1}, verify=False), 401)
    with_key = {"Authorization": "Bearer k1"}
    assert httpx.post(f"{server.url}/characters", json={"count": 1}, headers=with_key, verify=False).status_code == 202
