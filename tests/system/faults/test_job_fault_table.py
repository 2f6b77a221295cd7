"""Whatever is killed, stopped, frozen or cut, 200 jobs end, once each, and whoever watches sees it: in all four ways.

All rows play on one installation: what a row breaks stands again at its end, and nothing is left in its store. Leases,
renewals and sweeps are at a tenth of their usual length.
"""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.support.job_faults.installation import SMALL, Installation, installation
from tests.support.job_faults.rows import ROWS, Row
from tests.support.job_faults.trial import run

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on() -> AsyncIterator[Installation]:
    async with installation(SMALL) as on:
        yield on


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
async def test_every_job_ends_once_and_none_is_run_again_whose_worker_is_well(
    row: Row, on: Installation, record_property: Callable[[str, object], None]
) -> None:
    outcome = await run(row, on)
    record_property("jobs painted to the end more than once", outcome.made_twice)
    assert outcome.faults == []
