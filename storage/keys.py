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

    def character(self, character_id: str) -> str:
        """The `characters` job in whose result a character stands."""
        return f"{self.prefix}character:{character_id}"

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

    @property
    def delayed(self) -> str:
        """Sorted set of the jobs that wait for a time, as `{job}:{claim}`, by that time (ms)."""
        return f"{self.prefix}delayed"

    @property
    def failed(self) -> str:
        """Sorted set of the failed jobs that are still kept, by the time they failed (ms)."""
        return f"{self.prefix}failed"

    def running_kind(self, kind: str) -> str:
        """Set of the jobs of a kind that run."""
        return f"{self.prefix}running:kind:{kind}"

    def running_provider(self, provider: str) -> str:
        """Set of the jobs that run with a provider."""
        return f"{self.prefix}running:provider:{provider}"

    def running_owner(self, owner: str) -> str:
        """Set of the jobs of an owner that run."""
        return f"{self.running_owner_stem}{owner}"

    @property
    def running_owner_stem(self) -> str:
        return f"{self.prefix}running:owner:"

    @property
    def blocked(self) -> str:
        """Set of the kinds of which some jobs wait because too many run: to be looked at when one has ended."""
        return f"{self.prefix}blocked"

    @property
    def paused(self) -> str:
        """Set of the providers that an operator has paused."""
        return f"{self.prefix}paused"

    @property
    def stopped(self) -> str:
        """Channel: runs that were ended from outside, as `{job}:{claim}`."""
        return f"{self.prefix}stopped"

    def unfinished(self, kind: str, owner: str) -> str:
        """Set of an owner's jobs of a kind that are not final."""
        return f"{self.prefix}unfinished:{kind}:{owner}"

    def tokens(self, bucket: str) -> str:
        """Hash of a token bucket: how many are left, and as of when."""
        return f"{self.prefix}tokens:{bucket}"

    def spent(self, quota: str) -> str:
        """Stem of the counter of a daily quota; the number of the day since 1970 follows."""
        return f"{self.prefix}spent:{quota}:"

    def idempotency(self, owner: str, key: str) -> str:
        """The job that an owner's `Idempotency-Key` stands for. It is a stranger's text, so its hash stands for it."""
        return f"{self.prefix}idempotency:{key_digest(owner, key)}"

    @property
    def workers(self) -> str:
        """Hash of the workers that live, by their names; each says what it is and when it was last there."""
        return f"{self.prefix}workers"

    @property
    def webhooks(self) -> str:
        """Sorted set of the webhook deliveries that are due, as `{job}:{version}`, by when to try (ms)."""
        return f"{self.prefix}webhooks"

    @property
    def deliveries(self) -> str:
        """Sorted set of all webhook deliveries that are known, by when they were made or last asked for (ms)."""
        return f"{self.prefix}deliveries"

    def webhook(self, delivery: str) -> str:
        """Hash of one delivery; its name is `{job}:{version}`."""
        return f"{self.webhook_stem}{delivery}"

    @property
    def webhook_stem(self) -> str:
        return f"{self.prefix}webhook:"

    def counted(self, kind: str) -> str:
        """Stands while the places in a kind's queue were told a moment ago."""
        return f"{self.prefix}counted:{kind}"

    def placed(self, kind: str) -> str:
        """Set of the waiting jobs of a kind whose place was told the last time."""
        return f"{self.prefix}placed:{kind}"

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
        """The sorted set that arq reads: the jobs of a kind that wait, as `{job}:{claim}`."""
        return f"{self.queue_stem}{kind}"

    @property
    def queue_stem(self) -> str:
        return f"{self.prefix}queue:"

    def wake(self, kind: str) -> str:
        """Channel that wakes the workers of a kind."""
        return f"{self.wake_stem}{kind}"

    @property
    def wake_stem(self) -> str:
        return f"{self.prefix}wake:"

    def probe(self, process: str) -> str:
        """Channel on which a server process hears itself; `process` is chance."""
        return f"{self.prefix}probe:{process}"


def key_digest(owner: str, key: str) -> str:
    """Stands for an owner's `Idempotency-Key`."""
    return hashlib.sha256(f"{owner}\n{key}".encode()).hexdigest()
