"""Taking a job in: what all POSTs that ask for one have in common."""

import contextlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from starlette.requests import Request
from starlette.responses import Response

from server.admission import address_of, place_of
from server.api import answers
from server.conditions import wait_seconds
from server.hub.counters import Unstored
from server.idempotency import key_of, key_problem
from server.identity import Caller
from server.problems import field_problem
from server.services import Services
from server.settings import ServerSettings
from storage.errors import IdTaken, QueueFull, QuotaSpent, StoreFull, StoreUnavailable
from storage.logs import Event, log
from storage.records.encoding import is_final, version_of
from storage.records.ids import JobId, new_job_id, parse_job_id
from storage.records.inputs import SEEDS, fingerprint
from storage.records.job import JsonObject
from storage.stored import Acceptance, Priority, Submission
from storage.webhook_urls import check_webhook_url

METADATA_BYTES = 1024
METADATA_LEVELS = 32
"""Readers of JSON give up somewhere beyond a hundred."""


def _small(metadata: JsonObject | None, _: ValidationInfo) -> JsonObject | None:
    if metadata is not None and len(json.dumps(metadata, ensure_ascii=False).encode()) > METADATA_BYTES:
        raise ValueError(f"must have at most {METADATA_BYTES} bytes")
    if _levels(metadata) > METADATA_LEVELS:
        raise ValueError(f"must not be nested more than {METADATA_LEVELS} levels deep")
    return metadata


def _levels(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_levels, value.values()), default=0)
        case list():
            return 1 + max(map(_levels, value), default=0)
        case _:
            return 0


Id = Annotated[str, AfterValidator(parse_job_id)]
Metadata = Annotated[JsonObject | None, AfterValidator(_small)]


class Wanted(BaseModel):
    """What every submission may have. `id` is the client's own, so that a POST that is repeated is one job."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    id: Id | None = None
    seed: int | None = Field(None, ge=0, lt=SEEDS)
    metadata: Metadata = None
    webhook: str | None = None
    priority: Literal["interactive", "batch"] | None = None

    def seed_or_any(self) -> int:
        return self.seed if self.seed is not None else secrets.randbelow(SEEDS)


async def submit(
    services: Services,
    request: Request,
    kind: str,
    wanted: Wanted,
    input: BaseModel,
    sent: dict[str, Any],
    *,
    pictures: int,
    subject: str | None = None,
    provider: str | None = None,
    id_of: Callable[[str], JobId] | None = None,
) -> Response:
    """Submit, and answer 202 and the job; 200 where it is a job that was there, or that ended in the time of a wait.

    `pictures` are those that are made because of it, with `provider` or the one that is asked where none is named.
    With `id_of` the job's id is made of its owner, and neither the caller's own nor an Idempotency-Key counts.
    """
    _check_webhook(services.settings, wanted.webhook)
    caller, key = services.identity.caller(request), key_of(request) if id_of is None else None
    owner, cookie = (caller.owner, None) if caller.owner is not None else services.identity.begin_session()
    limits, address = services.limits, address_of(request.scope)
    quotas = limits.quotas(caller, address, provider or services.settings.portrait_provider, pictures)
    try:
        await limits.admit(caller, address)
        job_id = id_of(owner) if id_of is not None else await _id(services, caller, owner, address, key, wanted)
        acceptance, record = await services.store.submit(
            Submission(
                id=job_id,
                kind=kind,
                owner=owner,
                input=input.model_dump_json(by_alias=True).encode(),
                fingerprint=fingerprint(kind, {name: value for name, value in sent.items() if name != "id"}),
                subject=subject,
                metadata=wanted.metadata,
                provider=provider,
                webhook=wanted.webhook,
                priority=Priority(wanted.priority or Priority.INTERACTIVE),
                quotas=quotas,
                most_waiting=limits.most_waiting(caller),
            )
        )
    except StoreUnavailable as error:
        services.counters.unstored[Unstored.FULL if isinstance(error, StoreFull) else Unstored.AWAY] += 1
        raise
    except (QuotaSpent, QueueFull) as error:
        raise limits.reached(error) from None
    except IdTaken:
        if key is None or wanted.id is not None:
            raise
        raise key_problem("this key already stands for another input", 409) from None
    accepted = acceptance is Acceptance.ACCEPTED
    job_id = _id_of(record)
    log(Event.SUBMITTED if accepted else Event.DEDUPLICATED, job=job_id, kind=kind, **_reason(acceptance))
    record, waited = await _waited(services, request, job_id, record)
    response = answers.job(
        record,
        200 if is_final(record) or not accepted else 202,
        {"Location": f"{services.settings.public_path}/jobs/{job_id}", **waited},
    )
    if cookie is not None and accepted:  # a session that owns nothing must not take the place of one that may be coming
        services.identity.remember(response, cookie, request)
    return response


def _check_webhook(settings: ServerSettings, url: str | None) -> None:
    if url is None:
        return
    if not settings.webhook_secrets:
        raise field_problem("webhook", "this server sends none, for LIMNER_WEBHOOK_SECRET is not set")
    try:
        check_webhook_url(url, private=settings.webhook_private)
    except ValueError as error:
        raise field_problem("webhook", str(error)) from None


async def _id(services: Services, caller: Caller, owner: str, address: str, key: str | None, wanted: Wanted) -> JobId:
    """Under which id it is submitted: the client's own, the one that its key stands for, or a new one."""
    job_id = JobId(wanted.id) if wanted.id is not None else new_job_id()
    if key is None:
        return job_id
    # Who has no session yet would be somebody else each time.
    found = await services.idempotency.job_of(caller.owner or f"address:{place_of(address)}", key, job_id)
    if wanted.id is not None and found != job_id:
        raise key_problem("this key already stands for another id", 409)
    if caller.owner is None:  # and with the session that begins here it stands for the same
        await services.idempotency.job_of(owner, key, found)
    return found


async def _waited(
    services: Services, request: Request, job_id: JobId, record: bytes
) -> tuple[bytes, Mapping[str, str]]:
    """The record at its end, or when the caller would wait no longer, and the header that tells of the wait."""
    seconds = wait_seconds(request, most=services.settings.wait_seconds)
    if not seconds or is_final(record):
        return record, {}
    held = await services.held_requests.until_final(request.scope, job_id, version_of(record), seconds)
    with contextlib.suppress(StoreUnavailable):  # it was accepted, and what became of it can be asked later
        stored = await services.store.look(job_id)
        record = stored.record if stored is not None and stored.record is not None else record
    return record, answers.WAITED if held else {}


def _reason(acceptance: Acceptance) -> dict[str, str]:
    match acceptance:
        case Acceptance.SUBJECT:
            return {"reason": "already has an active job"}
        case Acceptance.KNOWN:
            return {"reason": "the same submission again"}
        case Acceptance.ACCEPTED:
            return {}


def _id_of(record: bytes) -> JobId:
    return JobId(json.loads(record[17:])["id"])
