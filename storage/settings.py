"""Settings come from the environment, once, at the start of a process.

Every package has one frozen class of them; `load` reads one and stops the start with a sentence for each fault.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.errors import SettingsError

PREFIX = "LIMNER_"

MOST_SECONDS = 7 * 86_400
"""More is a slip, and far more is beyond what timers and Redis can count."""
Seconds = Annotated[float, Field(gt=0, le=MOST_SECONDS, allow_inf_nan=False)]
SecondsOrZero = Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)]
"""0 is allowed."""


class Settings(BaseSettings):
    """Base of the settings of a package: frozen, from variables that begin with LIMNER_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    log_format: Literal["text", "json"] = Field("text", description="how a log line is written")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least a log line must be")


class StorageSettings(Settings):
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="`redis://`, `rediss://` or `unix://`; `up` starts its own Valkey where this is not set",
    )
    redis_seconds: Seconds = Field(5, description="a command that Redis has not answered after this long has failed")
    public_url: str = Field("", description="where browsers reach the server; begins the addresses of pictures")
    redis_prefix: str = Field("limner:", max_length=64, description="begins every key and channel")
    keep_seconds: Seconds = Field(3_600, description="how long a finished job is kept after the last look at it")
    keep_at_most_seconds: Seconds = Field(86_400, description="how long a finished job is kept at most")
    tombstone_seconds: Seconds = Field(
        86_400, description="how long the id of a job that is no longer kept cannot mean another"
    )

    @model_validator(mode="after")
    def _kept_within_its_limit(self) -> "StorageSettings":
        if self.keep_seconds > self.keep_at_most_seconds:
            raise ValueError("LIMNER_KEEP_SECONDS: must be at most LIMNER_KEEP_AT_MOST_SECONDS")
        return self


S = TypeVar("S", bound=BaseSettings)


def load(settings: type[S], **given: Any) -> S:
    """Read `settings` from the environment; what is `given` goes before it.

    Raises SettingsError with a sentence for every variable at fault. Values are not repeated: one may be a secret.
    """
    try:
        return settings(**given)
    except ValidationError as error:
        raise SettingsError([_sentence(fault["loc"], fault["msg"]) for fault in error.errors()]) from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not location:
        return message
    return f"{PREFIX}{location[0]}".upper() + f": {message[:1].lower()}{message[1:]}"
