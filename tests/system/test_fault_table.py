"""Whatever is killed, cut, frozen or emptied, whoever watches sees the final state of every job: in all four ways.

Every interval is at about a tenth of its usual length. What would repair a loss that the row's remedy should have
prevented, the backstop and the end of a held poll, is out of reach.
"""

import pytest

from tests.support.faults.rows import ROWS, Row
from tests.support.faults.stage import Scale
from tests.support.faults.trial import run

pytestmark = pytest.mark.system

SMALL = Scale(
    jobs=50,
    jobs_per_client=64,
    preview_characters=4_096,
    changes=50,
    deadline=20,
    wait=30,
    pause=0.5,
    lease=2,
    slow=1,
    isolated=True,
    environment={
        "LIMNER_REDIS_SECONDS": "0.5",
        "LIMNER_PROBE_SECONDS": "1",
        "LIMNER_PROBE_ANSWER_SECONDS": "0.5",
        "LIMNER_BACKSTOP_SECONDS": "2",
        "LIMNER_PING_SECONDS": "2.5",
        "LIMNER_SILENCE_SECONDS": "6",
        "LIMNER_IDLE_SECONDS": "3",
        "LIMNER_SLOW_SECONDS": "1",
        "LIMNER_RETRY_WINDOW_SECONDS": "0.5",
        "LIMNER_DRAIN_SECONDS": "1",
        "LIMNER_LEASE_SECONDS": "2",
        "LIMNER_RENEW_SECONDS": "0.6",
        "LIMNER_SWEEP_SECONDS": "0.1",
    },
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
async def test_nothing_is_lost_nor_repeated_nor_turned_round(row: Row) -> None:
    outcome = await run(row, SMALL)
    assert outcome.faults == []
