"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int = 3
    seconds: float = 10.0
    """For which jobs, or requests, come at a rate."""
    job_rate: float = 20.0
    request_rate: float = 100.0
    elsewhere: int = 10_000
    """Jobs that another worker runs meanwhile."""
    noops: int = 5_000
    noops_at_once: int = 100
    naps: int = 400
    nap_seconds: float = 0.5
    nap_slots: int = 50
    watched: int = 50
    """Jobs that run and report while requests come."""
    held: int = 10
    """Jobs of the worker that is killed."""
    hasty: float = 1.0
    """How many times as fast as they come leases run out and are looked over."""
    known: int = 20
    """Jobs of a kind that have ended before expectations are measured."""
    drawn: int = 300
    drawn_seconds: float = 1.0
    """Median of how long they take."""
    drawn_slots: int = 40
    queued: int = 40
    queue_slots: int = 4


QUICK = Plan(
    rounds=1,
    seconds=0.5,
    elsewhere=50,
    noops=200,
    naps=20,
    nap_seconds=0.05,
    nap_slots=5,
    watched=5,
    held=2,
    hasty=10.0,
    known=5,
    drawn=20,
    drawn_seconds=0.1,
    queued=30,
    queue_slots=1,
)
