"""The programs in C that the hub is measured with, built anew for each run."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.processes import NotMeasured

SOURCES = Path(__file__).resolve().parents[1] / "native"
COMPILER = "gcc"
BUILD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Programs:
    clients: Path
    publish: Path
    requests: Path
    relay: Path


def build(folder: Path, relay: Path | None = None) -> Programs:
    """Compile into `folder`; `relay` is another source to take the relay's place. Raises NotMeasured."""
    if shutil.which(COMPILER) is None:
        raise NotMeasured(
            f"The hub is measured with programs in C, and there is no {COMPILER}: install it "
            f"(on Debian and Ubuntu `apt install {COMPILER} libc6-dev`)."
        )
    sources = {name: SOURCES / f"{name}.c" for name in ("clients", "publish", "requests", "relay")}
    if relay is not None:
        sources["relay"] = relay
    return Programs(**{name: _compiled(source, folder / name) for name, source in sources.items()})


def _compiled(source: Path, program: Path) -> Path:
    ended = subprocess.run(
        [COMPILER, "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", str(program), str(source)],
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if ended.returncode:
        raise NotMeasured(f"{source.name} could not be compiled:\n{ended.stderr}")
    return program
