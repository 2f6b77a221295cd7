"""The hub that one writes first: Starlette, redis-py and a dictionary of sets.

    uvicorn bench.peers.obvious:app --port PORT

`REDIS_PORT` says where Redis is, `JOB_PREFIX` how the keys of jobs begin. A client sends the id of its job, gets the
job's record as it is now, and from then on every record that is published on the channel `job:<id>`.
"""

import os
from asyncio import create_task
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import cast

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

HEADER = 17
"""Bytes before the JSON of a record in Redis."""

redis = Redis(port=int(os.environ["REDIS_PORT"]))
followers: defaultdict[str, set[WebSocket]] = defaultdict(set)


async def relay() -> None:
    async with redis.pubsub() as pubsub:
        await pubsub.psubscribe("job:*")
        async for message in pubsub.listen():
            if message["type"] == "pmessage":
                text = message["data"].decode()
                for websocket in list(followers.get(message["channel"].decode(), ())):
                    with suppress(WebSocketDisconnect, RuntimeError):
                        await websocket.send_text(text)


async def follow(websocket: WebSocket) -> None:
    await websocket.accept()
    job = await websocket.receive_text()
    channel = f"job:{job}"
    followers[channel].add(websocket)
    try:
        record = await cast(Awaitable[bytes | None], redis.hget(os.environ["JOB_PREFIX"] + job, "record"))
        if record is not None:
            await websocket.send_text(record[HEADER:].decode())
        await websocket.send_text('{"following":true}')
        async for _ in websocket.iter_text():
            pass
    except WebSocketDisconnect:
        pass
    finally:
        followers[channel].discard(websocket)
        if not followers[channel]:
            del followers[channel]


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    task = create_task(relay())
    yield
    task.cancel()


app = Starlette(routes=[WebSocketRoute("/ws", follow)], lifespan=lifespan)
