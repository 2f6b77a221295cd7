"""The folder of an embedded Postgres: made once, and looked at before each start.

Postgres refuses to run as root. There it is uid 65534, or whoever has the data already. It is told its folder as the
one it stands in, not by a path: so the folders above may stay closed to that user.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from storage.errors import EmbeddedUnavailable
from storage.parent_death import dies_with_parent
from storage.postgres_program import PostgresProgram

NAME = "limner"
"""Of the database and of its user."""
PORT = 5432
"""It is in the name of the socket, and is not listened on."""

_NOBODY = (65_534, 65_534)
_STANDING_IN = Path("/proc/self/cwd")
_LOCKS = ("postmaster.pid", f".s.PGSQL.{PORT}.lock")
_FOR_TCP = "password"
_SECONDS = 300.0


def owner(folder: Path) -> tuple[int, int] | None:
    """The uid and gid to run Postgres over `folder` as, None for those of this process. Raises EmbeddedUnavailable."""
    if os.getuid() != 0:
        return None
    if not _STANDING_IN.exists():
        raise EmbeddedUnavailable(
            "The embedded Postgres cannot be started by root on this machine: start Limner as another user, or a "
            "Postgres of your own and set LIMNER_DATABASE_URL to its address."
        )
    try:
        found = folder.stat()
    except FileNotFoundError:
        return _NOBODY
    return (found.st_uid, found.st_gid) if found.st_uid else _NOBODY


def argument(folder: Path, runs_as: tuple[int, int] | None) -> str:
    """How `folder` is named to a program that stands in it."""
    return str(folder if runs_as is None else _STANDING_IN)


def environment() -> dict[str, str]:
    """What its programs are given."""
    # PATH is for the shell that initdb uses. With a time zone it need not guess one.
    return {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C"}


def password(folder: Path) -> str:
    """The one for those who come over TCP."""
    return (folder / _FOR_TCP).read_text().strip()


def make_ready(folder: Path, program: PostgresProgram, runs_as: tuple[int, int] | None, *, is_lasting: bool) -> None:
    """Have in `folder` what `program` can be started over, made or as it was left.

    Raises EmbeddedUnavailable, OSError.
    """
    if not (folder / "PG_VERSION").exists():
        _initialise(folder, program, runs_as, is_lasting=is_lasting)
    _check_version(folder, program)
    if runs_as is not None:
        _give(folder, runs_as)
    _forget_dead(folder)


def _initialise(folder: Path, program: PostgresProgram, runs_as: tuple[int, int] | None, *, is_lasting: bool) -> None:
    """Make the data in a folder beside, so that there is all of it under its own name, or nothing."""
    _check_name(runs_as)
    if folder.is_dir() and any(folder.iterdir()):
        raise EmbeddedUnavailable(f"The folder {folder} is meant for Postgres' data and holds other things: move them.")
    for left_behind in folder.parent.glob(f"{folder.name}.new-*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.new-", dir=folder.parent) as made:
        new, secret = Path(made, "data"), Path(made, _FOR_TCP)
        new.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(32) + "\n")
        if runs_as is not None:
            _give(Path(made), runs_as)
        data = argument(new, runs_as)
        options = ("--no-locale", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        ways_in = (
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            f"--pwfile=../{_FOR_TCP}",
            f"--username={NAME}",
        )
        care = () if is_lasting else ("--no-sync",)
        _run((str(program.folder / "initdb"), "-D", data, *options, *ways_in, *care), new, runs_as)
        _run((str(program.folder / "postgres"), "--single", "-D", data, "postgres"), new, runs_as, _CREATE)
        secret.rename(new / secret.name)
        new.rename(folder)
    if is_lasting:
        _write_out(folder.parent)


def _check_name(runs_as: tuple[int, int] | None) -> None:
    """Raises EmbeddedUnavailable where initdb would: it asks for the name of the user it runs as."""
    uid = os.getuid() if runs_as is None else runs_as[0]
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedUnavailable(
            f"The embedded Postgres cannot make its data as the user {uid}, who has no name in /etc/passwd: "
            "give that user one, or start a Postgres of your own and set LIMNER_DATABASE_URL to its address."
        ) from None


_CREATE = f"CREATE DATABASE {NAME};\n"


def _run(command: tuple[str, ...], folder: Path, runs_as: tuple[int, int] | None, told: str = "") -> None:
    user, group = runs_as or (None, None)
    try:
        subprocess.run(  # noqa: S603 - our own words only
            command,
            cwd=folder,
            env=environment(),
            user=user,
            group=group,
            extra_groups=() if runs_as else None,
            preexec_fn=dies_with_parent(signal.SIGKILL),
            start_new_session=True,
            input=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=True,
            timeout=_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise EmbeddedUnavailable(
            f"The embedded Postgres cannot make its data in {folder.parent.parent}: {error}\n{error.output}"
        ) from None


def _check_version(folder: Path, program: PostgresProgram) -> None:
    """Raises EmbeddedUnavailable where the data are another Postgres'."""
    made_by = (folder / "PG_VERSION").read_text().strip()
    if made_by != program.major:
        raise EmbeddedUnavailable(
            f"The data in {folder} are those of Postgres {made_by}, and this is Postgres {program.major}: "
            f"carry them over with pg_dump of the one and psql of the other, or give this one another folder."
        )


def _give(folder: Path, runs_as: tuple[int, int]) -> None:
    """Have everything in `folder` belong to `runs_as`: a copy that root has put back is root's."""
    if folder.stat().st_uid == runs_as[0]:
        return
    for path in (*folder.rglob("*"), folder):
        os.chown(path, *runs_as, follow_symlinks=False)
    folder.chmod(0o700)


def _forget_dead(folder: Path) -> None:
    """Delete the lock files of a Postgres that was killed, if they would be taken for those of a living one.

    Postgres believes in any process of its user that has the number it finds there, and in containers numbers come
    back soon.
    """
    for lock in (folder / name for name in _LOCKS):
        if not lock.exists():
            continue
        number = lock.read_text(errors="replace").partition("\n")[0].strip().lstrip("-")
        if not number.isdecimal():
            lock.unlink()
        elif sys.platform == "linux":
            try:
                stands_in = os.readlink(f"/proc/{number}/cwd")
            except OSError:
                # There is no such process, or it is another user's: Postgres sees that by itself.
                continue
            if stands_in != str(folder):
                lock.unlink()


def _write_out(folder: Path) -> None:
    """Have the names in `folder` outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
