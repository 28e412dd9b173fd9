"""Draws what a post costs, from the runs of `cluster.py`: a bar for each load and size, CPU by process.

python bench/chart.py runs.jsonl docs/images/scaling.svg
"""

import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

LOADS = {"one-group": "one group of 120, 12 post", "many-groups": "198 groups of 12, one of each posts"}
PARTS = {"node": "#4c78a8", "postgres": "#f58518", "nats": "#54a24b"}
NAMES = {"node": "nodes", "postgres": "PostgreSQL", "nats": "NATS"}
LEFT, WIDTH, ROW, BAR = 150, 560, 26, 18


class Bar(NamedTuple):
    """What a post costs with a store and a number of nodes, µs of CPU by part, and how many there were a second."""

    label: str
    cost: dict[str, float]
    posts_per_s: float


def bars(path: Path, work: str) -> list[Bar]:
    """Return the medians of a load's runs."""
    runs = defaultdict(list)
    for one in map(json.loads, path.read_text().splitlines()):
        if one["work"] == work:
            runs[one["store"], one["nodes"]].append(one)
    found = []
    for (store, nodes), several in sorted(runs.items(), key=lambda item: (item[0][0] != "SQLite", item[0][1])):
        label = "1 node, SQLite" if store == "SQLite" else f"{nodes} node{'s' if nodes > 1 else ''}"
        cost = {part: statistics.median(share(one["cpu_us_per_post"], part) for one in several) for part in PARTS}
        found.append(Bar(label, cost, statistics.median(one["posts_per_s"] for one in several)))
    return found


def share(cpu: dict[str, float], part: str) -> float:
    """Return what a part costs a post, all of its processes together."""
    return sum(value for name, value in cpu.items() if name.rstrip("0123456789") == part)


def draw(path: Path) -> str:
    """Return the chart as SVG."""
    groups = {title: bars(path, work) for work, title in LOADS.items()}
    most = max(sum(bar.cost.values()) for group in groups.values() for bar in group)
    lines, y = [], 58
    for index, (part, colour) in enumerate(PARTS.items()):
        x = LEFT + index * 110
        lines.append(f'<rect x="{x}" y="28" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{x + 18}" y="38">{NAMES[part]}</text>')
    for title, group in groups.items():
        lines.append(f'<text x="10" y="{y + 8}" font-weight="bold">{escape(title)}</text>')
        y += ROW - 6
        for bar in group:
            lines += draw_bar(bar, y, WIDTH / most)
            y += ROW
        y += 14
    title = "CPU of the whole service for one post, µs (posts a second on one core)"
    head = f'<text x="10" y="18" font-weight="bold">{title}</text>'
    size = f'width="860" height="{y}" viewBox="0 0 860 {y}"'
    start = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">'
    return "\n".join([start, '<rect width="100%" height="100%" fill="white"/>', head, *lines, "</svg>", ""])


def draw_bar(bar: Bar, y: int, scale: float) -> list[str]:
    """Return a bar at a height, and what is written beside it."""
    lines = [f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(bar.label)}</text>']
    x = float(LEFT)
    for part, colour in PARTS.items():
        width = bar.cost[part] * scale
        lines.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>')
        x += width
    total = sum(bar.cost.values())
    lines.append(f'<text x="{x + 6:.1f}" y="{y + 14}">{total:,.0f} ({bar.posts_per_s:,.0f}/s)</text>')
    return lines


def main() -> None:
    """Read the command line."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    Path(sys.argv[2]).write_text(draw(Path(sys.argv[1])), encoding="utf-8")


if __name__ == "__main__":
    main()
