"""A peer that has not yet taken what was written to it: slow, or too slow."""

PROGRESS_BYTES = 4 * 1024


class Stall:
    """From when on nothing was taken: `since`, and how many bytes were `left` then."""

    __slots__ = ("left", "since")

    def __init__(self, left: int, now: float) -> None:
        self.left = left
        self.since = now

    def moves(self, left: int, now: float) -> bool:
        """Whether enough was taken since the last time that this was so, or the beginning; then it begins anew."""
        if self.left - left < PROGRESS_BYTES:
            return False
        self.left, self.since = left, now
        return True

    def lasts(self, left: int, now: float, seconds: float) -> bool:
        """Whether the peer is too slow: for so many seconds too little was taken."""
        return not self.moves(left, now) and now - self.since >= seconds
