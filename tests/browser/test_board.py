"""The board of a world in a real Chromium, over all that keeps it: what is missing, being made, and there."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.support.boards import card, character, expect_painted, keep, shown, state
from tests.browser.support.sets import Submissions
from tests.support.limner import Server, Worker

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=document.title='broken'><b>Ysolde</b>"
PAINTING = "limner-portrait[state=processing]"
NOTES_PICTURES = """
const wall = document.querySelector(".exhibit > .layer");
window.hung = [];
window.behind = [];
new MutationObserver(() => {
  window.hung.push(wall.querySelector("img")?.src ?? null);
  window.behind.push(document.querySelector(".exhibit > .behind img")?.src ?? null);
}).observe(wall, { childList: true });
"""


@pytest.fixture
def root(keeping: tuple[Server, Worker]) -> str:
    return keeping[0].url


def expect_in_the_head(page: Page) -> None:
    """What tells of the work that goes on covers nothing of the page."""
    expect(page.locator("limner-tray :is(.toast, .toggle):visible").first).to_be_visible()
    head, tray = page.locator(".masthead").bounding_box(), page.locator("limner-tray .tray").bounding_box()
    assert head is not None
    assert tray is not None
    assert head["y"] <= tray["y"]
    assert tray["y"] + tray["height"] <= head["y"] + head["height"]
    assert head["x"] <= tray["x"]
    assert tray["x"] + tray["width"] <= head["x"] + head["width"]


def look_again(page: Page) -> None:
    """As if a person had come back to the tab; else a board on which nothing moves is asked for every few seconds."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_portraits_are_painted_while_their_owner_is_in_the_library_and_reloads(
    context: BrowserContext, page: Page, root: str, complaints: list[str], tmp_path: Path
) -> None:
    submissions = Submissions(context)
    page.goto(keep(context, root, character("Odo"), character("Pell")))
    state(card(page, "Odo"), "No portrait yet · no video yet")
    page.get_by_role("button", name="Generate missing portraits (2)").dblclick()
    expect(page.locator(PAINTING).first).to_be_visible()
    expect(page.locator("#generate-portraits")).to_be_hidden()
    page.screenshot(path=tmp_path / "painting.png")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        expect_in_the_head(page)
    page.set_viewport_size({"width": 1280, "height": 900})

    page.get_by_role("link", name="Library").click()
    expect(page.locator(".world").first).to_be_visible()
    page.go_back()
    page.reload()
    for name in ("Odo", "Pell"):
        expect_painted(card(page, name))
        state(card(page, name), "Painted · no video yet")
    expect(page.locator("#summary")).to_have_text("2 characters · 2 portraits · 0 videos")
    assert [url for url in submissions.urls if url.endswith("/generate")] == submissions.urls
    assert len(submissions.urls) == 1
    assert complaints == []


def test_videos_are_made_of_the_portraits_that_are_there_and_play(
    context: BrowserContext, page: Page, root: str, browser: Browser, complaints: list[str], tmp_path: Path
) -> None:
    address = keep(context, root, character("Odo", painted=True), character("Nobody"))
    page.emulate_media(reduced_motion="no-preference")
    page.goto(address)
    odo = card(page, "Odo")
    expect_painted(odo)
    page.get_by_role("button", name="Generate missing videos (1)").click()
    video = odo.locator("video")
    expect(video).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    assert video.evaluate("video => [video.readyState >= 2, video.muted, video.loop, video.paused]") == [
        True,
        True,
        True,
        False,
    ]
    state(odo, "Painted · video made")
    page.screenshot(path=tmp_path / "playing.png")
    odo.get_by_role("button", name="Show the portrait").click()
    expect(video).to_be_hidden()
    expect(shown(odo)).to_be_visible()
    assert video.evaluate("video => video.paused")
    assert complaints == []

    with browser.new_context(reduced_motion="reduce") as calm:
        still = calm.new_page()
        still.goto(address)
        still.get_by_role("button", name="Show the video").click()
        expect(still.locator("video")).to_be_visible()
        assert still.locator("video").evaluate("video => [video.paused, video.controls]") == [True, True]


