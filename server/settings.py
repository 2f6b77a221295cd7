"""The server's settings."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from server.hub.connection import Limits
from storage.settings import Seconds, StorageSettings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _named_keys(text: SecretStr) -> SecretStr:
    parse_keys(text)
    return text


def parse_keys(text: SecretStr) -> dict[str, str]:
    """`name=key,name=key` to key → name. Raises ValueError."""
    keys = {}
    for part in filter(None, (part.strip() for part in text.get_secret_value().split(","))):
        name, separator, key = part.partition("=")
        if not separator or not name or not key:
            raise ValueError("must be name=key, several with commas between them")
        keys[key] = name
    return keys


class ServerSettings(StorageSettings):
    host: str = Field("127.0.0.1", description="address that the server listens on")
    port: int = Field(8000, ge=0, le=65_535, description="port that the server listens on")
    open: bool = Field(False, description="allows a host other than loopback without keys")
    origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="origins whose pages may use the server, with commas; default: the public URL, else the local ones",
    )
    api_keys: Annotated[SecretStr, AfterValidator(_named_keys)] = Field(
        SecretStr(""), description="`name=key` of programs that may call, with commas; the name is the owner"
    )
    operator_key: SecretStr = Field(SecretStr(""), description="the key that may stop and repeat every job")
    secret: SecretStr = Field(
        SecretStr(""), description="signs session cookies; without it sessions end with the process"
    )
    body_bytes: int = Field(64 * 1024, ge=1024, description="the largest body of a request")

    max_connections: int = Field(10_000, ge=1, description="WebSockets of one process")
    max_connections_per_address: int = Field(200, ge=1, description="WebSockets of one address")
    max_jobs: int = Field(256, ge=1, le=10_000, description="jobs that one WebSocket may watch, or one poll ask for")
    max_frame_bytes: int = Field(16 * 1024, ge=1024, description="the largest message that a client may send")
    max_messages: int = Field(20, ge=1, description="messages that a client may send in ten seconds")
    ping_seconds: Seconds = Field(25, description="how often a WebSocket is pinged")
    silence_seconds: Seconds = Field(60, description="a WebSocket without any byte for this long is closed")
    idle_seconds: Seconds = Field(30, description="a WebSocket that watches nothing for this long is closed")
    retry_window_seconds: Seconds = Field(5, description="clients spread their coming back over this time")
    wait_seconds: Seconds = Field(30, description="the longest that `Prefer: wait` may hold an answer")

    @model_validator(mode="before")
    @classmethod
    def _split_origins(cls, values: dict[str, object]) -> dict[str, object]:
        origins = values.get("origins")
        if isinstance(origins, str):
            parts = [part.strip().rstrip("/").lower() for part in origins.split(",")]
            return {**values, "origins": [part for part in parts if part]}
        return values

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if origin != "null" and not re.fullmatch(r"https?://[^/*\s]+", origin):
                raise ValueError("each must be like https://page.example, or null; there is none for all")
        return origins

    @model_validator(mode="after")
    def _closed_by_default(self) -> "ServerSettings":
        if self.host not in LOOPBACK and not self.open and not self.keys:
            raise ValueError(
                "LIMNER_HOST: everybody who reaches another address than 127.0.0.1 could use this server; "
                "set LIMNER_API_KEYS, or say --open (LIMNER_OPEN=1) if that is meant"
            )
        return self

    @property
    def anonymous(self) -> bool:
        """Whether a browser without a key may ask for jobs: on this machine, or where `--open` says so."""
        return self.open or self.host in LOOPBACK

    @property
    def keys(self) -> dict[str, str]:
        """Key → name of its owner."""
        return parse_keys(self.api_keys)

    @property
    def allowed_origins(self) -> list[str]:
        if self.origins:
            return self.origins
        if self.public_url:
            scheme, _, rest = self.public_url.partition("://")
            return [f"{scheme}://{rest.partition('/')[0]}".lower()]
        return [f"http://{host}:{self.port}" for host in ("localhost", "127.0.0.1", "[::1]")]

    @property
    def limits(self) -> Limits:
        return Limits(
            jobs=self.max_jobs,
            messages=self.max_messages,
            idle=self.idle_seconds,
            ping_interval=self.ping_seconds,
            silence=self.silence_seconds,
            retry_window=self.retry_window_seconds,
        )
