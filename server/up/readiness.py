"""Whether a server is able to deliver."""

import asyncio

_PATIENCE_SECONDS = 5.0


async def is_ready(host: str, port: int) -> bool:
    """One `GET /ready`. False for any answer but 200, and for none."""
    request = f"GET /ready HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request.encode("ascii"))
                status_line = await reader.readline()
            finally:
                writer.close()
    except (OSError, ValueError):
        return False
    return status_line.split(b" ")[1:2] == [b"200"]
