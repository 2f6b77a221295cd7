"""The load: the programs of bench/native, on their core, spoken to in lines of JSON."""

import json
import os
import select
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from bench.hub.jobs import SEED
from bench.hub.machine import pinned
from bench.hub.setup import Setup
from bench.hub.target import Dialect, Place, Publication
from bench.processes import NotMeasured

CONNECT_SECONDS = 90.0
IDLE_SECONDS = 3.0
"""What has not come this long after the last that came, comes no more."""
GRACE_SECONDS = 5.0
"""How much later than its own limit a program may answer."""

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ComingBack:
    """How clients come back, in ms: as the web client does."""

    window: int = 5_000
    backoff: int = 500
    most: int = 20_000


class Clients:
    """`count` WebSocket clients with `jobs` jobs each, the first of all being job number `first`.

    Entered, they are connected and have subscribed. Raises NotMeasured if not all of them could.
    """

    def __init__(
        self,
        setup: Setup,
        dialect: Dialect,
        place: Place,
        count: int,
        *,
        jobs: int = 1,
        first: int = 0,
        never_read: bool = False,
        coming_back: ComingBack | None = None,
    ) -> None:
        self.count = count
        self.jobs = count * jobs
        self._core = setup.cores.load
        words = [str(setup.programs.clients), "--path", dialect.path]
        for step in dialect.steps:
            words += ["--step", step]
        for header in dialect.headers:
            words += ["--header", header]
        if dialect.reply is not None:
            words += ["--question", dialect.reply[0], "--answer", dialect.reply[1]]
        if coming_back is not None:
            words += ["--window-ms", str(coming_back.window), "--backoff-ms", str(coming_back.backoff)]
            words += ["--backoff-most-ms", str(coming_back.most)]
        numbers = {"port": place.port, "clients": count, "jobs": jobs, "first": first, "seed": SEED}
        numbers |= {"never-read": int(never_read)}
        self._words = [*words, *(word for name, value in numbers.items() for word in (f"--{name}", str(value)))]
        self._heard = b""

    @cached_property
    def _process(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, preexec_fn=pinned(self._core)
        )

    def __enter__(self) -> Self:
        try:
            ready = self._answer("ready", CONNECT_SECONDS)
            if ready["open"] < self.count:
                raise NotMeasured(f"Only {ready['open']} of {self.count} clients could connect: {ready}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def reset(self) -> None:
        """Forget all figures so far."""
        self._say("reset")

    def report(self) -> Figures:
        self._say("report")
        return self._answer("report", 0)

    def read(self) -> None:
        """Those who never read begin to."""
        self._say("read")

    def target(self, version: int) -> None:
        """Count the jobs that have come to this version from now on."""
        self._say(f"target {version}")

    def wait(self, deliveries: int, seconds: float, idle: float = IDLE_SECONDS) -> Figures:
        """Until so many events came, or none any more, or the time is over."""
        self._say(f"wait {deliveries} {idle * 1000:.0f} {seconds * 1000:.0f}")
        return self._answer("wait", seconds)

    def reach(self, seconds: float, idle: float = IDLE_SECONDS) -> Figures:
        """Until all jobs have come to the target, or none does any more, or the time is over."""
        self._say(f"reach {idle * 1000:.0f} {seconds * 1000:.0f}")
        return self._answer("reach", seconds)

    def _say(self, line: str) -> None:
        if self._process.stdin is None:
            raise NotMeasured("The clients cannot be told anything.")
        try:
            self._process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            raise NotMeasured("The clients' process has ended.") from None

    def _answer(self, event: str, seconds: float) -> Figures:
        figures: Figures = json.loads(self._line(time.monotonic() + seconds + GRACE_SECONDS))
        if figures["event"] != event:
            raise NotMeasured(f"The clients answered {figures['event']} where {event} was asked for.")
        return figures

    def _line(self, deadline: float) -> bytes:
        out = self._process.stdout
        if out is None:
            raise NotMeasured("The clients have no output.")
        while b"\n" not in self._heard:
            readable, _, _ = select.select([out], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(out.fileno(), 65_536) if readable else b""
            if not part:
                raise NotMeasured("The clients have ended." if readable else "The clients did not answer in time.")
            self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        return line


class Publishing:
    """A publisher at work. `result` waits for its end; raises NotMeasured if not everything was acknowledged."""

    def __init__(
        self,
        setup: Setup,
        publication: Publication,
        *,
        jobs: int,
        version: int,
        rounds: int,
        rate: float = 0,
        first: int = 0,
        seconds: float = 60.0,
    ) -> None:
        """Each of `jobs` jobs `rounds` times, from `version` on; `rate` events a second, 0: as fast as it goes."""
        self._wanted = jobs * rounds
        self._seconds = seconds
        self._template = setup.folder / f"event-{time.monotonic_ns()}"
        self._template.write_bytes(publication.template)
        numbers = {
            "port": publication.port,
            "jobs": jobs,
            "first": first,
            "seed": SEED,
            "count": self._wanted,
            "rate": round(rate),
            "window": publication.window,
            "connections": publication.connections,
            "acknowledgements": publication.acknowledgements,
            "version": version,
            "most-ms": round(seconds * 1000),
        }
        token = "".join(f"\\x{byte:02x}" for byte in publication.acknowledgement)
        words = [str(setup.programs.publish), "--template", str(self._template), "--acknowledgement", token]
        self._process = subprocess.Popen(
            [*words, *(word for name, value in numbers.items() for word in (f"--{name}", str(value)))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=pinned(setup.cores.load),
        )

    def result(self) -> Figures:
        try:
            out, errors = self._process.communicate(timeout=self._seconds + GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotMeasured("The publisher did not end.") from None
        finally:
            self.end()
        if self._process.returncode:
            raise NotMeasured(f"The publisher failed: {errors.decode(errors='replace').strip()}")
        figures: Figures = json.loads(out)
        if figures["acknowledged"] < self._wanted:
            raise NotMeasured(f"Only {figures['acknowledged']} of {self._wanted} events could be published.")
        return figures

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._template.unlink(missing_ok=True)


def request(
    setup: Setup,
    place: Place,
    path: str,
    *,
    jobs: int,
    connections: int,
    count: int | None = None,
    every: float = 0,
    seconds: int = 60,
    status: int = 200,
    header: str = "",
) -> Figures:
    """GET `path`, with `{id}` in turn that of each job: `count` times as fast as it is answered, or for `seconds` one
    `every` so many seconds on each connection. Raises NotMeasured if another status than `status` was answered.
    """
    numbers = {
        "port": place.port,
        "jobs": jobs,
        "seed": SEED,
        "connections": connections,
        "every-ms": round(every * 1000),
        "seconds": seconds,
        "status": status,
    } | ({} if count is None else {"count": count})
    ended = subprocess.run(
        [
            *(str(setup.programs.requests), "--path", path, "--header", header),
            *(word for name, value in numbers.items() for word in (f"--{name}", str(value))),
        ],
        capture_output=True,
        text=True,
        timeout=seconds + GRACE_SECONDS,
        check=False,
        preexec_fn=pinned(setup.cores.load),
    )
    if ended.returncode:
        raise NotMeasured(f"GET {path}: {ended.stderr.strip()}")
    figures: Figures = json.loads(ended.stdout)
    if figures["otherwise"] or figures["broken"]:
        raise NotMeasured(f"GET {path} was not always answered {status}: {ended.stderr.strip()}")
    return figures
