"""`GET /ws`: who is let in. What is said then is the hub's affair."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.admission import address_of, problem_of
from server.hub.codes import CloseCode
from server.hub.counters import Refusal, Transport
from server.problems import Problem
from server.services import Services
from storage.logs import Event, log_error


def routes(services: Services) -> list[BaseRoute]:
    admission = services.admission

    async def connect(websocket: WebSocket) -> None:
        address = address_of(websocket.scope)
        refusal = admission.enter(Transport.WEBSOCKET, address)
        if refusal is Refusal.CROWDED:
            await websocket.accept()
            services.counters.closed[CloseCode.TOO_MANY_CONNECTIONS] += 1
            await websocket.close(CloseCode.TOO_MANY_CONNECTIONS, "too many connections")
            return
        if refusal is not None:
            await websocket.send_denial_response(problem_of(refusal).response())
            return
        try:
            await services.sockets.serve(websocket)
        except Exception as error:
            log_error(Event.REQUEST_FAILED, exception=error)
        finally:
            admission.leave(Transport.WEBSOCKET, address)

    async def refuse(_: Request) -> Response:
        raise Problem(426, "This address speaks WebSocket.", headers={"Upgrade": "websocket", "Connection": "Upgrade"})

    return [WebSocketRoute("/ws", connect), Route("/ws", refuse)]
