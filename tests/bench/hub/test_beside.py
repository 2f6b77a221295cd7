from dataclasses import replace

from bench.figures import Spread
from bench.hub.beside import delivery_findings
from bench.hub.deliveries import Delivered
from bench.hub.findings import Chart, Point

ONE = Delivered(
    memory_kib=20.0,
    connect=400.0,
    median=100.0,
    p99=900.0,
    worst=1_000.0,
    behind_ms=0.0,
    cpu=9.0,
    user=3.0,
    rate=100_000.0,
    merged=0,
)


def test_each_other_target_stands_beside_limner_with_the_ratio_of_each_round() -> None:
    taken = {
        "Limner": [ONE, replace(ONE, cpu=8.0)],
        "C relay": [replace(ONE, cpu=6.0), replace(ONE, cpu=4.0)],
        "Peer": [replace(ONE, cpu=18.0), replace(ONE, cpu=32.0)],
    }
    findings = delivery_findings(1_000, taken)
    beside = {
        one.reference_name: (one.ratio, one.wanted)
        for one in findings.rows
        if one.name == "CPU per delivery, 1,000 clients"
    }
    assert beside == {"C relay": (Spread(1.75, 1.5, 2.0), "≤ 1.8 ×"), "Peer": (Spread(0.375, 0.25, 0.5), "≤ 0.6 ×")}


def test_the_plot_gets_the_cost_of_a_delivery_of_every_target() -> None:
    findings = delivery_findings(10_000, {"Limner": [ONE], "C relay": [replace(ONE, cpu=6.0)]})
    assert findings.points == [
        Point(Chart.CPU, "Limner", 10_000, Spread(9.0, 9.0, 9.0)),
        Point(Chart.CPU, "C relay", 10_000, Spread(6.0, 6.0, 6.0)),
    ]
