"""Records as they travel, with as little in them as a test needs."""

import json

from server.hub.subscription import Event
from storage.records.ids import JobId

A, B, C = (JobId(f"00000000-0000-4000-8000-00000000000{digit}") for digit in "abc")


def event(job_id: JobId, version: int, *, final: bool = False) -> Event:
    body = json.dumps({"version": version, "id": job_id, "final": final})
    return Event(b"%016d" % version + (b"f" if final else b"a") + body.encode())


def digits(version: int) -> bytes:
    return b"%016d" % version


class StubbornWire:
    """A socket that takes as many frames as it has `room` for. Says what it took, as JSON."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.room = room
        self.taken: list[dict[str, object]] = []

    @property
    def ready(self) -> bool:
        return self.room > 0

    def write(self, data: bytes) -> None:
        assert self.ready, "written to a socket that has not yet taken what was written before"
        self.room -= 1
        self.taken.append(json.loads(data[data.index(b"{") :]))
