"""Four clients with one face: each way in that docs/protocol.md describes, used as a careful program would use it.

    async with watching(Transport.EVENTS, server.url, job_ids) as watch:
        ...
        await watch.until_final(job_ids, timeout=20)
    assert watch.broken_promises() == []

A watch goes on through whatever happens until it is left: it connects again at once after every loss (0.05 s between
two tries, however long the server asks to wait; `told` says what it asked), and asks again after every answer. What
each transport promises, and `broken_promises` therefore looks for:

WEBSOCKET  One socket for all jobs. Says on coming back which versions it has. No version ever comes twice, none older
           after a newer, but for what follows an `unknown`.
WAIT       One request for each job, `If-None-Match` and `Prefer: wait`. The same promise. A job that is final or
           unknown is asked for after a `pause`, for such an answer is not held.
MANY       One request for all jobs. The same promise, but states between may be missed more easily, and an answer
           names jobs that did not change as well; no answer is the same as the one before.
EVENTS     One event stream for all jobs. The same promise within one stream; a new stream begins with every state as
           it is, which is the one seen last or a newer one.

All four: whatever is cut, killed or restarted, the final state of the newest attempt is seen, or `unknown` if the store
has lost the job. A store that has lost its last seconds without having lost the job may show an older version than
before; `broken_promises` calls that broken.
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

FINAL = frozenset({"succeeded", "failed", "canceled"})
MISSING = frozenset({"unknown", "expired"})
RECONNECT_SECONDS = 0.05
POLLS_A_SECOND = 100


class Transport(StrEnum):
    WEBSOCKET = "websocket"
    WAIT = "wait"
    MANY = "many"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a job: a version and its status, or 0 and `unknown` or `expired`.

    `line` tells apart the connections, or, where one asks, the times between two losses.
    """

    version: int
    status: str
    line: int


class Watch:
    """`seen` has each job's sights in their order. `told` counts what was said besides:

    `subscribed`, `unavailable` (an `error` of this code, or 503), `crowded` (429), `goodbye`, closes by their code, and
    `stands` for each time that contact was made.
    """

    def __init__(self, transport: Transport, job_ids: Iterable[str]) -> None:
        self.transport = transport
        self.seen: dict[str, list[Sight]] = {job_id: [] for job_id in job_ids}
        self.told: Counter[str] = Counter()
        self.lines = 0
        self._repeated: list[str] = []
        self._news = asyncio.Event()

    @property
    def reconnects(self) -> int:
        """How often contact was made again after it had been lost. Of WAIT each job's contact is one of its own."""
        return max(0, self.lines - (len(self.seen) if self.transport is Transport.WAIT else 1))

    def last(self, job_id: str) -> Sight | None:
        return self.seen[job_id][-1] if self.seen[job_id] else None

    def status(self, job_id: str) -> str | None:
        last = self.last(job_id)
        return last.status if last is not None else None

    def versions(self, job_id: str) -> list[int]:
        return [sight.version for sight in self.seen[job_id]]

    async def until(self, true: Callable[["Watch"], bool], timeout: float = 30) -> None:
        """Wait until it is true of what was seen. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not true(self):
                self._news.clear()
                await self._news.wait()

    async def until_status(self, job_id: str, *statuses: str, timeout: float = 30) -> None:
        """Wait until this is what was last seen of the job."""
        await self.until(lambda watch: watch.status(job_id) in statuses, timeout)

    async def until_final(self, job_ids: Iterable[str], timeout: float = 30) -> None:
        """Wait until what was last seen of each of these is final. Raises AssertionError naming those that are not."""
        wanted = list(job_ids)
        try:
            await self.until(lambda watch: all(watch.status(job_id) in FINAL for job_id in wanted), timeout)
        except TimeoutError:
            lacking = {job_id: self.seen[job_id][-3:] for job_id in wanted if self.status(job_id) not in FINAL}
            raise AssertionError(f"{self.transport}: {len(lacking)} not final, {self.told}: {lacking}") from None

    def broken_promises(self) -> list[str]:
        """What came twice, or older after newer."""
        broken = list(self._repeated)
        for job_id, sights in self.seen.items():
            newest = Sight(0, "", 0)
            for sight in sights:
                again = sight.line != newest.line and self.transport is Transport.EVENTS
                if sight.version == newest.version != 0 and not again:
                    broken.append(f"{self.transport}: {sight.version} of {job_id} twice")
                if 0 < sight.version < newest.version:
                    broken.append(f"{self.transport}: {sight.version} of {job_id} after {newest.version}")
                newest = sight
        return broken

    def tell(self, word: str) -> None:
        self.told[word] += 1
        self._news.set()

    def job(self, line: "Line", job: dict[str, Any]) -> None:
        self.seen[job["id"]].append(Sight(job["version"], job["status"], line.number))
        self._news.set()

    def missing(self, line: "Line", job_id: str, *, expired: bool) -> None:
        """Said twice in a row it is one sight."""
        status = "expired" if expired else "unknown"
        if self.status(job_id) != status:
            self.seen[job_id].append(Sight(0, status, line.number))
        self._news.set()

    def repeated(self, answer: str) -> None:
        self._repeated.append(f"{self.transport}: the same answer twice: {answer[:200]}")


class Line:
    """One contact with the server: `stands` when there is any, `lost` when there is none any more."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._up = False
        self.number = 0

    def stands(self) -> None:
        if not self._up:
            self._up = True
            self._watch.lines += 1
            self.number = self._watch.lines
            self._watch.tell("stands")

    def lost(self) -> None:
        self._up = False


