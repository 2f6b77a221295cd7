"""How many files and sockets this process may have open, and how many connections that is room for."""

import resource

RESERVED = 128
"""For what is no connection: Redis, the event loop, the log, static files being sent, the figures of `/metrics`."""
FEW = 16
ENDLESS = 1 << 20


def raise_limit() -> int:
    """Raise this process' limit of open files as far as it may, and answer it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # macOS names a hard limit that it does not grant
        hard = soft
    return ENDLESS if hard == resource.RLIM_INFINITY else hard


def sockets_for(connections: int) -> int:
    """How many sockets a process with this many long-lived connections wants: requests are answered beside them."""
    return connections + connections // 4 + FEW


def connections_for(descriptors: int) -> int:
    """The most long-lived connections for which the descriptors suffice; 0 or less: not even for one."""
    return max(0, (descriptors - RESERVED - FEW) * 4 // 5)
