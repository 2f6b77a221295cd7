"""What earlier pages taught to look at: work in the background that is told truthfully, in a real Chromium."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.support.sets import Submissions, painted, painting, wait_until_painted
from tests.support.chat_server import Answer, ChatServer
from tests.support.limner import Server, Worker, limner

pytestmark = pytest.mark.browser

PICTURES = "**/temp-portraits/*/image*"
NOTES_TOASTS = """
window.told = [];
const note = (toast) => {
  const [label, text] = [...toast.querySelectorAll(".text > p")].map((line) => line.textContent);
  const image = toast.querySelector("img");
  window.told.push({ label, text, picture: image !== null && image.complete && image.naturalWidth > 0 });
};
const toasts = new MutationObserver((records) => {
  for (const { addedNodes } of records)
    for (const node of addedNodes) if (node instanceof Element && node.matches(".toast")) note(node);
});
new MutationObserver((_, page) => {
  const root = document.querySelector("limner-tray")?.shadowRoot;
  if (!root) return;
  page.disconnect();
  toasts.observe(root, { subtree: true, childList: true });
}).observe(document, { subtree: true, childList: true });
"""
HIDES = """
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
window.hide = (on) => {
  hidden = on;
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
};
"""


@pytest.fixture(scope="module")
def atelier(redis_url: str) -> Iterator[tuple[Server, Worker]]:
    """Each portrait takes about a second here, one after the other."""
    environment = {"LIMNER_REDIS_URL": redis_url, "LIMNER_REDIS_PREFIX": "seeds:", "LIMNER_PAINTER_SECONDS": "1.2"}
    with limner(environment) as both:
        yield both


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    context.add_init_script(NOTES_TOASTS)
    context.add_init_script(HIDES)
    return context


def generate(page: Page, url: str, count: int = 1) -> None:
    page.goto(url)
    page.locator("#count").fill(str(count))
    page.locator("#commission [type=submit]").click()


def names(page: Page, count: int = 1) -> list[str]:
    expect(page.locator(".card .stats")).to_have_count(count)
    return page.locator(".card h3").all_inner_texts()


def told(page: Page, label: str) -> list[str]:
    """The toasts that were shown of one task, in their order."""
    found: list[dict[str, str]] = page.evaluate("window.told")
    return [toast["text"] for toast in found if toast["label"] == label]


def until_told(page: Page, label: str, text: str) -> None:
    """A toast goes after a while; what it told is remembered."""
    page.wait_for_function(
        "([label, text]) => window.told.some((toast) => toast.label === label && toast.text === text)",
        arg=[label, text],
    )


def toast(page: Page, news: str, label: str) -> Locator:
    return page.locator(f"limner-tray .toast.{news}").filter(has_text=label)


def rows(page: Page) -> Locator:
    return page.locator("limner-tray .row")


def toggle(page: Page) -> Locator:
    return page.locator("limner-tray .toggle")


def hide(page: Page, hidden: bool) -> None:
    page.evaluate("hidden => window.hide(hidden)", hidden)


@contextmanager
def chat(*answers: Answer) -> Iterator[ChatServer]:
    """Beside Playwright's own loop."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(ChatServer(*answers)) as server:
        yield server


# What was asked of tasks in the background.


def test_a_tab_is_closed_and_reopened_later_and_what_was_made_meanwhile_is_told_and_shown(
    context: BrowserContext, page: Page, url: str, atelier: tuple[Server, Worker]
) -> None:
    submissions = Submissions(context)
    generate(page, url)
    (name,) = names(page)
    expect(painting(page)).to_be_visible()
    address = page.url
    page.close()
    wait_until_painted(atelier[0], address)

    later = context.new_page()
    later.goto(url)
    done = toast(later, "succeeded", name)
    expect(done.locator("img")).to_be_visible()
    done.get_by_role("link", name="Show").click()
    expect(painted(later)).to_have_count(1)
    assert names(later) == [name]
    assert told(later, name) == ["Painted"]
    assert submissions.urls == ["/characters"]


