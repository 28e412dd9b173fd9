"""The promises of `Ledger` about cases."""

from folkmoot_governance import PlatformRole
from folkmoot_governance.account_events import AccountClosing, IdentityAsked, RoleGranted
from folkmoot_governance.case.rules import RECORD_MS, ReporterRecord
from folkmoot_governance.case.state import (
    AppealOpened,
    CaseClaimed,
    CaseClosed,
    CaseDueSoon,
    CaseEvent,
    CaseKind,
    CaseOverdue,
    CaseRead,
    CaseSettled,
    CaseState,
    ClaimReleased,
    Outcome,
    ReportOpened,
    apply_case,
    opened,
    replay_case,
)
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import events as e
from folkmoot_governance.oversight import Waiting
from folkmoot_governance.transparency import CaseFigure
from folkmoot_protocol.types import Identity
from folkmoot_server.actions.accounts.staff import staff_now
from folkmoot_server.storage.api import Backlog, CaseFilter, Store, WarningRow
from folkmoot_server.storage.change_set import ChangeSet, Remove, Upsert, case_stream
from folkmoot_server.storage.changes import case_note_row, case_text_row, remove_ended_case_texts
from folkmoot_server.storage.sql.projection import project_case
from tests.builders.world import DAY, START, World


def report(number: str, by: str = "bob", at: int = START, **fields: object) -> ReportOpened:
    given = {"reason": "fraud", "severity": Severity.HIGH, "due_ms": at + DAY, "code": "", "seq": 0, "user": "carol"}
    return ReportOpened(at=at, by=by, number=number, **given | fields)


class CaseService:
    """Cases as storage must come to have them."""

    def __init__(self) -> None:
        self.cases: dict[str, CaseState] = {}

    def change_set(self, number: str, *events: CaseEvent) -> ChangeSet:
        state = self.cases.get(number)
        version, rows = state.version if state else 0, []
        for event in events:
            if state is None:
                state = self.cases[number] = opened(event)
            else:
                apply_case(state, event)
            rows += project_case(state, event)
        return ChangeSet(case_stream(number), version, events, rows)

    def close(self, number: str, outcome: Outcome, at: int = START + 1) -> ChangeSet:
        return self.change_set(number, CaseClosed(at=at, by="root", outcome=outcome, reason="seen"))


async def test_a_case_equals_the_replay_of_its_stream(store: Store, world: World) -> None:
    case_service = CaseService()
    appeal = AppealOpened(
        at=START, by="bob", number="a-@bob-2", measure="@bob-2", reason="account_suspended", decider="root", due_ms=9
    )
    steps = [
        case_service.change_set("r-1", report("r-1", code="100000000003", seq=5)),
        case_service.change_set("r-1", CaseRead(at=START + 1, by="root")),
        case_service.close("r-1", Outcome.UPHELD),
        case_service.change_set("r-1", CaseSettled(at=START + 3, by="")),
        case_service.change_set("a-@bob-2", appeal),
    ]
    for change_set in steps:
        assert await store.commit([change_set]) == frozenset()
        number = change_set.stream.removeprefix("case:")
        events = [one.event for one in await store.ledger.events(change_set.stream)]
        assert all(isinstance(event, CaseEvent) for event in events)
        replayed = replay_case(event for event in events if isinstance(event, CaseEvent))
        assert await store.ledger.load_case(number) == replayed
    assert await store.ledger.load_case("r-none") is None
    assert await store.ledger.load_case("r-\x00") is None


async def test_a_number_is_taken_once_and_decided_once(store: Store, world: World) -> None:
    await store.commit([CaseService().change_set("r-1", report("r-1"))])
    assert await store.commit([CaseService().change_set("r-1", report("r-1", by="carol"))]) == {"case:r-1"}
    one, other = CaseService(), CaseService()
    for case_service in (one, other):
        case_service.change_set("r-1", report("r-1"))
    assert await store.commit([one.close("r-1", Outcome.UPHELD)]) == frozenset()
    assert await store.commit([other.close("r-1", Outcome.DISMISSED)]) == {"case:r-1"}


