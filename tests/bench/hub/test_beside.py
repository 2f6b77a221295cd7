from dataclasses import replace

from bench.figures import Spread
from bench.hub.beside import delivery_findings, load_findings
from bench.hub.deliveries import AtLoad, Delivered
from bench.hub.findings import Chart, Point
from bench.hub.plan import Plan

ONE = Delivered(
    memory_kib=20.0,
    connect=400.0,
    median=100.0,
    p99=900.0,
    worst=1_000.0,
    behind_ms=0.0,
    cpu=9.0,
    user=3.0,
    publication=0.0,
    rate=100_000.0,
    merged=0,
)


def test_each_other_target_stands_beside_limner_with_the_ratio_of_each_round() -> None:
    taken = {
        "Limner": [ONE, replace(ONE, cpu=8.0)],
        "C relay": [replace(ONE, cpu=6.0), replace(ONE, cpu=4.0)],
        "Socket.IO 4": [replace(ONE, cpu=18.0), replace(ONE, cpu=32.0)],
        "Peer": [replace(ONE, cpu=9.0), replace(ONE, cpu=8.0)],
    }
    findings = delivery_findings(1_000, taken)
    beside = {
        one.reference_name: (one.ratio, one.wanted)
        for one in findings.rows
        if one.name == "CPU per delivery, 1,000 clients"
    }
    assert beside == {
        "C relay": (Spread(1.75, 1.5, 2.0), "≤ 1.8 ×"),
        "Socket.IO 4": (Spread(0.375, 0.25, 0.5), "≤ 0.6 ×"),
        "Peer": (Spread(1.0, 1.0, 1.0), ""),
    }


def test_a_peer_that_is_published_to_itself_stands_there_twice_as_measured_and_less_what_publishing_costs() -> None:
    taken = {
        "Limner": [ONE, ONE],
        "C relay": [ONE, ONE],
        "Nchan 1": [replace(ONE, cpu=15.0, publication=6.0), replace(ONE, cpu=16.0, publication=4.0)],
    }
    beside = {
        one.reference_name: (one.reference, one.ratio, one.wanted)
        for one in delivery_findings(1_000, taken).rows
        if one.name == "CPU per delivery, 1,000 clients" and one.reference_name != "C relay"
    }
    assert beside == {
        "Nchan 1": (Spread(15.5, 15.0, 16.0), Spread(0.58125, 0.5625, 0.6), "≤ 0.6 ×"),
        "Nchan 1, less publishing": (Spread(10.5, 9.0, 12.0), Spread(0.875, 0.75, 1.0), ""),
    }


def test_a_server_that_makes_its_publisher_wait_has_no_latency_at_that_rate() -> None:
    plan = Plan(load_clients=100, rates=(1_000, 2_000))
    low, high = plan.rates
    fast, slow = AtLoad(100.0, 900.0, kept=1.0), AtLoad(50.0, 60.0, kept=0.6)
    said: list[str] = []
    taken = {
        "Limner": [{low: fast, high: fast}] * 2,
        "Nchan 1": [{low: fast, high: fast}, {low: fast, high: slow}],
    }
    findings = load_findings(plan, taken, said.append)
    assert [(point.series, point.x) for point in findings.points] == [
        ("Limner", 1_000),
        ("Nchan 1", 1_000),
        ("Limner", 2_000),
    ]
    assert {one.name for one in findings.rows} == {f"publish → handler, p{n}, 100 clients, 1,000/s" for n in (50, 99)}
    assert said == ["Nchan 1 is left out at 2,000/s: so many could not be published to it."]


def test_the_plot_gets_the_cost_of_a_delivery_of_every_target() -> None:
    findings = delivery_findings(10_000, {"Limner": [ONE], "C relay": [replace(ONE, cpu=6.0)]})
    assert findings.points == [
        Point(Chart.CPU, "Limner", 10_000, Spread(9.0, 9.0, 9.0)),
        Point(Chart.CPU, "C relay", 10_000, Spread(6.0, 6.0, 6.0)),
    ]
