"""Two years of months with clocks that lie: every month goes in its time, none before, and a lie removes nothing."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from folkmoot_governance.duration import DAY_MS, MINUTE_MS
from folkmoot_server.jobs.journal import due_of
from folkmoot_server.storage.api import Segment
from folkmoot_server.storage.sql.months import (
    Stage,
    begin_of,
    end_of,
    goes_at,
    goes_unasked,
    month_of,
    number_of,
    seals_at,
    stage_of,
)

KEPT = 6
APART_MS = 10 * MINUTE_MS
"""By how much clocks of nodes differ at most."""
STARTS = ("2026-01", "2027-09", "2028-02", "2099-12")
"""Ordinary years, and such with a leap day, or without one."""


def following(month: str) -> str:
    return month_of(end_of(month))


class Shelf:
    """Months that there are, and what retention remembers; `look` is what the job does at a time."""

    def __init__(self, first: str) -> None:
        self.months = [first]
        self.looked = number_of(first)
        self.removed: dict[str, int] = {}

    def write(self, now: int) -> None:
        if month_of(now) > self.months[-1]:
            self.months.append(month_of(now))

    def look(self, now: int, true_now: int) -> bool:
        """Remove what is due; say whether it was asked about instead."""
        due, this_month = due_of([Segment(month, 0) for month in self.months], now, KEPT), number_of(month_of(now))
        if not goes_unasked(due, self.looked, this_month):
            return True
        for month in due:
            self.months.remove(month)
            self.removed[month] = true_now
        self.looked = this_month
        return False


def instants(first: str, random: Random) -> Iterator[int]:
    """Yield when something happens in two years: each day, and minutes around each border of months."""
    now, border = begin_of(first), end_of(first)
    for _ in range(731):
        now += DAY_MS
        while border <= now:
            yield from sorted(border + random.randint(-APART_MS, APART_MS) for _ in range(6))
            border = end_of(month_of(border))
        yield now


@pytest.mark.parametrize("first", STARTS)
def test_each_month_goes_in_its_time_however_far_clocks_are_apart(first: str) -> None:
    random = Random(first)
    shelf = Shelf(first)
    for now in instants(first, random):
        by_the_node = now + random.randint(-APART_MS, APART_MS)
        shelf.write(by_the_node)
        assert not shelf.look(by_the_node, now), "nothing is asked about"
        # By the clock that is furthest ahead.
        ahead = now + APART_MS
        full = [month for month in shelf.months if end_of(month) <= ahead]
        assert len(full) >= min(KEPT, number_of(month_of(ahead)) - number_of(first) - 1)
    assert len(shelf.removed) >= 24 - KEPT - 1
    for month, at in shelf.removed.items():
        assert -APART_MS <= at - goes_at(month, KEPT) <= DAY_MS + APART_MS


@pytest.mark.parametrize("first", STARTS)
def test_a_clock_that_lies_removes_nothing(first: str) -> None:
    random = Random(first)
    shelf, asked = Shelf(first), 0
    for now in instants(first, random):
        shelf.write(now)
        if random.random() < 0.1:
            # A day more or less may be another month; by a single month the clock's own doubt sees to it.
            lie = random.choice((-700, -63, 63, 95, 185, 366, 9999)) * DAY_MS
            before = list(shelf.months)
            asked += shelf.look(max(0, now + lie), now)
            assert shelf.months == before or lie < 0
        shelf.look(now, now)
    assert asked > 20
    for month, at in shelf.removed.items():
        assert at >= goes_at(month, KEPT)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "Pacific/Apia"])
def test_months_are_those_of_utc_wherever_the_machine_is(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        while at.year < 2029:
            month, after = at.strftime("%Y-%m"), (at + timedelta(days=32)).replace(day=1)
            begin, end = (int(one.timestamp() * 1000) for one in (at, after))
            assert (begin_of(month), end_of(month), following(month)) == (begin, end, after.strftime("%Y-%m"))
            assert [month_of(ms) for ms in (begin, end - 1, end)] == [month, month, following(month)]
            at = after
    finally:
        del os.environ["TZ"]
        time.tzset()


def test_how_far_a_month_is() -> None:
    def stage(now: int, *, is_newest: bool = False, is_sealed: bool = False) -> tuple[Stage, int]:
        return stage_of("2028-02", now, KEPT, is_newest=is_newest, is_sealed=is_sealed)

    end, goes = end_of("2028-02"), end_of("2028-08")
    assert seals_at("2028-02") == end + DAY_MS
    assert stage(end - 1, is_newest=True) == (Stage.OPEN, end)
    assert stage(goes, is_newest=True) == (Stage.OPEN, end)
    assert stage(end) == (Stage.OVER, end + DAY_MS)
    assert stage(end + DAY_MS, is_sealed=True) == (Stage.KEPT, goes)
    assert stage(goes - 1, is_sealed=True) == (Stage.KEPT, goes)
    assert stage(goes) == stage(goes, is_sealed=True) == (Stage.DUE, goes)