async def test_cases_are_listed_by_when_they_are_due(store: Store, world: World) -> None:
    case_service = CaseService()
    about = {"code": "100000000003", "seq": 4}
    await store.commit(
        [
            case_service.change_set("r-1", report("r-1", due_ms=30)),
            case_service.change_set("r-2", report("r-2", by="carol", at=START + 1, due_ms=10, user="dave", **about)),
            case_service.change_set("r-3", report("r-3", at=START + 2, due_ms=10, **about)),
            case_service.change_set("r-4", report("r-4", due_ms=20)),
        ]
    )
    await store.commit([case_service.close("r-4", Outcome.DISMISSED)])

    async def numbers(wanted: CaseFilter, after: tuple[int, str] = (0, ""), limit: int = 9) -> list[str]:
        return [one.number for one in await store.ledger.list_cases(wanted, after, limit)]

    assert await numbers(CaseFilter()) == ["r-2", "r-3", "r-4", "r-1"]
    assert await numbers(CaseFilter(), limit=2) == ["r-2", "r-3"]
    assert await numbers(CaseFilter(), after=(10, "r-2")) == ["r-3", "r-4", "r-1"]
    assert await numbers(CaseFilter(is_open=True)) == ["r-2", "r-3", "r-1"]
    assert await numbers(CaseFilter(is_open=False)) == ["r-4"]
    assert await numbers(CaseFilter(CaseKind.APPEAL)) == []
    assert await numbers(CaseFilter(by="bob", newest=True)) == ["r-3", "r-1", "r-4"]
    assert await numbers(CaseFilter(CaseKind.REPORT, True, "bob", "100000000003", 4, "carol")) == ["r-3"]
    assert await numbers(CaseFilter(seq=0)) == ["r-4", "r-1"]
    assert await store.ledger.unsettled_cases(START + 1) == []
    assert await store.ledger.unsettled_cases(START + 2) == ["r-4"]
    await store.commit([case_service.change_set("r-4", CaseSettled(at=START, by=""))])
    assert await store.ledger.unsettled_cases(START + 2) == []


async def test_dates_are_listed_until_they_are_told(store: Store, world: World) -> None:
    case_service, group = CaseService(), world.group()
    due = START + 9 * DAY
    warned = e.GroupWarned(at=START, by="root", until_ms=due - 2, reason="clean up")
    told = e.RectificationTold(at=START, by="alice", number=2, text="done", inspect_until_ms=due + 2)
    claim = CaseClaimed(at=START, by="root", until_ms=due + 4)
    await store.commit([group.found(), group.act(warned), case_service.change_set("r-1", report("r-1", due_ms=due))])
    await store.commit([case_service.change_set("r-2", report("r-2", due_ms=due))])
    await store.commit([case_service.close("r-2", Outcome.UPHELD)])
    ledger = store.ledger
    assert await ledger.next_dates(9) == [(due - 2 - DAY, "group", group.code), (due - DAY, "case", "r-1")]
    assert await ledger.next_dates(1) == [(due - 2 - DAY, "group", group.code)]
    await store.commit([group.act(told), case_service.change_set("r-1", claim)])
    claimed = (due + 4 - DAY, "case", "r-1")
    assert await ledger.next_dates(9) == [(due - DAY, "case", "r-1"), (due + 2 - DAY, "group", group.code), claimed]
    near = CaseDueSoon(at=due - DAY, by="", until_ms=due, users=("root",))
    looked = e.InspectionDueSoon(at=due - DAY, by="", number=2, until_ms=due + 2)
    await store.commit([group.act(looked), case_service.change_set("r-1", near)])
    assert await ledger.next_dates(9) == [claimed, (due, "case", "r-1"), (due + 2, "group", group.code)]
    assert await ledger.count_overdue(due - 1) == {}
    assert await ledger.count_overdue(due + 2) == {"report": 1, "inspection": 1}
    over = CaseOverdue(at=due, by="", until_ms=due)
    await store.commit([case_service.change_set("r-1", over, ClaimReleased(at=due, by="root", user="root"))])
    await store.commit([group.act(e.InspectionOverdue(at=due + 2, by="", number=2, until_ms=due + 2))])
    assert await ledger.next_dates(9) == []
    assert await ledger.count_overdue(due + 2) == {"report": 1, "inspection": 1}, "late until somebody does it"
    assert await ledger.load_case("r-1") == case_service.cases["r-1"]
    assert await ledger.load_group(group.code) == group.state
    late = await ledger.list_cases(CaseFilter(CaseKind.REPORT, True, due_by=due))
    assert [one.number for one in late] == ["r-1"]
    assert await ledger.list_cases(CaseFilter(CaseKind.REPORT, True, due_by=due - 1)) == []


