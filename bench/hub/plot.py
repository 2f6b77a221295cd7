"""The plot: latency by load, and CPU of a delivery by number of clients, as one SVG. Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from bench.hub.findings import Chart, Point

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 28, 40, 44
LEGEND_LINE, MARK, LETTER = 18, 15, 6.2
COLOURS = (
    ("#b5482a", "#ff8a65"),
    ("#5b6770", "#b0bec5"),
    ("#2f6f8f", "#64b5f6"),
    ("#6b7f22", "#c5d86d"),
    ("#8a5aa0", "#ce93d8"),
    ("#a87f12", "#ffd54f"),
)
"""On a light page and on a dark one."""
TITLES = {
    Chart.LATENCY: ("median latency, µs", "events a second"),
    Chart.CPU: ("CPU per delivery, µs", "clients"),
}


def drawn(points: Sequence[Point]) -> str:
    """Both charts beside each other, in the page's light or dark; bars show the least and the most. One without points
    is left out, and the first series is drawn bolder."""
    charts = [(chart, [point for point in points if point.chart is chart]) for chart in Chart]
    charts = [(chart, found) for chart, found in charts if found]
    series = list(dict.fromkeys(point.series for point in points))
    width = max(1, len(charts)) * WIDTH
    panels = [
        f'<g transform="translate({number * WIDTH},0)">{_panel(chart, found, series)}</g>'
        for number, (chart, found) in enumerate(charts)
    ]
    places = list(_legend(series, width - LEFT - RIGHT))
    legend = [
        f'<g class="s{number}" transform="translate({LEFT + x:.0f},{HEIGHT + 12 + y})">'
        f'<rect width="10" height="10"/><text x="{MARK}" y="9">{escape(name)}</text></g>'
        for number, (name, (x, y)) in enumerate(zip(series, places, strict=True))
    ]
    height = HEIGHT + 32 + (places[-1][1] if places else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11"><style>{_style(len(series))}</style>'
        f'<rect class="page" width="100%" height="100%"/>{"".join(panels)}{"".join(legend)}</svg>\n'
    )


def _style(series: int) -> str:
    def colours(scheme: int, page: str, ink: str, grid: str) -> str:
        rules = [f".page{{fill:{page}}}text{{fill:{ink}}}.grid{{stroke:{grid}}}"]
        for number in range(series):
            colour = COLOURS[number % len(COLOURS)][scheme]
            rules.append(f".s{number} rect,.s{number} circle{{fill:{colour}}}")
            rules.append(f".s{number} polyline,.s{number} path{{stroke:{colour}}}")
        return "".join(rules)

    fixed = "polyline{fill:none;stroke-width:1.5}.s0 polyline{stroke-width:3}.s0 text{font-weight:bold}"
    light, dark = colours(0, "#fff", "#222", "#ddd"), colours(1, "#0d1117", "#e6edf3", "#30363d")
    return f"{fixed}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _legend(names: Sequence[str], width: float) -> Iterator[tuple[float, int]]:
    """Where each name goes, in as many lines as it takes. How wide its letters are can only be guessed."""
    x, y = 0.0, 0
    for name in names:
        room = MARK + len(name) * LETTER + 2 * MARK
        if x and x + room > width:
            x, y = 0.0, y + LEGEND_LINE
        yield x, y
        x += room


def _panel(chart: Chart, points: Sequence[Point], series: Sequence[str]) -> str:
    title, below = TITLES[chart]
    x = _logarithmic(min(point.x for point in points), max(point.x for point in points), LEFT, WIDTH - RIGHT)
    least, most = min(point.y.least for point in points), max(point.y.most for point in points)
    # Costs begin at nothing, so that a line twice as high is twice the cost; latencies differ by powers of ten.
    low, high = (0.0, _round_above(most)) if chart is Chart.CPU else (_round_below(least), _round_above(most))
    y = (_linear if chart is Chart.CPU else _logarithmic)(low, high, HEIGHT - BOTTOM, TOP)
    ticks = [high * part / 5 for part in range(6)] if chart is Chart.CPU else _round_numbers(low, high)
    parts = [f'<text x="{LEFT}" y="{TOP - 16}" font-size="13">{title}</text>']
    parts += [
        f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:,.0f}</text>'
        for value in sorted({point.x for point in points})
    ]
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{below}</text>')
    for value in ticks:
        parts.append(f'<path d="M{LEFT},{y(value):.1f}H{WIDTH - RIGHT}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.4g}</text>')
    for number, name in enumerate(series):
        own = sorted((point for point in points if point.series == name), key=lambda point: point.x)
        line = " ".join(f"{x(point.x):.1f},{y(point.y.median):.1f}" for point in own)
        parts.append(f'<g class="s{number}"><polyline points="{line}"/>')
        for point in own:
            bar = f"M{x(point.x):.1f},{y(point.y.least):.1f}V{y(point.y.most):.1f}"
            parts.append(f'<path d="{bar}" opacity="0.45"/>')
            parts.append(f'<circle cx="{x(point.x):.1f}" cy="{y(point.y.median):.1f}" r="3"/>')
        parts.append("</g>")
    return "".join(parts)


Scale = Callable[[float], float]


def _linear(low: float, high: float, begin: float, end: float) -> Scale:
    span = (high - low) or 1.0
    return lambda value: begin + (value - low) / span * (end - begin)


def _logarithmic(low: float, high: float, begin: float, end: float) -> Scale:
    line = _linear(math.log(low), math.log(high), begin, end)
    return lambda value: line(math.log(value))


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each power of ten that lie between."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    numbers = [one * 10.0**power for power in powers for one in (1, 2, 5)]
    return [number for number in numbers if low <= number <= high]


def _round_below(value: float) -> float:
    return _round_numbers(value / 10, value)[-1]


def _round_above(value: float) -> float:
    return _round_numbers(value, value * 10)[0]
