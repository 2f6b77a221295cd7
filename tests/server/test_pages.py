import http.client
from collections.abc import Callable

import httpx
import pytest
from starlette.requests import Request

from server.pages import policy, prefers_page
from server.settings import ServerSettings
from tests.support.limner import Server

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


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


@pytest.mark.parametrize(
    ("settings", "added"),
    [
        ({}, ""),
        ({"s3_public_url": "https://Pictures.example:8443/limner/"}, " https://pictures.example:8443"),
        ({"s3_public_url": "http://[::1]:9000"}, " http://[::1]:9000"),
        ({"public_url": "https://site.example/limner"}, " https://site.example"),
        ({"public_url": "https://a.example", "s3_public_url": "https://a.example/pictures"}, " https://a.example"),
        (
            {"public_url": "https://a.example", "s3_public_url": "https://b.example"},
            " https://a.example https://b.example",
        ),
        ({"s3_public_url": "https://b.example; script-src 'unsafe-inline'"}, ""),
        ({"s3_public_url": "https://name:secret@b.example/x"}, " https://b.example"),
        ({"s3_public_url": "b.example"}, ""),
    ],
)
def test_pictures_and_videos_may_come_from_the_bucket_and_nothing_else(settings: dict[str, str], added: str) -> None:
    directives = policy(ServerSettings.model_validate(settings)).split("; ")
    assert f"img-src 'self' data: blob:{added}" in directives
    assert f"media-src 'self' blob:{added}" in directives
    elsewhere = [directive for directive in directives if added and added in directive]
    assert len(elsewhere) == (2 if added else 0)
    assert "script-src 'self'" in directives


async def test_the_policy_of_a_server_with_a_bucket_names_it(start: Callable[..., Server]) -> None:
    server = start(s3_public_url="https://pictures.example/limner")
    async with httpx.AsyncClient(base_url=server.url, timeout=40, verify=False) as client:
        for path in ("/", "/web/app/app.js"):
            assert "blob: https://pictures.example;" in (await client.get(path)).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (CHROMIUM, True),
        (FIREFOX, True),
        ("text/html", True),
        ("TEXT/HTML;charset=utf-8 ; Q=0.9, */*;q=0.1", True),
        ("text/html;q=0.9, application/json;q=0.8", True),
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html, */*", False),
        ("application/json, text/html;q=0.9", False),
        ("text/html, application/json", False),
        ("application/*, text/html;q=0.9", False),
        ("text/html;q=0", False),
        ("text/html;q=nan", False),
        ("text/html;q=-1, application/json;q=x", False),
    ],
)
def test_only_who_would_rather_have_html_than_json_gets_a_page(accept: str | None, page: bool) -> None:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    assert prefers_page(Request({"type": "http", "headers": headers})) is page


@pytest.mark.parametrize("path", ["/worlds", "/worlds/0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55"])
async def test_one_address_is_a_page_for_browsers_and_json_for_programs(http: httpx.AsyncClient, path: str) -> None:
    page = await http.get(path, headers={"Accept": CHROMIUM})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Accept" in page.headers["vary"].split(", ")
    assert page.headers["content-security-policy"].startswith("default-src 'none';")
    assert "json" in (await http.get(path)).headers["content-type"]


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
