"""The jobs behind what is kept: the same one, whoever submits it."""

import json
from dataclasses import replace

from storage.media_jobs import making_submission, upload_submission
from storage.records.ids import new_id
from storage.records.inputs import UploadInput
from storage.records.world import MediumId


def test_an_upload_is_of_its_row_and_its_owners() -> None:
    media, job = MediumId(new_id()), new_id()
    submission = upload_submission("key:ann", media, job)
    assert (submission.id, submission.kind, submission.owner) == (job, "upload", "key:ann")
    assert UploadInput.model_validate_json(submission.input) == UploadInput(media=media)


def test_what_is_submitted_again_from_another_writing_of_its_input_is_the_same() -> None:
    job, input = new_id(), {"description": "an elf", "character": None, "seed": 7}
    first = making_submission("key:ann", "portrait", job, json.dumps(input))
    backwards = json.dumps(dict(reversed(input.items())), indent=1)
    again = making_submission("key:ann", "portrait", job, backwards)
    assert replace(again, input=first.input) == first
    assert making_submission("key:ann", "video", job, backwards).fingerprint != first.fingerprint
