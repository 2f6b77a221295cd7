"""The one shape of an error (RFC 9457)."""

from collections.abc import Sequence
from http import HTTPStatus

import httpx


def assert_problem(
    answer: httpx.Response, status: int, *, fields: Sequence[str] | None = None, type: str = "about:blank"
) -> None:
    """`fields` are those that are said to be at fault, in any order; none where no input is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail"} | ({"errors"} if fields is not None else set())
    assert (problem["type"], problem["status"]) == (type, status)
    assert (problem["title"] == HTTPStatus(status).phrase) is (type == "about:blank")
    assert problem["detail"]
    if fields is not None:
        assert sorted(error["field"] for error in problem["errors"]) == sorted(fields)
        assert all(set(error) == {"field", "message"} and error["message"] for error in problem["errors"])
    assert "Traceback" not in answer.text
