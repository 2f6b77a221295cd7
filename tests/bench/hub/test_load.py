"""A yardstick that cannot fail measures nothing: what the clients must notice, made to happen."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.hub.deliveries import check
from bench.hub.jobs import job_id
from bench.hub.load import Clients, ComingBack, Figures, Publishing, request
from bench.hub.server import Server, started
from bench.hub.setup import Setup
from bench.hub.target import Publication
from bench.hub.targets.limner import Limner
from bench.hub.targets.relay import Relay
from bench.processes import NotMeasured

pytestmark = pytest.mark.compiler

CLIENTS = 3
MANY_SECONDS = 20.0

pytestmark = pytest.mark.system


class Stage:
    """Three clients of the relay, each with two jobs, and a publisher."""

    def __init__(self, ready: Setup, server: Server, crowd: Clients) -> None:
        self.crowd = crowd
        self._ready = ready
        self.publication = Relay(ready.programs.relay).publication(ready.model.news(), server.place)

    def publish(self, version: int, rounds: int = 1, publication: Publication | None = None) -> None:
        Publishing(
            self._ready, publication or self.publication, jobs=self.crowd.jobs, version=version, rounds=rounds
        ).result()

    def hear(self, deliveries: int) -> Figures:
        return self.crowd.wait(deliveries, MANY_SECONDS, idle=0.5)


@pytest.fixture
def stage(ready: Setup) -> Iterator[Stage]:
    relay = Relay(ready.programs.relay)
    with (
        started(ready, relay, CLIENTS) as server,
        Clients(ready, relay.dialect, server.place, CLIENTS, jobs=2) as crowd,
    ):
        yield Stage(ready, server, crowd)


def test_every_event_arrives_once_with_its_latency(stage: Stage) -> None:
    stage.crowd.target(5)
    stage.publish(1, rounds=5)
    heard = stage.hear(stage.crowd.jobs * 5)
    check(heard, stage.crowd)
    assert heard["delivered"] == heard["latency_us"]["count"] == stage.crowd.jobs * 5
    latency = heard["latency_us"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["most"] < MANY_SECONDS * 1e6


def test_an_event_that_comes_twice_is_a_fault(stage: Stage) -> None:
    stage.crowd.target(1)
    stage.publish(1)
    stage.publish(1)
    heard = stage.hear(stage.crowd.jobs * 2)
    assert heard["repeated"] == stage.crowd.jobs
    with pytest.raises(NotMeasured, match="repeated"):
        check(heard, stage.crowd)


def test_an_event_that_comes_after_a_newer_one_is_a_fault(stage: Stage) -> None:
    stage.crowd.target(2)
    stage.publish(2)
    stage.publish(1)
    heard = stage.hear(stage.crowd.jobs * 2)
    assert heard["late"] == stage.crowd.jobs
    with pytest.raises(NotMeasured, match="late"):
        check(heard, stage.crowd)


def test_an_event_of_a_job_that_the_client_does_not_follow_is_a_fault(stage: Stage) -> None:
    head, separator, record = stage.publication.template.rpartition(b'"id":"{id}"')
    assert separator
    stranger = replace(stage.publication, template=head + b'"id":"' + job_id(1_000).encode() + b'"' + record)
    stage.crowd.target(1)
    stage.publish(1, publication=stranger)
    heard = stage.hear(stage.crowd.jobs)
    assert heard["misrouted"] == stage.crowd.jobs
    with pytest.raises(NotMeasured, match="misrouted"):
        check(heard, stage.crowd)


def test_a_newest_state_that_does_not_come_is_a_fault(stage: Stage) -> None:
    stage.crowd.target(2)
    stage.publish(1)
    heard = stage.hear(stage.crowd.jobs * 2)
    with pytest.raises(NotMeasured, match=f"'lost': {stage.crowd.jobs}"):
        check(heard, stage.crowd)


def test_states_between_that_were_left_out_are_counted_and_no_fault(stage: Stage) -> None:
    stage.crowd.target(9)
    stage.publish(1)
    stage.publish(9)
    heard = stage.hear(stage.crowd.jobs * 2)
    check(heard, stage.crowd)
    assert heard["skipped"] == stage.crowd.jobs * 7


def test_a_connection_that_is_closed_is_a_fault(ready: Setup) -> None:
    relay = Relay(ready.programs.relay)
    with (
        started(ready, relay, CLIENTS) as server,
        Clients(ready, relay.dialect, server.place, CLIENTS) as crowd,
    ):
        server.kill()
        heard = crowd.wait(1, MANY_SECONDS, idle=0.5)
        with pytest.raises(NotMeasured, match=r"'closed': \{'1006': 3\}"):
            check(heard, crowd)


def test_clients_come_back_and_get_the_state_that_their_jobs_have_come_to(ready: Setup) -> None:
    limner = Limner()
    version = ready.write_jobs(CLIENTS)
    coming_back = ComingBack(window=50, backoff=20, most=100)
    with (
        started(ready, limner, CLIENTS) as server,
        Clients(ready, limner.dialect, server.place, CLIENTS, coming_back=coming_back) as crowd,
    ):
        crowd.target(version + 7)
        server.kill()
        ready.write_jobs(CLIENTS, version + 7)
        server.start()
        back = crowd.reach(MANY_SECONDS, MANY_SECONDS)
        assert back["reached"] == CLIENTS
        assert back["closes"] == {"1006": CLIENTS}


def test_what_follows_while_one_does_not_read_waits_for_it(ready: Setup) -> None:
    relay = Relay(ready.programs.relay)
    with (
        started(ready, relay, 1) as server,
        Clients(ready, relay.dialect, server.place, 1, never_read=True) as one,
    ):
        one.target(1)
        publication = relay.publication(ready.model.news(), server.place)
        Publishing(ready, publication, jobs=1, version=1, rounds=1).result()
        assert one.wait(1, 1.0, idle=0.2)["delivered"] == 0
        one.read()
        assert one.reach(MANY_SECONDS, MANY_SECONDS)["reached"] == 1


def test_an_answer_with_another_status_is_not_measured(ready: Setup) -> None:
    limner = Limner()
    ready.write_jobs(1)
    with started(ready, limner, 1) as server:
        answered = request(ready, server.place, "/jobs/{id}", jobs=1, connections=2, count=10)
        assert answered["answered"] == answered["latency_us"]["count"] == 10
        with pytest.raises(NotMeasured, match="404"):
            request(ready, server.place, f"/jobs/{job_id(1_000)}", jobs=1, connections=2, count=10)


def test_a_version_may_have_become_text_on_its_way(stage: Stage) -> None:
    # The quotes take the place of two other bytes, for the lengths are written down already.
    template = stage.publication.template
    assert b'"version":{version}' in template
    assert b'"attempt":1,' in template
    quoted = template.replace(b'"version":{version}', b'"version":"{version}"').replace(b'"attempt":1', b'"attemp":1')
    quoted = quoted.replace(b'"kind":"portrait"', b'"kind":"portrai"')
    stage.crowd.target(1)
    stage.publish(1, publication=replace(stage.publication, template=quoted))
    check(stage.hear(stage.crowd.jobs), stage.crowd)
