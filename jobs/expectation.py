"""When a job will probably be finished: learned from recent ones, corrected by its own progress."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

TRUSTED_PROGRESS = 0.1
"""Before this much is done, how long it took says little about the rest."""

MOVED = 0.1


@dataclass(slots=True)
class Expectation:
    """What one run may be expected to take, in ms. `recent` are the durations of jobs like it; there may be none."""

    recent: Sequence[int]
    told: float | None = None
    _reports: deque[tuple[float, float]] = field(default_factory=lambda: deque([(0.0, 0.0)]))

    def __post_init__(self) -> None:
        self.told = median(self.recent) if self.recent else None

    def revise(self, elapsed: float, progress: float) -> float | None:
        """The duration to tell at `progress`, or none while nothing is known.

        It changes only when it moved by more than a tenth, or has been passed, so that nobody sees it flicker.
        """
        self._reports.append((elapsed, progress))
        estimate = self._estimate(elapsed, progress)
        if estimate is None:
            return self.told
        if self.told is None or abs(estimate - self.told) > MOVED * self.told or elapsed > self.told:
            self.told = estimate
        return self.told

    def _estimate(self, elapsed: float, progress: float) -> float | None:
        if progress < TRUSTED_PROGRESS:
            return max(self.told, elapsed) if self.told is not None else None
        from_pace = self._from_pace(elapsed, progress)
        if not self.recent:
            return from_pace
        return progress * from_pace + (1 - progress) * max(median(self.recent), elapsed)

    def _from_pace(self, elapsed: float, progress: float) -> float:
        """By the pace of the later half: the first strokes are often quicker or slower than all others."""
        reports = self._reports
        while len(reports) > 2 and reports[1][0] <= elapsed / 2:
            reports.popleft()
        since, before = reports[0]
        if progress <= before or elapsed <= since:
            return elapsed / progress
        return elapsed + (1 - progress) * (elapsed - since) / (progress - before)