def test_polling_resumes_for_a_tab_that_is_reopened_in_the_middle(
    context: BrowserContext, page: Page, url: str
) -> None:
    generate(page, url, 2)
    both = names(page, 2)
    expect(painting(page).first).to_be_visible()
    page.wait_for_function("names => names.every((name) => window.told.some(({ label }) => label === name))", arg=both)
    address = page.url
    page.close()

    again = context.new_page()
    again.goto(address)
    expect(again.locator("limner-portrait").get_by_text("Generating portrait…").first).to_be_visible()
    toggle(again).click()
    expect(rows(again).first).to_be_visible()
    expect(rows(again).locator("[role=progressbar][aria-valuenow]").first).to_be_visible()
    expect(painted(again)).to_have_count(2)
    for name in both:
        until_told(again, name, "Painted")
        assert "Queued" not in told(again, name)


# What was asked of the telling.


def test_status_updates_are_observed_from_queued_to_done(page: Page, url: str) -> None:
    generate(page, url, 2)
    _, second = names(page, 2)
    toggle(page).click()
    row = rows(page).filter(has_text=second)
    expect(row.locator("[role=progressbar]:not([aria-valuenow])")).to_be_attached()
    expect(row.locator("[role=progressbar][aria-valuenow]")).to_be_visible()
    expect(toast(page, "succeeded", second)).to_be_visible()
    assert told(page, second) == ["Queued", "Being painted", "Painted"]
    assert told(page, "Whoever chance sent")[-1] == "Written; the portraits follow"


def test_notifications_come_at_the_right_times_and_none_of_success_before_the_picture(page: Page, url: str) -> None:
    held: list[Route] = []
    page.route(PICTURES, lambda route: held.append(route))
    with page.expect_request(PICTURES):
        generate(page, url)
    (name,) = names(page)
    expect(toggle(page)).to_contain_text("1 in progress")
    assert "Painted" not in told(page, name)
    for route in held:
        route.continue_()
    page.unroute(PICTURES)
    expect(toast(page, "succeeded", name)).to_be_visible()
    found = page.evaluate("window.told")
    assert [each["picture"] for each in found if each["text"] == "Painted"] == [True]
    page.reload()
    expect(painted(page)).to_have_count(1)
    assert page.evaluate("window.told") == []


def test_the_loading_state_clears_on_completion(page: Page, url: str) -> None:
    generate(page, url)
    expect(toggle(page)).to_contain_text("1 in progress")
    expect(painted(page)).to_have_count(1)
    expect(toggle(page)).to_be_hidden()
    expect(rows(page)).to_have_count(0)
    expect(page.locator("[role=progressbar]:visible")).to_have_count(0)


