"""What a caller may ask for: how often, how many pictures a day, how many jobs may wait. The operator always may."""

import math
from collections.abc import Sequence

from server.admission import place_of
from server.hub.counters import Counters, Limit
from server.identity import Caller
from server.problems import Problem, field_problem
from server.settings import ServerSettings
from storage.errors import QueueFull, QuotaSpent
from storage.stored import Quota
from storage.tokens import Bucket, TokenBuckets

PICTURES, PICTURES_OF_ADDRESS, BUDGET = "pictures:", "pictures-of-address:", "budget:"
"""Begin the names of quotas."""
QUEUE_RETRY_SECONDS = 10
"""When to try a full queue again: there is room as soon as one of its jobs begins."""


class SubmissionLimits:
    """Each limit is a setting. `counters` say how often one was reached."""

    def __init__(self, settings: ServerSettings, buckets: TokenBuckets, counters: Counters) -> None:
        self._settings = settings
        self._buckets = buckets
        self._counters = counters

    async def admit(self, caller: Caller, address: str) -> None:
        """Count one submission, or one call that repeats jobs. Raises Problem 429, StoreUnavailable."""
        if caller.operator:
            return
        settings, buckets = self._settings, []
        # Who has no session yet is somebody new with every call: there is nobody to count but the address.
        if caller.owner is not None and settings.max_submissions:
            buckets.append(self._bucket(Limit.OWNER, caller.owner, settings.max_submissions))
        if settings.max_submissions_per_address:
            buckets.append(self._bucket(Limit.ADDRESS, place_of(address), settings.max_submissions_per_address))
        empty = await self._buckets.take(buckets)
        if empty is not None:
            of_address = empty.bucket.name.startswith(f"{Limit.ADDRESS}:")
            raise self._problem(
                429,
                Limit.ADDRESS if of_address else Limit.OWNER,
                f"{'From this address' if of_address else 'From you'} came {empty.bucket.capacity} submissions or more "
                f"in a short time. The next one is taken {_in(empty.seconds)}.",
                empty.seconds,
            )

    def _bucket(self, limit: Limit, whose: str, capacity: int) -> Bucket:
        return Bucket(f"{limit}:{whose}", capacity, capacity / self._settings.submissions_seconds)

    def quotas(self, caller: Caller, address: str, provider: str, pictures: int) -> Sequence[Quota]:
        """What a job counts against that makes so many pictures with a provider.

        Raises Problem 422 where even a whole day would not have room for it.
        """
        if caller.operator or not pictures:
            return []
        whose = caller.owner or place_of(address)
        quotas = []
        if self._settings.daily_pictures:
            quotas.append(Quota(f"{PICTURES}{whose}", self._settings.daily_pictures, pictures))
        # An owner is a cookie, and a browser that throws it away is a new one.
        if self._settings.daily_pictures_per_address:
            name = f"{PICTURES_OF_ADDRESS}{place_of(address)}"
            quotas.append(Quota(name, self._settings.daily_pictures_per_address, pictures))
        if provider in self._settings.daily_budget:
            quotas.append(Quota(f"{BUDGET}{provider}", self._settings.daily_budget[provider], pictures))
        for quota in quotas:
            if pictures > quota.allowed:
                raise field_problem("count", f"is more than the {quota.allowed} pictures that a day may have")
        return quotas

    def most_waiting(self, caller: Caller) -> int | None:
        return None if caller.operator else self._settings.max_waiting or None

    def reached(self, error: QuotaSpent | QueueFull) -> Problem:
        """What a submission is answered that the store refused for a limit; it is counted."""
        match error:
            case QueueFull():
                return self._problem(
                    503,
                    Limit.QUEUE,
                    f"{self._settings.max_waiting} jobs of this kind wait already, and no more are taken until some "
                    f"are done. Please try again {_in(QUEUE_RETRY_SECONDS)}.",
                    QUEUE_RETRY_SECONDS,
                )
            case QuotaSpent() if error.name.startswith(PICTURES):
                said = f"You may have {self._settings.daily_pictures} pictures a day, and this would be more"
                return self._problem(429, Limit.PICTURES, f"{said}. {_tomorrow(error)}", error.seconds)
            case QuotaSpent() if error.name.startswith(PICTURES_OF_ADDRESS):
                most = self._settings.daily_pictures_per_address
                said = f"From one address may come {most} pictures a day, and this would be more"
                return self._problem(429, Limit.PICTURES, f"{said}. {_tomorrow(error)}", error.seconds)
            case QuotaSpent():
                provider = error.name.removeprefix(BUDGET)
                said = f"Today's budget of the provider {provider} has no room for this"
                return self._problem(429, Limit.BUDGET, f"{said}. {_tomorrow(error)}", error.seconds)

    def _problem(self, status: int, limit: Limit, detail: str, seconds: float) -> Problem:
        self._counters.limited[limit] += 1
        return Problem(
            status,
            detail,
            type=f"urn:limner:limit:{limit}",
            title=TITLES[limit],
            headers={"Retry-After": str(max(1, math.ceil(seconds)))},
        )


TITLES = {
    Limit.OWNER: "Too many submissions",
    Limit.ADDRESS: "Too many submissions from this address",
    Limit.PICTURES: "No more pictures today",
    Limit.BUDGET: "No more budget today",
    Limit.QUEUE: "The queue is full",
}


def _tomorrow(error: QuotaSpent) -> str:
    return f"The next day begins at 00:00 UTC, {_in(error.seconds)}."


def _in(seconds: float) -> str:
    """A time from now, rounded up: `in 40 seconds`."""
    if seconds < 100:
        number, unit = max(1, math.ceil(seconds)), "second"
    elif seconds < 6_000:
        number, unit = math.ceil(seconds / 60), "minute"
    else:
        number, unit = math.ceil(seconds / 3_600), "hour"
    return f"in {number} {unit}{'' if number == 1 else 's'}"
