"""A real Chromium, and a server and worker that paint slowly enough to be watched."""

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.support.left_out import chromium
from tests.support.limner import Server, Worker, limner
from tests.support.postgres import execute, url_of, wait_for

# What keeps a machine without a network, a screen or a second user quiet.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 60_000


# Playwright's synchronous face keeps an event loop running in this thread: it must be gone before the next package.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


# Without a graphics card whatever moves costs more than all the rest: a test that looks at motion asks for it.
@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as context:
        context.set_default_timeout(SECONDS)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says of errors."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture(scope="session")
def atelier(redis_url: str) -> Iterator[tuple[Server, Worker]]:
    """Each portrait takes about two seconds here."""
    environment = {"LIMNER_REDIS_URL": redis_url, "LIMNER_REDIS_PREFIX": "atelier:", "LIMNER_PAINTER_SECONDS": "2"}
    with limner(environment) as both:
        yield both


@pytest.fixture
def url(atelier: tuple[Server, Worker]) -> str:
    return f"{atelier[0].url}/"


@pytest.fixture(scope="session")
def keeping_environment(
    redis_url: str, postgres_url: str, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The settings of `keeping`, for one more server beside it."""
    name = f"keeping_{secrets.token_hex(8)}"
    wait_for(execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {migrated}"))
    yield {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": f"{name}:",
        "LIMNER_DATABASE_URL": url_of(postgres_url, name),
        "LIMNER_OBJECTS_DIR": str(tmp_path_factory.mktemp("objects")),
        "LIMNER_PAINTER_SECONDS": "1.5",
        "LIMNER_MEDIA_SECONDS": "0.1",
    }
    wait_for(execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def keeping(keeping_environment: dict[str, str]) -> Iterator[tuple[Server, Worker]]:
    """A server and a worker that keep worlds. A portrait takes more than a second."""
    with limner(keeping_environment) as both:
        yield both
