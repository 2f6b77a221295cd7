"""The jobs behind what is kept of a character: submitted when it is asked for, and again by whoever finds them lost."""

import json
from collections.abc import Sequence
from dataclasses import replace

from storage.records.ids import JobId
from storage.records.inputs import UPLOAD, UploadInput, fingerprint
from storage.records.world import MediaKind, MediumId
from storage.stored import Quota, Submission


def upload_submission(owner: str, medium_id: MediumId, upload_id: str) -> Submission:
    """The job that puts a portrait which was taken up into the object store."""
    return _submission(owner, UPLOAD, upload_id, UploadInput(media=medium_id).model_dump_json())


def making_submission(
    owner: str,
    kind: MediaKind,
    job: str,
    input: str,
    *,
    name: str | None = None,
    quotas: Sequence[Quota] = (),
    most_waiting: int | None = None,
) -> Submission:
    """The job that makes a portrait or a video. `input` is its JSON; its spacing and its order do not matter.

    `name` is the character's, by which lists of jobs call it.
    """
    metadata = {"name": name} if name is not None else None
    return replace(_submission(owner, kind, job, input), metadata=metadata, quotas=quotas, most_waiting=most_waiting)


def _submission(owner: str, kind: str, job: str, input: str) -> Submission:
    return Submission(JobId(job), kind, owner, input.encode(), fingerprint(kind, json.loads(input)))
