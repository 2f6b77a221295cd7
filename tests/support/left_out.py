"""Leaves out, and says so at the very end, the tests whose program is not on this machine.

With CI=true leaving anything out is a failure.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
LEAST_NODE = 20

_HOW_TO_GET = {
    "browser": "Chromium: install it (on Debian `apt install chromium libatomic1`), or set LIMNER_CHROMIUM to its path",
    "compiler": "gcc: install it (on Debian `apt install gcc libc6-dev`)",
    "nginx": "nginx: install it (on Debian `apt install nginx`), or set LIMNER_NGINX to its path",
    "node": f"Node {LEAST_NODE} or newer: install it (on Debian `apt install nodejs npm`)",
    "pgbouncer": (
        "PgBouncer: install it (on Debian `apt install pgbouncer`), or set LIMNER_PGBOUNCER to the path of the program"
    ),
}
_LEFT_OUT = pytest.StashKey[dict[str, int]]()


def chromium() -> str | None:
    """The Chromium to drive: the one that LIMNER_CHROMIUM names, else one on the path."""
    if named := os.environ.get("LIMNER_CHROMIUM"):
        return shutil.which(named)
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def nginx() -> str | None:
    """The nginx to start: the one that LIMNER_NGINX names, else one on the path, or where only root looks for it."""
    if named := os.environ.get("LIMNER_NGINX"):
        return shutil.which(named)
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/local/sbin:/usr/sbin")


def pgbouncer() -> str | None:
    """The PgBouncer to start: the one that LIMNER_PGBOUNCER names, else one on the path, or where only root looks."""
    if named := os.environ.get("LIMNER_PGBOUNCER"):
        return shutil.which(named)
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/local/sbin:/usr/sbin")


def node() -> str | None:
    """A Node that is new enough."""
    found = shutil.which("node")
    if found is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)", version)
    return found if match and int(match.group(1)) >= LEAST_NODE else None


_PARTS: dict[str, Callable[[], str | None]] = {
    "browser": chromium,
    "compiler": lambda: shutil.which("gcc"),
    "nginx": nginx,
    "node": node,
    "pgbouncer": pgbouncer,
}


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")


# After the -k and -m of whoever asked: what they did not want is not left out.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = config.stash.setdefault(_LEFT_OUT, {})
    for marker, find in _PARTS.items():
        wanting = [item for item in items if item.get_closest_marker(marker)]
        if wanting and find() is None:
            left_out[marker] = len(wanting)
            items[:] = [item for item in items if item not in wanting]
            config.hook.pytest_deselected(items=wanting)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.stash.get(_LEFT_OUT, {}) and in_ci():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# Here and not in the summary, so that these are the last lines.
@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    for marker, count in config.stash.get(_LEFT_OUT, {}).items():
        tests = "test" if count == 1 else "tests"
        print(f"Left out: {count} {marker} {tests}, for want of {_HOW_TO_GET[marker]}.")
        if in_ci():
            print("With CI=true nothing may be left out: this run has failed.")
