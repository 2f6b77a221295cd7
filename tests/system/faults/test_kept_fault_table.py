"""Whatever is killed, emptied, slow or away: each picture ends in the object store, once, and its character shows it.

All rows play on one installation for each object store: a local folder, and SeaweedFS, which checks signatures; most on
one of both, and all that can on both in `./limner bench kept-faults`. What a row breaks stands again at its end. Every
interval is at a tenth, but for leases.
"""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.support.kept_faults.installation import SMALL, Installation, installation
from tests.support.kept_faults.rows import ROWS, Row, Store
from tests.support.kept_faults.trial import run
from tests.support.seaweed import Seaweed

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_a_folder() -> AsyncIterator[Installation]:
    async with installation(SMALL, None) as on:
        yield on


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_a_bucket(seaweed_server: Seaweed) -> AsyncIterator[Installation]:
    async with installation(SMALL, seaweed_server) as on:
        yield on


@pytest.mark.parametrize("row", [row for row in ROWS if Store.FOLDER in row.suite], ids=lambda row: row.slug)
async def test_in_a_folder_every_picture_ends_in_its_place_once_and_nothing_else_is_left(
    row: Row, on_a_folder: Installation, record_property: Callable[[str, object], None]
) -> None:
    await _holds(row, on_a_folder, record_property)


@pytest.mark.parametrize("row", [row for row in ROWS if Store.BUCKET in row.suite], ids=lambda row: row.slug)
async def test_in_a_bucket_every_picture_ends_in_its_place_once_and_nothing_else_is_left(
    row: Row, on_a_bucket: Installation, record_property: Callable[[str, object], None]
) -> None:
    await _holds(row, on_a_bucket, record_property)


async def _holds(row: Row, on: Installation, record_property: Callable[[str, object], None]) -> None:
    outcome = await run(row, on)
    record_property("seconds to the end", round(outcome.seconds, 1))
    assert outcome.faults == []
    assert (outcome.objects, outcome.urls, outcome.base64) == (outcome.pictures, outcome.characters, 0)
