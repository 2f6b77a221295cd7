"""Whatever is killed, cut, frozen or emptied, whoever watches sees the final state of every job: in all four ways.

Every interval is at about a tenth of its usual length. What would repair a loss that the row's remedy should have
prevented, the backstop and the end of a held poll, is out of reach.
"""

import pytest

from tests.support.faults.rows import ROWS, Row
from tests.support.faults.stage import SMALL
from tests.support.faults.trial import run

pytestmark = pytest.mark.system


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
async def test_nothing_is_lost_nor_repeated_nor_turned_round(row: Row) -> None:
    outcome = await run(row, SMALL)
    assert outcome.faults == []
