"""The Lua scripts, one a file. Every change of a job's state is one of them, so each happens wholly or not at all."""

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from storage.commands import Command, Commands

NAMES = (
    "submit_job",
    "ready_jobs",
    "claim_job",
    "advance_job",
    "requeue_job",
    "renew_lease",
    "keep_task",
    "take_task",
    "touch_job",
    "remove_job",
    "sweep",
    "read_versions",
    "take_tokens",
    "take_webhooks",
    "note_webhook",
    "repeat_webhook",
    "count_jobs",
)

Words = Sequence[str | bytes | int | float]


def source(name: str) -> str:
    folder = files(__name__)
    return folder.joinpath("prelude.lua").read_text() + folder.joinpath(f"{name}.lua").read_text()


class Scripts:
    """Runs scripts over `commands`: each is sent as its digest, and as its text where the server has not seen it yet.

    Raises StoreUnavailable; then nobody knows whether the script has run.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._digests = {name: hashlib.sha1(source(name).encode()).hexdigest() for name in NAMES}  # noqa: S324

    async def call(self, name: str, keys: Sequence[str], args: Words) -> Any:
        (answer,) = await self.call_all(name, [(keys, args)])
        return answer

    async def call_all(self, name: str, calls: Sequence[tuple[Sequence[str], Words]]) -> list[Any]:
        """One script several times, in one round trip and in this order; each time is a step of its own.

        To be used for steps that may be taken twice: see below.
        """
        digest = self._digests[name]
        commands: list[Command] = [(b"EVALSHA", digest, len(keys), *keys, *args) for keys, args in calls]
        try:
            return await self._commands.ask(commands)
        except NoScriptError:  # the first has not run; the others may have, if somebody else made it known just then
            _, *answers = await self._commands.ask([(b"SCRIPT", b"LOAD", source(name)), *commands])
            return answers