def test_the_old_portrait_stays_until_the_new_one_is_here_and_can_be_chosen_again(
    context: BrowserContext, page: Page, root: str
) -> None:
    page.goto(keep(context, root, character("Odo", painted=True)))
    odo = card(page, "Odo")
    expect_painted(odo)
    old = shown(odo).get_attribute("src")
    page.evaluate(NOTES_PICTURES)
    odo.get_by_role("button", name="Another portrait…").click()
    page.keyboard.type(", with a lantern")
    odo.locator("form.portrait").get_by_label("Seed").fill("7")
    page.keyboard.press("Enter")
    expect(odo.locator(".strip.portrait [role=progressbar][aria-valuenow]")).to_be_visible()
    expect(odo.locator(".strip.portrait")).to_be_hidden()
    expect(shown(odo)).to_have_attribute("src", re.compile(r"_portrait_2\.png$"))
    hung = page.evaluate("window.hung")
    assert hung
    assert {None, old}.isdisjoint(hung), "the wall was empty in between"
    assert page.evaluate("window.behind[0]") == old, "the new one comes over the empty canvas"

    odo.get_by_role("button", name="History (2)").click()
    prints = odo.locator(".prints button")
    expect(prints).to_have_count(2)
    expect(prints.first).to_have_attribute("aria-pressed", "true")
    prints.last.click()
    expect(prints.last).to_have_attribute("aria-pressed", "true")
    expect(shown(odo)).to_have_attribute("src", str(old))


def test_another_portrait_is_not_hidden_by_the_video_of_the_old_one(
    context: BrowserContext, page: Page, root: str
) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(keep(context, root, character("Odo", painted=True)))
    odo = card(page, "Odo")
    expect_painted(odo)
    odo.get_by_role("button", name="Make a video").click()
    video = odo.locator("video")
    expect(video).to_be_visible()
    odo.get_by_role("button", name="Another portrait…").click()
    odo.get_by_role("button", name="Paint another").click()
    expect(shown(odo)).to_have_attribute("src", re.compile(r"_portrait_2\.png$"))
    expect(video).to_be_hidden()
    expect(shown(odo)).to_be_visible()
    page.reload()
    expect(odo.get_by_role("button", name="Show the video")).to_be_visible()
    expect(video).to_be_hidden()

    odo.get_by_role("button", name="History (3)").click()
    prints = odo.locator(".prints button.chosen")
    expect(prints).to_have_count(2)
    odo.locator(".prints button.video").click()
    expect(video).to_be_visible()
    odo.locator(".prints button.picture:not(.video)").last.click()
    expect(shown(odo)).to_have_attribute("src", re.compile(r"_portrait\.png$"))
    expect(video).to_be_hidden()
    page.reload()
    expect(odo.get_by_role("button", name="Show the video")).to_be_visible()
    expect(video).to_be_hidden()


def test_a_portrait_that_was_stopped_is_tried_again(context: BrowserContext, page: Page, root: str) -> None:
    page.goto(keep(context, root, character("Odo")))
    odo = card(page, "Odo")
    odo.get_by_role("button", name="Paint it").click()
    odo.get_by_role("button", name="Stop painting").click()
    expect(odo.get_by_text("The painting was stopped")).to_be_visible()
    odo.get_by_role("button", name="Try again").click()
    expect_painted(odo)


