"""The worker's settings."""

from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from storage.settings import Seconds, SecondsOrZero, StorageSettings, numbers_by_name
from storage.stored import UNBOUNDED, Most


class WorkerSettings(StorageSettings):
    characters_at_once: int = Field(4, ge=1, le=100, description="sets of characters a worker writes at once")
    portraits_at_once: int = Field(1, ge=1, le=100, description="portraits a worker paints at once")
    videos_at_once: int = Field(1, ge=1, le=100, description="videos a worker makes at once")
    uploads_at_once: int = Field(8, ge=1, le=100, description="pictures a worker puts into the object store at once")
    characters_seconds: Seconds = Field(300, description="how long the writing of a set of characters may take")
    portrait_seconds: Seconds = Field(600, description="how long the painting of a portrait may take")
    video_seconds: Seconds = Field(600, description="how long the making of a video may take")
    upload_seconds: Seconds = Field(120, description="how long putting a picture into the object store may take")
    characters_running: int = Field(
        1_000, ge=1, le=UNBOUNDED, description="sets of characters that all workers together write at once"
    )
    portraits_running: int = Field(
        1_000, ge=1, le=UNBOUNDED, description="portraits that all workers together paint at once"
    )
    videos_running: int = Field(1_000, ge=1, le=UNBOUNDED, description="videos that all workers together make at once")
    owner_running: int = Field(8, ge=1, le=UNBOUNDED, description="jobs of one owner that run at once")
    provider_running: Annotated[dict[str, int], NoDecode] = Field(
        default_factory=dict, description="`provider=number` of jobs that run at once with it, with commas"
    )
    queue_limit_seconds: Seconds = Field(86_400, description="a job that waits longer than this has failed")
    finish_seconds: SecondsOrZero = Field(
        5, description="a worker that is stopped lets those jobs go on that will probably end within this time"
    )

    lease_seconds: Seconds = Field(
        10, description="a run without sign of life for this long is given to another worker"
    )
    renew_seconds: Seconds = Field(3, description="how often a worker renews its leases")
    sweep_seconds: Seconds = Field(1, description="how often a worker looks for jobs that nobody looks after")

    media_seconds: Seconds = Field(
        1, description="how often a worker looks for kept pictures that are not in the object store yet"
    )
    objects_retry_seconds: Seconds = Field(
        10, description="the pause before an object store that was away is tried again"
    )

    webhooks_at_once: int = Field(
        16, ge=1, le=1_000, description="webhooks a worker sends at once; a quarter of them to one receiver"
    )
    webhook_seconds: Seconds = Field(15, description="how long a receiver has to answer a webhook")

    text_provider: Literal["grammar", "chat"] = Field("grammar", description="who writes the characters")
    chat_url: HttpUrl = Field(
        HttpUrl("https://api.openai.com/v1"), description="base of an OpenAI-compatible endpoint, for `chat`"
    )
    chat_model: str = Field("gpt-4.1-mini", description="the model that `chat` asks for")
    chat_api_key: SecretStr = Field(SecretStr(""), description="the key that `chat` sends")
    replicate_url: HttpUrl = Field(HttpUrl("https://api.replicate.com"), description="base of the API of `replicate`")
    replicate_model: str = Field(
        "black-forest-labs/flux-schnell",
        pattern=r"^[\w.-]+/[\w.-]+(:[0-9a-f]{64})?$",
        description="the model that `replicate` paints with, as `owner/name` or `owner/name:version`",
    )
    replicate_token: SecretStr = Field(SecretStr(""), description="the key of an account at `replicate`, which pays")
    painter_seconds: float = Field(
        0, ge=0, le=3_600, description="spreads the painter's strokes over at least this time, so that one can watch"
    )

    @field_validator("provider_running", mode="before")
    @classmethod
    def _split_numbers(cls, value: object) -> object:
        return numbers_by_name(value)

    @model_validator(mode="after")
    def _renewed_in_time(self) -> "WorkerSettings":
        if self.renew_seconds * 2 > self.lease_seconds:
            raise ValueError("LIMNER_RENEW_SECONDS: must be at most half of LIMNER_LEASE_SECONDS")
        if self.sweep_seconds * 4 > self.lease_seconds:
            raise ValueError("LIMNER_SWEEP_SECONDS: must be at most a quarter of LIMNER_LEASE_SECONDS")
        return self

    @model_validator(mode="after")
    def _paid_with_a_key(self) -> "WorkerSettings":
        token = self.replicate_token.get_secret_value()
        if self.portrait_provider == "replicate" and not token:
            raise ValueError("LIMNER_REPLICATE_TOKEN: must be set where LIMNER_PORTRAIT_PROVIDER is replicate")
        if not all("!" <= letter <= "~" for letter in token):
            raise ValueError("LIMNER_REPLICATE_TOKEN: has characters that no header can carry")
        return self

    def most(self, provider: str, of_kind: int) -> Most:
        """How many jobs of a kind may run at once, which `provider` makes."""
        return Most(of_kind, self.provider_running.get(provider, UNBOUNDED), self.owner_running)
