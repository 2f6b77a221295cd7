"""A wish that costs money is submitted once, and always has an end, whoever is killed and when."""

import pytest
from redis.asyncio import Redis

from jobs.sweeper import DEATHS
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.ids import JobId
from storage.records.job import ErrorCode, Status
from tests.support.paid import Outcome, trial
from tests.support.replicate_server import Submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

JOBS = 150
"""500 are a matter of two minutes."""
DEADLINE_SECONDS = 120

End = tuple[Status, ErrorCode | None]


def end_of(outcome: Outcome) -> End:
    """The end that a job must have, by what became of its submission."""
    fate = outcome.fate
    if outcome.submissions == 0 or (fate.submit is not Submit.TAKEN and not fate.listed):
        return Status.FAILED, ErrorCode.SUBMIT_UNKNOWN
    if fate.error is None:
        return Status.SUCCEEDED, None
    return Status.FAILED, ErrorCode.MODERATED if "NSFW" in fate.error else ErrorCode.PROVIDER_UNAVAILABLE


def code_of(outcome: Outcome) -> ErrorCode | None:
    return outcome.job.error.code if outcome.job.error is not None else None


async def test_no_wish_is_submitted_twice_by_itself_and_none_is_without_an_end(
    store: JobStore, redis: Redis, keys: Keys, environment: dict[str, str]
) -> None:
    async with trial(JOBS, store, environment) as play:
        await play.until_all_have_ended(DEADLINE_SECONDS)
        outcomes = await play.outcomes()

    held = {seed for seed, fate in play.server.fates.items() if fate.submit is Submit.HELD}
    assert play.between == {seed for seed in held if play.server.submissions[seed]} != set()
    assert play.kills > 2
    assert [outcome for outcome in outcomes if outcome.submissions > 1 or outcome.posts > 1] == []
    died = [outcome for outcome in outcomes if code_of(outcome) is ErrorCode.LOST and outcome.job.attempt >= DEATHS]
    assert len(died) <= JOBS // 5
    others = [outcome for outcome in outcomes if outcome not in died]
    assert [outcome for outcome in others if (outcome.job.status, code_of(outcome)) != end_of(outcome)] == []
    pictures = PortraitStore(redis, keys)
    for outcome in outcomes:
        there = await pictures.text(JobId(outcome.job.id)) is not None
        assert there is (outcome.job.status is Status.SUCCEEDED)
