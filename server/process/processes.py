"""Several server processes on one listening socket, started, kept alive and stopped together.

The socket is opened here and shared: of two that listen on sockets of their own (SO_REUSEPORT), the one that closes
its resets who waits in its queue.
"""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from server.process.lifecycle import longest_end
from server.process.metrics_folder import metrics_folder
from server.process.neighbours import shared_memory
from server.process.serve import look_before
from server.settings import ServerSettings
from server.up import listening, python
from server.up.errors import CannotStart
from server.up.part import Part
from server.up.supervisor import Supervisor
from storage.errors import REFUSED, StartRefused
from storage.logs import Event, warn

KILLED = 1


class Journal:
    """Tells the log what happens to the processes, which write their own lines to it."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    def show(self, name: str, line: str) -> None: ...

    def ready(self, greeting: str) -> None: ...

    def stopping(self) -> None:
        # Else callers would be taken in by the kernel that no process accepts any more.
        self._listener.close()

    def ended(self, name: str, end: str, again_in: float) -> None:
        warn(Event.PROCESS_ENDED, number=int(name), end=end, seconds=again_in)

    def refused(self, name: str) -> None: ...

    def late(self, name: str, grace: float) -> None:
        warn(Event.PROCESS_KILLED, number=int(name))

    def stopped(self, name: str) -> None: ...


def run(processes: int, *, host: str, port: int, is_open: bool, fd: int | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Answers the exit status: 0, KILLED where a process did not stop by itself, or
    REFUSED, with a sentence for each fault, for a start that no second try can help.

    A process that ends is started again after a growing pause. Call it in the main thread.
    """
    try:
        settings = look_before(host=host, port=port, is_open=is_open)
        listener = listening.listen(host, port) if fd is None else socket.socket(fileno=fd)
    except StartRefused as error:
        print(error, file=sys.stderr)
        return REFUSED
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    with listener, _children(processes, listener, settings) as children:
        supervisor = Supervisor([children], Journal(listener), grace=longest_end(settings.drain_seconds) + 1)
        asyncio.run(supervisor.run())
    if supervisor.refused:
        return REFUSED
    return KILLED if supervisor.killed else 0


@contextmanager
def _children(processes: int, listener: socket.socket, settings: ServerSettings) -> Iterator[list[Part]]:
    secret = settings.secret.get_secret_value()
    if not secret:
        warn(Event.SESSIONS_END, setting="LIMNER_SECRET")
    arguments = ["--host", settings.host, "--port", str(_port(listener, settings)), "--fd", str(listener.fileno())]
    if settings.open:
        arguments.append("--open")
    with shared_memory(processes) as memory, metrics_folder() as metrics:
        environment: Mapping[str, str] = {
            **python.environment(os.environ),
            "LIMNER_SECRET": secret or secrets.token_urlsafe(32),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        }
        yield [
            Part(
                str(number),
                python.command("server", "serve", *arguments, "--place", str(number), str(memory.fileno())),
                environment,
                pass_fds=(listener.fileno(), memory.fileno()),
                shown=False,
            )
            for number in range(1, processes + 1)
        ]


def _port(listener: socket.socket, settings: ServerSettings) -> int:
    return settings.port or listening.address(listener)[1]
