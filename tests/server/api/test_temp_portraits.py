"""`/temp-portraits`: the polling fallback in its oldest form, and the picture."""

import base64

import httpx
import pytest
from redis.asyncio import Redis

from storage.keys import Keys
from storage.records.ids import JobId, new_job_id
from tests.server.support.player import PICTURE, Player
from tests.server.support.problems import assert_problem


async def test_a_portrait_that_is_not_finished_says_so_and_how_far_it_is(
    http: httpx.AsyncClient, player: Player
) -> None:
    job_id = await player.submit()
    waiting = await http.get(f"/temp-portraits/{job_id}")
    assert waiting.status_code == 200
    assert waiting.json() == {
        "ready": False,
        "message": "Portrait is being generated",
        "status": "queued",
        "progress": 0.0,
        "stage": None,
        "expected_at": None,
    }
    assert int(waiting.headers["retry-after"]) > 0
    await player.begin(job_id)
    await player.advance(job_id, 0.5)
    painting = (await http.get(f"/temp-portraits/{job_id}")).json()
    assert (painting["ready"], painting["status"], painting["progress"], painting["stage"]) == (
        False,
        "processing",
        0.5,
        "painting",
    )


async def test_a_finished_portrait_comes_as_base64(http: httpx.AsyncClient, player: Player) -> None:
    done = await player.finished()
    answer = await http.get(f"/temp-portraits/{done.id}")
    body = answer.json()
    assert (answer.status_code, body["ready"], body["status"]) == (200, True, "succeeded")
    assert base64.b64decode(body["portrait"]) == PICTURE
    assert body["url"] == f"/temp-portraits/{done.id}/image?v={done.version}"
    assert answer.headers["cache-control"] == "no-store"
    assert "retry-after" not in answer.headers


async def test_a_portrait_that_failed_gives_the_sentence_for_people(http: httpx.AsyncClient, player: Player) -> None:
    job_id = await player.running()
    await player.fail(job_id)
    answer = await http.get(f"/temp-portraits/{job_id}")
    assert (answer.status_code, answer.json()["ready"], answer.json()["status"], answer.json()["message"]) == (
        200,
        False,
        "failed",
        "The painter is ill.",
    )


async def test_a_portrait_that_was_canceled_says_so(http: httpx.AsyncClient, player: Player) -> None:
    job_id = await player.submit()
    await player.store.cancel(job_id)
    body = (await http.get(f"/temp-portraits/{job_id}")).json()
    assert (body["ready"], body["status"]) == (False, "canceled")
    assert body["message"]


@pytest.mark.parametrize("job_id", ["nonsense", str(new_job_id())])
async def test_an_unknown_portrait_is_not_ready(http: httpx.AsyncClient, job_id: str) -> None:
    answer = await http.get(f"/temp-portraits/{job_id}")
    assert (answer.status_code, answer.json()["ready"], answer.json()["status"]) == (404, False, "unknown")
    assert answer.json()["message"]


async def test_a_portrait_that_is_no_longer_kept_is_not_ready(http: httpx.AsyncClient, player: Player) -> None:
    done = await player.finished()
    await player.store.remove(JobId(done.id))
    answer = await http.get(f"/temp-portraits/{done.id}")
    assert (answer.status_code, answer.json()["ready"], answer.json()["status"]) == (410, False, "expired")


async def test_a_job_of_another_kind_is_no_portrait(http: httpx.AsyncClient, player: Player) -> None:
    job_id = await player.submit(kind="characters")
    assert (await http.get(f"/temp-portraits/{job_id}")).status_code == 404
    assert_problem(await http.get(f"/temp-portraits/{job_id}/image"), 404)


async def test_the_picture_under_its_own_address_may_be_kept_for_good(http: httpx.AsyncClient, player: Player) -> None:
    done = await player.finished()
    assert done.result is not None
    answer = await http.get(done.result["url"])
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=3600, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"].strip('"')


@pytest.mark.parametrize("version", ["", "?v=", "?v=1", "?v=nonsense"])
async def test_the_picture_under_another_address_is_asked_for_each_time(
    http: httpx.AsyncClient, player: Player, version: str
) -> None:
    done = await player.finished()
    answer = await http.get(f"/temp-portraits/{done.id}/image{version}")
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert "immutable" not in answer.headers["cache-control"]


async def test_a_picture_that_the_caller_has_is_not_sent_again(http: httpx.AsyncClient, player: Player) -> None:
    one, same = await player.finished(), await player.finished()
    tag = (await http.get(f"/temp-portraits/{one.id}/image")).headers["etag"]
    for done in (one, same):
        answer = await http.get(f"/temp-portraits/{done.id}/image", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


async def test_there_is_no_picture_before_the_end(http: httpx.AsyncClient, player: Player) -> None:
    answer = await http.get(f"/temp-portraits/{await player.running()}/image")
    assert_problem(answer, 404)
    assert answer.json()["detail"] == "This portrait is not painted yet."


async def test_a_picture_whose_text_is_gone_is_no_longer_kept(
    http: httpx.AsyncClient, player: Player, redis: Redis, edge_prefix: str
) -> None:
    done = await player.finished()
    await redis.delete(Keys(edge_prefix).portrait(done.id))
    assert_problem(await http.get(f"/temp-portraits/{done.id}/image"), 410)
    answer = await http.get(f"/temp-portraits/{done.id}")
    assert (answer.status_code, answer.json()["ready"]) == (410, False)
