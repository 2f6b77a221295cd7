"""`./limner bench`: measures, and prints one table. Its commands measure more of one thing."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import SecretStr

from bench import delivery, portraits, submission, table
from bench.churn import churn
from bench.command import json_option, write_json
from bench.document import write
from bench.faults import faults, job_faults, kept_faults
from bench.figures import Row
from bench.hub.command import hub
from bench.hub.document import plot
from bench.jobs.command import jobs
from bench.kept.command import kept
from bench.processes import UNLIMITED, NotMeasured, server, worker
from bench.rounds import Effort
from storage.connect import connect
from storage.embedded import running
from storage.errors import EmbeddedUnavailable
from storage.jobs import JobStore
from storage.keys import Keys
from storage.settings import StorageSettings


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured, by part; `samples` in each round."""

    delivery: Effort
    submission: Effort
    samples: int
    portraits: Effort
    characters: int
    warm: bool


THOROUGH = Plan(Effort(7, 14), Effort(7, 5), 150, Effort(5, 18), characters=3, warm=True)
QUICK = Plan(Effort(2, 2), Effort(2, 1), 25, Effort(1, 1), characters=1, warm=False)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="A few samples only: whether it works, not how fast it is.")
@json_option
@click.pass_context
def main(context: click.Context, quick: bool, json_file: Path | None) -> None:
    """Measure, and print one table. bench/README.md says what stands in it.

    Without a command: the way of one event, one submission and one set of portraits.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        rows = asyncio.run(measure(QUICK if quick else THOROUGH))
    except (NotMeasured, EmbeddedUnavailable) as error:
        click.echo(f"limner: {error}", err=True)
        sys.exit(1)
    table.show(rows)
    write_json(json_file, table.as_json(rows))


async def measure(plan: Plan) -> list[Row]:
    """All rows of the table, on a Valkey, a server and a worker that are there for this only. Raises NotMeasured."""
    with running() as valkey:
        settings = StorageSettings(redis_url=SecretStr(valkey.url))
        environment = {"LIMNER_REDIS_URL": valkey.url, "LIMNER_SECRET": "bench", **UNLIMITED}
        async with connect(settings.redis_url) as redis:
            store = JobStore(redis, Keys(settings.redis_prefix), settings)
            with server(environment) as url:
                say("1 of 3: delivery")
                rows = await delivery.measure(valkey.url, redis, store, url, plan.delivery, plan.samples)
                say("2 of 3: submission")
                rows += await asyncio.to_thread(submission.measure, url, plan.submission, plan.samples)
                await redis.flushall()
                with worker(environment):
                    say("3 of 3: portraits")
                    rows += await portraits.measure(url, plan.portraits, count=plan.characters, warm=plan.warm)
    return rows


def say(sentence: str) -> None:
    click.echo(sentence, err=True)


main.add_command(hub)
main.add_command(plot)
main.add_command(jobs)
main.add_command(write)
main.add_command(kept)
main.add_command(faults)
main.add_command(job_faults)
main.add_command(kept_faults)
main.add_command(churn)

if __name__ == "__main__":
    main(prog_name="limner bench")
