"""What `segment plan` says of months that are there, and of those that went."""

from typing import Any

from folkmoot_governance.holds import Hold
from folkmoot_governance.store_acts import EntriesHeld, MonthRemoved
from folkmoot_server.admin.segments import plan_items, removed_items
from folkmoot_server.storage.api import Segment
from folkmoot_server.storage.sql.months import begin_of, end_of, goes_at, seals_at


def test_months_that_are_there_say_what_comes_next() -> None:
    months = ("2026-01", "2026-06", "2026-07", "2026-08")
    hold: dict[str, Any] = {"case": "c", "until_ms": end_of("2026-12")}
    holds = [Hold("h1", **hold), Hold("h2", since_ms=begin_of("2026-07"), till_ms=end_of("2026-07"), **hold)]
    segments = [Segment(month, 1) for month in months]
    sealed: Any = [("journal", "2026-01"), ("journal", "2026-06"), ("access", "2026-07")]
    items = plan_items("journal", segments, end_of("2026-07") + 1, 6, sealed, holds)
    assert [(one["month"], one["stage"], one["next_ts"], one["holds"]) for one in items] == [
        ("2026-01", "due", goes_at("2026-01", 6), 1),
        ("2026-06", "kept", goes_at("2026-06", 6), 1),
        ("2026-07", "over", seals_at("2026-07"), 2),
        ("2026-08", "open", end_of("2026-08"), 1),
    ]


def test_months_that_went_say_when_and_what_is_kept() -> None:
    by: dict[str, Any] = {"at": 5, "by": ""}
    held = [
        EntriesHeld(month="2026-01", hold=hold, part="journal", entries=3, sha256="", **by) for hold in ("h1", "r-1")
    ]
    gone = [MonthRemoved(month="2026-01", entries=entries, root="", part=part, **by) for part, entries in GONE]
    assert [(one["kind"], one["removed_ts"], one["entries"], one["held"]) for one in removed_items([*held, *gone])] == [
        ("journal", 5, 40, 6),
        ("access", 5, 0, 0),
    ]


GONE: tuple[Any, ...] = (("journal", 40), ("access", -1))
