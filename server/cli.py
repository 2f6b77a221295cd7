"""The commands of `limner`. What a command needs is imported when it runs, so that the others start at once."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from server.up import python
from storage.records.ids import parse_job_id


class Option(click.Option):
    """Names the variable, and not itself, where a bad value came from that."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        source = ctx.get_parameter_source(self.name) if ctx is not None and self.name is not None else None
        if source is ParameterSource.ENVIRONMENT and isinstance(self.envvar, str):
            return self.envvar
        return super().get_error_hint(ctx)


def _job_id(text: str) -> str:
    try:
        return parse_job_id(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} {error}") from None


_option = partial(click.option, cls=Option)
_anything = {"ignore_unknown_options": True, "help_option_names": []}
_host = _option(
    "--host", default="127.0.0.1", show_default=True, envvar="LIMNER_HOST", help="The address to listen on."
)
_port = _option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8000,
    show_default=True,
    envvar="LIMNER_PORT",
    help="0: a free one.",
)
_open = _option(
    "--open", "is_open", is_flag=True, envvar="LIMNER_OPEN", help="Let everybody who reaches it use it without a key."
)
_url = _option("--url", default="http://127.0.0.1:8000", show_default=True, envvar="LIMNER_URL", help="The server.")
_json = _option("--json", "as_json", is_flag=True, help="For programs.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Limner: portraits that appear while you watch."""


@main.command()
@_host
@_port
@_open
@_option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, envvar="LIMNER_WORKERS")
@_option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=python.ROOT / ".limner",
    envvar="LIMNER_DATA_DIR",
    help="Where everything is kept.  [default: .limner beside ./limner]",
)
@_option(
    "--grace",
    type=click.FloatRange(0, 3_600),
    default=10.0,
    show_default=True,
    envvar="LIMNER_GRACE_SECONDS",
    help="Seconds a part gets to stop by itself.",
)
def up(host: str, port: int, is_open: bool, workers: int, data_dir: Path, grace: float) -> None:
    """Start everything: Valkey, Postgres, the server and the workers.

    With LIMNER_REDIS_URL set, that Redis is used and none is started; with LIMNER_DATABASE_URL, that Postgres. Ctrl-C
    stops everything; the next start goes on where this one was.
    """
    from server.up.errors import CannotStart
    from server.up.run import UpOptions, run

    try:
        sys.exit(run(UpOptions(host, port, workers, data_dir, is_open, grace)))
    except CannotStart as error:
        _fail(str(error))


@main.command()
@_host
@_port
@_open
@_option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    envvar="LIMNER_PROCESSES",
    help="How many, on one socket.",
)
@_option("--fd", type=click.IntRange(3), help="Serve on this inherited listening socket instead.")
@_option("--place", nargs=2, type=int, hidden=True)
def serve(host: str, port: int, is_open: bool, processes: int, fd: int | None, place: tuple[int, int] | None) -> None:
    """Run the server alone."""
    from server.process import processes as many
    from server.process import serve as one

    if place is not None:
        sys.exit(one.run(host=host, port=port, fd=fd, is_open=is_open, place=one.Place(*place)))
    if processes > 1:
        sys.exit(many.run(processes, host=host, port=port, fd=fd, is_open=is_open))
    sys.exit(one.run(host=host, port=port, fd=fd, is_open=is_open))


@main.command()
def worker() -> None:
    """Run one worker alone."""
    _become("arq_worker")


@main.command()
def migrate() -> None:
    """Bring the schema of the Postgres in LIMNER_DATABASE_URL up to date.

    Safe while servers and workers run, and where two do it at once. `up` does it by itself.
    """
    from server.migrate import run

    sys.exit(run())


@main.command()
@_host
@_port
@_json
def doctor(host: str, port: int, as_json: bool) -> None:
    """Look at Redis, Postgres, the object store and the public addresses, and say what is wrong.

    It reads the settings of the server. Exit status 0 if all is well.
    """
    from server.doctor import run

    sys.exit(run(host=host, port=port, as_json=as_json))


@main.command()
@_option("--count", type=click.IntRange(1, 10), default=3, show_default=True, help="How many characters.")
@_option("--theme", help="What they have in common. Without it they are random.")
@_option("--seed", type=int, help="The same seed makes the same characters and pictures.")
@_option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("portraits"),
    show_default=True,
    help="The folder the files go to.",
)
@_url
def generate(count: int, theme: str | None, seed: int | None, out: Path, url: str) -> None:
    """Make characters and their portraits, and watch them being painted."""
    from server.generate import run

    sys.exit(run(count=count, theme=theme, seed=seed, out=out, url=url))


@main.group()
def jobs() -> None:
    """Look at jobs, stop them, have them tried again.

    With LIMNER_OPERATOR_KEY those of everybody; with LIMNER_API_KEY those of that key.
    """


@jobs.command("list")
@_url
@_json
@_option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(["queued", "processing", "succeeded", "failed", "canceled"]),
    help="Only these. Can be given several times.",
)
def list_jobs(url: str, as_json: bool, statuses: tuple[str, ...]) -> None:
    """List jobs: with LIMNER_OPERATOR_KEY what runs, waits and has failed, a hundred of each kind and state at most;
    with LIMNER_API_KEY the last hundred of that key.
    """
    from server import jobs_command

    sys.exit(jobs_command.listing(url=url, statuses=statuses, as_json=as_json))


@jobs.command("show")
@_url
@_json
@click.argument("job", type=_job_id)
def show_job(url: str, as_json: bool, job: str) -> None:
    """Show one job."""
    from server import jobs_command

    sys.exit(jobs_command.show(job, url=url, as_json=as_json))


@jobs.command("cancel")
@_url
@_json
@click.argument("ids", metavar="JOB...", nargs=-1, required=True, type=_job_id)
def cancel_jobs(url: str, as_json: bool, ids: tuple[str, ...]) -> None:
    """Stop jobs, waiting or running."""
    from server import jobs_command

    sys.exit(jobs_command.cancel(ids, url=url, as_json=as_json))


@jobs.command("retry")
@_url
@_json
@_option("--all", "everything", is_flag=True, help="All that have failed.")
@click.argument("ids", metavar="[JOB...]", nargs=-1, type=_job_id)
def retry_jobs(url: str, as_json: bool, everything: bool, ids: tuple[str, ...]) -> None:
    """Have jobs tried again that failed or were canceled."""
    from server import jobs_command

    if everything == bool(ids):
        raise click.UsageError("Name the jobs, or say --all.")
    if everything:
        sys.exit(jobs_command.retry_all(url=url, as_json=as_json))
    sys.exit(jobs_command.retry(ids, url=url, as_json=as_json))


@main.command(context_settings=_anything)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests. All arguments go to pytest."""
    _become("tests.run", *arguments)


@main.command()
def check() -> None:
    """Run the linters and the type checkers."""
    _become("tests.check")


@main.command(context_settings=_anything)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure, and print one table."""
    _become("bench", *arguments)


def _become(module: str, *arguments: str) -> NoReturn:
    """Go on as `python -m module`: one process, whose signals and exit status are the module's own."""
    command = python.command(module, *arguments)
    os.execve(command[0], command, python.environment(os.environ))  # noqa: S606 - a shell is not wanted


def _fail(sentence: str) -> NoReturn:
    click.echo(f"limner: {sentence}", err=True)
    sys.exit(1)
