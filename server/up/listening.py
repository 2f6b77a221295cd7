"""The socket that servers listen on. Who starts them opens and keeps it: callers wait while one starts again."""

import errno
import socket

from server.up.errors import CannotStart

BACKLOG = 4_096


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises CannotStart."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotStart(f"--host {host} is no address of this machine: {error.strerror}.") from None
    # Of a name that stands for both, such as localhost, the older address is the one that everything can reach.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotStart(_sentence(error, host, port)) from None
    return listening


def address(listening: socket.socket) -> tuple[str, int]:
    """Where a client on this machine reaches it: host and port. A socket on every address is reached on loopback."""
    host, port = listening.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - nothing is bound here


def url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program: stop that one, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"port {port} may not be used without more rights: choose one above 1023 with --port."
    return f"port {port} on {host} cannot be listened on: {error.strerror}."
