"""`GET /events`: every state of the jobs asked for, as Server-Sent Events. What is said is the hub's affair."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from server.admission import address_of, problem_of
from server.hub.counters import Transport
from server.hub.event_stream import HEADERS
from server.problems import field_problem
from server.services import Services
from storage.records.ids import JobId, parse_job_id


def routes(services: Services) -> list[Route]:
    async def events(request: Request) -> Response:
        jobs = _asked_for(request.query_params.getlist("job"), most=services.settings.max_jobs)
        return EventStream(services, jobs) if request.method == "GET" else Response(headers=HEADERS)

    return [Route("/events", events, methods=["GET"])]


def _asked_for(ids: list[str], *, most: int) -> list[JobId]:
    if not ids:
        raise field_problem("job", "at least one must be asked for")
    if len(ids) > most:
        raise field_problem("job", f"at most {most} may be asked for")
    try:
        return list(dict.fromkeys(parse_job_id(text) for text in ids))
    except ValueError as error:
        raise field_problem("job", str(error)) from None


class EventStream(Response):
    """An answer without end, if there is room for it."""

    def __init__(self, services: Services, jobs: list[JobId]) -> None:
        super().__init__()
        self._services = services
        self._jobs = jobs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        admission, address = self._services.admission, address_of(scope)
        refusal = admission.enter(Transport.EVENTS, address)
        if refusal is not None:
            await problem_of(refusal).response()(scope, receive, send)
            return
        try:
            await self._services.streams.serve(scope, send, self._jobs)
        finally:
            admission.leave(Transport.EVENTS, address)
