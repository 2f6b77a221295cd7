"""The page in Chromium: what a person does and what goes wrong for them, up to three pictures."""

import re
import struct
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser.support.sets import Submissions, painted, painting, wait_until_painted
from tests.support.limner import Server, Worker
from tests.support.proxy import Proxy

pytestmark = pytest.mark.browser

COUNT = 3


def generate(page: Page, url: str) -> None:
    page.goto(url)
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.locator("#commission [type=submit]").click()
    expect(page.locator(".card")).to_have_count(COUNT)


def names(page: Page) -> list[str]:
    return page.locator(".card h2, .card h3").all_inner_texts()


def expect_all_painted(page: Page) -> None:
    expect(painted(page)).to_have_count(COUNT)
    for picture in page.locator("limner-portrait img[alt]").all():
        expect(picture).to_be_visible()


def test_three_characters_are_read_at_once_and_painted_one_by_one(
    page: Page, url: str, complaints: list[str], tmp_path: Path
) -> None:
    generate(page, url)
    expect(painting(page).first).to_be_visible()
    expect(page.locator("limner-portrait img[src^='data:']").first).to_be_attached()
    page.screenshot(path=tmp_path / "painting.png")
    expect_all_painted(page)
    expect(page).to_have_title(re.compile("3"))
    assert len(set(names(page))) == COUNT
    assert complaints == []


def test_a_reload_in_the_middle_shows_the_same_cards_and_submits_nothing(
    context: BrowserContext, page: Page, url: str
) -> None:
    submissions = Submissions(context)
    generate(page, url)
    expect(painting(page).first).to_be_visible()
    before, address = names(page), page.url
    page.reload()
    expect(page.locator(".card")).to_have_count(COUNT)
    assert names(page) == before
    assert page.url == address
    expect_all_painted(page)
    assert submissions.urls == ["/characters"]


def test_the_link_of_a_closed_tab_shows_the_pictures_at_once(
    context: BrowserContext, page: Page, url: str, atelier: tuple[Server, Worker]
) -> None:
    generate(page, url)
    address = page.url
    page.close()
    wait_until_painted(atelier[0], address)
    later = context.new_page()
    later.goto(address)
    expect_all_painted(later)


def test_without_websockets_the_page_polls(page: Page, url: str) -> None:
    def refuse(socket: WebSocketRoute) -> None:
        socket.close(code=1011)

    page.route_web_socket(re.compile("/ws"), refuse)
    polled: list[str] = []
    page.on("request", lambda request: polled.append(request.url) if "/jobs?id=" in request.url else None)
    generate(page, url)
    expect_all_painted(page)
    assert polled


def test_two_tabs_show_the_same(context: BrowserContext, page: Page, url: str) -> None:
    generate(page, url)
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator(".card")).to_have_count(COUNT)
    assert names(other) == names(page)
    for tab in (page, other):
        expect_all_painted(tab)


def test_a_line_that_is_cut_for_five_seconds_ends_well(page: Page, redis_url: str) -> None:
    environment = {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": "cut:",
        "LIMNER_PAINTER_SECONDS": "3",
    }
    with Worker(environment), ProxiedServer(environment) as proxied:
        generate(page, f"{proxied.proxy.url}/")
        expect(painting(page).first).to_be_visible()
        proxied.proxy.cut()
        expect(page.get_by_text("Reconnecting…").first).to_be_visible()
        page.wait_for_timeout(2_000)  # three seconds of silence went by before the words, these make five
        proxied.proxy.mend()
        expect_all_painted(page)
        expect(page.get_by_text("Reconnecting…").first).to_be_hidden()


def test_an_offline_browser_goes_on_when_it_is_online_again(context: BrowserContext, page: Page, url: str) -> None:
    generate(page, url)
    expect(painting(page).first).to_be_visible()
    context.set_offline(True)
    page.wait_for_timeout(5_000)  # this is what it is to be offline
    context.set_offline(False)
    expect_all_painted(page)


def test_a_killed_server_comes_back_and_the_page_needs_no_reload(page: Page, redis_url: str) -> None:
    environment = {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": "killed:",
        "LIMNER_PAINTER_SECONDS": "2",
    }
    with Worker(environment), Server(environment) as server:
        generate(page, f"{server.url}/")
        expect(painting(page).first).to_be_visible()
        server.kill()
        server.start()
        expect_all_painted(page)


def test_a_double_click_is_one_set(context: BrowserContext, page: Page, url: str) -> None:
    submissions = Submissions(context)
    page.goto(url)
    page.locator("#commission [type=submit]").dblclick()
    expect(page.locator(".card")).to_have_count(COUNT)
    assert submissions.urls == ["/characters"]


def test_a_set_that_is_no_longer_there_is_said_so_kindly(page: Page, url: str) -> None:
    page.goto(f"{url}#set=00000000-0000-4000-8000-000000000000")
    expect(page.get_by_text("An empty wall")).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)


def test_the_page_can_be_used_with_the_keyboard_alone(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("#theme").focus()
    page.keyboard.type("the sea")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(COUNT)
    expect(page.locator("#live")).not_to_be_empty()
    expect_all_painted(page)
    page.locator(".save").first.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".png")
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(page: Page, url: str, scheme: str, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    generate(page, url)
    width = page.locator("html").evaluate("element => element.scrollWidth")
    assert width <= 360
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    png = (tmp_path / "phone.png").read_bytes()
    assert struct.unpack(">II", png[16:24])[0] == 360


class ProxiedServer(Server):
    """A server that believes the proxy's address to be its own: pages come from there."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.proxy = Proxy(0)
        super().__init__({**environment, "LIMNER_PUBLIC_URL": self.proxy.url})
        self.proxy.target = self.port

    def __enter__(self) -> "ProxiedServer":
        super().__enter__()
        self.proxy.__enter__()
        return self

    def __exit__(self, *about: object) -> None:
        self.proxy.__exit__()
        super().__exit__()
