"""What all parts stand on: a Valkey and a Postgres of their own, and a server where one is measured."""

import asyncio
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pydantic import SecretStr

from bench.processes import UNLIMITED
from storage import embedded, embedded_postgres
from storage.migrating import migrate
from storage.portraits import StoredPicture


@dataclass(frozen=True, slots=True)
class Stage:
    """Postgres writes as it does for `up`: what it has committed stays."""

    redis_url: str
    database_url: str
    folder: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Of a server and a worker."""
        return {
            "LIMNER_REDIS_URL": self.redis_url,
            "LIMNER_DATABASE_URL": self.database_url,
            "LIMNER_OBJECTS_DIR": str(self.folder / "objects"),
            "LIMNER_UPLOAD_BYTES": str(1024**3),
            **UNLIMITED,
        }


@contextmanager
def stage() -> Iterator[Stage]:
    """Raises EmbeddedUnavailable."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limner-", ignore_cleanup_errors=True)))
        valkey = stack.enter_context(embedded.running())
        postgres = embedded_postgres.prepare(folder)
        stack.enter_context(embedded_postgres.started(postgres))
        asyncio.run(migrate(SecretStr(postgres.url)))
        yield Stage(valkey.url, postgres.url, folder)


def noise(side: int) -> StoredPicture:
    """A picture unlike every other, which no compression makes smaller."""
    pixels = np.frombuffer(secrets.token_bytes(side * side * 3), np.uint8).reshape(side, side, 3)
    _, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    return StoredPicture.of(bytes(data))