@dataclass(frozen=True, slots=True)
class Client:
    """What all four need. Seconds where it is a time."""

    watch: Watch
    url: str
    wait: int
    pause: float
    silence: float

    def _http(self, *, held: float = 0) -> httpx.AsyncClient:
        """For one conversation: the library's pool looks through all its connections at each request."""
        timeout = httpx.Timeout(self.silence, read=self.silence + held)
        return httpx.AsyncClient(base_url=self.url, timeout=timeout, verify=False, trust_env=False)

    async def websocket(self) -> None:
        line = Line(self.watch)
        url = f"ws{self.url.removeprefix('http')}/ws"
        while True:
            try:
                async with connect(
                    url, max_size=None, ping_interval=None, open_timeout=self.silence, close_timeout=1
                ) as socket:
                    line.stands()
                    versions = {job_id: self._version(job_id) for job_id in self.watch.seen}
                    await socket.send(json.dumps({"type": "subscribe", "jobs": versions}))
                    while True:
                        async with asyncio.timeout(self.silence):
                            text = await socket.recv()
                        self._take(line, json.loads(text))
            except ConnectionClosed as closed:
                self.watch.tell(str(closed.rcvd.code if closed.rcvd is not None else 1006))
            except (OSError, InvalidHandshake, InvalidMessage, EOFError):
                pass
            line.lost()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _take(self, line: Line, message: dict[str, Any]) -> None:
        match message["type"]:
            case "job":
                self.watch.job(line, message["job"])
            case "unknown":
                self.watch.missing(line, message["job"], expired=message["expired"])
            case "error":
                self.watch.tell(message["code"])
            case kind:
                self.watch.tell(kind)

    def _version(self, job_id: str) -> int:
        last = self.watch.last(job_id)
        return last.version if last is not None else 0

    async def each(self) -> None:
        async with asyncio.TaskGroup() as group:
            for job_id in self.watch.seen:
                group.create_task(self._ask(f"/jobs/{job_id}", {}, self._read_one(job_id)))

    async def many(self) -> None:
        await self._ask("/jobs", {"id": list(self.watch.seen)}, self._read_many)

    async def _ask(self, path: str, params: dict[str, list[str]], read: Callable[[Line, httpx.Response], None]) -> None:
        """Ask again and again: at once after news and after a wait that was granted, else after a pause."""
        line, tag = Line(self.watch), ""
        async with self._http(held=self.wait) as http:
            while True:
                headers = {"If-None-Match": tag, "Prefer": f"wait={self.wait}"} if tag else {}
                try:
                    answer = await http.get(path, params=params, headers=headers)
                except httpx.TransportError:
                    line.lost()
                    await asyncio.sleep(RECONNECT_SECONDS)
                    continue
                line.stands()
                if answer.status_code in (200, 404, 410):
                    read(line, answer)
                    tag = answer.headers.get("etag", "")
                elif answer.status_code != 304:
                    self.watch.tell("crowded" if answer.status_code == 429 else "unavailable")
                if answer.status_code != 200 and "preference-applied" not in answer.headers:
                    await asyncio.sleep(self.pause)

    def _read_one(self, job_id: str) -> Callable[[Line, httpx.Response], None]:
        def read(line: Line, answer: httpx.Response) -> None:
            if answer.status_code == 200:
                self.watch.job(line, answer.json())
            else:
                self.watch.missing(line, job_id, expired=answer.status_code == 410)

        return read

    def _read_many(self, line: Line, answer: httpx.Response) -> None:
        body, news = answer.json(), False
        for job in body["jobs"]:
            if job["version"] != self._version(job["id"]):
                self.watch.job(line, job)
                news = True
        for job_id in body["unknown"]:
            before = self.watch.status(job_id)
            self.watch.missing(line, job_id, expired=job_id in body["expired"])
            news |= self.watch.status(job_id) != before
        if not news:
            self.watch.repeated(answer.text)

    async def events(self) -> None:
        line = Line(self.watch)
        params = {"job": list(self.watch.seen)}
        async with self._http() as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    async with http.stream("GET", "/events", params=params) as answer:
                        if answer.status_code == 200:
                            line.stands()
                            await self._read_stream(line, answer.aiter_bytes())
                        else:
                            self.watch.tell("crowded" if answer.status_code == 429 else "unavailable")
                line.lost()
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _read_stream(self, line: Line, chunks: AsyncIterator[bytes]) -> None:
        rest = b""
        async for chunk in chunks:
            *blocks, rest = (rest + chunk).split(b"\n\n")
            for block in blocks:
                fields = dict(part.split(b": ", 1) for part in block.split(b"\n") if not part.startswith(b":"))
                if b"event" in fields:
                    self._hear(line, fields[b"event"].decode(), json.loads(fields[b"data"]))

    def _hear(self, line: Line, name: str, data: dict[str, Any]) -> None:
        self._take(line, {"type": "job", "job": data} if name == "job" else {"type": name, **data})


@contextlib.asynccontextmanager
async def watching(
    transport: Transport, url: str, job_ids: Iterable[str], *, wait: int = 2, pause: float = 0.2, silence: float = 30
) -> AsyncIterator[Watch]:
    """Watch jobs at the server whose root is `url` (`http://host:port`, with a path if it has one).

    `wait` is what a poll asks for; `pause` lies between it and the next where it was not granted, or longer with WAIT
    where there are many jobs, for together they ask POLLS_A_SECOND at the most. A line on which no byte has come for
    `silence` is given up and made anew: it must be longer than the server's `ping_seconds`, after which it says
    something on the sockets and streams; a poll has `wait` more.
    """
    watch = Watch(transport, job_ids)
    if transport is Transport.WAIT:
        pause = max(pause, len(watch.seen) / POLLS_A_SECOND)
    client = Client(watch, url, wait, pause, silence)
    ways = {
        Transport.WEBSOCKET: client.websocket,
        Transport.WAIT: client.each,
        Transport.MANY: client.many,
        Transport.EVENTS: client.events,
    }
    task = asyncio.create_task(ways[transport]())
    try:
        yield watch
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
