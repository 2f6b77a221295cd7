"""What a worker is told at once: that a job has come or a place is free, and that a run was ended from outside.

Nothing depends on it but time: a queue is also looked at twice a second, and a lease shows within seconds whose it is.
"""

from collections.abc import Callable

from pydantic import SecretStr

from storage.events import Events
from storage.keys import Keys
from storage.records.ids import JobId


class Signals:
    """One connection for a worker. `on_wake` and `on_stopped` before `start()`, `aclose()` in the end."""

    def __init__(self, url: SecretStr, keys: Keys) -> None:
        self._keys = keys
        self._events = Events(url, on_message=self._on_message, on_up=self._on_up, on_down=lambda: None)
        self._wakes: dict[bytes, Callable[[], None]] = {}
        self._stopped = keys.stopped.encode()
        self._stops: list[Callable[[JobId, bytes], None]] = []

    def on_wake(self, kind: str, call: Callable[[], None]) -> None:
        """Have `call` made when there may be something to do for a kind."""
        self._wakes[self._keys.wake(kind).encode()] = call

    def on_stopped(self, call: Callable[[JobId, bytes], None]) -> None:
        """Have `call(job, claim)` made too when a job was ended from outside, whoever runs it."""
        self._stops.append(call)

    def start(self) -> None:
        self._events.start()

    async def aclose(self) -> None:
        await self._events.aclose()

    def _on_up(self) -> None:
        self._events.subscribe(self._stopped, *self._wakes)
        for call in self._wakes.values():
            call()

    def _on_message(self, channel: bytes, message: bytes) -> None:
        if channel == self._stopped:
            job_id, _, claim = message.rpartition(b":")
            for call in self._stops:
                call(JobId(job_id.decode()), claim)
        elif (wake := self._wakes.get(channel)) is not None:
            wake()
