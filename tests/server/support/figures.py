"""What a server counts, as `/metrics` says it."""

import asyncio
import re
import time
from collections.abc import Callable

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.limner import Server

DEADLINE_SECONDS = 30.0

Start = Callable[..., Server]


async def figure(url: str, name: str, key: str = "") -> float:
    """One sample, by its name and labels as they are written: `limner_connections{transport="events"}`."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(headers=headers, verify=False) as http:
        text = (await http.get(f"{url}/metrics")).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


async def until_figure(url: str, name: str, value: float) -> None:
    """Look until the sample has this value. Raises TimeoutError."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await figure(url, name) != value:  # noqa: ASYNC110 - nothing says when a server has counted
            await asyncio.sleep(0.02)


class Figures:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self._values = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self._values[f"limner_{name}", frozenset(labels.items())]

    def __str__(self) -> str:
        moved = [(name, *sorted(labels), value) for (name, labels), value in self._values.items() if value]
        return "\n".join(map(repr, moved))

    def names(self) -> set[str]:
        return {name for name, _ in self._values}


def figures(server: Server) -> Figures:
    return Figures(httpx.get(f"{server.url}/metrics", verify=False).raise_for_status().text)


async def until(server: Server, wanted: Callable[[Figures], bool]) -> Figures:
    """Ask until the figures are as wanted: a server learns of a client's end when it comes to it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not wanted(now := await asyncio.to_thread(figures, server)):
        assert time.monotonic() < deadline, str(now)
        await asyncio.sleep(0.02)
    return now
