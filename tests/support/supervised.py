"""`python -m tests.support.supervised TIERS GRACE`: a supervisor over parts given as JSON, for the tests of it.

TIERS is a list of lists of parts; a part is {"name", "code"} with Python to run, and may have "ready_when" (a file that
must exist before the next tier is started), "fault" (what is found out about it once it runs, and stops the start),
"stop_signal", "death_signal", and "program" to run in Python's place.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypedDict

from server.up.console import Console
from server.up.errors import CannotStart
from server.up.part import Part
from server.up.supervisor import Supervisor


class Program(TypedDict, total=False):
    name: str
    code: str
    ready_when: str
    fault: str
    stop_signal: str
    death_signal: str
    program: str


def exists(path: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return os.access(path, os.F_OK)

    return look


def has_fault(sentence: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        raise CannotStart(sentence)

    return look


def part(program: Program) -> Part:
    is_ready = None
    if "ready_when" in program:
        is_ready = exists(program["ready_when"])
    elif "fault" in program:
        is_ready = has_fault(program["fault"])
    return Part(
        program["name"],
        (program.get("program", sys.executable), "-u", "-I", "-S", "-c", program["code"]),
        dict(os.environ),
        stop_signal=signal.Signals[program.get("stop_signal", "SIGTERM")],
        death_signal=signal.Signals[program.get("death_signal", "SIGKILL")],
        is_ready=is_ready,
    )


def main(tiers: list[list[Program]], grace: float) -> int:
    parts = [[part(program) for program in tier] for tier in tiers]
    console = Console(sys.stdout, [one.name for tier in parts for one in tier])
    everything = exists(os.environ.get("READY_WHEN", "/"))
    supervisor = Supervisor(parts, console, grace=grace)
    try:
        asyncio.run(supervisor.run(everything, "everything is up"))
    except CannotStart as error:
        console.say(str(error))
        return 1
    return 1 if supervisor.refused else 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), float(sys.argv[2])))
