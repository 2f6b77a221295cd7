"""What was logged while a test ran."""

from collections.abc import MutableMapping
from typing import Any

Logs = list[MutableMapping[str, Any]]


def names(logs: Logs) -> list[str]:
    """The events, in their order."""
    return [line["event"] for line in logs]
