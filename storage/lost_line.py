"""A line that is lost in the very moment in which something is written to it."""

from collections.abc import Iterator
from contextlib import contextmanager

_WORDS = "the handler is closed"


@contextmanager
def lost_lines() -> Iterator[None]:
    """Turns what uvloop raises then into ConnectionResetError, which the libraries would have raised under asyncio."""
    try:
        yield
    except RuntimeError as error:
        if _WORDS not in str(error):
            raise
        raise ConnectionResetError(str(error)) from error
