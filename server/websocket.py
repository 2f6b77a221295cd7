"""`GET /ws`: who is let in. What is said then is the hub's affair."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.hub.codes import CloseCode
from server.problems import Problem
from server.services import Services
from storage.logs import Event, log_error

RETRY_SECONDS = 5


def routes(services: Services) -> list[BaseRoute]:
    admission = services.admission

    async def connect(websocket: WebSocket) -> None:
        if admission.full:
            problem = Problem(503, "The server is full.", headers={"Retry-After": str(RETRY_SECONDS)})
            await websocket.send_denial_response(problem.response())
            return
        address = websocket.client.host if websocket.client is not None else ""
        if admission.crowded(address):
            await websocket.accept()
            await websocket.close(CloseCode.TOO_MANY_CONNECTIONS, "too many connections")
            return
        admission.enter(address)
        try:
            await services.sockets.serve(websocket)
        except Exception as error:
            log_error(Event.REQUEST_FAILED, exception=error)
        finally:
            admission.leave(address)

    async def refuse(_: Request) -> Response:
        raise Problem(426, "This address speaks WebSocket.", headers={"Upgrade": "websocket", "Connection": "Upgrade"})

    return [WebSocketRoute("/ws", connect), Route("/ws", refuse)]
