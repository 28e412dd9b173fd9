"""What is held outlives its month, exactly and sealed, until its time is over; the rest goes; all is on record."""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.case.state import AppealOpened, CaseClosed, MediationOpened, Outcome, ReportOpened, apply_case
from folkmoot_governance.case.state import opened as case_opened
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.holds import BeginHold, EndHold, HoldCommand
from folkmoot_governance.store_acts import EntriesHeld, HeldRemoved, MonthRemoved
from folkmoot_server.actions.channels.keeping import PostKeeping
from folkmoot_server.actions.holds import Holds
from folkmoot_server.actions.store_acts import StoreActs
from folkmoot_server.common.background import Remarks
from folkmoot_server.common.clock import Clock
from folkmoot_server.crypto.cipher import Sealed
from folkmoot_server.jobs.journal import Rotation
from folkmoot_server.jobs.runner import rest_of
from folkmoot_server.sealed.access_records import AccessKind, AccessRecord, AccessRecords
from folkmoot_server.sealed.held_entries import HeldEntries
from folkmoot_server.storage.change_set import ChangeSet, RowChange, case_stream
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.rows import KEPT_PURPOSE
from folkmoot_server.storage.sql.kept_posts import KeptTexts
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.projection import project_case
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import START, World
from tests.integration.storage.kit import opened, tamper
from tests.integration.storage.test_erasing import files_with

RULES = CaseRules()
OFFICER = Actor("ora", platform=PlatformRole.SAFETY_OFFICER)
GOES = end_of("2026-07")
"""When January may go."""


