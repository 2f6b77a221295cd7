"""The worker's settings."""

from typing import Literal

from pydantic import Field, HttpUrl, SecretStr, model_validator

from storage.settings import Seconds, SecondsOrZero, StorageSettings


class WorkerSettings(StorageSettings):
    characters_at_once: int = Field(4, ge=1, le=100, description="sets of characters a worker writes at once")
    portraits_at_once: int = Field(1, ge=1, le=100, description="portraits a worker paints at once")
    job_seconds: Seconds = Field(600, description="a run that takes longer than this has failed")
    queue_limit_seconds: Seconds = Field(86_400, description="a job that waits longer than this has failed")
    finish_seconds: SecondsOrZero = Field(0, description="how long a worker that is stopped lets its jobs go on")

    lease_seconds: Seconds = Field(
        10, description="a run without sign of life for this long is given to another worker"
    )
    renew_seconds: Seconds = Field(3, description="how often a worker renews its leases")
    sweep_seconds: Seconds = Field(1, description="how often a worker looks for jobs that nobody looks after")

    text_provider: Literal["grammar", "chat"] = Field("grammar", description="who writes the characters")
    chat_url: HttpUrl = Field(
        HttpUrl("https://api.openai.com/v1"), description="base of an OpenAI-compatible endpoint, for `chat`"
    )
    chat_model: str = Field("gpt-4.1-mini", description="the model that `chat` asks for")
    chat_api_key: SecretStr = Field(SecretStr(""), description="the key that `chat` sends")
    painter_seconds: float = Field(
        0, ge=0, le=3_600, description="spreads the painter's strokes over at least this time, so that one can watch"
    )

    @model_validator(mode="after")
    def _renewed_in_time(self) -> "WorkerSettings":
        if self.renew_seconds * 2 > self.lease_seconds:
            raise ValueError("LIMNER_RENEW_SECONDS: must be at most half of LIMNER_LEASE_SECONDS")
        if self.sweep_seconds * 4 > self.lease_seconds:
            raise ValueError("LIMNER_SWEEP_SECONDS: must be at most a quarter of LIMNER_LEASE_SECONDS")
        return self
