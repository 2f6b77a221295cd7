"""The obvious hub, on uvicorn as it comes: what one gets without thinking of any of this."""

from importlib.metadata import version

from bench.hub.jobs import PREFIX
from bench.hub.target import Command, Dialect, Place, Publication, resp
from server.up.python import command


class Obvious:
    """bench/peers/obvious.py. Nothing but the port is said to uvicorn."""

    dialect = Dialect("/ws", steps=("send:{id}", "expect:following"))

    @property
    def name(self) -> str:
        return f"uvicorn {version('uvicorn')} as it comes"

    def missing(self) -> str | None:
        return None

    def command(self, place: Place) -> Command:
        words = command("uvicorn", "bench.peers.obvious:app", "--port", str(place.port))
        return Command(words, {"REDIS_PORT": str(place.redis_port), "JOB_PREFIX": f"{PREFIX}job:"})

    def publication(self, record: bytes, place: Place) -> Publication:
        return Publication(place.redis_port, resp(b"PUBLISH", b"job:{id}", record), acknowledgement=b":")
