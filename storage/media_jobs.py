"""The jobs behind what is kept of a character: submitted when it is asked for, and again by whoever finds them lost."""

import json
from collections.abc import Sequence

from storage.records.ids import JobId
from storage.records.inputs import UploadInput, fingerprint
from storage.records.world import MediaId, MediaKind
from storage.stored import Quota, Submission

UPLOAD = "upload"
"""The kind of the job that puts a portrait into the object store."""


def upload_submission(owner: str, media_id: MediaId, upload_id: str) -> Submission:
    """The job that puts a portrait which was taken up into the object store."""
    return _submission(owner, UPLOAD, upload_id, UploadInput(media=media_id).model_dump_json())


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
    return _submission(owner, kind, job, input, name=name, quotas=quotas, most_waiting=most_waiting)


def _submission(
    owner: str,
    kind: str,
    job: str,
    input: str,
    *,
    name: str | None = None,
    quotas: Sequence[Quota] = (),
    most_waiting: int | None = None,
) -> Submission:
    return Submission(
        id=JobId(job),
        kind=kind,
        owner=owner,
        input=input.encode(),
        fingerprint=fingerprint(kind, json.loads(input)),
        metadata={"name": name} if name is not None else None,
        quotas=quotas,
        most_waiting=most_waiting,
    )
