"""A board, and the worlds that hang on it, as the tests make and look at them."""

import base64
import re
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import BrowserContext, Locator, Page, expect


def character(name: str, *, painted: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "race": "Elf",
        "class": "Archivist",
        "traits": ["patient"],
        "stats": {"charm": 12},
        "backstory": f"{name} keeps the lamps.",
        "appearance": "grey braid",
        **({"image_portrait_base64": picture(len(name))} if painted else {}),
    }


def picture(shade: int) -> str:
    encoded, data = cv2.imencode(".png", np.full((64, 64, 3), 40 * shade % 255, np.uint8))
    assert encoded
    return base64.b64encode(bytes(data)).decode()


def keep(context: BrowserContext, root: str, *characters: dict[str, Any], name: str = "The night market") -> str:
    """The address of a world that belongs to whoever uses this context."""
    answer = context.request.post(f"{root}/worlds", data={"name": name, "characters": list(characters)})
    assert answer.status == 201, answer.text()
    return f"{root}/worlds/{answer.json()['world_id']}"


def card(page: Page, name: str) -> Locator:
    return page.locator(".card").filter(has=page.get_by_role("heading", name=name))


def shown(card: Locator) -> Locator:
    """The picture on the wall."""
    return card.locator(".exhibit > .layer img")


def expect_painted(card: Locator) -> None:
    """The picture is here, decoded, and comes from the object store."""
    card.scroll_into_view_if_needed()
    expect(shown(card)).to_have_attribute("src", re.compile("/objects/portraits/"))
    assert shown(card).evaluate("image => image.complete && image.naturalWidth > 0")


def state(card: Locator, words: str) -> None:
    expect(card.locator(".states")).to_have_text(words)
