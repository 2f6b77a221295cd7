"""What a poll costs: `GET /jobs/<id>` with its record, and with nothing new, beside the least the process answers."""

from dataclasses import dataclass

from bench.hub.load import request
from bench.hub.server import Server, started
from bench.hub.setup import Setup
from bench.hub.target import Target

JOBS = 1_000
CONNECTIONS = 16
WARM_UP = 50


@dataclass(frozen=True, slots=True)
class Answered:
    """Microseconds of the server's CPU for one request."""

    health: float
    job: float
    unchanged: float


def measure(setup: Setup, target: Target, requests: int) -> Answered:
    """All three in one process, on connections that stay open. Raises NotMeasured."""
    version = setup.write_jobs(JOBS)
    with started(setup, target, CONNECTIONS) as server:
        return Answered(
            health=_cost(setup, server, requests, "/health"),
            job=_cost(setup, server, requests, "/jobs/{id}"),
            unchanged=_cost(
                setup, server, requests, "/jobs/{id}", status=304, header=f'If-None-Match: "{version}"\\r\\n'
            ),
        )


def _cost(setup: Setup, server: Server, requests: int, path: str, *, status: int = 200, header: str = "") -> float:
    def ask(count: int) -> None:
        request(
            setup,
            server.place,
            path,
            jobs=JOBS,
            connections=CONNECTIONS,
            count=count,
            status=status,
            header=header,
        )

    ask(WARM_UP)
    before = server.cpu()
    ask(requests)
    return (server.cpu() - before).total / requests * 1e6
