"""The relay in C: the least that any server has to do."""

from pathlib import Path

from bench.hub.target import Command, Dialect, Place, Publication
from bench.hub.targets.limner import publication


class Relay:
    """`program` is that of native/relay.c, or another one that is called and spoken to in the same way."""

    name = "C relay"
    dialect = Dialect("/ws", steps=('send:{"op":"sub","ids":[{ids}]}', "expect:ok"))

    def __init__(self, program: Path) -> None:
        self._program = program

    def missing(self) -> str | None:
        return None

    def command(self, place: Place) -> Command:
        return Command((str(self._program), str(place.port), str(place.redis_port)))

    def publication(self, record: bytes, place: Place) -> Publication:
        return publication(record, place, prefix="")