async def test_staff_is_listed_with_its_roles(store: Store, world: World) -> None:
    assert (await staff_now(store.ledger, START)).roles == {}
    granted = RoleGranted(at=START, by="alice", role=PlatformRole.REVIEWER, reason="hired")
    await store.commit([world.change("bob", granted)])
    assert (await staff_now(store.ledger, START)).roles == {"bob": PlatformRole.REVIEWER}


async def test_what_became_of_reports(store: Store, world: World) -> None:
    case_service, now = CaseService(), START + RECORD_MS
    outcomes = (Outcome.UPHELD, Outcome.BAD_FAITH, Outcome.BAD_FAITH, Outcome.DISMISSED)
    for number, outcome in enumerate(outcomes):
        await store.commit([case_service.change_set(f"r-{number}", report(f"r-{number}", at=START + 1 + number))])
        await store.commit([case_service.close(f"r-{number}", outcome)])
    await store.commit([case_service.change_set("r-old", report("r-old", at=START))])
    await store.commit([case_service.close("r-old", Outcome.BAD_FAITH)])
    await store.commit(
        [
            case_service.change_set("r-now", report("r-now", at=now - 5)),
            case_service.change_set("r-a", report("r-a", at=now - DAY)),
        ]
    )
    await store.commit([case_service.change_set("r-else", report("r-else", by="carol", at=now))])
    assert await store.ledger.reporter_record("bob", now) == ReporterRecord(1, now - 5, 1, 1, 2)
    assert await store.ledger.reporter_record("dave", now) == ReporterRecord()


async def test_texts_are_kept_until_their_time_is_over(store: Store, world: World) -> None:
    case_service = CaseService()
    texts = [Upsert("case_texts", {"number": f"r-{n}", "until_ms": START + n, "sealed": f"text {n}"}) for n in (1, 2)]
    await store.commit(
        [
            case_service.change_set("r-1", report("r-1")),
            case_service.change_set("r-2", report("r-2")),
            ChangeSet(rows=texts),
        ]
    )
    assert [await store.ledger.case_text(f"r-{n}") for n in (1, 2, 3)] == ["text 1", "text 2", None]
    await store.commit([ChangeSet(rows=[Remove("case_texts", {}, until_ms=START + 1)])])
    assert [await store.ledger.case_text(f"r-{n}") for n in (1, 2)] == [None, "text 2"]


async def test_texts_of_a_case_that_is_not_final_are_kept(store: Store, world: World) -> None:
    """*They went with their time, though the case was open.*"""
    service, until = CaseService(), START + DAY
    texts = [
        row
        for number in ("r-1", "r-2", "r-3")
        for row in (case_text_row(number, "s", until), case_note_row(number, 2, "root", "note", START, "s", until))
    ]
    appeal = AppealOpened(
        at=START, by="dave", number="a-1", measure="@dave-2", reason="account_suspended", decider="root", due_ms=9
    )
    opened = [service.change_set(number, report(number, user=user)) for number, user in USERS.items()]
    closed = [service.close(number, Outcome.UPHELD, START + DAY) for number in ("r-2", "r-3")]
    await store.commit([*opened, *closed, service.change_set("a-1", appeal), ChangeSet(rows=texts)])

    async def ended(now: int, final_before: int) -> list[str]:
        return sorted(await store.ledger.ended_case_texts(now, final_before, 9))

    assert await ended(until - 1, FOREVER_MS) == []
    assert await ended(until, START + DAY) == [], "nobody can appeal any more only later"
    assert await ended(until, START + DAY + 1) == ["r-2"], "r-1 is open, and who is meant by r-3 has appealed"
    holding = [one.number for one in await store.ledger.holding_cases(START + DAY, "", 9)]
    assert holding == ["a-1", "r-1", "r-3"], "what is held for r-3 is needed for the appeal as well"
    await store.commit([service.close("a-1", Outcome.CONFIRMED)])
    assert await ended(until, START + DAY + 1) == ["r-2", "r-3"]
    assert [one.number for one in await store.ledger.holding_cases(START + DAY, "", 9)] == ["r-1"]
    await store.commit([ChangeSet(rows=remove_ended_case_texts("r-2", until))])
    assert await ended(until, START + DAY + 1) == ["r-3"]
    assert (await store.ledger.case_text("r-2"), await store.ledger.case_notes("r-2")) == (None, [])
    assert await store.ledger.case_text("r-1") == "s"


