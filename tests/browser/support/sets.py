"""A set on the front page, as the tests look at it."""

from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import BrowserContext, Locator, Page, Request

from tests.support.limner import Server


def painting(page: Page) -> Locator:
    return page.locator("limner-portrait[state=processing]")


def painted(page: Page) -> Locator:
    return page.locator("limner-portrait[state=succeeded]")


class Submissions:
    """The POSTs that a context's pages send."""

    def __init__(self, context: BrowserContext) -> None:
        self.urls: list[str] = []
        context.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "POST":
            self.urls.append(urlsplit(request.url).path)


def wait_until_painted(server: Server, address: str) -> None:
    job_id = urlsplit(address).fragment.partition("set=")[2].partition("&")[0]
    with httpx.Client(base_url=server.url, timeout=40, headers={"Prefer": "wait=30"}, verify=False) as http:
        characters = until_final(http, job_id)["result"]["characters"]
        for character in characters:
            assert until_final(http, character["portrait"])["status"] == "succeeded"


def until_final(http: httpx.Client, job_id: str) -> dict[str, Any]:
    while True:
        answer = http.get(f"/jobs/{job_id}")
        job: dict[str, Any] = answer.json()
        if job["finished_at"] is not None:
            return job
        http.get(f"/jobs/{job_id}", headers={"If-None-Match": answer.headers["etag"]})
