"""The plot: latency by load, and CPU of a delivery by number of clients, as one SVG. Pure."""

import math
from collections.abc import Callable, Sequence
from html import escape

from bench.hub.findings import Chart, Point

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 40, 44
COLOURS = ("#b5482a", "#5b6770", "#2f6f8f", "#7a8f2f", "#8a5aa0", "#c29a2e")
TITLES = {
    Chart.LATENCY: ("median latency, µs", "events a second"),
    Chart.CPU: ("CPU per delivery, µs", "clients"),
}


def drawn(points: Sequence[Point]) -> str:
    """Both charts beside each other; bars show the least and the most. One without points is left out."""
    charts = [(chart, [point for point in points if point.chart is chart]) for chart in Chart]
    charts = [(chart, found) for chart, found in charts if found]
    series = list(dict.fromkeys(point.series for point in points))
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(series)}
    panels = [
        f'<g transform="translate({number * WIDTH},0)">{_panel(chart, found, colours)}</g>'
        for number, (chart, found) in enumerate(charts)
    ]
    legend = [
        f'<g transform="translate({LEFT + number * 110},{HEIGHT + 12})"><rect width="10" height="10" fill="{colour}"/>'
        f'<text x="15" y="9">{escape(name)}</text></g>'
        for number, (name, colour) in enumerate(colours.items())
    ]
    width, height = max(1, len(charts)) * WIDTH, HEIGHT + 32
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11" fill="#222"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(panels)}{''.join(legend)}</svg>\n"
    )


def _panel(chart: Chart, points: Sequence[Point], colours: dict[str, str]) -> str:
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
        parts.append(f'<path d="M{LEFT},{y(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.4g}</text>')
    for name, colour in colours.items():
        own = sorted((point for point in points if point.series == name), key=lambda point: point.x)
        line = " ".join(f"{x(point.x):.1f},{y(point.y.median):.1f}" for point in own)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in own:
            bar = f"M{x(point.x):.1f},{y(point.y.least):.1f}V{y(point.y.most):.1f}"
            parts.append(f'<path d="{bar}" stroke="{colour}" opacity="0.45"/>')
            parts.append(f'<circle cx="{x(point.x):.1f}" cy="{y(point.y.median):.1f}" r="3" fill="{colour}"/>')
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
