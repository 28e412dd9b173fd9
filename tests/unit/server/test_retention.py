"""Which months retention removes by itself, and for which it asks first."""

from pathlib import Path
from typing import Any, cast

import pytest

from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.duration import DAY_MS
from folkmoot_server.actions.channels.keeping import PostKeeping
from folkmoot_server.common.background import Remarks
from folkmoot_server.common.clock import Clock
from folkmoot_server.common.i18n import translator
from folkmoot_server.jobs.journal import ROTATE_S, Rotation
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import MONTHS_MARK, REMOVAL_MARK, mark
from folkmoot_server.storage.sql.months import end_of, goes_unasked, number_of
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import World


@pytest.mark.parametrize(
    ("due", "looked", "now", "goes"),
    [
        ([], 10, 99, True),
        (["a"], 10, 10, True),
        (["a"], 10, 11, True),
        (["a"], 10, 12, False),
        (["a"], 10, 9, False),
        (["a", "b"], 10, 11, False),
    ],
)
def test_one_month_goes_for_each_that_has_passed(due: list[str], looked: int, now: int, goes: bool) -> None:
    assert goes_unasked(due, looked, now) is goes


class Shelf:
    """A store in files with an entry in each of some months, and the job that removes them. `now`: what time it is."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.now = 0
        self.remarks: Remarks = {}
        self.noted: list[str] = []
        clock = Clock(lambda: 1.0)
        posts = PostKeeping(store, clock, CaseRules(), self, cast(Any, None), keeps=False)  # type: ignore[arg-type]
        self.job = Rotation(store, clock, 6, 6, self.remarks, self, self, self, posts)  # type: ignore[arg-type]  # as the services that it asks

    async def store_rows(self, user: str, rows: list[object]) -> None:
        await self.store.commit([ChangeSet(rows=rows)])  # type: ignore[arg-type]

    async def keep(self, months: list[str], access: list[str], rest: object, but: object = None) -> list[str]:
        assert but is not None or not self.noted or self.noted[-1] not in months, "before it is on record that they go"
        return []

    async def let_go(self) -> None:
        pass

    async def note_removed(self, months: list[str], part: str = "journal") -> None:
        self.noted += months if part == "journal" else []

    async def fill(self, *months: str) -> None:
        world = World()
        group = world.group()
        await self.store.commit([world.register("alice"), group.found(at=end_of(months[0]) - 1)])
        await self.store.commit([group.post(ts=end_of(month) - 1) for month in months[:1]])
        for month in months[1:]:
            await self.store.commit([group.post(ts=end_of(month) - 1)])

    async def look(self, month: str) -> list[str]:
        """Let the job look in the middle of a month; return the months that are left."""
        self.now = end_of(month) - 15 * DAY_MS
        self.job._clock = Clock(lambda: self.now / 1000)
        await self.job.do_round()
        return [segment.month for segment in await self.store.journal.segments()]


async def test_months_go_one_by_one_and_more_wait_for_a_word(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path, say=translator("en"))
    shelf = Shelf(store)
    try:
        await shelf.fill("2026-01", "2026-02", "2026-03", "2026-04")
        all_four = ["2026-01", "2026-02", "2026-03", "2026-04"]
        # What the ledger has is of January: a first look in July is six months later, and nothing is due yet.
        assert await shelf.look("2026-07") == all_four
        assert await shelf.look("2026-08") == all_four[1:]
        # A clock that is two months ahead: one month is due, but not after so little time.
        assert await shelf.look("2026-11") == all_four[1:]
        assert "2026-02, 2026-03, 2026-04" not in shelf.remarks["rotation"]
        assert "2026-02, 2026-03" in shelf.remarks["rotation"]
        # It was wrong, and nothing has come of it.
        assert await shelf.look("2026-09") == all_four[2:]
        assert not shelf.remarks
        # It is right, and somebody says so.
        assert await shelf.look("2027-09") == all_four[2:]
        await store.commit([ChangeSet(rows=[mark(REMOVAL_MARK, number_of("2027-09"))])])
        assert await shelf.look("2027-09") == all_four[3:]
        assert not shelf.remarks
        assert await shelf.job.do_round() == ROTATE_S
        assert (await store.ledger.marks())[MONTHS_MARK] == number_of("2027-09")
    finally:
        await store.close()
