from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from server.http.protocol import HttpProtocol
from server.hub.http_wire import wire_of


class Transport:
    """As much of one as a request needs that is never answered."""

    def get_extra_info(self, _: str) -> None:
        return None

    def set_write_buffer_limits(self, **_: int) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


@pytest.fixture
async def scopes() -> list[dict[str, Any]]:
    return []


async def requested(scopes: list[dict[str, Any]]) -> HttpProtocol:
    """A protocol that has got a request; its scope is the last of `scopes`."""

    async def app(scope: Any, *_: Any) -> None:
        raise AssertionError("nobody runs it")

    protocol = HttpProtocol(Config(app, log_config=None), ServerState(), {})
    protocol.connection_made(Transport())  # type: ignore[arg-type]
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: limner\r\n\r\n")
    for task in protocol.tasks:
        task.cancel()
    scopes.append(protocol.scope)  # type: ignore[arg-type]
    return protocol


async def test_a_request_finds_its_connection_until_that_is_lost(scopes: list[dict[str, Any]]) -> None:
    protocol = await requested(scopes)
    assert wire_of(scopes[-1]) is protocol
    protocol.connection_lost(None)
    assert wire_of(scopes[-1]) is None


async def test_who_waits_is_told_when_its_connection_is_lost_and_when_it_is_ready_again(
    scopes: list[dict[str, Any]],
) -> None:
    protocol, told = await requested(scopes), []
    protocol.on_ready, protocol.on_lost = lambda: told.append("ready"), lambda: told.append("lost")
    protocol.pause_writing()
    assert not protocol.ready
    protocol.resume_writing()
    assert protocol.ready
    protocol.connection_lost(ConnectionResetError())
    assert told == ["ready", "lost"]
