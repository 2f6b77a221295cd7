"""Runs: how they begin, stay alive, and keep what they have with their provider."""

from collections.abc import Sequence

from storage.commands import Commands
from storage.keys import Keys
from storage.reading import JobReader
from storage.records.encoding import decode, encode_body
from storage.records.ids import JobId
from storage.records.job import Job
from storage.scripts import Scripts
from storage.stored import WITHOUT_LIMIT, Most, Stored


class RunningJobs(JobReader):
    """All methods raise StoreUnavailable while Redis cannot be reached: nobody knows then whether a step was taken."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        super().__init__(commands, keys)
        self._scripts = Scripts(commands)

    async def claim(
        self, begun: Sequence[tuple[Stored, Job]], *, lease_ms: int, worker: str, most: Most = WITHOUT_LIMIT
    ) -> list[Job | None]:
        """Begin runs of queued jobs, each with that run's record; None for one that is not ours to run now.

        All of them are of one kind. They go in one round trip, and each is a step of its own. Who asks again, under the
        same name of a `worker`, gets the run that it has begun.
        """
        keys = self._keys
        answers = await self._scripts.call_all(
            "claim_job",
            [
                (
                    [
                        keys.job(stored.id),
                        keys.queue(job.kind),
                        keys.leases,
                        keys.paused,
                        keys.blocked,
                        keys.running_kind(job.kind),
                        keys.running_provider(job.provider or ""),
                        keys.running_owner(stored.owner),
                    ],
                    [
                        stored.id,
                        job.kind,
                        stored.claim,
                        encode_body(job),
                        lease_ms,
                        worker,
                        job.provider or "",
                        most.kind,
                        most.provider,
                        most.owner,
                    ],
                )
                for stored, job in begun
            ],
        )
        return [decode(answer[1]) if answer[0] == b"done" else None for answer in answers]

    async def worker_of(self, job_id: JobId) -> str | None:
        """The worker that runs a job."""
        (name,) = await self._commands.ask([(b"HGET", self._keys.job(job_id), b"worker")])
        return name.decode() if name is not None else None

    async def renew(self, running: Sequence[tuple[JobId, bytes]], *, lease_ms: int) -> list[bool]:
        """Renew leases, each of a job under a claim. False: the claim is another's by now, and that run is to stop."""
        keys = self._keys
        answers = await self._scripts.call_all(
            "renew_lease", [([keys.job(id_), keys.leases], [id_, claim, lease_ms]) for id_, claim in running]
        )
        return [bool(answer) for answer in answers]

    async def keep_task(self, job_id: JobId, claim: bytes, task: bytes, *, lease_ms: int) -> bool:
        """Note what a run has with its provider, and renew its lease. False: the claim is another's by now.

        On return it is in Redis: whoever runs the job next finds it as `StoredWithInput.task`.
        """
        keys = self._keys
        return bool(
            await self._scripts.call("keep_task", [keys.job(job_id), keys.leases], [job_id, claim, task, lease_ms])
        )
