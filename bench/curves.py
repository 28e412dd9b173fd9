"""Draws curves over sizes that grow by powers of ten: both axes are logarithmic, so what stays flat costs the same."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

COLOURS = ("#4c78a8", "#e4572e", "#54a24b", "#b279a2")
LEFT, TOP, WIDTH, HEIGHT = 70, 66, 640, 300
# The page around it decides: dark on light, or light on dark.
STYLE = """<style>
text { fill: #24292f; } .grid { stroke: #d0d7de; } .paper { fill: #ffffff; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .grid { stroke: #30363d; } .paper { fill: #0d1117; } }
</style>"""

Points = Sequence[tuple[float, float]]


class Curve(NamedTuple):
    """A field of the results, and what it is called."""

    field: str
    label: str


class Chart(NamedTuple):
    """What is drawn: `over` names the size along the bottom, `unit` that of all curves."""

    title: str
    over: str
    unit: str
    curves: Sequence[Curve]

    def draw(self, values: Mapping[str, Points]) -> str:
        """Return the chart as SVG, with a curve for each label."""
        points = [point for curve in values.values() for point in curve]
        across = Axis.around([size for size, _ in points], WIDTH)
        up = Axis.around([value for _, value in points], HEIGHT)
        lines = [*self._grid(across, up)]
        for index, (label, curve) in enumerate(values.items()):
            lines += draw_curve(label, curve, across, up, index)
        height = TOP + HEIGHT + 50
        size = f'width="{LEFT + WIDTH + 40}" height="{height}" viewBox="0 0 {LEFT + WIDTH + 40} {height}"'
        head = f'<text x="10" y="20" font-weight="bold">{escape(self.title)} ({escape(self.unit)})</text>'
        start = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">'
        return "\n".join([start, STYLE, '<rect class="paper" width="100%" height="100%"/>', head, *lines, "</svg>", ""])

    def _grid(self, across: "Axis", up: "Axis") -> list[str]:
        bottom, right = TOP + HEIGHT, LEFT + WIDTH
        lines = []
        for tick in across.ticks():
            x = LEFT + across.at(tick)
            lines.append(f'<line class="grid" x1="{x:.0f}" y1="{TOP}" x2="{x:.0f}" y2="{bottom}"/>')
            lines.append(f'<text x="{x:.0f}" y="{bottom + 18}" text-anchor="middle">{plain(tick)}</text>')
        for tick in up.ticks():
            y = bottom - up.at(tick)
            lines.append(f'<line class="grid" x1="{LEFT}" y1="{y:.0f}" x2="{right}" y2="{y:.0f}"/>')
            lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{plain(tick)}</text>')
        middle = LEFT + WIDTH / 2
        lines.append(f'<text x="{middle:.0f}" y="{bottom + 40}" text-anchor="middle">{escape(self.over)}</text>')
        return lines


class Axis(NamedTuple):
    """From one power of ten to another, over a length in pixels."""

    low: int
    high: int
    length: float

    @classmethod
    def around(cls, values: Sequence[float], length: float) -> "Axis":
        """Return the axis that has room for all values."""
        low, high = math.floor(math.log10(min(values)) + 1e-9), math.ceil(math.log10(max(values)) - 1e-9)
        return cls(low, max(high, low + 1), length)

    def at(self, value: float) -> float:
        """Return how far from its beginning a value stands."""
        return self.length * (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return the powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def plain(tick: float) -> str:
    """Return a power of ten as people write it."""
    return f"{tick:,.0f}" if tick >= 1 else f"{tick:g}"


def draw_curve(label: str, points: Points, across: Axis, up: Axis, index: int) -> list[str]:
    """Return a curve with its values written at the points, and its line in the legend."""
    colour = COLOURS[index]
    spots = [(LEFT + across.at(size), TOP + HEIGHT - up.at(value), value) for size, value in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in spots)
    lines = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    # Two curves that lie on each other have their values above and below.
    beside = 18 if index % 2 else -8
    for x, y, value in spots:
        shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        lines.append(f'<text x="{x:.1f}" y="{y + beside:.1f}" text-anchor="middle" font-size="11">{shown}</text>')
    x, y = LEFT + (index % 2) * WIDTH / 2, 40 + (index // 2) * 16
    lines.append(f'<rect x="{x:.0f}" y="{y - 10}" width="12" height="12" fill="{colour}"/>')
    lines.append(f'<text x="{x + 18:.0f}" y="{y}">{escape(label)}</text>')
    return lines
