"""A store with a little of everything in it, for tests that break it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from folkmoot_governance.account import AccountEvent, CreditChanged, FilingApproved
from folkmoot_governance.account_events import (
    AccountClosed,
    AccountRestricted,
    AgreementAccepted,
    Announced,
    EmergencyStarted,
    FeatureAssessed,
    IdentityAsked,
    PlatformWordDropped,
    PlatformWordSet,
    SecondFactorSet,
)
from folkmoot_governance.announcement import announcement_of
from folkmoot_governance.case.state import CaseNoted, ReportOpened, apply_case
from folkmoot_governance.case.state import opened as case_opened
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.filing import apply_filing, corrected, drafted
from folkmoot_governance.group.events import (
    ContentHeld,
    EntryDeleted,
    EntryPinned,
    GroupClosed,
    InviteCodeMade,
    Invited,
    JoinRequested,
    MemberBanned,
    MemberJoined,
    MemberMuted,
    MemberWarned,
    MutesEnded,
    NoteWritten,
    PostRefuted,
    RejoinBarred,
    TopicSet,
    WordAdded,
)
from folkmoot_governance.restrictions import Measure, Power
from folkmoot_protocol.types import Identity
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet, RowChange, Upsert, case_stream
from folkmoot_server.storage.changes import (
    agreement_row,
    announcement_row,
    barred_row,
    case_note_row,
    emergency_row,
    feature_row,
    filing_row,
    held_text_row,
    identity_request_row,
    note_row,
    platform_word_row,
    second_factor_row,
    token_row,
)
from folkmoot_server.storage.rows import IdentityRow, SecondFactorRow
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.projection import project_case
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import DAY, START, Group, World

FEBRUARY = end_of("2026-01")


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[SqliteStore]:
    """A store, closed at the end of the block."""
    store = await SqliteStore.open(data_dir, say=translator("en"))
    try:
        yield store
    finally:
        await store.close()


def case_work(event: ReportOpened) -> ChangeSet:
    """Return the work that opens a case."""
    return ChangeSet(case_stream(event.number), 0, [event], project_case(case_opened(event), event))


def given_back(world: World) -> ChangeSet:
    """Return the work that gives carol's credit back, and corrects the report that it was taken."""
    fields: dict[str, Any] = {"at": START + 1, "by": "", "case": "r-1", "reason": "no noise"}
    work = world.change("carol", CreditChanged(cause="restored", points=5, score=100, **fields))
    taken = CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
    filing = drafted(taken, "@carol-2", user="carol")
    assert filing is not None
    return replace(work, rows=[*work.rows, filing_row(corrected(filing, "no noise", START + 1))])


def approved(world: World) -> ChangeSet:
    """Return the work by which alice approves the report that bob's credit was taken."""
    taken = CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
    filing = drafted(taken, "@bob-2", user="bob")
    event = FilingApproved(at=START + 1, by="alice", case="@bob-2", identity=False, is_last=True)
    assert filing is not None
    work = world.change("alice", event)
    return replace(work, rows=[*work.rows, filing_row(apply_filing(filing, event))])


async def filled(data_dir: Path) -> Group:
    """Make a store in files and `fill` it; return the group."""
    async with opened(data_dir) as store:
        return await fill(store)


async def fill(store: Store) -> Group:
    """Store two months of a group: members, a ban, a mute, a deletion; return the group."""
    world = World()
    group = world.group()
    change_sets = [world.register(user) for user in ("alice", "bob", "carol", "dave")]
    change_sets += [
        world.change(
            "bob", CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
        ),
        world.change(
            "carol", CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
        ),
        given_back(world),
        approved(world),
        case_work(ReportOpened(at=START, by="alice", number="r-1", reason="spam", severity=Severity.LOW, due_ms=9)),
        group.found(),
        group.act(MemberJoined(at=START, by="bob", user="bob", via="open")),
        group.post("bob", nonce="n"),
        group.act(MemberBanned(at=START + 1, by="alice", user="carol", until_ms=START + DAY, reason="r")),
        group.act(Invited(at=START + 2, by="alice", user="dave", until_ms=START + DAY)),
        ChangeSet(rows=[token_row("h", "alice", START)]),
    ]
    later = [
        group.post("bob", ts=FEBRUARY),
        group.act(MemberMuted(at=FEBRUARY, by="alice", user="bob", until_ms=FEBRUARY + DAY, reason="loud")),
        group.act(EntryDeleted(at=FEBRUARY, by="alice", user="bob", seq=3)),
        group.act(EntryDeleted(at=FEBRUARY, by="alice", user="bob", seq=5)),
        group.act(MemberMuted(at=FEBRUARY, by="alice", user="alice", until_ms=FEBRUARY + 1)),
        group.act(MutesEnded(at=FEBRUARY + 1, by="", users=("alice",))),
        group.act(TopicSet(at=FEBRUARY, by="alice", topic="t")),
    ]
    for batch in (change_sets, later):
        assert await store.commit(batch) == frozenset()
    return group


