"""From the options to the exit status: 0, or 1 with a sentence on standard error for each thing that went wrong."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx
from pydantic import Field, SecretStr

from server.generate.address import Address
from server.generate.errors import GenerateError, Refused
from server.jobs_command.api import JobsApi
from server.jobs_command.errors import NotListed
from server.jobs_command.lines import details, table
from storage.errors import SettingsError
from storage.records.ids import short
from storage.settings import Settings, load

ANSWER_SECONDS = 30.0

NOT_LISTED = frozenset({"succeeded", "canceled"})
"""To the operator: there may be very many of them, and nothing is to be done about them."""


class JobsSettings(Settings):
    api_key: SecretStr = Field(SecretStr(""), description="the key that `jobs` calls the server with")
    operator_key: SecretStr = Field(SecretStr(""), description="the one that it calls with where that is not set")


def listing(*, url: str, statuses: Sequence[str] = (), as_json: bool) -> int:
    """Print the jobs: with the operator's key what runs, waits and has failed of everybody, else the caller's own."""

    def call(api: JobsApi) -> None:
        found = api.listing()
        jobs = [job for job in found.jobs if not statuses or job["status"] in statuses]
        never = NOT_LISTED.intersection(statuses) if found.of_everybody else frozenset()
        if as_json:
            _print_json({"jobs": jobs})
        elif jobs:
            print(*table(jobs, api.now), sep="\n")
        elif not statuses or never != set(statuses):
            print(_nothing(statuses, found.of_everybody))
        if never:
            raise NotListed

    return _run(url, [call])


def show(job_id: str, *, url: str, as_json: bool) -> int:
    """Print one job."""

    def call(api: JobsApi) -> None:
        job = api.job(job_id)
        if as_json:
            _print_json(job)
        else:
            print(*details(job), sep="\n")

    return _run(url, [call])


def cancel(job_ids: Iterable[str], *, url: str, as_json: bool) -> int:
    """Stop jobs, waiting or running. One that cannot be stopped does not keep the others from it."""
    return _run(url, [_told(job_id, JobsApi.cancel, as_json=as_json) for job_id in job_ids])


def retry(job_ids: Iterable[str], *, url: str, as_json: bool) -> int:
    """Have jobs tried again that failed or were canceled."""
    return _run(url, [_told(job_id, JobsApi.retry, as_json=as_json) for job_id in job_ids])


def retry_all(*, url: str, as_json: bool) -> int:
    """Have all failed jobs tried again that this can help: those of everybody with the operator's key, else the own."""

    def call(api: JobsApi) -> None:
        answer = api.retry_all()
        if as_json:
            _print_json(answer)
            return
        if not answer["retried"] and not answer["left"]:
            print("Nothing has failed.")
        for job_id in answer["retried"]:
            print(f"{job_id} queued")
        for left in answer["left"]:
            _say(f"{short(left['id'])} is left: {left['reason']}")

    return _run(url, [call])


def _nothing(statuses: Sequence[str], of_everybody: bool) -> str:
    if statuses:
        return "There are no such jobs."
    return "Nothing runs, waits or has failed." if of_everybody else "There are no jobs."


def _told(job_id: str, step: Callable[[JobsApi, str], dict[str, Any]], *, as_json: bool) -> Callable[[JobsApi], None]:
    def call(api: JobsApi) -> None:
        try:
            job = step(api, job_id)
        except Refused as error:
            raise Refused(f"{short(job_id)}: {error.detail}") from None
        if as_json:
            _print_json(job)
        else:
            print(f"{job['id']} {job['status']}")

    return call


def _run(url: str, calls: Iterable[Callable[[JobsApi], None]]) -> int:
    status = 0
    try:
        settings = load(JobsSettings)
        key = settings.api_key.get_secret_value() or settings.operator_key.get_secret_value()
        with httpx.Client(timeout=ANSWER_SECONDS) as http:
            api = JobsApi(http, Address(url), key.strip())
            for call in calls:
                try:
                    call(api)
                except Refused as error:
                    _say(str(error))
                    status = 1
    except (SettingsError, GenerateError) as error:
        _say(str(error))
        status = 1
    return status


def _print_json(content: object) -> None:
    print(json.dumps(content, ensure_ascii=False))


def _say(sentence: str) -> None:
    print(f"limner: {sentence}", file=sys.stderr)
