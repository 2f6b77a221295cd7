import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvloop
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from storage.connect import connect
from storage.errors import StoreUnavailable
from storage.line import Line
from tests.storage.resp_server import resp_server
from tests.support.limner import free_port
from tests.support.line import line_to
from tests.support.listening import eventually

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def line_at(url: str, *, seconds: float = 30) -> AsyncIterator[Line]:
    line = Line(SecretStr(url), seconds=seconds)
    try:
        yield line
    finally:
        await line.aclose()


async def outcome(line: Line) -> str:
    """How a call went, in a word or two."""
    try:
        await line.ask([(b"PING",)])
    except StoreUnavailable as error:
        return error.detail
    return "answered"


async def test_every_caller_gets_its_own_answers_in_their_order(redis_url: str) -> None:
    async with line_at(redis_url) as line:

        async def caller(number: int) -> bool:
            words = [b"%d-%d" % (number, part) for part in range(number % 4)]
            return await line.ask([(b"ECHO", word) for word in words]) == words

        assert all(await asyncio.gather(*(caller(number) for number in range(2_000))))


async def test_all_callers_share_one_connection_from_the_first_call_on(own_redis_url: str, own_redis: Redis) -> None:
    before = len(await own_redis.client_list())
    async with line_at(own_redis_url) as line:
        assert len(await own_redis.client_list()) == before

        ids = await asyncio.gather(*(line.ask([(b"CLIENT", b"ID")]) for _ in range(500)))

        assert len({id_ for (id_,) in ids}) == 1
        assert len(await own_redis.client_list()) == before + 1


async def test_the_commands_of_one_turn_leave_in_one_write(own_redis_url: str, own_redis: Redis) -> None:
    async def reads() -> int:
        return int((await own_redis.info("stats"))["total_reads_processed"])

    async with line_at(own_redis_url) as line:
        await line.ask([(b"PING",)])
        looking = await reads()
        looking = await reads() - looking
        before = await reads()

        await asyncio.gather(*(line.ask([(b"PING",), (b"PING",)]) for _ in range(100)))

        assert await reads() - before - looking == 1


async def test_it_works_in_the_database_that_the_url_names(own_redis_url: str, own_redis: Redis) -> None:
    third = own_redis_url.replace("db=0", "db=3")
    async with line_at(third) as line, connect(SecretStr(third)) as client:
        await line.ask([(b"SET", b"here", b"x")])

        assert await client.get("here") == b"x"
        assert await own_redis.exists("here") == 0


async def test_it_says_who_it_is_over_tcp_too(own_redis_url: str, own_redis: Redis) -> None:
    port = free_port()
    await own_redis.config_set("port", port)
    await own_redis.acl_setuser("ann", enabled=True, passwords=["+word/"], keys=["*"], categories=["+@all"])

    async with line_at(f"redis://ann:word%2F@127.0.0.1:{port}/0") as line:
        assert await line.ask([(b"ACL", b"WHOAMI")]) == [b"ann"]
    async with line_at(f"redis://ann:wrong@127.0.0.1:{port}/0") as line:
        with pytest.raises(StoreUnavailable, match="WRONGPASS"):
            await line.ask([(b"PING",)])


async def test_what_is_refused_harms_no_call_beside_it(redis_url: str, redis: Redis, prefix: str) -> None:
    await redis.set(f"{prefix}text", "x")
    async with line_at(redis_url) as line:
        refused = line.ask([(b"ECHO", b"1"), (b"ZCARD", f"{prefix}text"), (b"ECHO", b"2")])
        served = line.ask([(b"ECHO", b"3")])

        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await refused
        assert await served == [b"3"]


async def test_what_cannot_be_sent_harms_no_call_beside_it(redis_url: str) -> None:
    async with line_at(redis_url) as line:
        await line.ask([(b"PING",)])
        with pytest.raises(UnicodeEncodeError):
            await line.ask([(b"ECHO", b"never"), (b"ECHO", "\ud800")])
        assert await line.ask([(b"ECHO", b"1")]) == [b"1"]


async def test_callers_that_have_gone_leave_the_others_their_answers(redis_url: str) -> None:
    async with line_at(redis_url) as line:
        await line.ask([(b"PING",)])
        calls = [line.ask([(b"ECHO", b"%d" % number)]) for number in range(100)]
        for call in calls[::3]:
            call.cancel()

        answers = await asyncio.gather(*calls, return_exceptions=True)

        kept = [answer for number, answer in enumerate(answers) if number % 3]
        assert kept == [[b"%d" % number] for number in range(100) if number % 3]


async def test_of_a_line_that_leads_nowhere_all_callers_are_told_and_the_next_has_a_new_one() -> None:
    async with resp_server(silent=1) as server, line_at(server.url, seconds=0.2) as line:
        lost = await asyncio.gather(*(outcome(line) for _ in range(50)))

        assert set(lost) == {"no answer within 0.2 s"}
        assert await outcome(line) == "answered"
        assert server.connections == 2


