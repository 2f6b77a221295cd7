"""The command connection to Redis, and a look at the Redis that is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr
from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis

from storage.errors import SettingsError, StoreUnavailable, UnfitStore

CONNECT_SECONDS = 2.0
COMMAND_SECONDS = 5.0
CONNECTIONS = 32

UNABLE = frozenset(
    {"BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY", "TRYAGAIN"}
)
"""What an answer begins with that says that Redis cannot do now what it could at another time."""

LEAST_VERSION = (6, 2)
FULL = 0.8

_REFUSALS = {exceptions.AuthenticationError, exceptions.NoPermissionError}


def connect(url: SecretStr, *, connections: int = CONNECTIONS) -> Redis:
    """A client whose commands end within seconds, with an answer or an error. Connects when first used.

    Raises SettingsError where the URL is none.
    """
    over_unix_socket = url.get_secret_value().startswith("unix:")
    try:
        pool = BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=connections,
            timeout=COMMAND_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=COMMAND_SECONDS,
            **({} if over_unix_socket else {"socket_keepalive": True}),
        )
    except ValueError:
        # What urllib says of an address holds parts of it, which may be the password.
        raise SettingsError(
            ["LIMNER_REDIS_URL: must be redis://, rediss:// or unix://, and special characters in it %-escaped"]
        ) from None
    return Redis.from_pool(pool)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turns what redis-py raises while Redis cannot serve into StoreUnavailable; a refused command passes as it is."""
    try:
        yield
    except (
        exceptions.ConnectionError,
        exceptions.TimeoutError,
        exceptions.BusyLoadingError,
        exceptions.ReadOnlyError,
        exceptions.OutOfMemoryError,
        OSError,
    ) as error:
        raise StoreUnavailable(str(error) or type(error).__name__) from error
    except exceptions.ResponseError as error:
        if str(error).partition(" ")[0] not in UNABLE:
            raise
        raise StoreUnavailable(str(error)) from error


async def inspect(client: Redis) -> list[str]:
    """Look at the Redis behind `client`. Answers what an operator should know of it, a sentence each.

    Raises UnfitStore naming every fault that it cannot serve with, StoreUnavailable without an answer.
    """
    with store_errors():
        try:
            about = await client.info()
        except (exceptions.ConnectionError, exceptions.NoPermissionError) as error:
            # redis-py hides what a greeting was answered behind a ConnectionError; with these, waiting does not help.
            if not {type(error), type(error.__cause__)} & _REFUSALS:
                raise
            raise UnfitStore([f"Redis refuses the user and password in LIMNER_REDIS_URL: {error}"]) from None
    faults = []
    version = str(about.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_VERSION:
        faults.append(f"Redis {version} is too old: Limner needs 6.2 or newer, or Valkey.")
    if about.get("redis_mode") == "cluster" or about.get("cluster_enabled") == 1:
        faults.append("This Redis is a Cluster: Limner's scripts touch several keys at once and need a single one.")
    policy = about.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        faults.append(f"maxmemory-policy is {policy}: Redis would throw jobs away. Set it to noeviction.")
    if faults:
        raise UnfitStore(faults)
    return _remarks(about)


def _remarks(about: dict[str, Any]) -> list[str]:
    remarks = []
    if not about.get("aof_enabled"):
        remarks.append("The append-only file is off: when this Redis stops, the jobs in it are lost.")
    most = int(about.get("maxmemory", 0))
    used = int(about.get("used_memory", 0))
    if most and used > FULL * most:
        remarks.append(f"This Redis has used {100 * used // most} % of the memory it may have.")
    return remarks
