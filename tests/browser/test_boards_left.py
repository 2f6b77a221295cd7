"""What earlier pages taught to look at: boards that people leave, come back to and open again, in a real Chromium."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

from tests.browser.support.boards import card, character, expect_painted, keep, shown, state
from tests.browser.support.sets import Submissions
from tests.support.boards import portraits, wait_until_kept
from tests.support.limner import Server, Worker

pytestmark = pytest.mark.browser

UNPAINTED = "limner-portrait:is([state=loading], [state=queued], [state=processing])"
FIVE = ("Ada", "Bea", "Cleo", "Dora", "Edith")
SEVEN = (*FIVE, "Fay", "Gwen")
MARK = "<i class=stray onclick=alert(1)>x</i>"
STRAYS = """() => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
    ...(element.matches(".stray") ? [element.outerHTML] : []),
    ...(element.shadowRoot === null ? [] : within(element.shadowRoot)),
  ]);
  return within(document);
}"""


@pytest.fixture
def root(keeping: tuple[Server, Worker]) -> str:
    return keeping[0].url


@pytest.fixture
def worker(keeping: tuple[Server, Worker]) -> Worker:
    return keeping[1]


@contextmanager
def frozen(worker: Worker) -> Iterator[None]:
    worker.stop()
    try:
        yield
    finally:
        worker.resume()


def seven(context: BrowserContext, root: str) -> str:
    """A world of which five have a portrait."""
    people = [character(name, painted=name in FIVE) for name in SEVEN]
    return keep(context, root, *people, name="Seven at table")


def generate(page: Page, count: int) -> None:
    page.get_by_role("button", name=f"Generate missing portraits ({count})").click()
    expect(page.locator("#generate-portraits")).to_be_hidden()


def jobs(address: str) -> dict[str, str]:
    return {name: portrait["job"] for name, portrait in portraits(address).items()}


def in_library(page: Page, name: str) -> Locator:
    return page.locator(".world").filter(has=page.get_by_role("link", name=name, exact=True))


# What was asked of boards that are left.


def test_scenario_1_five_are_painted_while_their_owner_is_in_the_library_and_appear_as_they_complete(
    context: BrowserContext, page: Page, root: str, worker: Worker
) -> None:
    submissions = Submissions(context)
    address = keep(context, root, *map(character, FIVE), name="Five who wait")
    page.goto(address)
    generate(page, 5)
    before = jobs(address)
    page.get_by_role("link", name="Library").click()
    expect(in_library(page, "Five who wait")).to_be_visible()
    wait_until_kept(address, 1)
    with frozen(worker):
        in_library(page, "Five who wait").get_by_role("link").click()
        expect(page.locator(".exhibit > .layer img")).not_to_have_count(0)
        expect(page.locator(UNPAINTED)).not_to_have_count(0)
    for name in FIVE:
        expect_painted(card(page, name))
    assert jobs(address) == before
    assert submissions.urls == [f"{address.removeprefix(root)}/generate"]


def test_scenario_3_of_seven_of_whom_five_are_painted_only_the_other_two_are_generated_on_opening(
    context: BrowserContext, page: Page, keeping_environment: dict[str, str], keeping: tuple[Server, Worker]
) -> None:
    with Server({**keeping_environment, "LIMNER_GENERATE_ON_OPENING": "portraits"}) as server:
        address = seven(context, server.url)
        wait_until_kept(address, 5)
        before = portraits(address)
        page.goto(address)
        expect_only_the_other_two(page, address, before)


def test_test_1_spinners_that_were_left_for_the_library_are_portraits_on_coming_back(
    context: BrowserContext, page: Page, root: str
) -> None:
    page.goto(keep(context, root, *map(character, FIVE[:3]), name="Three in the dark"))
    generate(page, 3)
    expect(page.locator(".exhibit [role=progressbar]:visible").first).to_be_visible()
    page.get_by_role("link", name="Library").click()
    expect(in_library(page, "Three in the dark")).to_contain_text("3\u00a0characters · 3\u00a0portraits")
    page.go_back()
    for name in FIVE[:3]:
        expect_painted(card(page, name))
        state(card(page, name), "Painted · no video yet")


def test_test_2_a_world_opened_from_the_library_generates_the_two_missing_and_leaves_the_five_alone(
    context: BrowserContext, page: Page, root: str
) -> None:
    address = seven(context, root)
    page.goto(f"{root}/worlds")
    wait_until_kept(address, 5)
    before = portraits(address)
    in_library(page, "Seven at table").get_by_role("link").click()
    for name in FIVE:
        expect_painted(card(page, name))
    pictures = {name: shown(card(page, name)).get_attribute("src") for name in FIVE}
    generate(page, 2)
    expect_only_the_other_two(page, address, before)
    assert {name: shown(card(page, name)).get_attribute("src") for name in FIVE} == pictures


def expect_only_the_other_two(page: Page, address: str, before: dict[str, dict[str, Any]]) -> None:
    for name in SEVEN:
        expect_painted(card(page, name))
        state(card(page, name), "Painted · no video yet")
    after = portraits(address)
    assert {name: after[name] for name in FIVE} == {name: before[name] for name in FIVE}
    assert [portrait["count"] for portrait in after.values()] == [1] * len(SEVEN)


def test_a_video_that_is_made_while_its_owner_is_in_the_library_is_told_and_shown_there(
    context: BrowserContext, page: Page, root: str, worker: Worker
) -> None:
    address = keep(context, root, character("Ada", painted=True))
    wait_until_kept(address, 1)
    with frozen(worker):
        context.request.post(f"{address}/generate", data={"kind": "video"})
        page.goto(f"{root}/worlds")
        expect(page.locator("limner-tray .toggle")).to_contain_text("1 waiting")
    toast = page.locator("limner-tray .toast.succeeded")
    expect(toast).to_contain_text("Ada")
    expect(toast).to_contain_text("Set in motion")
    expect(toast.get_by_role("link", name="Show")).to_have_attribute("href", re.compile(r"_video\.mp4$"))


# The line, the server and the page go away in the middle.


def test_a_board_that_is_reloaded_in_the_middle_goes_on_with_the_same_jobs(
    context: BrowserContext, page: Page, root: str
) -> None:
    submissions = Submissions(context)
    address = keep(context, root, character("Odo"), character("Pell"))
    page.goto(address)
    generate(page, 2)
    expect(page.locator("limner-portrait[state=processing]").first).to_be_visible()
    before = jobs(address)
    page.reload()
    for name, job in before.items():
        expect_painted(card(page, name))
        assert jobs(address)[name] == job
    assert len(submissions.urls) == 1


def test_a_board_whose_server_is_killed_in_the_middle_catches_up_by_itself(
    context: BrowserContext, page: Page, keeping_environment: dict[str, str], keeping: tuple[Server, Worker]
) -> None:
    with Server(keeping_environment) as server:
        address = keep(context, server.url, character("Odo"), character("Pell"))
        page.goto(address)
        generate(page, 2)
        expect(page.locator("limner-portrait[state=processing]").first).to_be_visible()
        server.kill()
        expect(page.locator("#trouble")).to_contain_text("The server cannot be reached.")
        server.start()
        for name in ("Odo", "Pell"):
            expect_painted(card(page, name))
        expect(page.locator("#trouble")).to_be_hidden()


def test_a_board_without_websockets_polls(context: BrowserContext, page: Page, root: str) -> None:
    def refuse(socket: WebSocketRoute) -> None:
        socket.close(code=1011)

    page.route_web_socket(re.compile("/ws"), refuse)
    polled: list[str] = []
    page.on("request", lambda request: polled.append(request.url) if "/jobs?id=" in request.url else None)
    page.goto(keep(context, root, character("Odo")))
    generate(page, 1)
    expect(card(page, "Odo").locator("[role=progressbar][aria-valuenow]:visible")).to_be_visible()
    expect_painted(card(page, "Odo"))
    assert polled


# Whatever people write is text.


def test_html_in_every_text_field_is_text_on_the_board_and_in_the_library(
    context: BrowserContext, page: Page, root: str, complaints: list[str]
) -> None:
    world, name, race, role = (f"{word} {MARK}" for word in ("Market", "Odo", "Elf", "Archivist"))
    odd = {
        "name": name,
        "race": race,
        "class": role,
        "traits": [f"patient {MARK}"],
        "stats": {f"charm {MARK}"[:40]: 12},
        "backstory": f"Born {MARK}",
        "appearance": f"grey {MARK}",
    }
    page.goto(keep(context, root, odd, name=world))
    expect(page.locator("#board-title")).to_have_text(world)
    one = page.locator(".card")
    for words in (name, race, role, f"patient {MARK}", f"Born {MARK}"):
        expect(one).to_contain_text(words)
    generate(page, 1)
    expect_painted(one)
    one.get_by_role("button", name="Another portrait…").click()
    description = one.get_by_label("How should this sitter look?")
    expect(description).to_have_value(f"grey {MARK}")
    description.fill(f"old {MARK}")
    one.get_by_role("button", name="Paint another").click()
    expect(page.locator("limner-tray")).to_contain_text(name)
    expect(shown(one)).to_have_attribute("src", re.compile(r"_portrait_2\.png$"))
    one.get_by_role("button", name="History (2)").click()
    expect(one.locator(".prints button")).to_have_count(2)
    page.get_by_role("button", name="Delete…").click()
    expect(page.locator("#farewell-title")).to_contain_text(world)
    assert page.evaluate(STRAYS) == []
    page.goto(f"{root}/worlds")
    expect(in_library(page, world)).to_be_visible()
    assert page.evaluate(STRAYS) == []
    assert complaints == []
