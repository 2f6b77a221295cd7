import json
import re
import subprocess
import sys
from typing import Any

import pytest

from storage.logs import Event
from tests.support.docs import first_column
from tests.support.limner import ROOT

JOB = "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55"
PREAMBLE = """
import logging, sys
from storage.logs import Event, configure, log, log_error, warn
configure(*sys.argv[1:])
"""


def lines(code: str, form: str = "json", level: str = "info") -> list[str]:
    """What a process of its own writes: a logger is set up once in a process."""
    ended = subprocess.run(
        [sys.executable, "-c", PREAMBLE + code, form, level], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def events(code: str, level: str = "info") -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(code, "json", level)]


def test_every_event_is_on_the_page_and_the_page_has_no_other() -> None:
    assert sorted(first_column("logs.md", "event")) == sorted(Event)


def test_a_program_gets_one_json_object_a_line() -> None:
    [line] = events(f"log(Event.SUCCEEDED, job={JOB!r}, kind='portrait', seconds=1.5)")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {
        "event": "job succeeded",
        "level": "info",
        "job": "0b8b8b0e",
        "kind": "portrait",
        "seconds": 1.5,
    }


def test_a_person_gets_one_line_of_text_without_colours() -> None:
    [line] = lines(f"log(Event.SUCCEEDED, job={JOB!r}, seconds=1.5)", "text")

    assert re.fullmatch(r"\S+Z \[info +\] job succeeded +job=0b8b8b0e seconds=1\.5", line)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_holds_a_whole_id(form: str) -> None:
    code = f"log(Event.CLAIMED, job={JOB!r}); warn(Event.FAILED, job={JOB!r}); log_error(Event.CRASHED, job={JOB!r})"

    written = lines(code, form)

    assert len(written) == 3
    assert all("0b8b8b0e" in line and JOB[8:] not in line for line in written)


def test_the_level_is_the_least_that_is_written() -> None:
    code = "log(Event.CLAIMED); warn(Event.FAILED); log_error(Event.CRASHED)"

    assert [line["level"] for line in events(code, "info")] == ["info", "warning", "error"]
    assert [line["level"] for line in events(code, "error")] == ["error"]


def test_a_fault_of_ours_comes_with_its_traceback_in_one_line_for_a_program() -> None:
    code = "try: 1 / 0\nexcept Exception as error: log_error(Event.CRASHED, exception=error)"

    [line] = events(code)

    assert line["event"] == "crashed"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ZeroDivisionError: division by zero")


def test_libraries_speak_from_warning_on_in_the_same_form() -> None:
    code = (
        "logging.getLogger('httpx').info('chatter'); logging.getLogger('httpx').warning('trouble %s', 1)\n"
        "logging.getLogger('uvicorn.access').info('GET /'); logging.getLogger('uvicorn.access').warning('GET /')\n"
        "logging.getLogger('arq.worker').warning('job x expired')"
    )

    assert [(line["event"], line["level"]) for line in events(code)] == [("trouble 1", "warning")]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_that_cannot_be_written_does_not_stop_the_work(form: str) -> None:
    code = "import os; read, write = os.pipe(); os.close(read); os.dup2(write, 2)\n"
    code += "log(Event.CLAIMED); log_error(Event.CRASHED, exception=ValueError()); print('it goes on')"
    ended = subprocess.run(
        [sys.executable, "-c", PREAMBLE + code, form, "info"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )

    assert ended.stdout == "it goes on\n"
