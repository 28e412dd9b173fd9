"""What a replay counts: events, posts, deliveries, refusals, times."""

import math
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter

import folkmoot_protocol as fm

STEPS_PER_OCTAVE = 32
"""Buckets for each doubling: a percentile is right to about 2 %."""


class Times:
    """How long something took, in buckets, so that millions of values take no room."""

    def __init__(self) -> None:
        self.count = 0
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """Count one value."""
        self.count += 1
        self._buckets[round(math.log2(max(seconds, 1e-6)) * STEPS_PER_OCTAVE)] += 1

    def percentile_ms(self, share: float) -> float | None:
        """Return the time that `share` (0 to 1) of the values don't exceed, in ms; None without values."""
        wanted, seen = math.ceil(share * self.count), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return round(2 ** (bucket / STEPS_PER_OCTAVE) * 1000, 3)
        return None


@dataclass(slots=True)
class RoomTally:
    """When the posts of one room were sent (`perf_counter` seconds), by seq; the one under way has none yet."""

    sent: dict[int, float] = field(default_factory=dict)
    under_way: float | None = None

    def sent_at(self, seq: int) -> float | None:
        """Return when the post that became `seq` was sent, None for what nobody here posted."""
        return self.sent.get(seq, self.under_way)


@dataclass(slots=True)
class SharedLimits:
    """The counts of a whole replay."""

    lines: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    rooms: dict[str, RoomTally] = field(default_factory=dict)
    posts: int = 0
    deliveries: int = 0
    reconnects: int = 0
    people: int = 0
    duration_s: float = 0.0
    to_ok: Times = field(default_factory=Times)
    to_delivery: Times = field(default_factory=Times)

    def deliver(self, event: fm.EntryEvent) -> None:
        """Count an entry that a connection received."""
        self.deliveries += 1
        room, entry = self.rooms.get(event.group), event.entry
        if room is None or entry.kind is fm.EntryKind.NOTICE:
            return
        sent_at = room.sent_at(entry.seq)
        if sent_at is not None:
            self.to_delivery.add(perf_counter() - sent_at)

    def summary(self) -> dict[str, object]:
        """Return all of it as plain values, for the report."""
        return {
            "lines": dict(self.lines),
            "skipped": dict(self.skipped),
            "done": dict(self.done),
            "connections": self.people,
            "reconnects": self.reconnects,
            "posts": self.posts,
            "deliveries": self.deliveries,
            "refusals": dict(self.refusals),
            "post_to_ok_ms": _percentiles(self.to_ok),
            "post_to_delivery_ms": _percentiles(self.to_delivery),
            "duration_s": round(self.duration_s, 3),
            "posts_per_s": round(self.posts / self.duration_s, 1) if self.duration_s else None,
        }


def _percentiles(times: Times) -> dict[str, float | None]:
    return {"p50": times.percentile_ms(0.5), "p99": times.percentile_ms(0.99)}
