"""The parts of the bench of the hub, by the names that the command knows them by."""

from collections.abc import Callable, Mapping

from bench.hub import beside, own, stages
from bench.hub.beside import Say
from bench.hub.findings import Findings
from bench.hub.plan import Plan
from bench.hub.setup import Setup

Part = Callable[[Setup, Plan, Say], Findings]

PARTS: Mapping[str, Part] = {
    "deliveries": beside.deliver,
    "stages": stages.take_apart,
    "load": beside.load,
    "requests": own.poll,
    "waiting": own.wait,
    "previews": own.pause,
    "stuck": own.stick,
    "comeback": own.come_back,
}
