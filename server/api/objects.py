"""`GET /objects/<key>`: the files of the local object store. Public: the ids in a key are the secret."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from server.conditions import matches
from server.problems import RETRY_SECONDS, Problem
from server.ranges import NotSatisfiable, asked_range
from storage.errors import ObjectStoreUnavailable, ObjectUnknown
from storage.objects.base import FOREVER
from storage.objects.content import HEAD_BYTES, content_type_of
from storage.objects.local_directory import LocalObjects, OpenObject
from storage.objects.opening import PATH

CHUNK_BYTES = 256 * 1024

# What is no picture and no video does nothing in a browser, wherever it came from.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def routes(local: LocalObjects | None) -> list[Route]:
    """None where objects are elsewhere, or nowhere."""
    return [Route(PATH + "/{key:path}", Objects(local).one, methods=["GET"])] if local is not None else []


class Objects:
    def __init__(self, local: LocalObjects) -> None:
        self._local = local

    async def one(self, request: Request) -> Response:
        """The object or a part of it. Also HEAD."""
        try:
            found = await self._local.open(request.path_params["key"])
        except (ObjectUnknown, ValueError):
            raise Problem(404, "There is no such object.") from None
        except ObjectStoreUnavailable:
            raise _away() from None
        try:
            response = await _response(request, found)
        except BaseException:
            found.close()
            raise
        if not isinstance(response, _Sending):
            found.close()
        return response


async def _response(request: Request, found: OpenObject) -> Response:
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": FOREVER, "Accept-Ranges": "bytes", **HARMLESS}
    if matches(request, found.tag):
        return Response(status_code=304, headers=headers)
    try:
        part = asked_range(request, size=found.size, tag=found.tag)
    except NotSatisfiable:
        raise Problem(
            416, "The object has no such bytes.", headers={"Content-Range": f"bytes */{found.size}"}
        ) from None
    try:
        headers["Content-Type"] = content_type_of(await found.read(0, HEAD_BYTES))
    except ObjectStoreUnavailable:
        raise _away() from None
    sent = part or range(found.size)
    headers["Content-Length"] = str(len(sent))
    if request.method == "HEAD":
        return Response(headers=headers)
    if part is None:
        return _Sending(found, sent, 200, headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{found.size}"
    return _Sending(found, part, 206, headers)


def _away() -> Problem:
    return Problem(503, "The server cannot read its objects just now.", headers={"Retry-After": str(RETRY_SECONDS)})


class _Sending(StreamingResponse):
    """Bytes of an object, which is closed afterwards, also when the caller hangs up."""

    def __init__(self, found: OpenObject, part: range, status: int, headers: dict[str, str]) -> None:
        super().__init__(_chunks(found, part), status, headers)
        self._found = found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._found.close()


async def _chunks(found: OpenObject, part: range) -> AsyncIterator[bytes]:
    at = part.start
    while at < part.stop:
        chunk = await found.read(at, min(CHUNK_BYTES, part.stop - at))
        if not chunk:
            return
        at += len(chunk)
        yield chunk