USERS = {"r-1": "bob", "r-2": "carol", "r-3": "dave"}


async def test_open_warnings_to_groups_are_listed(store: Store, world: World) -> None:
    one, other, closed = sorted((world.group() for _ in range(3)), key=lambda group: group.code)
    await store.commit([group.found() for group in (one, other, closed)])
    warned = e.GroupWarned(at=START, by="root", until_ms=START + DAY, reason="clean up")
    told = e.RectificationTold(at=START + 1, by="alice", number=2, text="done")
    accepted = e.RectificationAccepted(at=START + 1, by="root", number=2, reason="seen")
    await store.commit([one.act(warned, told), other.act(warned), closed.act(warned, accepted)])
    row = WarningRow(f"{one.code}-2", one.code, "Group", "alice", "clean up", START + DAY, START + 1, "done")
    found = await store.ledger.list_warnings()
    assert (found[0], [one.code for one in found]) == (row, [one.code, other.code])
    assert await store.ledger.list_warnings(limit=1) == [row]
    assert await store.ledger.list_warnings(after=one.code) == found[1:]


async def test_what_waits_for_staff_is_counted(store: Store, world: World) -> None:
    empty = await store.ledger.backlog(START, START, START)
    assert empty == Backlog(
        **dict.fromkeys(
            ("reports", "appeals", "mediations", "outcomes", "warnings", "mended", "identities", "held", "closings"),
            Waiting(),
        ),
        sizes=0,
    )
    case_service = CaseService()
    appeal = AppealOpened(
        at=START, by="bob", number="a-@bob-2", measure="@bob-2", reason="account_closing", decider="root", due_ms=9
    )
    await store.commit(
        [
            case_service.change_set("r-1", report("r-1")),
            case_service.change_set("r-2", report("r-2", at=START + DAY)),
            case_service.change_set("a-@bob-2", appeal),
            case_service.change_set("r-3", report("r-3")),
            case_service.close("r-3", Outcome.UPHELD),
            world.change("bob", AccountClosing(at=START, by="root", until_ms=START + 1, reason="r")),
            world.change("carol", AccountClosing(at=START, by="root", until_ms=START + 1, reason="r")),
            world.change("dave", IdentityAsked(at=START, by="dave", identity=Identity.PERSON)),
            world.change("alice", RoleGranted(at=START, by="root", role=PlatformRole.SUPERADMIN, reason="r")),
        ]
    )
    one, other = world.group(), world.group()
    await store.commit([one.found(), other.found()])
    warned = e.GroupWarned(at=START, by="root", until_ms=START + DAY, reason="clean up")
    told = e.RectificationTold(at=START + 1, by="alice", number=2, text="done")
    asked = e.LimitAsked(at=START, by="alice", limit=500, grade="large")
    await store.commit([one.act(warned, told), other.act(warned, asked)])
    now = START + DAY + 1
    assert await store.ledger.backlog(now, now, START) == Backlog(
        reports=Waiting(2, 1, START + DAY),
        appeals=Waiting(1, 1, 9),
        mediations=Waiting(),
        outcomes=Waiting(1, 1, START + 1),
        warnings=Waiting(1, 1, START + DAY),
        mended=Waiting(1, 0, START + 1),
        identities=Waiting(1, 0, START),
        held=Waiting(),
        closings=Waiting(1, 1, START + 1),
        sizes=1,
    )
    figures = await store.ledger.case_figures(START + DAY)
    counted = CaseFigure(CaseKind.REPORT, "fraud", None, START + DAY, START + 2 * DAY, 0)
    assert counted in figures
    assert len(figures) == 3, "what was decided before does not count"
