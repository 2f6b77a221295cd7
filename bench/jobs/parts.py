"""The parts of the bench of jobs, by the names that the command knows them by."""

from collections.abc import Callable, Mapping, Sequence

from bench.figures import Row
from bench.jobs import death, expectations, latency, requests, throughput, waiting
from bench.jobs.plan import Plan
from bench.jobs.stage import Stage

Part = Callable[[Stage, Plan], Sequence[Row]]

PARTS: Mapping[str, Part] = {
    "latency": latency.measure,
    "throughput": throughput.count,
    "makespan": throughput.makespan,
    "requests": requests.measure,
    "death": death.measure,
    "expectation": expectations.measure,
    "waiting": waiting.measure,
}
