"""How this Python is started again, for one of the project's own modules."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command(module: str, *arguments: str) -> tuple[str, ...]:
    """`python -m module`, without the folder the caller stands in on its import path."""
    return (sys.executable, "-P", "-m", module, *arguments)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """`given`, with the project's modules first on the import path."""
    paths = [path for path in given.get("PYTHONPATH", "").split(os.pathsep) if path and path != str(ROOT)]
    return {**given, "PYTHONPATH": os.pathsep.join([str(ROOT), *paths])}
