"""When a job will probably be finished: learned from recent ones, corrected by what its run tells."""

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.durations import KEPT
from storage.records.job import Timestamp, milliseconds, timestamp

TYPICAL = 0.5
"""Half of all jobs take no longer than what is expected of them."""

MOST = 0.9

TRUSTED_PROGRESS = 0.1
"""Before this much is done, how long it took says little about the rest."""

MOVED = 0.1
"""What moved by no more than this share is not told anew, so that nobody sees it flicker."""

LATE = 1.25
"""How long a run may take that has taken longer than all before it: so many times as long as so far."""

HALF = 25
"""A job that lies so many jobs back counts half as much as the last one."""

_WEIGHTS = tuple(0.5 ** (back / HALF) for back in range(KEPT))


def quantile(recent: Sequence[int], share: float, *, beyond: float = -1) -> float | None:
    """What the next job will take no longer than with the chance `share`, if it has taken longer than `beyond` already.

    `recent` are the durations of those before it, the last one first. None where none of them took longer.
    """
    weighed = sorted(one for one in zip(recent, _WEIGHTS, strict=False) if one[0] > beyond)
    if not weighed:
        return None
    # The next one is as likely to fall into any of the gaps between them, and it counts as much as the last one.
    wanted = share * (sum(weight for _, weight in weighed) + 1) - 0.5
    below = 0.0
    for value, weight in weighed:
        below += weight
        if below >= wanted:
            return value
    return weighed[-1][0]


@dataclass(slots=True)
class Expectation:
    """What one run may be expected to take, in ms. `recent` are the durations of jobs like it, the last one first.

    `told` is what those who watch were told. It is none where nothing is known.
    """

    recent: Sequence[int]
    told: float | None = None
    _reports: deque[tuple[float, float]] = field(default_factory=lambda: deque([(0.0, 0.0)]))
    _promised: float | None = None

    def __post_init__(self) -> None:
        if self.told is None:
            self.told = self.typical

    def revise(self, elapsed: float, progress: float, left: float | None = None) -> float | None:
        """The duration to tell at `progress`. `left` is what the provider itself says it will still take, if it does.

        It changes only when it moved by more than a tenth, or has been passed.
        """
        self._reports.append((elapsed, progress))
        if left is not None:
            self._promised = elapsed + left
        estimate = self._estimate(elapsed, progress)
        if estimate is None:
            return self.told
        if self.told is None or abs(estimate - self.told) > MOVED * self.told or elapsed > self.told:
            self.told = estimate
        return self.told

    @property
    def typical(self) -> float | None:
        """What half of the recent ones took no longer than."""
        return quantile(self.recent, TYPICAL)

    def left(self, elapsed: float) -> float | None:
        """What it will still take, in nine of ten cases no longer; none where nothing is known."""
        if self.told is None:
            return None
        typical, most = self.typical, quantile(self.recent, MOST)
        spread = most / typical if typical and most else 1.0
        return max(0.0, self.told - elapsed) * spread

    def _estimate(self, elapsed: float, progress: float) -> float | None:
        if self._promised is not None and self._promised >= elapsed:
            return self._promised
        typical = quantile(self.recent, TYPICAL, beyond=elapsed) or self._late(elapsed)
        if progress < TRUSTED_PROGRESS:
            return typical if self.recent else None
        from_pace = self._from_pace(elapsed, progress)
        if not self.recent:
            return from_pace
        return progress * from_pace + (1 - progress) * typical

    def _late(self, elapsed: float) -> float:
        """Of a run that takes longer than all before it."""
        return self.told if self.told is not None and self.told > elapsed else elapsed * LATE

    def _from_pace(self, elapsed: float, progress: float) -> float:
        """By the pace of the later half: the first strokes are often quicker or slower than all others."""
        reports = self._reports
        while len(reports) > 2 and reports[1][0] <= elapsed / 2:
            reports.popleft()
        since, before = reports[0]
        if progress <= before or elapsed <= since:
            return elapsed / progress
        return elapsed + (1 - progress) * (elapsed - since) / (progress - before)


def ends(left: Sequence[float], running: int, takes: float, waiting: int) -> list[float]:
    """In how many ms each of those that wait will probably have ended, in their order, if each takes `takes`.

    As many go on running at once as run now; `left` is what these will still take, or empty where they are too many to
    be asked: then it is as likely that one of them ends now as at any other time.
    """
    if not left:
        return [takes + takes * place / running for place in range(1, waiting + 1)]
    slots = list(left)
    heapq.heapify(slots)
    return [heapq.heapreplace(slots, slots[0] + takes) + takes for _ in range(waiting)]


def steadied(told: Timestamp | None, expected: float, now: int) -> Timestamp:
    """When a job will be finished that is now expected to take `expected` ms from `now` on: as it was told, if that is
    not over yet and no more than a tenth off."""
    if told is not None and now < (before := milliseconds(told)) and abs(before - now - expected) <= MOVED * expected:
        return told
    return timestamp(now + int(expected))
