"""Who takes a case out, how much of it, and when identities go along (G13, P16, W16)."""

from typing import get_args

import pytest

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance.account_events import AnyAccountEvent
from folkmoot_governance.act_words import ACT_WORDS
from folkmoot_governance.case import commands as c
from folkmoot_governance.case.export import APPROVED_MS, approved_by
from folkmoot_governance.case.sample import drawn, handled
from folkmoot_governance.case.state import (
    AnyCaseEvent,
    BundleMade,
    CaseEvent,
    CaseExported,
    CaseKind,
    CaseRead,
    CaseState,
    ExportApproved,
    MediationOpened,
    Outcome,
    apply_case,
    opened,
)
from folkmoot_governance.group.events import EntriesPurged, EntryDeleted, MeasureOverturned, still_removed
from folkmoot_governance.store_acts import AnyStoreEvent
from tests.builders.rules import NOW
from tests.unit.governance.case.test_reports import OPENED, ask, case, closed

OFFICER = Actor("ott", platform=PlatformRole.SAFETY_OFFICER)
WEEK = c.ExportCase("entry", NOW - 1000, NOW, "order 7")


def approval(by: str, at: int = NOW) -> ExportApproved:
    return ExportApproved(at=at, by=by, reason="order 7")


@pytest.mark.parametrize("role", [None, *PlatformRole])
def test_who_exports(role: PlatformRole | None) -> None:
    may = role in (PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN)
    actor = Actor("ott", platform=role, cases=("r-1",) if role is PlatformRole.INSPECTOR else ())
    for command in (WEEK, c.ApproveExport("order 7"), c.NoteBundle("00", 1, 2, 3)):
        assert isinstance(ask(case(), command, actor), list) is may


def test_what_is_on_record_changes_nothing_else() -> None:
    state = case()
    for command, event in (
        (c.ApproveExport("order 7"), approval("ott")),
        (WEEK, CaseExported(at=NOW, by="ott", scope="entry", since_ms=NOW - 1000, until_ms=NOW, reason="order 7")),
        (c.NoteBundle("00", 1, 2, 3), BundleMade(at=NOW, by="ott", sha256="00", entries=1, events=2, records=3)),
    ):
        assert ask(state, command, OFFICER) == [event]
        apply_case(state, event)
    assert state == CaseState(**{name: getattr(case(), name) for name in case().__struct_fields__} | {"version": 4})


@pytest.mark.parametrize(
    "command",
    [
        c.ExportCase("entry", NOW, NOW, "x"),
        c.ExportCase("entry", NOW - 1, NOW + 1, "x"),
        c.ExportCase("entry", NOW, NOW - 1, "x"),
    ],
)
def test_a_time_that_is_none_is_refused(command: c.ExportCase) -> None:
    refusal = ask(case(), command, OFFICER)
    assert isinstance(refusal, Refusal)
    assert refusal.detail["field"] == "until"


def test_without_a_group_there_is_no_scope_of_one() -> None:
    state = case()
    state.code = ""
    assert isinstance(ask(state, c.ExportCase("group", NOW - 1, NOW, "x"), OFFICER), Refusal)
    assert isinstance(ask(state, c.ExportCase("user", NOW - 1, NOW, "x"), OFFICER), list)


def test_a_mediation_is_not_there() -> None:
    state = opened(MediationOpened(at=NOW, by="mia", number="m-1", user="max", due_ms=NOW + 1))
    assert state.kind is CaseKind.MEDIATION
    for command in (WEEK, c.ApproveExport("order 7")):
        refusal = ask(state, command, OFFICER)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "no_such_entry"


@pytest.mark.parametrize("names", [(), ("ott",), ("ott", "sue"), ("sue", "rea")])
def test_identities_go_along_when_two_have_approved_that(names: tuple[str, ...]) -> None:
    command = c.ExportCase("entry", NOW - 1, NOW, "x", identities=True, approved_by=names)
    decided = ask(case(), command, OFFICER)
    if len(names) < 2:
        assert isinstance(decided, Refusal)
        assert decided.detail["count"] == len(names)
    else:
        assert isinstance(decided, list)
        assert decided[0].approved_by == names


def test_nobody_approves_twice() -> None:
    assert isinstance(ask(case(), c.ApproveExport("x", ("ott",)), OFFICER), Refusal)
    assert isinstance(ask(case(), c.ApproveExport("x", ("sue",)), OFFICER), list)


def test_an_approval_counts_for_a_week_and_for_one_export() -> None:
    export = CaseExported(at=NOW, by="ott", scope="entry", since_ms=0, until_ms=NOW, reason="x")
    with_them = CaseExported(
        at=NOW, by="ott", scope="entry", since_ms=0, until_ms=NOW, reason="x", approved_by=("ott", "sue")
    )
    both: list[CaseEvent] = [OPENED, approval("ott"), CaseRead(at=NOW, by="rea"), approval("sue"), approval("ott")]
    assert approved_by(both, NOW) == ("ott", "sue")
    assert approved_by([*both, export], NOW) == ("ott", "sue")
    assert approved_by([*both, with_them], NOW) == ()
    assert approved_by([*both, with_them, approval("rea")], NOW) == ("rea",)
    assert approved_by([*both, approval("sue", NOW + 1)], NOW + APPROVED_MS) == ("sue",)


def test_a_sample_follows_from_a_word_and_names_nobody() -> None:
    numbers = [f"r-{number}" for number in range(200)]
    assert drawn(numbers, "may", 10) == drawn(reversed(numbers), "may", 10)
    assert set(drawn(numbers, "may", 10)) != set(drawn(numbers, "june", 10))
    assert set(drawn(numbers[:5], "may", 10)) == set(numbers[:5])
    state = closed(Outcome.DISMISSED)
    shown = handled(state, [OPENED, CaseRead(at=NOW + 1, by="rea"), CaseRead(at=NOW + 2, by="sue")])
    assert (shown.outcome, shown.read_ts, shown.readers, shown.late) == ("dismissed", NOW + 1, 2, False)
    assert shown.steps == ("report_opened", "case_read", "case_read")
    assert not {"mia", "max", "rea", "sue"} & {str(value) for value in shown.__struct_fields__ and vars_of(shown)}


def test_what_was_removed_stays_so_until_the_act_is_overturned() -> None:
    deleted = EntryDeleted(at=NOW, by="mia", user="max", seq=7)
    purged = EntriesPurged(at=NOW, by="mia", seqs=(7, 8), count=2)
    overturned = MeasureOverturned(at=NOW, by="", user="max", number=2, kind="deleted", measure="x", restored=(7,))
    assert still_removed([(1, OPENED), (2, deleted)]) == {7}
    assert still_removed([(2, deleted), (3, overturned)]) == set()
    assert still_removed([(2, deleted), (3, purged), (4, overturned)]) == {7, 8}


def vars_of(shown: object) -> list[object]:
    return [getattr(shown, name) for name in type(shown).__struct_fields__]  # type: ignore[attr-defined]  # a struct


def test_everything_that_accounts_and_cases_and_the_store_have_done_has_words() -> None:
    kinds = [*get_args(AnyAccountEvent), *get_args(AnyCaseEvent), *get_args(AnyStoreEvent)]
    assert {kind.__struct_config__.tag for kind in kinds} == set(ACT_WORDS)
