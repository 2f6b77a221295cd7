"""What the bench can measure: a server that passes a job's records on to the WebSockets that follow the job.

A new one is one file in `bench/hub/targets/`: a class with the members of `Target`, listed in `targets/__init__.py`.
Every target is started anew for each round, pinned to the server's core, and sees the same events in the same order;
what differs between targets is written down here and nowhere else:

    class Mine:
        name = "Mine"

        def missing(self) -> str | None:           # a sentence that names what is to be installed, or None
        def command(self, place: Place) -> Command:     # how it is started; all its files go into place.folder
        dialect = Dialect("/ws", steps=('send:{"watch":"{id}"}', "expect:ok"))      # what a client says first
        def publication(self, record: bytes, place: Place) -> Publication:    # how one event is published, as bytes

The event itself is the same for all: `record`, the JSON of a job's record, in which `{version}` (16 digits), `{id}` (36
characters) and `{time}` (20 digits, CLOCK_MONOTONIC in ns) are filled in by the publisher. It must come out at the
client in one message, its fields in their order, with whatever the server puts around them; the version may have become
text. Widths are fixed, so lengths can be written down before: `width(record)` is the length it is going to have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

WIDTHS = {b"{version}": 16, b"{id}": 36, b"{time}": 20}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target runs: its port on 127.0.0.1, that of Redis, and an empty folder that is deleted afterwards."""

    port: int
    redis_port: int
    folder: Path
    clients: int
    """So many are going to connect, from one address."""


@dataclass(frozen=True, slots=True)
class Command:
    """The process to start. It stays in the foreground and ends at SIGTERM; its children are counted as its own."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to what is inherited, of which nothing begins with LIMNER_."""
    folder: Path | None = None
    """Where it is started, if that matters."""
    ready: str | None = None
    """A path that answers 200 once it can be measured; without one it is when its port accepts connections."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The client's side of the conversation.

    Steps follow the handshake, in their order. `send:…` is a text message to the server; `expect:…` waits for a message
    that contains these bytes. The client is ready, and counted, after the last step. In the path and in what is sent
    `{id}` is the client's first job, `{ids}` all of them as `"…","…"`, `{jobs}` as `"…":<version>,…` with the last
    versions seen. `\\n`, `\\r`, `\\\\` and `\\xNN` are escapes.
    """

    path: str
    steps: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    """Whole lines, added to the handshake."""
    reply: tuple[str, str] | None = None
    """A text message that is answered by another one at any time, such as Socket.IO's `2` by `3`."""


@dataclass(frozen=True, slots=True)
class Publication:
    """How one event is published: raw bytes to a port, with `{version}`, `{id}` and `{time}` in them.

    `acknowledgement` is what comes back for each event, `acknowledgements` times. At most `window` events are on their
    way on each of `connections`.
    """

    port: int
    template: bytes
    acknowledgement: bytes
    acknowledgements: int = 1
    connections: int = 1
    window: int = 512


class Program(Protocol):
    """What can be started and asked what it costs."""

    @property
    def name(self) -> str:
        """As it stands in the table."""

    def command(self, place: Place) -> Command:
        """How the server is started."""


class Target(Program, Protocol):
    @property
    def dialect(self) -> Dialect: ...

    def missing(self) -> str | None:
        """What is not installed, in a sentence that says how to get it. None: it can be measured."""

    def publication(self, record: bytes, place: Place) -> Publication:
        """How an event with this record is published."""


def width(template: bytes) -> int:
    """The length that `template` has when it is filled in."""
    return len(template) + sum(WIDTHS[hole] - len(hole) for hole in re.findall(rb"\{(?:version|id|time)\}", template))


def resp(*words: bytes) -> bytes:
    """A command for Redis, with room for what is filled in."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (width(word), word) for word in words)
