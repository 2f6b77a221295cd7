"""Settings come from the environment, once, at the start of a process.

Every package has one frozen class of them; `load` reads one and stops the start with a sentence for each fault.
"""

import base64
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
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


def secrets_in(text: SecretStr) -> list[SecretStr]:
    """The secrets that stand in one variable, with commas between them."""
    return [SecretStr(part.strip()) for part in text.get_secret_value().split(",") if part.strip()]


def _webhook_secrets(text: SecretStr) -> SecretStr:
    for secret in secrets_in(text):
        coded = secret.get_secret_value()
        try:
            size = len(base64.b64decode(coded.removeprefix("whsec_"), validate=True))
        except ValueError:
            size = 0
        if not coded.startswith("whsec_") or not 24 <= size <= 64:
            raise ValueError("each must be whsec_ and the base64 of 24 to 64 bytes, several with commas between them")
    return text


class StorageSettings(Settings):
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="`redis://`, `rediss://` or `unix://`; `up` starts its own Valkey where this is not set",
    )
    redis_seconds: Seconds = Field(5, description="a command that Redis has not answered after this long has failed")
    public_url: str = Field("", description="where browsers reach the server; begins the addresses of pictures")
    portrait_provider: Literal["painter", "replicate"] = Field(
        "painter", description="who paints the portraits; the same for the server and its workers"
    )
    redis_prefix: str = Field("limner:", max_length=64, description="begins every key and channel")
    keep_seconds: Seconds = Field(3_600, description="how long a finished job is kept after the last look at it")
    keep_at_most_seconds: Seconds = Field(86_400, description="how long a finished job is kept at most")
    spacing_seconds: SecondsOrZero = Field(
        60, description="in a queue, each further unfinished job of one owner steps this far behind those of others"
    )
    batch_seconds: SecondsOrZero = Field(3_600, description="how far a job of priority `batch` steps back in its queue")
    tombstone_seconds: Seconds = Field(
        86_400, description="how long the id of a job that is no longer kept cannot mean another"
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secrets)] = Field(
        SecretStr(""),
        description="signs webhooks: `whsec_` and base64 of 24 to 64 bytes, several with commas; none without it",
    )
    webhook_private: bool = Field(False, description="allows webhooks to private addresses and to every port")
    database_url: SecretStr = Field(
        SecretStr(""),
        description="`postgresql://…`, where worlds are kept; `up` starts its own Postgres where this is not set",
    )
    database_connections: int = Field(10, ge=1, le=1_000, description="connections of one process to Postgres, at most")
    database_pooler: bool = Field(
        False, description="says that a pooler such as PgBouncer stands before Postgres and shares its sessions"
    )
    objects_dir: str = Field("", description="the folder of the local object store, for a single machine")
    s3_bucket: str = Field("", description="the bucket of the object store, in S3, R2 or another that speaks S3")
    s3_endpoint_url: str = Field("", description="where the bucket's S3 API is, if it is not Amazon's")
    s3_region: str = Field("auto", description="the bucket's region; R2 has only `auto`")
    s3_access_key_id: SecretStr = Field(SecretStr(""), description="the key that signs requests to the bucket")
    s3_secret_access_key: SecretStr = Field(SecretStr(""), description="the secret of that key")
    s3_public_url: str = Field("", description="where browsers reach the bucket, often another address than its API's")
    objects_seconds: Seconds = Field(60, description="a call to the object store that takes longer has failed")

    @model_validator(mode="after")
    def _kept_within_its_limit(self) -> "StorageSettings":
        if self.keep_seconds > self.keep_at_most_seconds:
            raise ValueError("LIMNER_KEEP_SECONDS: must be at most LIMNER_KEEP_AT_MOST_SECONDS")
        return self

    @model_validator(mode="after")
    def _kept_whole(self) -> "StorageSettings":
        if self.objects_dir and not Path(self.objects_dir).is_absolute():
            # A server and a worker that stand in different folders would have two stores.
            raise ValueError("LIMNER_OBJECTS_DIR: must be a whole path, from the root")
        if self.objects_dir and self.s3_bucket:
            raise ValueError("LIMNER_OBJECTS_DIR: must not be set together with LIMNER_S3_BUCKET")
        keys = {
            "S3_ACCESS_KEY_ID": self.s3_access_key_id.get_secret_value(),
            "S3_SECRET_ACCESS_KEY": self.s3_secret_access_key.get_secret_value(),
        }
        for name, value in {"S3_PUBLIC_URL": self.s3_public_url, **keys}.items():
            if self.s3_bucket and not value:
                raise ValueError(f"LIMNER_{name}: must be set where LIMNER_S3_BUCKET is")
        for name, value in {"S3_ENDPOINT_URL": self.s3_endpoint_url, **keys}.items():
            if value and not self.has_objects:
                raise ValueError(f"LIMNER_S3_BUCKET: must be set where LIMNER_{name} is")
        if self.database_url.get_secret_value() and not self.has_objects:
            raise ValueError(
                "LIMNER_OBJECTS_DIR: must be set where LIMNER_DATABASE_URL is, or LIMNER_S3_BUCKET: "
                "what is kept needs a place for its pictures"
            )
        return self

    @property
    def character_seconds(self) -> float:
        """How long the id of a character is known: until its job is forgotten altogether."""
        return self.keep_at_most_seconds + self.tombstone_seconds

    @property
    def has_objects(self) -> bool:
        """Whether there is an object store."""
        return bool(self.objects_dir or self.s3_bucket)

    @property
    def webhook_secrets(self) -> list[SecretStr]:
        """Webhooks are signed with each of them. With none there are no webhooks: who submits one is to be refused."""
        return secrets_in(self.webhook_secret)


def numbers_by_name(value: object) -> object:
    """`name=number,name=number` to name → number, for a validator; what is no text passes. Raises ValueError."""
    if not isinstance(value, str):
        return value
    numbers = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        name, _, number = part.partition("=")
        if not name or not number.isdecimal() or int(number) < 1:
            raise ValueError("must be name=number, several with commas between them, each at least 1")
        numbers[name] = int(number)
    return numbers


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
