"""The page at a path of a site, as nginx hands it on: nothing of it may look beside that path."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.support.boards import character, expect_painted, keep
from tests.support.behind_nginx import Site, behind_nginx
from tests.support.limner import Worker

pytestmark = [pytest.mark.browser, pytest.mark.nginx]

COUNT = 3


@pytest.fixture
def painting_site(environment: dict[str, str]) -> Iterator[Site]:
    with ExitStack() as stack:
        site = stack.enter_context(behind_nginx(environment))
        settings = {**environment, "LIMNER_PUBLIC_URL": site.url, "LIMNER_PAINTER_SECONDS": "1"}
        stack.enter_context(Worker(settings)).wait_until_started()
        yield site


def test_characters_are_written_and_painted_and_there_again_after_a_reload(
    context: BrowserContext, page: Page, painting_site: Site, complaints: list[str]
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    path = f"{urlsplit(painting_site.url).path}/"

    page.goto(painting_site.url)  # without the slash at its end
    assert urlsplit(page.url).path == path
    page.locator("#commission [type=submit]").click()
    expect(page.locator(".card")).to_have_count(COUNT)
    expect(page.locator("limner-portrait[state=processing]").first).to_be_visible()
    page.reload()
    expect(page.locator("limner-portrait[state=succeeded]")).to_have_count(COUNT)
    for picture in page.locator("limner-portrait img[alt]").all():
        expect(picture).to_be_visible()

    assert complaints == []
    ours = [url for url in map(urlsplit, asked) if url.port == painting_site.nginx.port]
    assert {url.path for url in ours if not url.path.startswith(path)} <= {path.rstrip("/")}
    assert {f"{path}characters", f"{path}ws"} <= {url.path for url in ours}
    assert any(url.path.startswith(f"{path}temp-portraits/") for url in ours)


def test_the_library_and_what_it_is_made_of_come_from_below_that_path(
    context: BrowserContext, page: Page, site: Site
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(urlsplit(request.url).path))
    path = f"{urlsplit(site.url).path}/"
    page.goto(f"{site.url}/worlds")
    expect(page.locator("#notice")).to_contain_text("LIMNER_DATABASE_URL")
    assert [url for url in asked if not url.startswith(path)] == []
    assert {f"{path}web/app/worlds.css", f"{path}web/app/worlds.js", f"{path}worlds"} <= set(asked)
    page.get_by_role("link", name="Limner, to the front page").click()
    expect(page).to_have_url(f"{site.url}/")
    expect(page.get_by_role("link", name="Library")).to_have_attribute("href", "worlds")


def test_a_board_and_what_hangs_on_it_come_from_below_that_path(
    context: BrowserContext,
    page: Page,
    environment: dict[str, str],
    database_url: str,
    tmp_path: Path,
    complaints: list[str],
) -> None:
    keeping = {
        **environment,
        "LIMNER_DATABASE_URL": database_url,
        "LIMNER_OBJECTS_DIR": str(tmp_path / "objects"),
        "LIMNER_MEDIA_SECONDS": "0.1",
    }
    asked: list[str] = []
    with behind_nginx(keeping) as site, Worker({**keeping, "LIMNER_PUBLIC_URL": site.url}) as worker:
        worker.wait_until_started()
        address = keep(context, site.url, character("Ada", painted=True), name="Below")
        context.on("request", lambda request: asked.append(request.url))
        page.emulate_media(reduced_motion="no-preference")
        page.goto(f"{site.url}/worlds")
        page.get_by_role("link", name="Below").click()
        expect(page).to_have_url(address)
        expect_painted(page.locator(".card"))
        page.get_by_role("button", name="Make a video").click()
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2")
        page.get_by_role("link", name="Library").click()
        expect(page.locator(".world img")).to_have_js_property("complete", True)

        assert complaints == []
        assert [url for url in asked if not url.startswith(f"{site.url}/")] == []
        for end in ("_portrait.png", "_video.mp4", "_video_poster.jpg"):
            assert any(url.startswith(f"{site.url}/objects/") and url.endswith(end) for url in asked)
