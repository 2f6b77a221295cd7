"""What a server says of a world, to whoever has its link."""

import time
from typing import Any

import httpx

from tests.support.limner import DEADLINE_SECONDS


def portraits(address: str) -> dict[str, dict[str, Any]]:
    """How the portraits of a world stand, by the names of its characters."""
    characters = httpx.get(address, verify=False).raise_for_status().json()["characters"]
    return {character["name"]: character["portrait"] for character in characters}


def wait_until_kept(address: str, count: int) -> None:
    """Until so many portraits are in the object store, whether a page shows them or not."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while sum(portrait["kept"] for portrait in portraits(address).values()) < count:
        assert time.monotonic() < deadline, portraits(address)
        time.sleep(0.05)  # nobody is told when a picture has arrived
