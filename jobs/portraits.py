"""Kind `portrait`: one picture of one character."""

from jobs.providers.base import PortraitProvider, PortraitRequest
from jobs.registry import Finished
from jobs.remote_task import RemoteTask
from jobs.run import Run
from storage.logs import Event, log
from storage.records.encoding import VERSION_PLACEHOLDER
from storage.records.inputs import PortraitInput
from storage.records.media import PictureResult


class PaintPortrait:
    """Paints with `provider`. `public_url` begins the address of the picture, or is empty."""

    def __init__(self, provider: PortraitProvider, public_url: str) -> None:
        self._provider = provider
        self._public_url = public_url.rstrip("/")

    async def __call__(self, run: Run) -> Finished:
        wanted = PortraitInput.model_validate_json(run.input)
        log(Event.PROVIDER_CALLED, job=run.job.id, provider=self._provider.name)
        picture = await self._provider.paint(
            PortraitRequest(
                description=wanted.description,
                character=wanted.character,
                seed=wanted.seed,
                width=wanted.width,
                height=wanted.height,
                format=wanted.format,
            ),
            run.report,
            RemoteTask(run, self._provider.name),
        )
        result = PictureResult(
            url=f"{self._public_url}/temp-portraits/{run.job.id}/image?v={VERSION_PLACEHOLDER}",
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
            bytes=len(picture.data),
        )
        return Finished(result.model_dump(), picture)
