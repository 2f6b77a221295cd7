"""A server that speaks chat completions, streamed or whole, and goes wrong in the ways such servers do.

    async with ChatServer(Answer(text='{"characters": [...]}')) as server:
        ... server.base_url ...
    assert server.requests[0].body["stream"]

Each request takes the next answer; one request more than there are answers gets a 418, which nothing expects.
"""

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

SLICE = 7
"""How many characters of the text one chunk of a stream carries: words, numbers and braces are all cut somewhere."""


@dataclass(frozen=True)
class Answer:
    """What the server says to one request.

    With `error` it is that error, under `status`. Otherwise it is `text`, streamed unless `stream` is false. A stream
    waits for `gate` after the first `gate_after` characters, and loses its connection after the first `cut_after`;
    `mid_error` is an error object in place of the rest. `raw` is sent as the body, whatever it is.
    """

    text: str = ""
    refusal: str | None = None
    finish_reason: str | None = "stop"
    status: int = 200
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: bool = True
    cut_after: int | None = None
    gate_after: int | None = None
    gate: asyncio.Event | None = None
    mid_error: Mapping[str, Any] | None = None
    raw: bytes | None = None


@dataclass(frozen=True)
class Seen:
    """One request, as it came."""

    path: str
    headers: Mapping[str, str]
    body: Any

    @property
    def text(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"])


class ConnectionCut(Exception):
    """Makes uvicorn drop the connection in the middle of a body."""


class _Server(uvicorn.Server):
    """Started and stopped without uvicorn's main loop, and its pauses."""

    async def start(self, listening: socket.socket) -> None:
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup(sockets=[listening])

    async def stop(self) -> None:
        for server in self.servers:
            server.close()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # the transports close in the loop's next round


class ChatServer:
    def __init__(self, *answers: Answer) -> None:
        self.requests: list[Seen] = []
        self.hung_up = asyncio.Event()
        """Set when a client left a stream before its end."""
        self._answers = deque(answers)
        routes = [Route("/v1/chat/completions", self._complete, methods=["POST"])]
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, log_level="critical", lifespan="off")
        self._server = _Server(config)
        self.base_url = ""
        """Where it listens, from its entering on; after its end nobody does."""

    async def __aenter__(self) -> "ChatServer":
        listening = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        await self._server.start(listening)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    async def _complete(self, request: Request) -> Response:
        self.requests.append(Seen(request.url.path, dict(request.headers), await request.json()))
        if not self._answers:
            return JSONResponse({"error": {"message": "one request too many"}}, status_code=418)
        answer = self._answers.popleft()
        if answer.raw is not None:
            return Response(answer.raw, answer.status, dict(answer.headers))
        if answer.error is not None:
            return JSONResponse({"error": dict(answer.error)}, answer.status, dict(answer.headers))
        if not answer.stream:
            return JSONResponse(_completion(answer), headers=dict(answer.headers))
        return StreamingResponse(self._events(answer), media_type="text/event-stream", headers=dict(answer.headers))

    async def _events(self, answer: Answer) -> AsyncIterator[bytes]:
        try:
            yield b": a comment, as gateways send to keep a line open\n\n"
            yield _event(_chunk({"role": "assistant", "content": ""}))
            if answer.refusal is not None:
                yield _event(_chunk({"refusal": answer.refusal}))
            sent = 0
            for stop, then in _stops(answer):
                for start in range(sent, stop, SLICE):
                    yield _event(_chunk({"content": answer.text[start : min(start + SLICE, stop)]}))
                sent = stop
                if then == "cut":
                    raise ConnectionCut
                if then == "gate" and answer.gate is not None:
                    await answer.gate.wait()
            if answer.mid_error is not None:
                yield _event({"error": dict(answer.mid_error)})
                return
            if answer.finish_reason is not None:
                yield _event(_chunk({}, answer.finish_reason))
                yield _event({"object": "chat.completion.chunk", "choices": [], "usage": {"total_tokens": 1}})
                yield b"data: [DONE]\n\n"
        except asyncio.CancelledError:
            self.hung_up.set()
            raise


def _stops(answer: Answer) -> list[tuple[int, str]]:
    """Up to where the text is sent, and what comes then."""
    stops = [(len(answer.text), "end")]
    if answer.gate_after is not None:
        stops.append((answer.gate_after, "gate"))
    if answer.cut_after is not None:
        stops.append((answer.cut_after, "cut"))
    return sorted(stops)


def _event(message: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(message, ensure_ascii=False).encode() + b"\n\n"


def _chunk(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def _completion(answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer.text, "refusal": answer.refusal}
    choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
