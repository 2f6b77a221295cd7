"""From the characters that a world is to have to what is kept of them."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from server.api.pictures_at_hand import LATER, pictures_at_hand
from server.api.sent_character import CharacterToKeep
from server.problems import fields_problem
from server.services import Services
from storage.characters import characters_in
from storage.pictures import NoPicture, decoded
from storage.postgres_text import without_nul
from storage.records.character import WrittenCharacter
from storage.records.ids import JobId, new_id
from storage.records.inputs import PORTRAIT, SEEDS, PortraitInput
from storage.records.job import JobError, JsonObject, Status
from storage.records.world import BASE64, PORTRAIT_JOB, MediumId, NewMedium, NewPiece, PieceId
from storage.stored import StoredWithInput

BODIES = 4
"""As much base64 as so many bodies may have, goes in with the world. The sweep takes up the rest a moment later."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A character on its way into a world. `field` names it where something is wrong with it."""

    field: str
    name: str
    details: JsonObject
    input: PortraitInput
    job: JobId | None = None
    is_promised: bool = False
    """Its portrait may be about to be submitted."""
    base64: str | None = None
    portrait: NewMedium | None = None


@asynccontextmanager
async def pieces_of(services: Services, members: Sequence[str | CharacterToKeep]) -> AsyncIterator[Sequence[NewPiece]]:
    """What is to be kept of each, with its portrait as it stands now. It is large, and may be kept for this block only.

    Raises Problem 422 naming every character at fault, StoreUnavailable.
    """
    found, faults = await _described(services, members)
    found, others = await _with_portraits(services, found)
    if faults := [*faults, *others]:
        raise fields_problem(sorted(faults, key=lambda fault: int(fault["field"].split(".")[1])))
    async with _with_pictures(services, found) as with_pictures:
        yield [_piece(member) for member in with_pictures]


async def _described(
    services: Services, members: Sequence[str | CharacterToKeep]
) -> tuple[list[_Member], list[dict[str, str]]]:
    """And what is wrong with those that are none."""
    ids = [member for member in members if isinstance(member, str)]
    noted = dict(zip(ids, await services.characters.jobs_of(ids), strict=True))
    jobs = list(dict.fromkeys(job for job in noted.values() if job is not None))
    sets = dict(zip(jobs, await services.store.get_many(jobs), strict=True)) if jobs else {}
    written = characters_in(sets)
    described, faults = [], []
    for place, member in enumerate(members):
        field = f"characters.{place}"
        try:
            if isinstance(member, CharacterToKeep):
                described.append(_sent(field, member))
            elif member in written:
                described.append(_written(field, written[member]))
            else:
                job = noted[member]
                stored = sets[job] if job is not None else None
                gone = job is not None and (stored is None or stored.expired)
                message = "this character is no longer kept" if gone else "there is no such character"
                faults.append({"field": field, "message": message})
        except NoPicture as error:
            faults.append({"field": f"{field}.{BASE64}", "message": f"is no picture that can be kept: {error}"})
    return described, faults


def _sent(field: str, sent: CharacterToKeep) -> _Member:
    if sent.image_portrait_base64 is not None:
        decoded(sent.image_portrait_base64)
    details = sent.model_dump(
        by_alias=True, exclude={"name", "id", "portrait", "image_portrait_base64"}, exclude_none=True
    )
    input = PortraitInput(description=sent.described(), character=sent.whole(), seed=secrets.randbelow(SEEDS))
    if sent.image_portrait_base64 is not None:
        return _Member(field, sent.name, details, input, base64=sent.image_portrait_base64)
    return _Member(field, sent.name, details, input, JobId(sent.portrait) if sent.portrait is not None else None)


def _written(field: str, written: WrittenCharacter) -> _Member:
    character = written.character
    input = PortraitInput(description=character.described, character=character, seed=secrets.randbelow(SEEDS))
    details = character.model_dump(by_alias=True, exclude={"name"})
    return _Member(field, character.name, details, input, JobId(written.portrait), is_promised=True)


async def _with_portraits(services: Services, members: Sequence[_Member]) -> tuple[list[_Member], list[dict[str, str]]]:
    """And what is wrong with their portraits."""
    jobs = list(dict.fromkeys(member.job for member in members if member.job is not None))
    found = dict(zip(jobs, await asyncio.gather(*map(services.store.get, jobs)), strict=True))
    with_portraits, faults = [], []
    for member in members:
        if member.base64 is not None:
            portrait: NewMedium | None = replace(_new(new_id(), Status.SUCCEEDED), taken_up=True)
        elif member.job is None:
            portrait = None
        elif (stored := found[member.job]) is not None:
            if not stored.expired and stored.job.kind != PORTRAIT:
                message = f"this is a job of the kind {stored.job.kind}, and no portrait"
                faults.append({"field": f"{member.field}.portrait", "message": message})
            portrait = _as_it_stands(stored)
        elif member.is_promised:
            portrait = _new(member.job, Status.QUEUED, input=member.input.model_dump_json(by_alias=True))
        else:
            portrait = None
            faults.append({"field": f"{member.field}.portrait", "message": "there is no such job"})
        with_portraits.append(replace(member, portrait=portrait))
    return with_portraits, faults


def _new(job: str, status: Status, *, error: JobError | None = None, input: str | None = None) -> NewMedium:
    return NewMedium(
        MediumId(new_id()),
        "portrait",
        job,
        new_id(),
        status,
        error,
        without_nul(input) if input is not None else None,
    )


def _as_it_stands(stored: StoredWithInput) -> NewMedium | None:
    if stored.expired:
        return None
    job = stored.job
    return _new(stored.id, job.status, error=job.error, input=stored.input.decode())


@asynccontextmanager
async def _with_pictures(services: Services, members: Sequence[_Member]) -> AsyncIterator[list[_Member]]:
    """With the base64 of those that are finished. What is finished and gone by now has no portrait."""
    jobs = [_finished(member) for member in members]
    most = BODIES * services.settings.upload_bytes - sum(len(member.base64 or "") for member in members)
    wanted = [job for job in jobs if job is not None]
    async with pictures_at_hand(services.portraits, wanted, most=most) as pictures:
        found = iter(pictures)
        yield [
            _with_picture(member, next(found)) if job is not None else member
            for member, job in zip(members, jobs, strict=True)
        ]


def _finished(member: _Member) -> JobId | None:
    """The job that has made its picture, if that is still to be read."""
    portrait = member.portrait
    if portrait is None or portrait.taken_up or portrait.status is not Status.SUCCEEDED:
        return None
    return JobId(portrait.job)


def _with_picture(member: _Member, picture: str | None) -> _Member:
    if picture == LATER or member.portrait is None:
        return member
    if picture is None:
        return replace(member, portrait=None)
    return replace(member, base64=picture, portrait=replace(member.portrait, taken_up=True))


def _piece(member: _Member) -> NewPiece:
    details = dict(member.details)
    if member.portrait is not None:
        details[PORTRAIT_JOB] = member.portrait.job
    text = without_nul(json.dumps(details, ensure_ascii=False))
    if member.base64 is not None:  # needs no escaping, and is far larger than all the rest
        text = f'{text[:-1]}, "{BASE64}": "{member.base64}"}}'
    name = member.name.replace("\0", "").strip() or "?"
    return NewPiece(PieceId(new_id()), name, text, member.portrait)
