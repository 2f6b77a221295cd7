from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records.job import FINAL, STEPS, IllegalStep, Job, Status, timestamp
from tests.support.job_states import ERROR, NOON, done, further, running

QUEUED = Job(id="0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55", kind="portrait", created_at=NOON)
PROCESSING = running(QUEUED)
SUCCEEDED = done(PROCESSING)
FAILED = PROCESSING.failed(ERROR, NOON, NOON)
CANCELED = PROCESSING.canceled(NOON, NOON)
ALL = [QUEUED, PROCESSING, SUCCEEDED, FAILED, CANCELED]

WAYS: dict[str, tuple[Callable[[Job], Job], Status, set[Status]]] = {
    "claimed": (running, Status.PROCESSING, {Status.QUEUED, Status.PROCESSING}),
    "advanced": (lambda job: further(job, 0.5), Status.PROCESSING, {Status.PROCESSING}),
    "succeeded": (done, Status.SUCCEEDED, {Status.PROCESSING}),
    "failed": (lambda job: job.failed(ERROR, NOON, NOON), Status.FAILED, {Status.QUEUED, Status.PROCESSING}),
    "canceled": (lambda job: job.canceled(NOON, NOON), Status.CANCELED, {Status.QUEUED, Status.PROCESSING}),
    "requeued": (lambda job: job.requeued("lost"), Status.QUEUED, {Status.PROCESSING}),
    "retried": (lambda job: job.retried(), Status.QUEUED, {Status.FAILED, Status.CANCELED}),
}
"""Each step: how it is taken, where it leads, and from where it may be taken."""