class Service:
    """What the services ask of that for accounts: that what was decided is stored."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def store(self, user: str, change_set: ChangeSet) -> Refusal | None:
        assert await self._store.commit([change_set]) == frozenset()
        return None

    async def store_rows(self, user: str, rows: list[RowChange]) -> Refusal | None:
        return await self.store(user, ChangeSet(rows=rows))


class Keeper:
    """The job that removes months, and holds, at a time that the test sets."""

    def __init__(self, store: SqliteStore, data_dir: Path) -> None:
        self.now = START
        clock, service = Clock(lambda: self.now / 1000), cast(Any, Service(store))
        self.acts = StoreActs(store.ledger, clock, service, cast(Any, None))
        records = AccessRecords(data_dir)
        self.holds = Holds(store, clock, RULES, self.acts, HeldEntries(data_dir), records)
        remarks: Remarks = {}
        texts = KeptTexts(Sealed(data_dir, KEPT_PURPOSE))
        self.posts = PostKeeping(store, clock, RULES, self.acts, texts, keeps=True)
        self.job = Rotation(store, clock, 6, 6, remarks, service, self.acts, self.holds, self.posts)
        self.store, self.records = store, records

    async def hold(self, **fields: Any) -> str:
        """Hold something for staff; return its number."""
        given: dict[str, Any] = {"case": "file-7", "reason": "asked for", "duration_ms": 365 * DAY_MS}
        numbers: list[str] = []

        def begin(number: str) -> HoldCommand:
            numbers.append(number)
            return BeginHold(number=number, **given | fields)

        assert await self.acts.act_on_hold(begin, OFFICER, dry_run=False) == 1
        return numbers[0]

    async def appeal_late(self, code: str) -> None:
        """Let somebody appeal a day before the term is over, wait for the answer, and get it (*what was held went
        meanwhile*)."""
        appeal = AppealOpened(
            at=GOES + 29 * DAY_MS, by="alice", number="a-1", measure="r-1", reason="x", decider="r", due_ms=9, code=code
        )
        state = case_opened(appeal)
        await self.store.commit([ChangeSet(case_stream("a-1"), 0, [appeal], project_case(state, appeal))])
        self.now = GOES + 40 * DAY_MS
        await self.holds.let_go()
        assert "r-1" in await self.store.ledger.held_counts()
        answer = CaseClosed(at=self.now, by="root", outcome=Outcome.CONFIRMED, reason="seen")
        apply_case(state, answer)
        await self.store.commit([ChangeSet(case_stream("a-1"), 1, [answer], project_case(state, answer))])

    async def kept(self, hold: str) -> list[str]:
        """Return the texts that are kept for a hold; of the access log, addresses."""
        texts: list[str] = []
        for row in await self.store.ledger.held_rows(hold, ("", "", -1), 99):
            text = self.holds.open(row)
            assert text is not None
            found = msgspec.json.decode(text)
            texts += [found[8]] if row.code else [one[4] for one in found]
        return texts


TAMPERING = (
    "DELETE FROM held WHERE hold = 'r-1'",
    "DELETE FROM held WHERE code = ''",
    "UPDATE held SET seq = seq + 1 WHERE hold = 'r-1'",
    "UPDATE held SET sealed = (SELECT sealed FROM held WHERE hold = 'r-1') WHERE hold <> 'r-1'",
    "UPDATE held SET hold = 'h99'",
    "INSERT INTO held SELECT 'r-2', month, code, seq, sealed FROM held",
)


async def test_what_is_held_outlives_its_month_and_nothing_else_does(tmp_path: Path) -> None:
    world = World()
    group = world.group()
    async with opened(tmp_path) as store:
        await store.commit([world.register("alice"), world.register("bob"), group.found()])
        for user in ("alice", "bob", "alice"):
            await store.commit([group.post(user, body=f"{user} wrote {group.seq}, and keeps it")])
        seq = group.seq
        report = ReportOpened(
            at=START, by="bob", number="r-1", reason="spam", severity=Severity.LOW, due_ms=9, code=group.code, seq=seq
        )
        case = case_opened(report)
        await store.commit([ChangeSet(case_stream("r-1"), 0, [report], project_case(case, report))])
        keeper = Keeper(store, tmp_path)
        records = [AccessRecord(START, AccessKind.SIGNED_IN, user, 1, f"of {user}", 7) for user in ("alice", "bob")]
        await store.access.append("2026-01", keeper.records.seal("n", records))
        for month in range(1, 7):
            await store.commit([group.post(ts=end_of(f"2026-{month:02}"))])
            await store.access.append(f"2026-{month + 1:02}", keeper.records.seal("n", records))
        by_staff = await keeper.hold(code=group.code, user="bob", till_ms=START + DAY_MS)
        for keeper.now in (GOES - 1, GOES, GOES + DAY_MS):
            await keeper.job.do_round()
        assert next(one.month for one in await store.journal.segments()) == "2026-02"
        assert next(one.month for one in await store.access.segments()) == "2026-02"
        assert await keeper.kept("r-1") == [f"alice wrote {seq - 1}, and keeps it"]
        assert await keeper.kept(by_staff) == ["of bob", f"bob wrote {seq - 2}, and keeps it"]
        assert files_with(tmp_path, "and keeps it") == [], "it is sealed"

    assert verify(tmp_path) == []
    kept = (tmp_path / "folkmoot.sqlite3").read_bytes()
    for statement in TAMPERING:
        tamper(tmp_path / "folkmoot.sqlite3", statement)
        assert any(problem.startswith("held: ") for problem in verify(tmp_path)), statement
        for name in ("folkmoot.sqlite3-wal", "folkmoot.sqlite3-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / "folkmoot.sqlite3").write_bytes(kept)

    async with opened(tmp_path) as store:
        keeper = Keeper(store, tmp_path)
        keeper.now = GOES + DAY_MS
        apply_case(case, closed := CaseClosed(at=GOES, by="root", outcome=Outcome.UPHELD, reason="seen"))
        await store.commit([ChangeSet(case_stream("r-1"), 1, [closed], project_case(case, closed))])
        assert await keeper.acts.act_on_hold(lambda _: EndHold(by_staff, "over"), OFFICER, dry_run=False) == 1
        for keeper.now in (GOES + 29 * DAY_MS, GOES + 31 * DAY_MS):
            assert sorted(await store.ledger.held_counts()) == (
                [by_staff, "r-1"] if keeper.now < GOES + 30 * DAY_MS else ["r-1"]
            )
            if keeper.now > GOES + 30 * DAY_MS:
                await keeper.appeal_late(group.code)
            await keeper.holds.let_go()
        assert await store.ledger.held_counts() == {}
        acts = await keeper.acts.events()
        held = {(one.hold, one.part): one.entries for one in acts if isinstance(one, EntriesHeld)}
        assert held == {(by_staff, "journal"): 1, (by_staff, "access"): 1, ("r-1", "journal"): 1}
        assert [(one.hold, one.entries) for one in acts if isinstance(one, HeldRemoved)] == [(by_staff, 2), ("r-1", 1)]
        assert [(one.part, one.month) for one in acts if isinstance(one, MonthRemoved)] == [
            (part, "2026-01") for part in ("journal", "access")
        ]
    assert verify(tmp_path) == []


async def test_what_is_held_while_a_month_goes_is_kept(tmp_path: Path) -> None:
    """*The hold was acknowledged, and had nothing.*"""
    world = World()
    group = world.group()
    async with opened(tmp_path) as store:
        await store.commit([world.register("alice"), group.found(), group.post("alice", body="just in time")])
        await store.commit([group.post(ts=end_of("2026-01"))])
        keeper, numbers = Keeper(store, tmp_path), list[str]()
        note_removed = keeper.acts.note_removed

        async def hold_and_note(*given: Any) -> Any:
            if not numbers:
                numbers.append(await keeper.hold(code=group.code, user="alice"))
            return await note_removed(*given)

        keeper.acts.note_removed = hold_and_note  # type: ignore[method-assign]  # somebody else, at that moment
        for keeper.now in (GOES - 1, GOES):
            await keeper.job.do_round()
        assert [one.month for one in await store.journal.segments()] == ["2026-02"]
        assert "just in time" in await keeper.kept(numbers[0])
    assert verify(tmp_path) == []


async def test_records_of_two_in_one_block_are_kept_once(tmp_path: Path) -> None:
    """*The second of them was counted with what was kept of the first.*"""
    world = World()
    async with opened(tmp_path) as store:
        await store.commit([world.register("alice"), world.register("bob")])
        asked = MediationOpened(at=START, by="alice", number="m-1", user="bob", due_ms=9)
        await store.commit([ChangeSet(case_stream("m-1"), 0, [asked], project_case(case_opened(asked), asked))])
        keeper = Keeper(store, tmp_path)
        users = ("alice", "bob", "carol", "bob")
        records = [AccessRecord(START, AccessKind.SIGNED_IN, user, 1, f"of {user}", 7) for user in users]
        for month in ("2026-01", "2026-02"):
            await store.access.append(month, keeper.records.seal("n", records))
        await keeper.holds.keep([], ["2026-01"], rest_of)
        assert await keeper.kept("m-1") == ["of alice", "of bob", "of bob"]
        (held,) = [one for one in await keeper.acts.events() if isinstance(one, EntriesHeld)]
        assert (held.part, held.entries) == ("access", 3)
    assert verify(tmp_path) == []


async def test_a_month_is_gone_through_once_however_many_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """*Each report of an account was a pass over the whole month, and each read the whole record of the store.* Of a
    group, too; each hold gets what it names, and nothing of another's."""
    monkeypatch.setattr("folkmoot_server.storage.sqlite.journal.WINDOW", 7)
    world = World()
    group, other = world.group(), world.group()
    users = [f"user{number}" for number in range(10)]
    async with opened(tmp_path) as store:
        registered = [world.register(user) for user in ("alice", *users)]
        await store.commit([*registered, group.found(), other.found()])
        for user in users:
            await store.commit([group.post(user, body=f"{user} early", ts=START)])
            await store.commit([other.post(user, body=f"{user} late", ts=START + DAY_MS)])
        keeper = Keeper(store, tmp_path)
        numbers = {user: await keeper.hold(user=user) for user in users}
        both = [AccessRecord(START, AccessKind.SIGNED_IN, user, 1, f"of {user}", 7) for user in users[:2]]
        for _ in range(3):
            await store.access.append("2026-01", keeper.records.seal("n", both))
        late = await keeper.hold(user=users[0], since_ms=START + 1)
        of_group = [await keeper.hold(code=group.code) for _ in range(5)]
        of_one = await keeper.hold(code=group.code, user=users[1])
        passes: list[tuple[int, int]] = []
        reads: list[int] = []
        rests: list[float] = []
        held, events = type(store.journal).held, keeper.acts.events

        async def counted(journal: Any, month: str, hold: Any, after: tuple[int, int]) -> Any:
            passes.append(after)
            return await held(journal, month, hold, after)

        async def read() -> Any:
            reads.append(1)
            return await events()

        def rest(took_s: float) -> float:
            rests.append(took_s)
            return 0

        monkeypatch.setattr(type(store.journal), "held", counted)
        monkeypatch.setattr(keeper.acts, "events", read)
        await keeper.holds.keep(["2026-01"], [], rest)
        assert passes.count((-1, -1)) == 2, "one for those of no group, one for those of the group"
        assert len(rests) == len(passes) > 4
        assert len(reads) == 2, "the holds of staff, and what is on record of them"
        assert {user: await keeper.kept(number) for user, number in numbers.items()} == {
            user: [f"{user} early", f"{user} late"] for user in users
        }
        assert await keeper.kept(late) == [f"{users[0]} late"]
        assert await keeper.kept(of_one) == [f"{users[1]} early"]
        for number in of_group:
            assert {f"{user} early" for user in users} <= set(await keeper.kept(number))
            assert not [text for text in await keeper.kept(number) if text.endswith("late")]
        noted = [one.hold for one in await events() if isinstance(one, EntriesHeld)]
        assert sorted(noted) == sorted([*numbers.values(), late, of_one, *of_group])
        await keeper.holds.keep(["2026-01"], [], rest)
        assert len([one for one in await events() if isinstance(one, EntriesHeld)]) == len(noted), "once"
        rests.clear()
        opened_blocks = list[int]()
        open_block = keeper.records.open
        monkeypatch.setattr(
            keeper.records, "open", lambda block: (opened_blocks.append(block.number), open_block(block))[1]
        )
        await keeper.holds.keep([], ["2026-01"], rest)
        assert (opened_blocks, len(rests)) == ([1, 2, 3], 1), "*Once for each hold*"
        for user in users[:2]:
            assert (await keeper.kept(numbers[user]))[:3] == [f"of {user}"] * 3
        assert f"of {users[0]}" not in await keeper.kept(late)
    assert verify(tmp_path) == []
