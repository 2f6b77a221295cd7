"""`limner jobs` against a real server, with an operator's key and with an owner's."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from storage.records.ids import JobId, new_job_id
from storage.records.job import Status
from tests.server.conftest import API_KEY, OPERATOR_KEY
from tests.server.support.player import Player
from tests.support.limner import Server, free_port

ANNA = {"LIMNER_API_KEY": API_KEY}
OPERATOR = {"LIMNER_OPERATOR_KEY": OPERATOR_KEY}

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
def limner(edge: Server) -> Command:
    """Runs `limner jobs …` with these variables; by default as the operator."""

    async def run(*arguments: str, url: str = edge.url, **variables: str) -> Result:
        environment = {"LIMNER_URL": url, "LIMNER_API_KEY": None, "LIMNER_OPERATOR_KEY": None}
        given = {**environment, **(variables or OPERATOR)}
        return await asyncio.to_thread(CliRunner().invoke, main, ["jobs", *arguments], env=given)

    return run


@pytest.fixture
def kind() -> str:
    return f"kind-{secrets.token_hex(4)}"


def listed(result: Result, kind: str) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [job for job in json.loads(result.stdout)["jobs"] if job["kind"] == kind]


async def failed(player: Player, kind: str = "portrait", owner: str = "key:anna") -> JobId:
    job_id = await player.submit(kind=kind, owner=owner)
    await player.begin(job_id)
    await player.fail(job_id)
    return job_id


async def test_the_operator_sees_what_everybody_has_and_a_key_its_own(
    limner: Command, player: Player, kind: str
) -> None:
    mine, other = await player.submit(kind=kind, owner="key:anna"), await player.submit(kind=kind, owner="key:bert")
    await player.begin(other)
    bad = await failed(player, kind, "key:bert")

    assert {(job["id"], job["status"], job["owner"]) for job in listed(await limner("list", "--json"), kind)} == {
        (mine, "queued", "key:anna"),
        (other, "processing", "key:bert"),
        (bad, "failed", "key:bert"),
    }
    assert [job["id"] for job in listed(await limner("list", "--json", **ANNA), kind)] == [mine]
    wanted = await limner("list", "--json", "--status", "failed", "--status", "queued")
    assert {job["id"] for job in listed(wanted, kind)} == {mine, bad}


async def test_a_list_for_people_has_a_line_for_each_job(limner: Command, player: Player, kind: str) -> None:
    job_id = await player.submit(kind=kind, owner="key:anna")
    await player.begin(job_id)
    await player.advance(job_id, 0.25)

    lines = (await limner("list")).stdout.splitlines()
    own = (await limner("list", **ANNA)).stdout.splitlines()

    assert lines[0].split() == ["ID", "KIND", "STATUS", "ATTEMPT", "AGE", "OWNER"]
    (line,) = [line.split() for line in lines if line.startswith(job_id)]
    assert line[:4] == [job_id, kind, "processing", "1"]
    assert line[-3:] == ["key:anna", "25%,", "painting"]
    assert own[0].split() == ["ID", "KIND", "STATUS", "ATTEMPT", "AGE"]


async def test_one_job_is_shown_whole(limner: Command, player: Player) -> None:
    job_id = await failed(player)

    shown = await limner("show", job_id.upper())
    record = json.loads((await limner("show", job_id, "--json")).stdout)

    assert shown.exit_code == 0
    assert f"id           {job_id}" in shown.stdout.splitlines()
    assert "message: The painter is ill." in shown.stdout
    assert record == (await player.job(job_id)).model_dump(mode="json")


async def test_jobs_are_canceled_and_one_that_cannot_be_does_not_keep_the_others(
    limner: Command, player: Player
) -> None:
    waiting, done, running = await player.submit(), (await player.finished()).id, await player.running()

    result = await limner("cancel", waiting, done, running)

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [f"{waiting} canceled", f"{running} canceled"]
    assert result.stderr.startswith(f"limner: The server refuses: {done[:8]}: This job cannot be canceled")
    assert (await player.job(running)).status is Status.CANCELED


async def test_a_key_cancels_its_own_jobs_only(limner: Command, player: Player) -> None:
    own, other = await player.submit(owner="key:anna"), await player.submit(owner="key:bert")

    result = await limner("cancel", own, other, **ANNA)

    assert result.exit_code == 1
    assert result.stdout == f"{own} canceled\n"
    assert (await player.job(other)).status is Status.QUEUED


async def test_a_job_that_failed_is_tried_again(limner: Command, player: Player) -> None:
    job_id = await failed(player)

    result = await limner("retry", job_id, "--json", **ANNA)

    assert result.exit_code == 0
    assert json.loads(result.stdout)["status"] == "queued"
    assert (await player.job(job_id)).status is Status.QUEUED


async def test_all_that_failed_are_tried_again_of_the_caller_or_of_everybody(limner: Command, player: Player) -> None:
    own, other = await failed(player), await failed(player, owner="key:bert")

    mine = await limner("retry", "--all", **ANNA)
    assert mine.exit_code == 0, mine.stderr
    assert f"{own} queued" in mine.stdout.splitlines()
    assert (await player.job(other)).status is Status.FAILED

    all_of_them = await limner("retry", "--all", "--json")
    assert other in json.loads(all_of_them.stdout)["retried"]
    assert (await player.job(other)).status is Status.QUEUED


async def test_where_nothing_has_failed_it_says_so(limner: Command, player: Player) -> None:
    await failed(player)
    assert (await limner("retry", "--all", **ANNA)).exit_code == 0

    again = await limner("retry", "--all", **ANNA)

    assert (again.exit_code, again.stdout) == (0, "Nothing has failed.\n")


async def test_what_goes_wrong_is_said_in_a_sentence(limner: Command) -> None:
    unknown = await limner("show", new_job_id())
    assert (unknown.exit_code, unknown.stderr) == (1, "limner: The server refuses: There is no such job.\n")

    stranger = await limner("list", LIMNER_API_KEY="no key")
    assert (stranger.exit_code, stranger.stderr) == (1, "limner: The server refuses: This key is not known.\n")

    nobody = f"http://127.0.0.1:{free_port()}"
    away = await limner("list", url=nobody)
    assert (away.exit_code, away.stderr) == (1, f"limner: Nobody answers at {nobody}/.\n")

    wrong = await limner("list", url="localhost")
    assert wrong.exit_code == 1
    assert "is no address of a server" in wrong.stderr


@pytest.mark.parametrize("arguments", [("list",), ("retry", "--all")])
async def test_without_a_key_it_says_which_to_set(limner: Command, arguments: tuple[str, ...]) -> None:
    nobody = await limner(*arguments, LIMNER_API_KEY="")

    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert "LIMNER_OPERATOR_KEY" in nobody.stderr
    assert "LIMNER_API_KEY" in nobody.stderr


@pytest.mark.parametrize("status", ["succeeded", "canceled"])
async def test_the_operator_is_told_that_what_went_well_or_was_stopped_is_not_listed(
    limner: Command, player: Player, kind: str, status: str
) -> None:
    await player.finished()

    only = await limner("list", "--status", status)
    assert (only.exit_code, only.stdout) == (1, "")
    assert "not listed" in only.stderr
    bad = await failed(player, kind)
    both = await limner("list", "--json", "--status", status, "--status", "failed")
    assert [job["id"] for job in json.loads(both.stdout)["jobs"] if job["kind"] == kind] == [bad]
    assert (both.exit_code, "not listed" in both.stderr) == (1, True)
    assert (await limner("list", "--status", status, **ANNA)).exit_code == 0


@pytest.mark.parametrize("arguments", [("show", "x"), ("cancel",), ("retry",), ("retry", "--all", new_job_id())])
async def test_what_cannot_be_meant_is_refused_before_anything_is_asked_for(
    limner: Command, arguments: tuple[str, ...]
) -> None:
    assert (await limner(*arguments)).exit_code == 2
