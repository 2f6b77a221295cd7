"""The command connection to Redis, and a look at the Redis that is there."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pydantic import SecretStr
from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url

from storage.errors import SettingsError, StoreUnavailable, UnfitStore
from storage.keys import Keys
from storage.lost_line import lost_lines
from storage.resp import CONNECT_SECONDS, network_options

COMMAND_SECONDS = 5.0
"""For those who have no settings to say otherwise."""

CONNECTIONS = 32

UNABLE = frozenset(
    {"BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY", "TRYAGAIN"}
)
"""What an answer begins with that says that Redis cannot do now what it could at another time."""

LEAST_VERSION = (6, 2)
FULL = 0.8
LOOK = "look"
"""Stands for an id in the names of channels that nobody else uses."""
SUBSCRIBER_LIMITS = (256 * 1024 * 1024, 64 * 1024 * 1024, 60)
"""What a server's pub/sub connection may leave unread: at once, and how much of it for how many seconds."""

_REFUSALS = {exceptions.AuthenticationError, exceptions.NoPermissionError}


def connect(url: SecretStr, *, seconds: float = COMMAND_SECONDS, connections: int = CONNECTIONS) -> Redis:
    """A client whose commands end within `seconds`, with an answer or an error. Connects when first used.

    Raises SettingsError where the URL is none.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=connections,
            timeout=seconds,
            socket_connect_timeout=min(CONNECT_SECONDS, seconds),
            socket_timeout=seconds,
            **network_options(dict(parse_url(url.get_secret_value()))),
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
        with lost_lines():
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
        if not isinstance(judged := refusal(str(error)), StoreUnavailable):
            raise
        raise judged from error


def refusal(answer: str) -> StoreUnavailable | exceptions.ResponseError:
    """What an error that Redis answered is to a caller, in Redis' own words."""
    word = answer.partition(" ")[0]
    if word in UNABLE:
        return StoreUnavailable(answer)
    return exceptions.NoScriptError(answer) if word == "NOSCRIPT" else exceptions.ResponseError(answer)


async def inspect(client: Redis, keys: Keys | None = None) -> list[str]:
    """Look at the Redis behind `client`. Answers what an operator should know of it, a sentence each.

    With `keys` it is tried as well whether their channels may be spoken on and listened to. Raises UnfitStore naming
    every fault that it cannot serve with, StoreUnavailable without an answer.
    """
    with store_errors():
        try:
            about = await client.info()
        except (exceptions.ConnectionError, exceptions.NoPermissionError) as error:
            # redis-py hides what a greeting was answered behind a ConnectionError; with these, waiting does not help.
            if isinstance(error.__context__, ssl.SSLCertVerificationError):
                raise UnfitStore([_distrust(error.__context__)]) from None
            if not {type(error), type(error.__cause__)} & _REFUSALS:
                raise
            raise UnfitStore([f"Redis refuses the user and password in LIMNER_REDIS_URL: {error}"]) from None
        limits = await _limits_of_subscribers(client)
        muted = await _muted(client, keys) if keys is not None else None
    faults = []
    version = str(about.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_VERSION:
        faults.append(f"Redis {version} is too old: Limner needs 6.2 or newer, or Valkey.")
    if about.get("redis_mode") == "cluster" or about.get("cluster_enabled") == 1:
        faults.append("This Redis is a Cluster: Limner's scripts touch several keys at once and need a single one.")
    policy = about.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        faults.append(f"maxmemory-policy is {policy}: Redis would throw jobs away. Set it to noeviction.")
    if muted is not None:
        faults.append(muted)
    if faults:
        raise UnfitStore(faults)
    return _remarks(about, limits)


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    return (
        f"The certificate of the Redis in LIMNER_REDIS_URL is not trusted: {error.verify_message.rstrip('.')}. "
        "An authority of your own is named in that URL with ?ssl_ca_certs=/path/to/its.pem"
    )


async def _muted(client: Redis, keys: Keys) -> str | None:
    """What keeps this user from the channels. Since Redis 7 a new user may use none."""
    channels = [keys.job(LOOK), keys.probe(LOOK), keys.wake(LOOK)]
    listening = client.pubsub()
    try:
        await listening.subscribe(*channels)
        for _ in channels:
            await listening.get_message(timeout=None)
        await client.publish(keys.probe(LOOK), b"")
    except exceptions.NoPermissionError as error:
        return (
            f"The user in LIMNER_REDIS_URL may not subscribe and publish to the channels {keys.prefix}*: {error} "
            f"(docs/redis.md: &{keys.prefix}*, +subscribe, +unsubscribe, +publish)"
        )
    finally:
        await listening.aclose()  # type: ignore[no-untyped-call]
    return None


async def _limits_of_subscribers(client: Redis) -> tuple[int, int, int] | None:
    """`client-output-buffer-limit pubsub`: at once, for how long what, in bytes, bytes, s. None where it is secret."""
    with suppress(exceptions.ResponseError):
        classes = (await client.config_get("client-output-buffer-limit")).get("client-output-buffer-limit", "").split()
        if "pubsub" in classes:
            at_once, lasting, seconds = classes[classes.index("pubsub") + 1 :][:3]
            return int(at_once), int(lasting), int(seconds)
    return None


def _remarks(about: dict[str, Any], limits: tuple[int, int, int] | None) -> list[str]:
    remarks = []
    if not about.get("aof_enabled"):
        remarks.append("The append-only file is off: when this Redis stops, the jobs in it are lost.")
    most = int(about.get("maxmemory", 0))
    used = int(about.get("used_memory", 0))
    if most and used > FULL * most:
        remarks.append(f"This Redis has used {100 * used // most} % of the memory it may have.")
    if limits is not None and _is_little(limits):
        remarks.append(
            "This Redis soon cuts off a server that stands still for a moment while many previews arrive: "
            f"client-output-buffer-limit pubsub is {' '.join(map(str, limits))} and should be at least "
            f"{' '.join(map(str, SUBSCRIBER_LIMITS))}."
        )
    return remarks


def _is_little(limits: tuple[int, int, int]) -> bool:
    # 0 is no limit; for how long the lasting one may be passed is the operator's affair.
    return 0 < limits[0] < SUBSCRIBER_LIMITS[0] or 0 < limits[1] < SUBSCRIBER_LIMITS[1]
