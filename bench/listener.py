"""The client of `bench.delivery`, a process of its own: one WebSocket, and one bare subscription to Redis.

It prints `ready`, and then a line for everything that comes: the way, the version, the wall clock and the monotonic
clock (ns) at the first line of the handler.
"""

import asyncio
import json
import sys
import time

import uvloop
from pydantic import SecretStr
from websockets.asyncio.client import connect

from storage.events import Events

BARE, WEBSOCKET = "bare", "websocket"


def arrived(way: str, version: int, wall: int, monotonic: int) -> None:
    print(way, version, wall, monotonic, flush=True)


async def listen(redis_url: str, bare_channel: str, websocket_url: str) -> None:
    subscribed = asyncio.Event()

    def on_message(_: bytes, payload: bytes) -> None:
        wall, monotonic = time.time_ns(), time.monotonic_ns()
        arrived(BARE, int(payload[:16]), wall, monotonic)

    def on_up() -> None:
        events.subscribe(bare_channel.encode()).add_done_callback(lambda _: subscribed.set())

    events = Events(SecretStr(redis_url), on_message=on_message, on_up=on_up, on_down=lambda: None)
    events.start()
    await subscribed.wait()
    async with connect(websocket_url, compression=None) as socket:
        async for text in socket:
            wall, monotonic = time.time_ns(), time.monotonic_ns()
            message = json.loads(text)
            if message["type"] == "subscribed":
                print("ready", flush=True)
            elif message["type"] == "job":
                arrived(WEBSOCKET, message["job"]["version"], wall, monotonic)


if __name__ == "__main__":
    uvloop.run(listen(*sys.argv[1:4]))
