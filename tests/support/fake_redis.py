"""A server that speaks RESP and answers INFO as it is told to: a Redis of any version and form."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import hiredis


@asynccontextmanager
async def redis_that_says(about: Mapping[str, object]) -> AsyncIterator[str]:
    """The URL of a server whose INFO is `about`."""
    text = "".join(f"{name}:{value}\r\n" for name, value in about.items()).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        commands = hiredis.Reader()
        while data := await reader.read(4_096):
            commands.feed(data)
            while (command := commands.gets()) is not False:
                info = command[0].upper() == b"INFO"
                writer.write(b"$%d\r\n%b\r\n" % (len(text), text) if info else b"+OK\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
