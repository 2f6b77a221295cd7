"""`./limner bench churn`: what a server keeps of clients that come and go."""

import asyncio
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import SecretStr
from rich.table import Table

from bench.command import json_option, quick_option, write_json
from bench.table import console
from storage.connect import connect
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.settings import StorageSettings

if TYPE_CHECKING:
    from tests.support.churn import Kept


@dataclass(frozen=True, slots=True)
class Amount:
    """Of coming and going."""

    connects: int
    events: int
    parts: int
    """After each of which it is looked what is kept."""


WHOLE, FEW = Amount(100_000, 1_000_000, parts=10), Amount(200, 2_000, parts=2)


@click.command()
@click.option("--connects", type=click.IntRange(100), help="How many come and go.  [default: 100000]")
@click.option("--events", type=click.IntRange(100), help="That are published meanwhile.  [default: 1000000]")
@quick_option
@json_option
def churn(connects: int | None, events: int | None, quick: bool, json_file: Path | None) -> None:
    """Let clients come and go while events pour, and print what the server keeps of them after each tenth."""
    amount = FEW if quick else WHOLE
    amount = replace(amount, connects=connects or amount.connects, events=events or amount.events)
    kept = asyncio.run(_churn(amount))
    table = Table(title="What a server keeps when nobody is there", title_justify="left")
    for column in ("after", "memory (Pss), KiB", "files", "connections", "subscriptions", "channels"):
        table.add_column(column, justify="right")
    for came, one in kept.items():
        table.add_row(f"{came:,}", *(f"{value:,}" for value in asdict(one).values()))
    console().print(table)
    write_json(json_file, {str(came): asdict(one) for came, one in kept.items()})


async def _churn(amount: Amount) -> "dict[int, Kept]":
    from tests.support.churn import ENVIRONMENT, Churn, running_jobs
    from tests.support.limner import Server

    kept = {}
    with running() as valkey, Server({"LIMNER_REDIS_URL": valkey.url, **ENVIRONMENT}) as server:
        settings = StorageSettings(redis_url=SecretStr(valkey.url))
        async with connect(settings.redis_url) as redis:
            keys = Keys(settings.redis_prefix)
            churn = Churn(server, redis, keys, await running_jobs(JobStore(redis, keys, settings)))
            for part in range(1, amount.parts + 1):
                await churn.run(amount.connects // amount.parts, amount.events // amount.parts)
                came = amount.connects * part // amount.parts
                kept[came] = await churn.kept(once_deserted=part == amount.parts)
                click.echo(f"{came:,} of {amount.connects:,}", err=True)
    return kept
