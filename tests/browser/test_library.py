"""What is kept of a set and where it is found again, in a real Chromium with a real Postgres behind it."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from storage.records.ids import new_job_id
from tests.browser.support.sets import Submissions
from tests.support.limner import Server, Worker

pytestmark = pytest.mark.browser

BOARD = re.compile(r"/worlds/[0-9a-f-]{36}$")
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  const isOfPage = ({ node }) => document.querySelector("main").contains(node);  // the tray's toasts come and go
  for (const { value, sources } of list.getEntries()) if (sources.some(isOfPage)) window.shifted += value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def root(keeping: tuple[Server, Worker]) -> str:
    return f"{keeping[0].url}/"


def generate(page: Page, url: str, count: int = 1, theme: str = "") -> None:
    page.goto(url)
    page.locator("#count").fill(str(count))
    page.locator("#theme").fill(theme)
    page.locator("#commission [type=submit]").click()
    expect(keep(page)).to_be_enabled()


def keep(page: Page) -> Locator:
    return page.locator("#keep [type=submit]")


def worlds(page: Page) -> Locator:
    return page.locator(".world")


def names(page: Page) -> list[str]:
    return page.locator(".world h2").all_inner_texts()


def sent_by(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.post_data or "")
    return body


def test_a_set_is_kept_while_it_is_painted_and_its_world_stands_in_the_library(
    page: Page, root: str, complaints: list[str]
) -> None:
    page.add_init_script(SHIFTS)
    generate(page, root, 2, "the <b>sea</b>")
    expect(page.locator("#keep-hint")).to_contain_text("come along by themselves")
    keep(page).click()
    page.wait_for_url(BOARD)
    board = page.url

    page.goto(root)
    page.get_by_role("link", name="Library").click()
    expect(worlds(page)).to_have_count(1)
    assert names(page) == ["The <b>sea</b>"]
    expect(worlds(page)).to_contain_text("2\u00a0characters · 2\u00a0portraits")
    cover = worlds(page).locator("img")
    expect(cover).to_be_visible()
    expect(cover).to_have_js_property("complete", True)
    assert cover.evaluate("image => image.naturalWidth") > 0
    assert page.evaluate("window.shifted") == 0
    worlds(page).get_by_role("link").click()
    expect(page).to_have_url(board)
    assert complaints == []


def test_a_double_click_keeps_one_world(context: BrowserContext, page: Page, root: str) -> None:
    submissions = Submissions(context)
    generate(page, root)
    keep(page).dblclick()
    page.wait_for_url(BOARD)
    board = page.url
    assert submissions.urls.count("/worlds") == 1
    page.go_back()
    expect(page.locator("#kept").get_by_role("link")).to_have_attribute("href", board)
    page.goto(f"{root}worlds")
    expect(worlds(page)).to_have_count(1)


def test_an_answer_that_is_lost_and_a_reload_make_no_second_world(page: Page, root: str) -> None:
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        route.fetch()
        route.abort()

    def note(request: Request) -> None:
        if request.method == "POST" and urlsplit(request.url).path == "/worlds":
            keys.append(request.headers.get("idempotency-key"))

    generate(page, root)
    page.route("**/worlds", lose, times=1)
    keep(page).click()
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    expect(keep(page)).to_be_focused()
    page.reload()
    page.on("request", note)
    keep(page).click()
    page.wait_for_url(BOARD)
    assert keys[0] is not None
    assert set(keys) == {keys[0]}
    page.goto(f"{root}worlds")
    expect(worlds(page)).to_have_count(1)


def test_a_character_that_was_painted_again_is_kept_with_that_portrait(page: Page, root: str) -> None:
    generate(page, root, 2)
    other = new_job_id()
    appearance = "a face like a map, and a red coat"
    wanted = {"id": other, "description": appearance, "metadata": {"appearance": appearance}}
    assert page.request.post(f"{root}portraits", data=wanted).status == 202
    page.goto(f"{page.url}&p2={other}")
    expect(page.locator(f"limner-portrait[job='{other}']")).to_be_visible()
    with page.expect_request(lambda request: request.method == "POST") as sending:
        keep(page).click()
    page.wait_for_url(BOARD)
    first, second = sent_by(sending.value)["characters"]
    assert isinstance(first, str)
    assert (second["portrait"], second["appearance"]) == (other, appearance)


def test_a_world_is_kept_named_and_found_with_the_keyboard_alone(page: Page, root: str) -> None:
    generate(page, root)
    page.locator("#world-name").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(" ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A world needs a name.")).to_be_visible()
    expect(page.locator("#world-name")).to_be_focused()
    page.keyboard.type("The salt court")
    page.keyboard.press("Tab")
    expect(keep(page)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(BOARD)
    board = page.url
    page.goto(f"{root}worlds")
    page.locator("#library-title").focus()
    expect(worlds(page)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="The salt court")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(board)


def test_more_than_a_page_of_worlds_is_shown_page_by_page_and_long_names_fit_a_phone(page: Page, root: str) -> None:
    whole = {"name": "Oda", "race": "human", "class": "bard"}
    for name in ("x" * 200, "<img src=x onerror=alert(1)>", *(f"World {number}" for number in range(50))):
        answer = page.request.post(f"{root}worlds", data={"name": name, "characters": [whole]})
        assert answer.status == 201, answer.text()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{root}worlds")
    expect(worlds(page)).to_have_count(50)
    assert names(page)[0] == "World 49"
    page.get_by_role("button", name="More").click()
    expect(worlds(page)).to_have_count(52)
    assert names(page)[50:] == ["<img src=x onerror=alert(1)>", "x" * 200]
    expect(worlds(page).nth(50).get_by_role("link")).to_be_focused()
    expect(page.get_by_role("button", name="More")).to_be_hidden()
    assert page.locator("html").evaluate("element => element.scrollWidth") <= 360


def test_an_empty_library_says_how_a_world_is_made(page: Page, root: str, complaints: list[str]) -> None:
    page.goto(f"{root}worlds")
    expect(page.get_by_text("No world is kept here yet.")).to_be_visible()
    page.get_by_role("link", name="Find some characters").click()
    expect(page).to_have_url(root)
    assert complaints == []


def test_without_a_database_the_server_says_so_in_its_own_words(page: Page, url: str) -> None:
    page.goto(f"{url}worlds")
    expect(page.locator("#notice")).to_contain_text("LIMNER_DATABASE_URL")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    generate(page, url)
    keep(page).click()
    expect(page.locator("#keep-error")).to_contain_text("LIMNER_DATABASE_URL")