def test_markup_is_shown_as_text_and_guests_look_and_change_nothing(
    context: BrowserContext, page: Page, root: str, browser: Browser
) -> None:
    address = keep(context, root, {**character("Odo", painted=True), "name": MARKUP[:80]}, name="<i>Her</i> world")
    page.goto(address)
    expect(page.locator(".card h2")).to_have_text(MARKUP[:80])
    expect(page.locator("h1#board-title")).to_have_text("<i>Her</i> world")
    expect(page).to_have_title("<i>Her</i> world – Limner")
    page.get_by_role("button", name="Edit…").click()
    page.get_by_label("Backstory").fill("<script>document.title = 'broken'</script>\nTwo lines.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".story")).to_have_text("<script>document.title = 'broken'</script> Two lines.")
    assert page.locator(".story").inner_text().endswith("\nTwo lines.")
    expect(page.get_by_role("button", name="Edit…")).to_be_focused()

    with browser.new_context() as elsewhere:
        guest = elsewhere.new_page()
        guest.goto(address)
        expect_painted(guest.locator(".card"))
        expect(guest.locator(".story")).to_contain_text("<script>")
        expect(guest.locator("#guest")).to_be_visible()
        guest.get_by_role("button", name="History (1)").click()
        expect(guest.locator(".prints img")).to_be_visible()
        words = [button.inner_text() for button in guest.locator("main button:visible").all()]
        assert words == ["Copy link", "History (1)"]

        page.get_by_role("button", name="Rename").focus()
        page.keyboard.press("Enter")
        page.keyboard.type("Their world")
        page.keyboard.press("Enter")
        expect(page.locator("#board-title")).to_have_text("Their world")
        look_again(guest)
        expect(guest.locator("#board-title")).to_have_text("Their world")


def test_a_deleted_world_leads_to_the_library_and_its_link_says_so(
    context: BrowserContext, page: Page, root: str
) -> None:
    address = keep(context, root, character("Odo"), name="Soon gone")
    page.goto(address)
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page).to_have_url(f"{root}/worlds")
    expect(page.get_by_text("Soon gone")).to_have_count(0)
    for link in (address, f"{root}/worlds/no-id"):
        page.goto(link)
        expect(page.get_by_role("heading", name="No world hangs here")).to_be_focused()
        expect(page.get_by_role("link", name="To the Library")).to_have_attribute("href", "../worlds")


def test_a_board_that_cannot_be_asked_for_says_so_and_goes_on_by_itself(
    context: BrowserContext, page: Page, root: str
) -> None:
    address = keep(context, root, character("Odo", painted=True))
    page.goto(address)
    expect_painted(card(page, "Odo"))
    everything = re.compile(re.escape(address))
    page.route(everything, lambda route: route.abort())
    context.request.patch(address, data={"name": "Another name"})
    look_again(page)
    expect(page.locator("#trouble")).to_contain_text("The server cannot be reached.")
    expect_painted(card(page, "Odo"))
    page.get_by_role("button", name="Make a video").click()
    expect(card(page, "Odo").locator(".refusal")).to_contain_text("The server cannot be reached.")
    page.get_by_role("button", name="History (1)").click()
    expect(card(page, "Odo").locator(".past .error")).to_contain_text("The server cannot be reached.")
    page.unroute(everything)
    expect(page.locator("#board-title")).to_have_text("Another name")
    expect(page.locator("#trouble")).to_be_hidden()
    expect(card(page, "Odo").locator(".prints img")).to_be_visible()
    expect(card(page, "Odo").locator(".error:visible")).to_have_count(0)


def test_a_board_that_is_opened_asks_once_for_what_is_missing(
    context: BrowserContext, page: Page, keeping_environment: dict[str, str], keeping: tuple[Server, Worker]
) -> None:
    submissions = Submissions(context)
    with Server({**keeping_environment, "LIMNER_GENERATE_ON_OPENING": "portraits"}) as server:
        page.goto(keep(context, server.url, character("Odo"), character("Pell", painted=True)))
        expect(card(page, "Odo").locator(PAINTING)).to_be_visible()
        page.reload()
        expect_painted(card(page, "Odo"))
        assert len(submissions.urls) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_a_board_without_scrolling_sideways(
    context: BrowserContext, page: Page, root: str, scheme: str, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    long = "Anastasia-of-the-very-long-name-without-any-place-to-break-it-anywhere"
    word = "unbroken" * 10
    unbroken = {"race": word, "class": word, "traits": [word], "stats": {word: 12}, "backstory": word * 20}
    characters = [character(long, painted=True), {**character("Odo"), **unbroken}]
    page.goto(keep(context, root, *characters, name=f"{long} and {long}"))
    expect_painted(card(page, long))
    page.get_by_role("button", name="Edit…").first.click()
    assert page.locator("html").evaluate("element => element.scrollWidth") <= 360
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
