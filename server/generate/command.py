"""From the options to the exit status."""

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pydantic import Field, SecretStr
from rich.console import Console

from server.generate.address import Address
from server.generate.api import ANSWER_SECONDS, Api
from server.generate.display import display
from server.generate.errors import GenerateError, Refused
from server.generate.files import Folder
from server.generate.session import Session
from server.generate.state import CharacterSet
from storage.errors import SettingsError
from storage.records.ids import JobId, new_job_id
from storage.records.job import JsonObject
from storage.settings import Settings, load

INTERRUPTED = 130


class GenerateSettings(Settings):
    api_key: SecretStr = Field(SecretStr(""), description="the key that `generate` calls the server with")


def run(*, count: int, theme: str | None, seed: int | None, out: Path, url: str) -> int:
    """Have a set of characters made and painted, and save it in `out`. The names of the files go to standard output.

    Answers the exit status: 0 when everything is there, 1 with a sentence for each thing that is not, 130 after Ctrl-C.
    The set is then still being made; the sentence says where to see it.
    """
    characters = CharacterSet(new_job_id())
    wanted: JsonObject = {"id": characters.id, "count": count, "theme": theme, "seed": seed}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    try:
        key = load(GenerateSettings).api_key.get_secret_value()
        address, folder = Address(url), Folder(out)
    except (SettingsError, GenerateError) as error:
        _say(str(error))
        return 1
    try:
        return asyncio.run(_generate(characters, wanted, address, folder, key))
    except GenerateError as error:
        _say(str(error))
        status = 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    if characters.job(characters.id) is not None:
        _say(f"The characters are at {address.page(characters.id)}; what is not finished goes on.")
    return status


async def _generate(characters: CharacterSet, wanted: JsonObject, address: Address, folder: Folder, key: str) -> int:
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS) as http:
        api = Api(http, address, key)
        with display(Console(stderr=True), wanted["count"], lambda: api.now) as shown:
            await Session(characters, wanted, api, address, shown).run()
        saved = await _save_pictures(characters, api, folder)
    file = folder.save_set(
        {
            "page": address.page(characters.id),
            **{name: wanted[name] for name in ("theme", "seed") if name in wanted},
            "characters": [{**card.record, "file": saved.files.get(card.portrait)} for card in characters.cards],
        }
    )
    print(file)
    faults = [*filter(None, [characters.failure()]), *saved.faults]
    for fault in faults:
        _say(fault)
    return 1 if faults else 0


@dataclass(slots=True)
class Saved:
    """The names of the files, by portrait, and a sentence for each picture that there is not."""

    files: dict[JobId, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


async def _save_pictures(characters: CharacterSet, api: Api, folder: Folder) -> Saved:
    saved = Saved()
    for card in characters.cards:
        job, fault = characters.job(card.portrait), characters.failure_of(card)
        if job is not None and fault is None:
            try:
                content_type, data = await api.picture(job)
            except Refused as error:
                fault = str(error)
            else:
                path = folder.save_picture(card.name, content_type, data)
                saved.files[card.portrait] = path.name
                print(path)
        if fault is not None:
            saved.faults.append(f"{card.name}: {fault}")
    return saved


def _say(sentence: str) -> None:
    print(f"limner: {sentence}", file=sys.stderr)
