from xml.etree import ElementTree

import pytest

from bench.figures import Spread
from bench.hub.findings import Chart, Point
from bench.hub.plot import BOTTOM, HEIGHT, TOP, drawn

SVG = "{http://www.w3.org/2000/svg}"


def line(chart: Chart, series: str, *ys: float) -> list[Point]:
    return [Point(chart, series, 10.0**n, Spread(y, y / 2, y * 2)) for n, y in enumerate(ys, 2)]


def test_every_series_is_a_line_in_each_chart_and_named_below() -> None:
    points = [
        *line(Chart.LATENCY, "Limner", 80, 90, 200),
        *line(Chart.LATENCY, "Peer & Co", 70, 75, 90),
        *line(Chart.CPU, "Limner", 5, 6),
    ]
    picture = ElementTree.fromstring(drawn(points))
    lines = [len((one.get("points") or "").split()) for one in picture.iter(f"{SVG}polyline")]
    assert sorted(lines) == [0, 2, 3, 3]
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"Limner", "Peer & Co", "median latency, µs", "CPU per delivery, µs"} <= set(words)


def test_twice_the_cost_is_twice_as_high() -> None:
    picture = ElementTree.fromstring(drawn(line(Chart.CPU, "Limner", 5, 10)))
    low, high = (HEIGHT - BOTTOM - float(dot.get("cy") or "") for dot in picture.iter(f"{SVG}circle"))
    assert high == pytest.approx(2 * low, abs=0.2)


def test_all_of_a_latency_is_on_the_chart() -> None:
    picture = ElementTree.fromstring(drawn(line(Chart.LATENCY, "Limner", 80, 4_000)))
    for dot in picture.iter(f"{SVG}circle"):
        assert TOP < float(dot.get("cy") or "") < HEIGHT - BOTTOM


def test_without_points_the_plot_is_empty_and_still_one() -> None:
    assert list(ElementTree.fromstring(drawn([])).iter(f"{SVG}polyline")) == []


def test_names_that_do_not_fit_beside_each_other_go_below() -> None:
    names = [f"A server with a long name, {number}" for number in range(8)]
    picture = ElementTree.fromstring(drawn([point for name in names for point in line(Chart.CPU, name, 5, 6)]))
    places = [
        group.get("transform")
        for group in picture.iter(f"{SVG}g")
        if any(text.text in names for text in group.findall(f"{SVG}text"))
    ]
    assert len(set(places)) == len(names)
    assert float(picture.get("height") or "") > float(
        ElementTree.fromstring(drawn(line(Chart.CPU, "Limner", 5, 6))).get("height") or ""
    )


def test_a_dark_page_gets_other_colours() -> None:
    light, dark = drawn(line(Chart.CPU, "Limner", 5, 6)).split("prefers-color-scheme:dark")
    assert ".page{fill:#fff}" in light
    assert ".page{fill:#0d1117}" in dark
