"""The names of all keys and channels in Redis. Nowhere else is one put together.

docs/redis.md describes each. The Lua scripts get whole names, or stems to which they append an id and nothing else.
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """`prefix` begins every key and channel of one installation."""

    prefix: str

    def job(self, job_id: str) -> str:
        """Hash of a job, and the channel on which each of its records is published."""
        return f"{self.job_stem}{job_id}"

    @property
    def job_stem(self) -> str:
        return f"{self.prefix}job:"

    def portrait(self, job_id: str) -> str:
        """The finished picture, base64 text."""
        return f"{self.portrait_stem}{job_id}"

    @property
    def portrait_stem(self) -> str:
        return f"{self.prefix}portrait:"

    @property
    def active(self) -> str:
        """Sorted set of all jobs that are not final, by the time they were submitted (ms)."""
        return f"{self.prefix}active"

    @property
    def leases(self) -> str:
        """Sorted set of the jobs that run, by the time their lease ends (ms of Redis' clock)."""
        return f"{self.prefix}leases"

    @property
    def expiring(self) -> str:
        """Sorted set of final jobs, by the time until which they are kept (ms)."""
        return f"{self.prefix}expiring"

    @property
    def swept(self) -> str:
        """When the sweep last ran (ms)."""
        return f"{self.prefix}swept"

    def counted(self, kind: str) -> str:
        """Stands while the places in a kind's queue were told a moment ago."""
        return f"{self.prefix}counted:{kind}"

    def owner(self, owner: str) -> str:
        """Sorted set of an owner's jobs, by the time they were submitted (ms)."""
        return f"{self.owner_stem}{owner}"

    @property
    def owner_stem(self) -> str:
        return f"{self.prefix}owner:"

    def subject(self, owner: str, kind: str, subject: str) -> str:
        """The job that is being done for a subject. The subject is a stranger's text, so its hash stands for it."""
        digest = hashlib.sha256(f"{owner}\n{kind}\n{subject}".encode()).hexdigest()
        return f"{self.prefix}subject:{digest}"

    def durations(self, kind: str, provider: str) -> str:
        """List of how long the last jobs of a kind took with a provider (ms)."""
        return f"{self.prefix}durations:{kind}:{provider}"

    def queue(self, kind: str) -> str:
        """arq's sorted set of the jobs of a kind that wait; its members are `{job}:{claim}`."""
        return f"{self.queue_stem}{kind}"

    @property
    def queue_stem(self) -> str:
        return f"{self.prefix}queue:"

    def wake(self, kind: str) -> str:
        """Channel that wakes the workers of a kind."""
        return f"{self.prefix}wake:{kind}"

    def probe(self, process: str) -> str:
        """Channel on which a server process hears itself; `process` is chance."""
        return f"{self.prefix}probe:{process}"

    @property
    def arq_job_stem(self) -> str:
        return f"{self.prefix}arq:job:"

    @property
    def arq_lock_stem(self) -> str:
        return f"{self.prefix}arq:in-progress:"

    @property
    def arq_retry_stem(self) -> str:
        return f"{self.prefix}arq:retry:"

    @property
    def arq_result_stem(self) -> str:
        return f"{self.prefix}arq:result:"

    @property
    def arq_abort(self) -> str:
        return f"{self.prefix}arq:abort"
