"""What a provider tells of its work."""

import asyncio
import threading

from storage.records.media import Picture


class Told:
    """A report that remembers, and says when the first preview has come."""

    def __init__(self) -> None:
        self.progress: list[float] = []
        self.stages: list[str | None] = []
        self.previews: list[Picture] = []
        self.threads: set[int] = set()
        self.first = asyncio.Event()

    async def __call__(
        self, progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        self.progress.append(progress)
        self.stages.append(stage)
        self.threads.add(threading.get_ident())
        if preview is not None:
            self.previews.append(preview)
            self.first.set()