def tamper(path: Path, statement: str) -> None:
    """Change a file behind the store's back; the statement must hit something."""
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount > 0
    connection.close()


async def filled_wholly(data_dir: Path) -> None:
    """Make a store in files with a row in each table that `verify` compares with the ledger."""
    world = World()
    group, shut = world.group(), world.group()
    at: dict[str, Any] = {"at": START, "by": "alice"}
    until = START + DAY
    spam = ReportOpened(number="r-1", reason="spam", severity=Severity.LOW, due_ms=9, **at)
    case = case_opened(spam)
    noted = CaseNoted(**at)
    apply_case(case, noted)
    agreed = {"agreement_sha256": "a" * 64}
    work: list[ChangeSet] = [world.register(user) for user in ("alice", "bob", "carol", "dave")]

    def act(user: str, event: AccountEvent, *rows: RowChange) -> None:
        change = world.change(user, event)
        work.append(replace(change, rows=[*change.rows, *rows]))

    emergency = EmergencyStarted(number="e1", scope="platform", halt="joins", until_ms=until, reason="r", **at)
    told = Announced(number="a1", text="repairs", until_ms=until, **at)
    barred = AccountRestricted(
        measure=Measure.BLACKLIST, until_ms=until, reason="r", scopes=(Power.POST,), entry="b1", **at
    )
    act("alice", emergency, emergency_row(emergency))
    act("alice", told, announcement_row(announcement_of(told)))
    for word in ("one", "two"):
        event = PlatformWordSet(word=word, verdict=Action.HOLD, reason="r", **at)
        act("alice", event, *filter(None, [platform_word_row(event)]))
    dropped = PlatformWordDropped(word="two", reason="r", **at)
    act("alice", dropped, *filter(None, [platform_word_row(dropped)]))
    act("alice", AgreementAccepted(agreement="2026-1", **agreed, **at), agreement_row("2026-1", "a" * 64, {}, START))
    act("bob", barred, barred_row("b1", "blind", barred.scopes, until, "r", START))
    waiting = identity_request_row(IdentityRow("bob", "mobile", "s", "blind", START))
    act("bob", IdentityAsked(identity=Identity.MOBILE, at=START, by="bob"), waiting)
    second = second_factor_row(SecondFactorRow("carol", "s", "", START))
    act("carol", SecondFactorSet(step=1, at=START, by="carol"), second)
    act("dave", AccountClosed(author_tag="t", at=START, by="dave"), Upsert("leaving", {"user": "dave", "ts": START}))
    assessed = FeatureAssessed(feature="media", sha256="a" * 64, reason="r", **at)
    act("alice", assessed, feature_row(assessed))
    act("bob", CreditChanged(cause="penalty", points=-5, score=95, case="r-1", reason="noise", **at))
    work += [
        ChangeSet(case_stream("r-1"), 0, [spam], project_case(case_opened(spam), spam)),
        ChangeSet(
            case_stream("r-1"),
            1,
            [noted],
            [*project_case(case, noted), case_note_row("r-1", 2, "alice", "note", START, "s", until)],
        ),
        group.found(),
        group.act(MemberJoined(at=START, by="bob", user="bob", via="open")),
        group.post("bob"),
        group.act(EntryPinned(user="bob", seq=3, **at)),
        group.act(PostRefuted(user="bob", seq=3, text="t", reason="r", **at)),
        group.act(MemberBanned(user="carol", until_ms=until, reason="r", **at)),
        group.act(MemberMuted(user="bob", until_ms=until, reason="r", **at)),
        group.act(MemberWarned(user="bob", until_ms=until, count=1, reason="r", **at)),
        group.act(RejoinBarred(user="carol", until_ms=until, reason="r", **at)),
        group.act(Invited(user="dave", until_ms=until, **at)),
        group.act(JoinRequested(user="carol", until_ms=until, at=START, by="carol")),
        group.act(InviteCodeMade(code_id="c", until_ms=until, uses=1, **at)),
        group.act(WordAdded(word="one", verdict=Action.HOLD, **at)),
        group.act(EntryDeleted(user="bob", seq=3, **at)),
        shut.found(),
        shut.act(GroupClosed(at=START, by="alice", reason="r", kept_until_ms=until)),
    ]
    held = group.act(ContentHeld(user="bob", rule="one", severity=Severity.LOW, until_ms=until, at=START, by="bob"))
    text = held_text_row(group.code, group.state.version, "s", until)
    work.append(replace(held, rows=[*held.rows, text]))
    written = NoteWritten(user="bob", **at)
    change = group.act(written)
    work.append(replace(change, rows=[*change.rows, note_row(group.state, written, "rude")]))
    async with opened(data_dir) as store:
        assert await store.commit(work) == frozenset()
