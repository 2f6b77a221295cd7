"""Limner's server, one process, as `./limner serve` starts it."""

from bench.hub.jobs import PREFIX, channel
from bench.hub.target import Command, Dialect, Place, Publication, resp
from server.up.python import command

ROOM = 1000
"""Connections that are no WebSockets of the crowd: HTTP, and one that never reads."""
LONG = 86_400


class Limner:
    name = "Limner"
    dialect = Dialect("/ws", steps=('send:{"type":"subscribe","jobs":{{jobs}}}', 'expect:"type":"subscribed"'))

    def missing(self) -> str | None:
        return None

    def command(self, place: Place) -> Command:
        """The settings are those it comes with, but for the limits that one address with all clients would meet, and
        for the backstop, which would find that the events of the bench are published but not stored."""
        most = str(place.clients + ROOM)
        settings = {
            "LIMNER_REDIS_URL": f"redis://127.0.0.1:{place.redis_port}/0",
            "LIMNER_REDIS_PREFIX": PREFIX,
            "LIMNER_SECRET": "bench",
            "LIMNER_MAX_CONNECTIONS": most,
            "LIMNER_MAX_CONNECTIONS_PER_ADDRESS": most,
            "LIMNER_BACKSTOP_SECONDS": str(LONG),
        }
        return Command(command("server", "serve", "--port", str(place.port)), settings, ready="/ready")

    def publication(self, record: bytes, place: Place) -> Publication:
        return publication(record, place, PREFIX)

    def final(self, record: bytes, place: Place) -> Publication:
        """The same of a job that has ended."""
        return publication(record, place, PREFIX, letter=b"f")


def publication(record: bytes, place: Place, prefix: str, letter: bytes = b"a") -> Publication:
    """What a script of the job store publishes: version, letter, JSON."""
    event = resp(b"PUBLISH", channel(prefix), b"{version}" + letter + record)
    return Publication(place.redis_port, event, acknowledgement=b":")
