"""The server's settings."""

import re
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from server.hub.connection import Limits
from storage.records.media import PORTRAIT_PROVIDERS
from storage.settings import Seconds, SecondsOrZero, StorageSettings, numbers_by_name

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
    upload_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="the largest body of `POST /worlds` and `POST /uploads`"
    )
    generate_on_opening: Literal["none", "portraits", "videos", "both"] = Field(
        "none", description="what a world's board asks for by itself, once, when its owner first opens it"
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="addresses and networks whose `X-Forwarded-For` and `-Proto` are believed, with commas",
    )
    max_connections: int = Field(10_000, ge=1, description="WebSockets, event streams and held requests of one process")
    max_connections_per_address: int = Field(200, ge=1, description="the same of one address, or one IPv6 /64")
    max_submissions: int = Field(
        60, ge=0, description="submissions that one owner may make in `LIMNER_SUBMISSIONS_SECONDS`; 0: no limit"
    )
    max_submissions_per_address: int = Field(
        600, ge=0, description="the same from one address, or one IPv6 /64; 0: no limit"
    )
    submissions_seconds: Seconds = Field(60, description="the time for which `LIMNER_MAX_SUBMISSIONS` counts")
    daily_pictures: int = Field(0, ge=0, description="pictures that one owner may ask for in a day (UTC); 0: no limit")
    daily_pictures_per_address: int = Field(0, ge=0, description="the same of one address, or one IPv6 /64")
    daily_budget: Annotated[dict[str, int], NoDecode] = Field(
        default_factory=dict,
        description="`provider=number` of pictures that all together may ask of it in a day, with commas",
    )
    max_waiting: int = Field(10_000, ge=0, description="jobs of a kind that may wait; 0: no limit")
    max_jobs: int = Field(
        256, ge=1, le=10_000, description="jobs that one WebSocket or event stream may watch, or one poll ask for"
    )
    max_frame_bytes: int = Field(16 * 1024, ge=1024, description="the largest message that a client may send")
    max_messages: int = Field(20, ge=1, description="messages that a client may send in `LIMNER_MESSAGES_SECONDS`")
    messages_seconds: Seconds = Field(10, description="the time for which `LIMNER_MAX_MESSAGES` counts")
    ping_seconds: Seconds = Field(25, description="how often a WebSocket is pinged")
    silence_seconds: Seconds = Field(60, description="a WebSocket without any byte for this long is closed")
    idle_seconds: Seconds = Field(30, description="a WebSocket that watches nothing for this long is closed")
    slow_seconds: Seconds = Field(
        10, description="a client that takes neither 4 KiB nor all that waits for it in this long is cut off"
    )
    request_seconds: Seconds = Field(
        10, description="a connection without a whole request head after this long is closed"
    )
    retry_window_seconds: Seconds = Field(5, description="clients spread their coming back over this time")
    wait_seconds: Seconds = Field(30, description="the longest that `Prefer: wait` may hold an answer")
    drain_seconds: SecondsOrZero = Field(
        10, description="a server that is stopped closes its connections one by one over this time"
    )
    probe_seconds: Seconds = Field(10, description="how often the event connection to Redis is probed")
    probe_answer_seconds: Seconds = Field(
        5, description="a probe that is not back after this long is a lost connection"
    )
    backstop_seconds: Seconds = Field(20, description="how often what is watched is compared with Redis")
    linger_seconds: Seconds = Field(
        5, description="how long the hub still listens to a job that nobody watches any more"
    )

    @model_validator(mode="before")
    @classmethod
    def _split_origins(cls, values: dict[str, object]) -> dict[str, object]:
        origins = values.get("origins")
        if isinstance(origins, str):
            parts = [part.strip().rstrip("/").lower() for part in origins.split(",")]
            return {**values, "origins": [part for part in parts if part]}
        return values

    @model_validator(mode="before")
    @classmethod
    def _split_proxies(cls, values: dict[str, object]) -> dict[str, object]:
        proxies = values.get("trusted_proxies")
        if isinstance(proxies, str):
            return {**values, "trusted_proxies": [part for part in map(str.strip, proxies.split(",")) if part]}
        return values

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: list[str]) -> list[str]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError:
                raise ValueError("each must be an address or a network, such as 10.0.0.0/8") from None
        return proxies

    @field_validator("daily_budget", mode="before")
    @classmethod
    def _split_budget(cls, value: object) -> object:
        return numbers_by_name(value)

    @field_validator("daily_budget")
    @classmethod
    def _are_providers(cls, budget: dict[str, int]) -> dict[str, int]:
        for name in budget:
            if name not in PORTRAIT_PROVIDERS:  # a slip here would be a limit on money that is none
                raise ValueError(f"there is no provider {name}, only: {', '.join(PORTRAIT_PROVIDERS)}")
        return budget

    @field_validator("public_url")
    @classmethod
    def _is_root(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", url):
            raise ValueError("must be like https://limner.example, or https://site.example/limner where it has a path")
        return url

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if origin != "null" and not re.fullmatch(r"https?://[^/*\s]+", origin):
                raise ValueError("each must be like https://page.example, or null; there is none for all")
        return origins

    @model_validator(mode="after")
    def _pinged_in_time(self) -> "ServerSettings":
        if self.ping_seconds * 2 > self.silence_seconds:
            raise ValueError("LIMNER_SILENCE_SECONDS: must be at least twice LIMNER_PING_SECONDS")
        return self

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
    def public_path(self) -> str:
        """The path that the public URL has, without the slash at its end: empty, or such as `/limner`."""
        return urlsplit(self.public_url).path.rstrip("/")

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
            messages_seconds=self.messages_seconds,
            idle=self.idle_seconds,
            ping_interval=self.ping_seconds,
            silence=self.silence_seconds,
            slow=self.slow_seconds,
            retry_window=self.retry_window_seconds,
        )
