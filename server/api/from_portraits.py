"""What has to be there before a job is taken in that goes on with a portrait."""

from server.problems import Problem, field_problem
from server.services import Services
from storage.records.ids import JobId
from storage.records.inputs import PORTRAIT


def check_storage(services: Services, lack: str) -> None:
    """Raises Problem 503 where there is no object store; `lack` is what this server then does not do."""
    if services.objects is None:
        raise Problem(
            503,
            f"This server {lack}, for it has nowhere to put them: "
            "neither LIMNER_OBJECTS_DIR nor LIMNER_S3_BUCKET is set.",
        )


async def check_portrait(
    services: Services, portrait: str, *, job_id: str | None = None, field: str = PORTRAIT
) -> None:
    """Raises Problem 422 where there is no such portrait. One that was stopped or has failed is the job's affair.

    `job_id` is what the job itself shall be called: what was accepted once is answered again, whatever has become of
    its portrait.
    """
    if job_id is not None and await services.store.look(JobId(job_id)) is not None:
        return
    stored = await services.store.look(JobId(portrait))
    if stored is None:
        raise field_problem(field, "there is no such job")
    if stored.expired:
        raise field_problem(field, "this job is no longer kept")
    if stored.job.kind != PORTRAIT:
        raise field_problem(field, f"this is a job of the kind {stored.job.kind}, and no portrait")
