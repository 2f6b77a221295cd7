import pytest

from bench.figures import Spread
from bench.hub.jobs import PREFIX
from bench.hub.load import Publishing
from bench.hub.pieces import PIECES
from bench.hub.server import started
from bench.hub.setup import Setup
from bench.hub.stages import Piece, Spent, measure_piece, stage_rows, wait_for
from bench.hub.targets.limner import publication
from bench.processes import NotMeasured

JOBS = 20


def test_a_piece_costs_what_is_more_than_the_one_before_within_each_round() -> None:
    taken = {
        "events": [Spent(1.0, 0.5), Spent(2.0, 0.25)],
        "hub": [Spent(1.5, 0.5), Spent(4.0, 0.25)],
        "Limner": [Spent(3.5, 5.5), Spent(7.0, 7.25)],
        "C relay": [Spent(0.25, 5.5), Spent(0.5, 7.25)],
    }
    rows = {row.name: row for row in stage_rows(1_000, taken)}
    assert {name: row.measured for name, row in rows.items()} == {
        "of a delivery: read and parse, user, 1,000 channels": Spread(1.5, 1.0, 2.0),
        "of a delivery: read and parse, system, 1,000 channels": Spread(0.375, 0.25, 0.5),
        "of a delivery: find and decide, user, 1,000 channels": Spread(1.25, 0.5, 2.0),
        "of a delivery: find and decide, system, 1,000 channels": Spread(0.0, 0.0, 0.0),
        "of a delivery: the frame into the socket, user, 1,000 channels": Spread(2.5, 2.0, 3.0),
        "of a delivery: the frame into the socket, system, 1,000 channels": Spread(6.0, 5.0, 7.0),
        "of a delivery: all of it, user, 1,000 channels": Spread(5.25, 3.5, 7.0),
        "of a delivery: all of it, system, 1,000 channels": Spread(6.375, 5.5, 7.25),
    }
    assert rows["of a delivery: all of it, system, 1,000 channels"].ratio == Spread(1.0, 1.0, 1.0)


@pytest.mark.compiler
@pytest.mark.system
@pytest.mark.parametrize("name", PIECES)
def test_each_piece_hears_every_event_of_every_job_once(ready: Setup, name: str) -> None:
    try:
        assert measure_piece(ready, Piece(name), JOBS, 10 * JOBS).user >= 0
    finally:
        ready.redis.flushall()


@pytest.mark.compiler
@pytest.mark.system
@pytest.mark.parametrize("name", PIECES)
def test_a_piece_that_has_heard_more_than_was_published_is_not_measured(ready: Setup, name: str) -> None:
    version = ready.write_jobs(JOBS) + 1
    try:
        with started(ready, Piece(name), JOBS) as server:
            news = publication(ready.model.news(), server.place, PREFIX)
            Publishing(ready, news, jobs=JOBS, version=version, rounds=1).result()
            wait_for(server, JOBS)
            with pytest.raises(NotMeasured, match=f"{JOBS - 1} events were published, and {JOBS} came"):
                wait_for(server, JOBS - 1)
    finally:
        ready.redis.flushall()
