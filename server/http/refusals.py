"""What a connection answers by itself: to what is no request, or to one that comes when it cannot be served."""

from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from server.problems import Problem

RETRY_SECONDS = 5


def app_of(problem: Problem) -> ASGIApp:
    """What answers a whole request so, as the last one of its connection."""
    problem.headers["Connection"] = "close"

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await problem.response()(scope, receive, send)

    return refuse


def bytes_of(problem: Problem) -> bytes:
    """The same for what has not become a request."""
    response = problem.response()
    head = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}".encode(), b"connection: close"]
    head += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + bytes(response.body)


def _full() -> Problem:
    return Problem(503, "The server has too many connections.", headers={"Retry-After": str(RETRY_SECONDS)})


def _too_large() -> Problem:
    return Problem(431, "The head of the request is too long.")


OVERLOADED = app_of(_full())
TOO_LARGE = app_of(_too_large())
UNTIMELY = app_of(Problem(400, "A WebSocket must be the first request that its connection still has to answer."))

GIVING_WAY_BYTES = bytes_of(_full())
TOO_LARGE_BYTES = bytes_of(_too_large())
TIMED_OUT_BYTES = bytes_of(Problem(408, "The head of the request took too long to come."))
INVALID_BYTES = bytes_of(Problem(400, "This is no HTTP request."))
