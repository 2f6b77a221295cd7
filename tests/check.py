"""`limner check`: everything that finds faults without running the code. All of it runs, whatever fails."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from server.up.python import ROOT
from tests.support.left_out import in_ci

WEB = ROOT / "web"
TSC = WEB / "node_modules" / ".bin" / "tsc"

Check = Callable[[], bool | str]
"""Says whether all is well, or in a sentence why it was left out."""


def main() -> int:
    """Exit status 0 when every check is well; with CI=true also one that was left out is a fault."""
    os.chdir(ROOT)
    results = {name: _one(name, check) for name, check in CHECKS.items()}
    print()
    for name, result in results.items():
        print(f"{name}: {_WORDS.get(result, f'left out, {result}')}")
    bad = [result for result in results.values() if result is False or (result is not True and in_ci())]
    return 1 if bad else 0


def _one(name: str, check: Check) -> bool | str:
    print(f"── {name}", flush=True)
    return check()


def _python(*command: str) -> Check:
    return lambda: _runs([sys.executable, "-P", *command])


def _types_of_scripts() -> bool | str:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "for want of Node: install it (on Debian `apt install nodejs npm`)"
    if not TSC.exists():
        quietly = ["--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
        if not _runs(["npm", "install", "--prefix", str(WEB), *quietly]):
            return False
    return _runs([str(TSC), "-p", str(WEB)])


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, check=False).returncode == 0


_WORDS: dict[bool | str, str] = {True: "passed", False: "FAILED"}

# The launcher has no ending that the tools know; it is one file more for each of them.
CHECKS: dict[str, Check] = {
    "ruff check": _python("-m", "ruff", "check", ".", "limner"),
    "ruff format": _python("-m", "ruff", "format", "--check", ".", "limner"),
    "mypy": _python("-m", "mypy"),
    "mypy limner": _python("-m", "mypy", "limner"),
    "lint-imports": _python("-c", "from importlinter.cli import lint_imports_command as run; run()"),
    "tsc": _types_of_scripts,
}


if __name__ == "__main__":
    sys.exit(main())
