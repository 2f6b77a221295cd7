"""The operator's page in Chromium: what waits, runs and has failed is seen, and what is pressed is done."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.support.limner import Server, limner

pytestmark = pytest.mark.browser

OPERATOR_KEY = "key-of-the-operator"
OWNER, OWNER_KEY = "<b>anna</b>", "key-of-anna"


@pytest.fixture(scope="module")
def server(redis_url: str) -> Iterator[Server]:
    """One for all tests. No portrait is ever finished, and no set of characters has the time to be written."""
    environment = {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": "queue-seen:",
        "LIMNER_OPERATOR_KEY": OPERATOR_KEY,
        "LIMNER_API_KEYS": f"{OWNER}={OWNER_KEY}",
        "LIMNER_PORTRAITS_AT_ONCE": "1",
        "LIMNER_PAINTER_SECONDS": "3600",
        "LIMNER_CHARACTERS_SECONDS": "0.000001",
    }
    with limner(environment) as (server, _):
        yield server


def enter(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/queue")
    page.get_by_label("The operator's key").fill(OPERATOR_KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The queue")).to_be_focused()


def submit(server: Server, path: str, wanted: dict[str, object]) -> str:
    headers = {"Authorization": f"Bearer {OWNER_KEY}"}
    answer = httpx.post(f"{server.url}{path}", json=wanted, headers=headers, verify=False).raise_for_status()
    return str(answer.json()["id"])


def rows(page: Page, table: str) -> Locator:
    return page.locator(f"#{table} tbody tr")


def test_the_key_is_asked_for_once_and_what_has_not_changed_is_not_sent_again(page: Page, server: Server) -> None:
    answers: list[int] = []

    def note(response: Response) -> None:
        if response.url.endswith("/operator/queue"):
            answers.append(response.status)

    page.on("response", note)
    page.goto(f"{server.url}/queue")
    key = page.get_by_label("The operator's key")
    expect(key).to_be_focused()
    key.fill("another-key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").get_by_text("This key is not known.")).to_be_visible()
    expect(page.locator("#queue")).to_be_hidden()

    key.fill(OPERATOR_KEY)
    page.keyboard.press("Enter")
    expect(rows(page, "workers")).to_have_count(1)
    page.reload()
    expect(rows(page, "workers")).to_have_count(1)
    with page.expect_response(lambda response: response.url.endswith("/operator/queue") and response.status == 304):
        pass
    assert set(answers) == {401, 200, 304}

    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_label("The operator's key")).to_be_focused()
    assert rows(page, "workers").count() == 0
    page.reload()
    expect(page.locator("#queue")).to_be_hidden()


def test_the_queue_is_seen_and_tended_with_the_keyboard_alone(
    page: Page, server: Server, complaints: list[str]
) -> None:
    enter(page, server)
    for words in ("Nothing waits.", "Nothing runs.", "Nothing has failed."):
        expect(page.get_by_text(words, exact=True)).to_be_visible()
    expect(rows(page, "workers")).to_have_count(1)

    running = submit(server, "/portraits", {"description": "an elf"})
    expect(rows(page, "running")).to_have_count(1)
    waiting = submit(server, "/portraits", {"description": "a dwarf"})
    failed = submit(server, "/characters", {"count": 1})
    expect(rows(page, "waiting")).to_have_count(1)
    expect(rows(page, "failed")).to_have_count(1)
    expect(rows(page, "running")).to_contain_text(running[:8])
    expect(rows(page, "running")).to_contain_text(f"key:{OWNER}")
    expect(rows(page, "workers")).to_contain_text(running[:8])
    expect(rows(page, "failed")).to_contain_text("timed_out")
    expect(page).to_have_title("1 waiting · 1 failed · The queue – Limner")

    page.get_by_role("button", name="Pause painter").press("Enter")
    expect(page.get_by_role("button", name="Resume painter")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("painter is paused.")

    page.get_by_role("button", name=f"Cancel portrait {running[:8]}").press("Enter")
    expect(page.get_by_text("Nothing runs.", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Running")).to_be_focused()
    expect(rows(page, "waiting")).to_contain_text(waiting[:8])  # nothing begins with what is paused
    page.get_by_role("button", name="Resume painter").press("Enter")
    expect(rows(page, "running")).to_contain_text(waiting[:8])
    expect(page.get_by_text("Nothing waits.", exact=True)).to_be_visible()

    page.get_by_role("button", name=re.compile("Retry characters")).press("Enter")
    expect(rows(page, "failed").locator(".number")).to_have_text("2")
    page.get_by_role("button", name="Pause grammar").press("Enter")
    expect(page.get_by_role("button", name="Resume grammar")).to_be_focused()
    page.get_by_role("button", name="Retry all").press("Enter")
    expect(page.locator("#live")).to_contain_text("One job is tried again.")
    expect(page.get_by_text("Nothing has failed.", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Failed")).to_be_focused()
    page.get_by_role("button", name="Resume grammar").press("Enter")
    expect(rows(page, "failed").locator(".number")).to_have_text("3")
    expect(rows(page, "failed")).to_contain_text(failed[:8])
    assert complaints == []


def test_a_phone_shows_the_queue_without_scrolling_the_page_sideways(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    submit(server, "/portraits", {"description": "an elf"})
    enter(page, server)
    expect(rows(page, "running")).to_have_count(1)
    assert page.locator("html").evaluate("element => element.scrollWidth") <= 360


def test_a_server_that_is_away_is_said_so_and_come_back_to(page: Page, server: Server) -> None:
    enter(page, server)
    server.kill()
    expect(page.get_by_text("The server cannot be reached. Trying again…")).to_be_visible()
    server.start()
    expect(page.get_by_text("The server cannot be reached. Trying again…")).to_be_hidden()
    expect(rows(page, "workers")).to_have_count(1)
