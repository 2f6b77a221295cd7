"""How much is measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bench.hub.load import ComingBack


@dataclass(frozen=True, slots=True)
class Plan:
    clients: Sequence[int] = (1_000, 10_000)
    """Numbers of clients for deliveries; the greatest of them is the crowd of all else."""
    peers: bool = True
    """Whether they are measured beside it."""
    rounds: int = 8
    settle_seconds: float = 1.0
    seconds: float = 3.0
    """Of events at a rate, at which latency is taken: one a second for each client."""
    burst: int = 100_000
    """Events as fast as it goes, at which the cost of a delivery is taken."""
    stage_burst: int = 200_000
    load_clients: int = 1_000
    rates: Sequence[float] = (5_000, 10_000, 20_000, 40_000)
    """Events a second, at which latency by load is taken."""
    rate_seconds: float = 1.0
    preview_clients: int = 2_000
    preview_bytes: int = 10 * 1024
    preview_rate: float = 2_000
    pause: float = 1.0
    requests: int = 20_000
    waiting: int = 1_000
    """Clients that wait, and as many that poll."""
    idle_seconds: float = 25.0
    """One ping goes to every socket in it."""
    poll_seconds: float = 12.0
    stuck_jobs: int = 256
    stuck_seconds: float = 16.0
    """Longer than a client that takes nothing is suffered."""
    stuck_rate: float = 500
    coming_back: ComingBack = field(default_factory=ComingBack)

    @property
    def crowd(self) -> int:
        return max(self.clients)

    @property
    def few_rounds(self) -> int:
        """Of what takes long and varies little."""
        return (self.rounds + 1) // 2

    def within(self, crowd: int) -> "Plan":
        """The same with no part greater than a crowd of this size."""
        return replace(
            self,
            load_clients=min(self.load_clients, crowd),
            preview_clients=min(self.preview_clients, crowd),
            preview_rate=min(self.preview_rate, crowd),
            waiting=min(self.waiting, crowd),
        )


QUICK = Plan(
    clients=(50,),
    rounds=1,
    settle_seconds=0.1,
    seconds=0.5,
    burst=500,
    stage_burst=500,
    rates=(200, 400),
    rate_seconds=0.2,
    requests=200,
    idle_seconds=0.2,
    poll_seconds=1.0,
    stuck_jobs=16,
    stuck_seconds=1.0,
    stuck_rate=100,
    pause=0.2,
    coming_back=ComingBack(window=500, backoff=100, most=1_000),
)
