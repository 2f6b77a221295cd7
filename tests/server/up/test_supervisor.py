import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from server.up import python
from tests.support.lines import Lines
from tests.support.processes import Watched, children
from tests.support.supervised import Program

pytestmark = pytest.mark.system

STEADY = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: (print("bye"), os._exit(0)))
print("pid", os.getpid())
while True: signal.pause()
"""
DEAF = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: print("heard, not obeyed"))
print("pid", os.getpid())
while True: signal.pause()
"""
REFUSING = "print('LIMNER_COUNT: must be a number'); raise SystemExit(2)"

Supervise = Callable[..., "Supervised"]


class Supervised:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.lines = Lines(process)

    def pid_of(self, name: str) -> int:
        return int(self.lines.wait_for(rf"^{name} +│ pid (\d+)").group(1))

    def wait_for_all(self, names: set[str]) -> None:
        """Return when each of them has said its number, and with it that it minds signals."""
        while names:
            names = names - {self.lines.wait_for(r"^(\S+) +│ pid \d+").group(1)}

    def end(self) -> list[str]:
        """Wait for the exit status 0 and return everything that was printed."""
        lines = self.lines.rest()
        assert self.process.wait() == 0, lines
        return lines


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    with ExitStack() as stack:

        def start(*tiers: list[Program], grace: float = 30.0, ready_when: str = "/") -> Supervised:
            process = subprocess.Popen(
                python.command("tests.support.supervised", json.dumps(tiers), str(grace)),
                env=python.environment({**os.environ, "READY_WHEN": ready_when}),
                stdout=subprocess.PIPE,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Supervised(process)

        yield start


def steady(name: str) -> Program:
    return {"name": name, "code": STEADY}


def test_each_line_stands_behind_the_name_of_the_part_that_printed_it(supervise: Supervise) -> None:
    noisy: Program = {"name": "noisy", "code": f"import sys; print('out'); print('err', file=sys.stderr)\n{STEADY}"}
    up = supervise([noisy, steady("worker-1")])
    up.wait_for_all({"noisy", "worker-1"})

    up.process.terminate()

    assert {"noisy    │ out", "noisy    │ err", "worker-1 │ bye"} <= set(up.end())


def test_bytes_that_are_no_text_and_a_line_without_an_end_are_shown_too(supervise: Supervise) -> None:
    code = r"import os, signal; os.write(1, b'\xff!\nno end'); os.kill(os.getpid(), signal.SIGKILL)"
    up = supervise([{"name": "odd", "code": code}])

    up.lines.wait_for("^odd │ \ufffd!$")
    up.lines.wait_for("^odd │ no end$")
    up.lines.wait_for("^odd was killed by SIGKILL")


def test_a_part_that_ends_is_started_again_after_a_pause_that_grows(supervise: Supervise) -> None:
    up = supervise([{"name": "frail", "code": "print('alive'); raise SystemExit(3)"}, steady("other")])

    for seconds in ("0.2", "0.4", "0.8"):
        up.lines.wait_for("^frail │ alive$")
        up.lines.wait_for(rf"^frail ended with exit status 3; starting it again in {seconds} s\.$")

    assert sum("other │ pid" in line for line in up.lines.seen) == 1


def test_a_part_that_was_killed_leaves_no_zombie(supervise: Supervise) -> None:
    up = supervise([steady("worker")])
    first = up.pid_of("worker")

    os.kill(first, signal.SIGKILL)
    up.lines.wait_for("^worker was killed by SIGKILL; starting it again")
    second = up.pid_of("worker")

    assert first != second
    assert list(children(up.process.pid)) == [second]
    assert "Z" not in children(up.process.pid).values()


def test_what_a_part_had_started_ends_with_it(supervise: Supervise) -> None:
    code = """
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"])
print("pid", os.getpid()); print("child", child.pid)
signal.pause()
"""
    up = supervise([{"name": "parent", "code": code}])
    parent = up.pid_of("parent")
    child = Watched(int(up.lines.wait_for(r"child (\d+)").group(1)))

    os.kill(parent, signal.SIGKILL)

    assert child.has_ended()


def test_a_part_that_cannot_be_started_is_tried_again(supervise: Supervise) -> None:
    up = supervise([{"name": "absent", "code": "", "program": "/nowhere/python"}, steady("other")])

    up.lines.wait_for(r"^absent could not be started \(.*\); starting it again in 0\.2 s\.$")
    up.process.terminate()

    assert "other stopped." in up.end()


def test_a_tier_waits_until_the_one_before_is_ready(supervise: Supervise, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    slow = f"import time; time.sleep(0.5); open({str(ready)!r}, 'w').close()\n{STEADY}"
    looking = f"import os; print('ready' if os.path.exists({str(ready)!r}) else 'too early')\n{STEADY}"
    up = supervise([{"name": "store", "code": slow, "ready_when": str(ready)}], [{"name": "server", "code": looking}])

    assert up.lines.wait_for(r"^server │ (.*)").group(1) == "ready"


def test_the_greeting_comes_when_everything_is_ready(supervise: Supervise, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    up = supervise([steady("server")], ready_when=str(ready))
    up.pid_of("server")
    assert "everything is up" not in up.lines.seen

    ready.touch()

    up.lines.wait_for("^everything is up$")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_tiers_in_the_opposite_order(supervise: Supervise, number: signal.Signals) -> None:
    up = supervise([steady("store")], [steady("worker-1"), steady("worker-2")], [steady("server")])
    up.wait_for_all({"store", "worker-1", "worker-2", "server"})

    up.process.send_signal(number)
    lines = up.end()

    after = [line.strip() for line in lines[lines.index("Stopping; once more kills at once.") + 1 :]]
    assert after[:2] == ["server   │ bye", "server stopped."]
    assert sorted(after[2:6]) == ["worker-1 stopped.", "worker-1 │ bye", "worker-2 stopped.", "worker-2 │ bye"]
    assert after[6:] == ["store    │ bye", "store stopped."]


def test_a_part_is_asked_to_stop_by_the_signal_that_it_wants(supervise: Supervise) -> None:
    code = STEADY.replace("SIGTERM", "SIGINT")
    up = supervise([{"name": "store", "code": code, "stop_signal": "SIGINT"}])
    up.pid_of("store")

    up.process.terminate()

    assert up.end()[-2:] == ["store │ bye", "store stopped."]


def test_what_is_found_out_about_a_part_that_runs_ends_everything_and_is_told_at_the_end(supervise: Supervise) -> None:
    up = supervise([steady("store")], [{"name": "base", "code": STEADY, "fault": "it is too old"}], [steady("server")])

    lines = up.lines.rest()

    assert up.process.wait() == 1
    assert lines[-1] == "it is too old"
    assert {"store stopped.", "base stopped."} <= set(lines)
    assert not [line for line in lines if line.startswith("server")]


def test_a_part_that_does_not_stop_is_killed_after_the_grace(supervise: Supervise) -> None:
    up = supervise([steady("store")], [{"name": "deaf", "code": DEAF}], grace=0.2)
    up.wait_for_all({"store", "deaf"})

    up.process.terminate()
    lines = up.end()

    assert "deaf  │ heard, not obeyed" in lines
    assert "deaf did not stop within 0.2 s and is killed." in lines
    assert lines[-2:] == ["store │ bye", "store stopped."]


def test_a_second_signal_kills_at_once(supervise: Supervise) -> None:
    up = supervise([{"name": "store", "code": DEAF}], [{"name": "deaf", "code": DEAF}], grace=3_600)
    up.wait_for_all({"store", "deaf"})

    up.process.send_signal(signal.SIGINT)
    up.lines.wait_for("heard, not obeyed")
    up.process.send_signal(signal.SIGINT)

    assert up.end()[-2:] == ["deaf stopped.", "store stopped."]


def test_nothing_is_started_again_once_it_stops(supervise: Supervise) -> None:
    up = supervise([steady("store")], [{"name": "frail", "code": "raise SystemExit(1)"}])
    up.lines.wait_for("frail ended with exit status 1; starting it again in 1.6 s")

    up.process.terminate()
    lines = up.end()

    assert not [line for line in lines[lines.index("Stopping; once more kills at once.") :] if "frail" in line]


def test_a_part_that_refuses_its_settings_ends_everything(supervise: Supervise, tmp_path: Path) -> None:
    up = supervise([steady("store")], [{"name": "server", "code": REFUSING}], ready_when=str(tmp_path / "never"))

    lines = up.lines.rest()

    assert up.process.wait() == 1
    assert "server │ LIMNER_COUNT: must be a number" in lines
    assert "server refuses to start; the reason stands above." in lines
    assert "store stopped." in lines


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children whose parent was killed")
def test_no_child_outlives_a_supervisor_that_was_killed(supervise: Supervise) -> None:
    up = supervise([{"name": "store", "code": STEADY, "death_signal": "SIGTERM"}], [{"name": "deaf", "code": DEAF}])
    up.wait_for_all({"store", "deaf"})
    watched = [Watched(pid) for pid in children(up.process.pid)]
    assert len(watched) == 2

    up.process.kill()

    assert all(child.has_ended() for child in watched)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children whose parent was killed")
def test_a_frozen_child_does_not_outlive_it_either(supervise: Supervise) -> None:
    up = supervise([steady("frozen")])
    pid = up.pid_of("frozen")
    watched = Watched(pid)
    os.kill(pid, signal.SIGSTOP)

    up.process.kill()

    assert watched.has_ended()


def test_it_goes_on_when_nobody_reads_its_output(supervise: Supervise, tmp_path: Path) -> None:
    # Two, for one that is still open from the first meeting would answer the second.
    before, after = tmp_path / "before", tmp_path / "after"
    for meeting in (before, after):
        os.mkfifo(meeting)
    talking = (
        f"open({str(before)!r}, 'w').close()\n"
        "for n in range(1000): print('line', n)\n"
        f"open({str(after)!r}, 'w').close()\n"
    )
    up = supervise([{"name": "talking", "code": talking + STEADY}])
    assert up.process.stdout is not None
    up.process.stdout.close()

    before.open().close()
    after.open().close()
    up.process.terminate()

    assert up.process.wait() == 0


def test_a_part_that_refuses_its_first_start_ends_everything_also_when_the_rest_is_up(
    supervise: Supervise, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    late = f"import pathlib, time\nwhile not pathlib.Path({str(told)!r}).exists(): time.sleep(0.01)\n{REFUSING}"
    up = supervise([steady("server"), {"name": "worker-1", "code": late}])
    up.wait_for_all({"server"})
    told.touch()

    lines = up.lines.rest()

    assert up.process.wait() == 1
    assert "worker-1 refuses to start; the reason stands above." in lines