def test_error_scenario_a_submission_that_reaches_nobody_is_not_told_as_queued(page: Page, url: str) -> None:
    page.route("**/characters", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        generate(page, url)
    expect(page.locator("#commission [aria-busy]")).to_be_visible()
    assert page.evaluate("window.told") == []
    page.unroute("**/characters")
    names(page)
    expect(toast(page, "succeeded", "Whoever chance sent")).to_be_visible()


def test_error_scenario_a_provider_that_refuses_is_told_with_its_reason_and_no_button_to_try_again(
    page: Page, environment: dict[str, str]
) -> None:
    with chat(Answer(refusal="I would rather not.")) as provider:
        settings = {"LIMNER_TEXT_PROVIDER": "chat", "LIMNER_CHAT_URL": provider.base_url}
        with limner({**environment, **settings}) as (server, _):
            generate(page, f"{server.url}/")
            failure = toast(page, "failed", "Could not be written")
            expect(failure).to_contain_text("The provider refused this description. Please change it.")
            expect(failure.get_by_role("button", name="Try again")).to_have_count(0)
            expect(toggle(page)).to_have_text("1 failed")
            failure.get_by_role("link", name="Change the description").click()
            expect(page.locator("#theme")).to_be_focused()
            page.reload()
            toggle(page).click()
            expect(rows(page)).to_contain_text("The provider refused this description.")
            rows(page).get_by_role("button", name="Dismiss").click()
            expect(toggle(page)).to_be_hidden()
            assert page.evaluate("window.told") == []


def test_timeout_scenario_a_job_beyond_its_limit_is_told_and_may_be_tried_again(
    page: Page, environment: dict[str, str]
) -> None:
    settings = {"LIMNER_PAINTER_SECONDS": "60", "LIMNER_PORTRAIT_SECONDS": "1"}
    with limner({**environment, **settings}) as (server, _):
        generate(page, f"{server.url}/", 2)
        first, second = names(page, 2)
        for name in (first, second):
            expect(toast(page, "failed", name)).to_contain_text("This took too long")
            assert told(page, name)[-2:] == ["Being painted", "Could not be painted"]
        toast(page, "failed", first).get_by_role("button", name="Try again").click()
        expect(toast(page, "processing", first)).to_be_visible()
        expect(toast(page, "failed", first)).to_be_visible()
        toggle(page).click()
        page.get_by_role("button", name="Try all again").click()
        expect(rows(page).and_(page.locator(".failed"))).to_have_count(0)
        expect(rows(page)).to_have_count(2)
        expect(toggle(page)).to_contain_text("1 in progress")
        assert [told(page, name).count("Could not be painted") for name in (first, second)] == [2, 1]


def test_several_at_once_are_isolated_one_is_stopped_and_the_others_are_painted(page: Page, url: str) -> None:
    generate(page, url, 3)
    first, second, third = names(page, 3)
    toggle(page).click()
    rows(page).filter(has_text=second).get_by_role("button", name="Stop").click()
    expect(rows(page).filter(has_text=second)).to_have_count(0)
    for name in (first, third):
        expect(toast(page, "succeeded", name)).to_be_visible()
    assert told(page, second)[-1] == "Stopped"
    assert [told(page, name).count("Painted") for name in (first, second, third)] == [1, 0, 1]


# The tab that nobody looks at, the other tab, and the keyboard.


def test_a_hidden_tab_tells_by_title_and_icon_and_another_tab_follows_what_was_submitted(
    context: BrowserContext, page: Page, url: str
) -> None:
    other = context.new_page()
    other.goto(url)
    hide(other, True)
    icon = other.locator("link[rel=icon]")
    plain = icon.get_attribute("href")

    generate(page, url, 2)
    _, name = names(page, 2)
    expect(other).to_have_title(re.compile(r"^\([12]\) Limner$"))
    assert (icon.get_attribute("href") or "").startswith("data:image/svg+xml")
    hide(page, True)
    expect(other).to_have_title("✓ Limner")
    assert other.evaluate("window.told") == []
    hide(other, False)
    expect(other).to_have_title("Limner")
    assert icon.get_attribute("href") == plain
    expect(toast(other, "succeeded", name)).to_be_visible()
    hide(page, False)
    expect(page).to_have_title("2 of 2 painted – Limner")
    assert "Painted" not in told(page, name)


def test_the_tray_is_used_with_the_keyboard_alone_and_says_what_happens(page: Page, url: str) -> None:
    generate(page, url, 3)
    *_, name = names(page, 3)
    expect(page.get_by_role("region", name="Background tasks")).to_be_visible()
    expect(toggle(page)).to_have_attribute("aria-expanded", "false")
    toggle(page).focus()
    page.keyboard.press("Enter")
    stop = page.get_by_role("button", name=f"Stop: {name}")
    expect(stop).to_be_visible()
    page.keyboard.press("Tab")
    expect(rows(page).get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(stop).to_be_hidden()
    expect(toggle(page)).to_be_focused()
    page.keyboard.press("Enter")
    stop.focus()
    page.keyboard.press("Enter")
    expect(toast(page, "canceled", name)).to_be_visible()
    expect(page.locator("limner-tray [role=status]")).to_contain_text(f"{name}: Stopped.")
