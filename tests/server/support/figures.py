"""What a server counts, as `/metrics` says it."""

import asyncio
import re

import httpx

DEADLINE_SECONDS = 20.0


async def figure(url: str, name: str, key: str = "") -> float:
    """One sample, by its name and labels as they are written: `limner_connections{transport="events"}`."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(headers=headers) as http:
        text = (await http.get(f"{url}/metrics")).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


async def until_figure(url: str, name: str, value: float) -> None:
    """Look until the sample has this value. Raises TimeoutError."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await figure(url, name) != value:  # noqa: ASYNC110 - nothing says when a server has counted
            await asyncio.sleep(0.02)
