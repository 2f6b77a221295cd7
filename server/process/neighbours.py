"""What processes that share a listening socket tell each other: who has room for more connections.

A full one leaves the accepting to those that have room, so that nobody is refused while there is a place. One number
for each process, in memory that all of them share: the time until which its word is good. One that died or froze is
thus believed for a second only.
"""

import mmap
import struct
import tempfile
import time
from typing import IO

WORD = struct.Struct("=d")
GOOD_SECONDS = 1.0


def shared_memory(processes: int) -> IO[bytes]:
    """A file without a name, for the children to inherit."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever started the children closes it
    file.truncate(WORD.size * processes)
    return file


class Neighbours:
    """`descriptor` is of the file that `shared_memory` made, `number` which of the processes this is, from 0."""

    def __init__(self, descriptor: int, number: int) -> None:
        self._words = mmap.mmap(descriptor, 0)
        self._number = number
        self._others = [other for other in range(len(self._words) // WORD.size) if other != number]

    def tell(self, has_room: bool) -> None:
        """Say whether this process has room. Say it again within a second."""
        WORD.pack_into(self._words, self._number * WORD.size, time.monotonic() + GOOD_SECONDS if has_room else 0.0)

    @property
    def have_room(self) -> bool:
        """Whether another process has room."""
        now = time.monotonic()
        return any(WORD.unpack_from(self._words, other * WORD.size)[0] > now for other in self._others)
