import http.client

import httpx
import pytest

from tests.support.limner import Server


@pytest.mark.parametrize(
    "path", ["/", "/queue", "/web/app/index.html", "/web/client/index.js", "/web/elements/define.js"]
)
async def test_what_a_browser_runs_comes_with_a_policy_of_its_own_origin_only(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"


async def test_modules_have_the_type_that_browsers_run(http: httpx.AsyncClient) -> None:
    assert (await http.get("/web/client/index.js")).headers["content-type"].startswith("text/javascript")


async def test_what_the_browser_has_is_not_sent_again(http: httpx.AsyncClient) -> None:
    tag = (await http.get("/web/client/index.js")).headers["etag"]
    again = await http.get("/web/client/index.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/web/app/../../pyproject.toml",
        "/web/app/..%2f..%2fpyproject.toml",
        "/web/app/%2e%2e/%2e%2e/pyproject.toml",
        "/web/app/..\\..\\pyproject.toml",
        "/web/app/%5c..%5c..%5cpyproject.toml",
        "/web/app//etc/passwd",
        "/web/app/%2fetc%2fpasswd",
        "/web/app/%00",
        "/web/package.json",
        "/web/node_modules/typescript/package.json",
        "/web/app/../package.json",
        "/web/app/" + "x" * 5_000,
        "//etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_folders_that_are_served(edge: Server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=20)
    connection.request("GET", path)  # as it is: httpx would tidy it up
    answer = connection.getresponse()
    assert answer.status == 404
    body = answer.read()
    assert b"[project]" not in body
    assert b"root:" not in body
    connection.close()
