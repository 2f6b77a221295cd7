"""Daily quotas, as the scripts that take from them are given them."""

from collections.abc import Sequence
from typing import Any

from storage.errors import QuotaSpent
from storage.keys import Keys
from storage.stored import Quota


def counters_of(quotas: Sequence[Quota], keys: Keys) -> list[str]:
    return [keys.spent(quota.name) for quota in quotas]


def numbers_of(quotas: Sequence[Quota]) -> list[int]:
    return [number for quota in quotas for number in (quota.allowed, quota.takes)]


def spent(answer: Sequence[Any], quotas: Sequence[Quota]) -> QuotaSpent:
    """The error that the script's answer `spent` is."""
    return QuotaSpent(quotas[answer[1] - 1].name, int(answer[2]) / 1000)
