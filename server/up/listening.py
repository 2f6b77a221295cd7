"""The socket the server listens on. `up` opens and keeps it, so that callers wait while the server starts again."""

import errno
import socket

from server.up.errors import CannotStart

_BACKLOG = 2_048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises CannotStart."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotStart(f"--host {host} is no address of this machine: {error.strerror}.") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
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
