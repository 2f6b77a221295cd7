"""The Lua scripts, one a file. Every change of a job's state is one of them, so each happens wholly or not at all."""

from importlib.resources import files

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

NAMES = (
    "submit_job",
    "claim_job",
    "advance_job",
    "requeue_job",
    "renew_lease",
    "touch_job",
    "remove_job",
    "sweep",
    "read_versions",
)


def source(name: str) -> str:
    folder = files(__name__)
    return folder.joinpath("prelude.lua").read_text() + folder.joinpath(f"{name}.lua").read_text()


def register(client: Redis) -> dict[str, AsyncScript]:
    """All scripts, ready to be called; each sends its digest, and its text where the server has not seen it yet."""
    return {name: client.register_script(source(name)) for name in NAMES}
