"""A stranger's story over a real `./limner up`: from three people of chance to a world that is kept, and moves."""

import re
import signal
import sys
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, StorageState, expect

from tests.browser.support.boards import expect_painted, shown
from tests.support.boards import portraits, wait_until_kept
from tests.support.limner import free_port
from tests.support.postgres import value, wait_for
from tests.support.up import up

pytestmark = [
    pytest.mark.browser,
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and needs a kernel that ends orphans"),
]

PLAY = """() => {
  const videos = [...document.querySelectorAll("video")];
  const plays = ({ readyState, currentTime, loop }) => readyState >= 2 && currentTime > 0.2 && loop;
  return videos.length === 3 && videos.every(plays);
}"""


def test_three_are_kept_while_they_are_painted_seen_by_another_set_in_motion_and_there_after_a_restart(
    browser: Browser, tmp_path: Path
) -> None:
    port = str(free_port())
    with up(tmp_path, "--port", port, LIMNER_PAINTER_SECONDS="1") as limner:
        address, cookies = keep_three_and_leave(browser, limner.url)
        wait_until_kept(address, 3)
        with browser.new_context() as elsewhere:
            page = elsewhere.new_page()
            page.goto(address)
            expect_three_pictures(page)
            assert page.request.get(address).json()["yours"] is False
        expect_no_picture_in(limner.environment_of("serve")["LIMNER_DATABASE_URL"])
        with browser.new_context(storage_state=cookies) as again:
            page = again.new_page()
            page.goto(address)
            expect_three_pictures(page)
            set_in_motion(page)
        limner.process.send_signal(signal.SIGINT)
        limner.lines.rest()
        assert limner.process.wait() == 0
    with up(tmp_path, "--port", port), browser.new_context(storage_state=cookies) as later:
        page = later.new_page()
        page.goto(address)
        expect_three_pictures(page)
        page.wait_for_function(PLAY)
        assert page.request.get(address).json()["yours"] is True


def keep_three_and_leave(browser: Browser, url: str) -> tuple[str, StorageState]:
    """The address of the board, and what the browser keeps of who made it."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(url)
        page.locator("#commission [type=submit]").click()
        expect(page.locator("limner-portrait[state=processing]")).to_be_visible()
        page.get_by_role("button", name="Keep", exact=True).click()
        page.wait_for_url(re.compile("/worlds/[0-9a-f-]{36}$"))
        jobs = [portrait["job"] for portrait in portraits(page.url).values()]
        assert None in [page.request.get(f"{url}/jobs/{job}").json()["finished_at"] for job in jobs]
        return page.url, context.storage_state()


def expect_three_pictures(page: Page) -> None:
    """Each is here, decoded, and comes from the object store."""
    cards = page.locator(".card")
    expect(cards).to_have_count(3)
    for card in cards.all():
        expect_painted(card)
        picture = page.request.get(urljoin(page.url, shown(card).get_attribute("src")))
        assert (picture.status, picture.headers["content-type"]) == (200, "image/png")


def expect_no_picture_in(database_url: str) -> None:
    kept = "select count(*) from lore_pieces where details ? 'image_portrait' and not details ? 'image_portrait_base64'"
    assert wait_for(value(database_url, kept)) == 3
    for table in ("lore_pieces", "media"):
        longest = wait_for(value(database_url, f"select max(length({table}::text)) from {table}"))
        assert longest < 5_000  # a picture has a hundred times as much


def set_in_motion(page: Page) -> None:
    parts: dict[str, set[int]] = {}

    def note(response: Response) -> None:
        if urlsplit(response.url).path.endswith("_video.mp4"):
            parts.setdefault(response.url, set()).add(response.status)

    page.on("response", note)
    page.get_by_role("button", name="Generate missing videos (3)").click()
    expect(page.locator("video")).to_have_count(3)
    page.wait_for_function(PLAY)
    assert list(parts.values()) == [{206}] * 3
