import os
import subprocess
import sys

import pytest

from bench.hub.machine import Cpu, cpu, memory, open_files
from bench.processes import NotMeasured

BUSY = "import os\nwhile sum(os.times()[:2]) < 0.2: pass\nprint('done', flush=True)\ninput()"


def busy(code: str = BUSY) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_what_a_process_and_its_children_took_is_counted() -> None:
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])"
    with busy(parent) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        taken = cpu(process.pid)
        held = memory(process.pid)
        process.communicate(b"\n")
    assert taken.total >= 0.2
    assert taken.user + taken.system <= taken.total
    assert held > 1024 * 1024


def test_what_was_taken_before_does_not_count() -> None:
    assert Cpu(3.0, 2.0, 1.0) - Cpu(1.0, 0.5, 0.5) == Cpu(2.0, 1.5, 0.5)


def test_a_process_that_has_ended_counts_nothing() -> None:
    with busy("") as process:
        process.wait()
    assert cpu(process.pid) == Cpu(0.0, 0.0, 0.0)
    assert memory(process.pid) == 0
    assert cpu(os.getpid()).total > 0


def test_more_open_files_than_are_allowed_are_refused() -> None:
    with pytest.raises(NotMeasured, match="1,000,000,000,000 open files"):
        open_files(10**12)
