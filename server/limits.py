"""How many WebSockets a process and an address may have."""

from collections import Counter


class Admission:
    """Counts the open connections. `enter` and `leave` in pairs."""

    def __init__(self, *, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._by_address: Counter[str] = Counter()
        self._open = 0

    @property
    def full(self) -> bool:
        return self._open >= self._most

    def crowded(self, address: str) -> bool:
        return self._by_address[address] >= self._most_per_address

    def enter(self, address: str) -> None:
        self._open += 1
        self._by_address[address] += 1

    def leave(self, address: str) -> None:
        self._open -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
