"""`GET /ws`: who is let in. What is said then is the hub's affair."""

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from server.hub.codes import CloseCode
from server.problems import Problem
from server.services import Services

RETRY_SECONDS = 5


def routes(services: Services) -> list[WebSocketRoute]:
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
        finally:
            admission.leave(address)

    return [WebSocketRoute("/ws", connect)]