async def test_a_line_that_is_renewed_tells_those_who_wait_and_serves_the_next() -> None:
    async with resp_server(silent=1) as server, line_at(server.url) as line:
        waiting = asyncio.create_task(outcome(line))
        async with asyncio.timeout(10):
            while not line.stands:  # noqa: ASYNC110 - a line does not say when it stands
                await asyncio.sleep(0)
        line.renew()

        assert await waiting == "the connection is made anew"
        assert await outcome(line) == "answered"
        assert server.connections == 2


async def test_a_redis_that_stands_still_is_left_alone_and_served_from_again(
    own_redis_url: str, own_redis: Redis
) -> None:
    server = (await own_redis.info("server"))["process_id"]
    async with line_at(own_redis_url, seconds=0.2) as line:
        assert await outcome(line) == "answered"
        os.kill(server, signal.SIGSTOP)
        try:
            for _ in range(3):
                with pytest.raises(StoreUnavailable):
                    await line.ask([(b"PING",)])
        finally:
            os.kill(server, signal.SIGCONT)

        await eventually(lambda: _answered(line))


async def _answered(line: Line) -> bool:
    return await outcome(line) == "answered"


def test_an_answer_that_came_while_this_process_stood_still_is_an_answer(redis_url: str) -> None:
    # uvloop, when an event of the network has taken its time, looks at its timers before the network's next events.
    async def main() -> None:
        loop = asyncio.get_running_loop()
        stood_still = asyncio.Event()
        here, there = socket.socketpair()

        def stand_still() -> None:
            loop.remove_reader(here)
            time.sleep(0.3)
            stood_still.set()

        with here, there:
            async with line_at(redis_url, seconds=0.1) as line:
                await line.ask([(b"PING",)])
                call = line.ask([(b"ECHO", b"in time")])
                await asyncio.sleep(0)
                loop.add_reader(here, stand_still)
                there.send(b"x")
                await stood_still.wait()

                assert await call == [b"in time"]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def test_calls_under_way_on_a_connection_that_is_lost_are_told_at_once(
    own_redis_url: str, own_redis: Redis
) -> None:
    server = (await own_redis.info("server"))["process_id"]
    async with line_at(own_redis_url, seconds=60) as line:
        await line.ask([(b"PING",)])
        os.kill(server, signal.SIGSTOP)
        calls = [asyncio.create_task(outcome(line)) for _ in range(10)]
        await asyncio.sleep(0)

        os.kill(server, signal.SIGKILL)

        assert set(await asyncio.wait_for(asyncio.gather(*calls), 20)) == {"the connection was lost"}


async def test_after_a_lost_connection_the_next_call_has_a_new_one(own_redis_url: str, own_redis: Redis) -> None:
    async with line_at(own_redis_url) as line:
        (first,) = await line.ask([(b"CLIENT", b"ID")])
        await own_redis.client_kill_filter(_id=first)

        async def served() -> bool:
            return await outcome(line) == "answered"

        await eventually(served)
        assert await line.ask([(b"CLIENT", b"ID")]) != [first]


async def test_callers_of_a_redis_that_is_away_do_not_all_dial(redis_url: str) -> None:
    async with line_to(redis_url) as cut, line_at(cut.url) as line:
        cut.cut()
        told = await asyncio.gather(*(outcome(line) for _ in range(2_000)))
        assert "answered" not in told
        assert cut.refused == 1
        for _ in range(2_000):
            assert await outcome(line) != "answered"
        assert cut.refused < 20

        cut.mend()

        await eventually(lambda: _answered(line))


async def test_a_greeting_that_is_never_answered_ends_in_time() -> None:
    async with resp_server(silent=1, greets=False) as server, line_at(server.url, seconds=0.2) as line:
        assert await outcome(line) == "no answer within 0.2 s"
        await eventually(lambda: _answered(line))


async def test_a_server_that_speaks_something_else_is_no_redis() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0) as server,
        line_at(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}") as line,
    ):
        assert await outcome(line) == "the connection was lost"


async def test_closing_tells_those_who_wait_and_leaves_nothing_behind(own_redis_url: str, own_redis: Redis) -> None:
    server = (await own_redis.info("server"))["process_id"]
    before = len(await own_redis.client_list())
    ours = asyncio.all_tasks()
    line = Line(SecretStr(own_redis_url), seconds=30)
    await line.ask([(b"PING",)])
    os.kill(server, signal.SIGSTOP)
    call = line.ask([(b"PING",)])
    await line.aclose()
    os.kill(server, signal.SIGCONT)

    with pytest.raises(StoreUnavailable, match="closed"):
        await call
    with pytest.raises(StoreUnavailable, match="closed"):
        await line.ask([(b"PING",)])
    assert asyncio.all_tasks() == ours

    async def gone() -> bool:
        return len(await own_redis.client_list()) == before

    await eventually(gone)


async def test_closing_while_it_dials_leaves_no_task() -> None:
    async with resp_server(silent=1, greets=False) as server:
        ours = asyncio.all_tasks()
        line = Line(SecretStr(server.url), seconds=30)
        call = line.ask([(b"PING",)])
        await server.met.wait()

        await line.aclose()

        with pytest.raises(StoreUnavailable, match="closed"):
            await call
        assert {task for task in asyncio.all_tasks() - ours if task.get_name() == "redis line"} == set()
