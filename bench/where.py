"""Where a post's CPU goes: samples a server under load with py-spy, and shares each thread's CPU out by what it did.

python bench/where.py watch --pid PID --url http://127.0.0.1:8765 --label "200 × 10" >> where.jsonl
python bench/where.py draw where.jsonl docs/images/post-time.svg

Needs py-spy, Linux, and a load that goes on meanwhile, from any generator.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen
from xml.sax.saxutils import escape

TICKS_S = 100
"""How many ticks of /proc make a second (USER_HZ, proc(5))."""


class Part(NamedTuple):
    """A part of a post's way, and the functions that are it. A sample goes to the first part that it has a frame of."""

    name: str
    colour: str
    frames: tuple[str, ...]


PARTS = (
    Part("search index", "#b279a2", ("Indexer.run", "build", "_connection_worker_thread")),
    Part("write to members", "#4c78a8", ("Hub._flush_room", "flush", "Hub._flush")),
    Part("answer, encode, hand out", "#72b7b2", ("CommitQueue.run",)),
    Part("judge", "#e4572e", ("judge",)),
    Part("decode", "#f58518", ("Codec.decode_request",)),
    Part("take the frame, queue", "#eeca3b", ("WebSocket.data_received",)),
    Part("the loop: read, wait, wake", "#bab0ac", ("Runner.run",)),
    Part("store: rows", "#54a24b", ("_rows", "inserts")),
    Part("store: write, commit", "#88d27a", ("Writer._store_posts", "Writer._store_acts")),
    Part("store: number, admit", "#b6e3ac", ("Worker._work",)),
)
IDLE = ("Worker._work", "Thread.run", "_worker", "_connection_worker_thread")
"""Where a thread waits for work; py-spy does not always see that it sleeps."""

LEFT, WIDTH, ROW, BAR = 110, 640, 40, 26


def watch(pid: int, url: str, label: str, seconds: int) -> dict[str, object]:
    """Return µs of CPU for each post by part, over so many seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch, "raw")
        before, posts, began = cpu_of_threads(pid), count_posts(url), time.monotonic()
        command = [
            "py-spy",
            "record",
            "-r",
            "200",
            "-t",
            "-f",
            "raw",
            "-d",
            str(seconds),
            "-o",
            str(raw),
            "--pid",
            str(pid),
        ]
        subprocess.run(command, check=True, capture_output=True)
        after, posts, took = cpu_of_threads(pid), count_posts(url) - posts, time.monotonic() - began
        samples = read_samples(raw)
    cost: Counter[str] = Counter()
    for thread, ticks in after.items():
        spent_us = (ticks - before.get(thread, 0)) / TICKS_S * 1e6 / max(posts, 1)
        parts = samples.get(thread, Counter())
        for name, count in parts.items():
            cost[name] += spent_us * count / parts.total()
    return {"label": label, "posts_per_s": posts / took, "us": dict(cost)}


def cpu_of_threads(pid: int) -> dict[int, int]:
    """Return the ticks that each thread has used."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[int(task.name)] = int(fields[11]) + int(fields[12])
    return found


def count_posts(url: str) -> int:
    """Return how many entries the server has appended."""
    with urlopen(f"{url}/metrics", timeout=10) as reply:
        found = re.search(rb"^folkmoot_entries_total ([0-9.e+]+)", reply.read(), re.MULTILINE)
    assert found is not None, "a server of folkmoot"
    return int(float(found[1]))


def read_samples(raw: Path) -> dict[int, Counter[str]]:
    """Return the samples of each thread by part."""
    found: dict[int, Counter[str]] = {}
    for line in raw.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        thread, *frames = stack.split(";")
        number = re.match(r"thread \((\d+)\)", thread)
        names = [frame.partition(" (")[0] for frame in frames]
        if number is None or (names and names[-1] in IDLE):
            continue
        found.setdefault(int(number[1]), Counter())[part_of(names)] += int(count)
    return found


def part_of(names: list[str]) -> str:
    """Return the part that a stack belongs to."""
    return next((part.name for part in PARTS if not set(part.frames).isdisjoint(names)), "other")


def draw(path: Path) -> str:
    """Return a bar for each load as SVG."""
    runs = [json.loads(line) for line in path.read_text().splitlines()]
    most = max(sum(run["us"].values()) for run in runs)
    parts = [*PARTS, Part("other", "#d0d0d0", ())]
    lines, y = [], 40
    for run in runs:
        lines.append(f'<text x="{LEFT - 8}" y="{y + 18}" text-anchor="end">{escape(run["label"])}</text>')
        x = float(LEFT)
        for part in parts:
            width = run["us"].get(part.name, 0) * WIDTH / most
            lines.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{part.colour}"/>')
            x += width
        lines.append(f'<text x="{x + 6:.1f}" y="{y + 18}">{sum(run["us"].values()):.0f}</text>')
        y += ROW
    for index, part in enumerate(parts):
        x, top = LEFT + index % 3 * 230, y + 10 + index // 3 * 22
        lines.append(f'<rect x="{x}" y="{top}" width="12" height="12" fill="{part.colour}"/>')
        lines.append(f'<text x="{x + 18}" y="{top + 11}">{escape(part.name)}</text>')
    height = y + 20 + (len(parts) + 2) // 3 * 22
    head = '<text x="10" y="20" font-weight="bold">CPU of the server for one post, µs, by groups × members</text>'
    size = f'width="{LEFT + WIDTH + 60}" height="{height}" viewBox="0 0 {LEFT + WIDTH + 60} {height}"'
    start = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">'
    return "\n".join([start, '<rect width="100%" height="100%" fill="white"/>', head, *lines, "</svg>", ""])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    one = commands.add_parser("watch")
    one.add_argument("--pid", type=int, required=True)
    one.add_argument("--url", required=True)
    one.add_argument("--label", required=True)
    one.add_argument("--seconds", type=int, default=6)
    two = commands.add_parser("draw")
    two.add_argument("runs", type=Path)
    two.add_argument("image", type=Path)
    options = parser.parse_args()
    if options.command == "draw":
        options.image.write_text(draw(options.runs), encoding="utf-8")
    else:
        sys.stdout.write(json.dumps(watch(options.pid, options.url, options.label, options.seconds)) + "\n")


if __name__ == "__main__":
    main()
