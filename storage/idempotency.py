"""`Idempotency-Key`: which job a caller's key stands for."""

from storage.commands import Commands
from storage.keys import Keys
from storage.records.ids import JobId

KEPT_SECONDS = 86_400


class IdempotencyKeys:
    """All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._keys = keys

    async def job_of(self, owner: str, key: str, proposed: JobId) -> JobId:
        """The job that this owner's key stands for: `proposed`, unless it stands for another already.

        It is settled before that job is submitted, and holds for a day: of all who ask, also at the same moment, and
        whoever dies in between, each gets the same id.
        """
        name = self._keys.idempotency(owner, key)
        while True:
            _, there = await self._commands.ask([(b"SET", name, proposed, b"NX", b"EX", KEPT_SECONDS), (b"GET", name)])
            if there is not None:  # else its day ended between the two
                return JobId(there.decode())
