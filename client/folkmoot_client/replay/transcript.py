"""A transcript as steps, room by room. No network.

A line is `{"ts": ISO 8601, "room", "event", "nick", "text"}`, in log order; a `kick` also has `by`, the text of a
`rename` is the new nick. Rooms are independent of each other: each has a clock of its own that starts at 0.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from folkmoot_protocol.names import is_blank

MINUTE_S = 60.0


class TranscriptError(ValueError):
    """A file that is not a transcript; the text says which line."""


class StepKind(StrEnum):
    """What a step does."""

    JOIN = "join"
    LEAVE = "leave"
    MESSAGE = "message"
    ACTION = "action"
    KICK = "kick"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that `who` does, `at_s` seconds after the room's first line. `whom` is whom a kick hits.

    `who` and `whom` are first nicks: somebody who takes another nick stays the same person.
    """

    at_s: float
    kind: StepKind
    who: str
    text: str = ""
    whom: str = ""


@dataclass(slots=True)
class Script:
    """All steps of one room; `lines` and `skipped` count the transcript's lines by event."""

    room: str
    steps: list[Step] = field(default_factory=list)
    lines: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def people(self) -> list[str]:
        """Return everybody who does something, in the order of their first step."""
        return list(dict.fromkeys(step.who for step in self.steps))


def read_scripts(path: Path, rooms: str = "*", limit: int | None = None) -> list[Script]:
    """Read the rooms of a transcript (JSON Lines, plain or gzip) that match a glob, the first `limit` of them.

    Raises `TranscriptError`, OSError.
    """
    by_room: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in read_lines(path):
        if fnmatchcase(line["room"], rooms):
            by_room[line["room"]].append(line)
    return [make_script(room, by_room[room]) for room in list(by_room)[:limit]]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a transcript as maps whose fields are there. Raises `TranscriptError`, OSError."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        try:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield _read_line(text, number)
        except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
            raise TranscriptError(str(error)) from error


def _read_line(text: str, number: int) -> dict[str, Any]:
    try:
        line = json.loads(text)
        if not all(isinstance(line[name], str) for name in ("ts", "room", "event", "nick")):
            raise TypeError("a field is no string")
        line["at"] = datetime.fromisoformat(line["ts"]).timestamp()
    except (ValueError, KeyError, TypeError) as error:
        raise TranscriptError(f"line {number}: {type(error).__name__}: {error}") from error
    line["text"] = str(line.get("text") or "")
    return dict(line)


def make_script(room: str, lines: list[dict[str, Any]]) -> Script:
    """Turn the lines of one room into steps. Renames keep the person; they and modes are skipped, and so are texts in
    which there is nothing to see: no server takes them."""
    script = Script(room)
    persons: dict[str, str] = {}
    for line, at_s in zip(lines, spread_minutes([line["at"] for line in lines]), strict=True):
        event, nick = line["event"], line["nick"]
        script.lines[event] += 1
        if event == "rename":
            persons[line["text"]] = persons.pop(nick, nick)
        if event not in set(StepKind):
            script.skipped[event] += 1
            continue
        if event in (StepKind.MESSAGE, StepKind.ACTION) and is_blank(line["text"]):
            script.skipped["blank text"] += 1
            continue
        who, whom = persons.get(nick, nick), ""
        if event == StepKind.KICK:
            by = str(line.get("by") or "")
            who, whom = persons.get(by, by), who
        script.steps.append(Step(at_s, StepKind(event), who, line["text"], whom))
    return script


def spread_minutes(times: list[float]) -> list[float]:
    """Return the seconds since the first time, never falling; minutes without seconds are spread over 60 s."""
    if all(time % MINUTE_S == 0 for time in times):
        times = list(_spread(times))
    out: list[float] = []
    for before, time in zip([*times[:1], *times], times, strict=False):
        out.append((out[-1] if out else 0.0) + max(0.0, time - before))
    return out


def _spread(times: list[float]) -> Iterable[float]:
    """Yield times of whole minutes with the lines of each run of the same minute spread evenly over it."""
    start = 0
    while start < len(times):
        end = start
        while end < len(times) and times[end] == times[start]:
            end += 1
        for index in range(start, end):
            yield times[start] + MINUTE_S * (index - start) / (end - start)
        start = end
