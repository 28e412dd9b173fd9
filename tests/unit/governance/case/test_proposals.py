"""Measures that two of staff decide on: proposed by one, confirmed by another in time."""

import msgspec
import pytest

from folkmoot_governance import SERVICE, Actor, PlatformRole, Policy, Refusal
from folkmoot_governance.account_commands import AccountMeasureCommand
from folkmoot_governance.case import commands as c
from folkmoot_governance.case.decide import check_confirmer, check_reviewer, decide_case
from folkmoot_governance.case.state import AnyCaseEvent, CaseKind, CaseState, Outcome, Terms, apply_case, opened
from folkmoot_governance.case.terms import account_command, group_command
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.group.commands_base import MeasureCommand
from folkmoot_governance.measures import MEASURES, Row
from folkmoot_governance.personal_notices import told_of_case
from folkmoot_governance.restrictions import Basis, Grounds, Measure, Subject
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, code_of, tell_refusal

POLICY = Policy(four_eyes=frozenset({"account_mute"}), proposal_ms=DAY_MS)
SUE, TOM = (Actor(user, platform=PlatformRole.MODERATOR) for user in ("sue", "tom"))
VIC = Actor("vic", platform=PlatformRole.VIEWER)
TERMS = Terms(Subject.ACCOUNT, Measure.MUTE, "spam", user="mia", duration_ms=HOUR_MS, grounds=Grounds("spam"))


def ask(state: CaseState | None, command: c.CaseCommand, actor: Actor, now: int = NOW) -> object:
    decision = decide_case(state, command, actor, now, POLICY)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return decision
    return list(decision)


def proposed() -> CaseState:
    (event,) = ask(None, c.ProposeMeasure("p-1", TERMS), SUE)  # type: ignore[misc]
    assert msgspec.json.decode(msgspec.json.encode(event), type=AnyCaseEvent) == event
    return opened(event)


def test_a_proposal_has_its_terms_and_its_time() -> None:
    state = proposed()
    assert (state.kind, state.reason, state.user, state.by) == (CaseKind.MEASURE, "account_mute", "mia", "sue")
    assert (state.due_ms, state.terms, state.is_settled) == (NOW + DAY_MS, TERMS, False)
    assert code_of(ask(None, c.ProposeMeasure("p-1", TERMS), VIC)) == ErrorCode.FORBIDDEN


def test_another_confirms_it_in_time() -> None:
    state = proposed()
    for actor, now, code in (
        (SUE, NOW, ErrorCode.FORBIDDEN),
        (TOM, NOW, None),
        (TOM, NOW + DAY_MS - 1, None),
        (TOM, NOW + DAY_MS, ErrorCode.CONFLICT),
    ):
        refusal = check_confirmer(state, actor, now)
        assert code_of(refusal) == code
        if refusal is not None:
            tell_refusal(refusal)
    (event,) = ask(state, c.CloseMeasure(Outcome.TAKEN, "@mia-2"), TOM)  # type: ignore[misc]
    assert [one.kind for one in told_of_case(state, event, POLICY)] == ["measure_taken"]
    apply_case(state, event)
    assert (state.outcome, state.answer, state.is_settled) == (Outcome.TAKEN, "@mia-2", True)
    assert code_of(check_confirmer(state, TOM, NOW)) == ErrorCode.CONFLICT


def test_it_is_turned_down_or_taken_back_and_lapses_by_itself() -> None:
    state = proposed()
    for actor, told in ((SUE, []), (TOM, ["measure_refused"])):
        (event,) = ask(state, c.CloseMeasure(Outcome.REFUSED, "no"), actor)  # type: ignore[misc]
        assert [one.kind for one in told_of_case(state, event, POLICY)] == told
    assert code_of(ask(state, c.CloseMeasure(Outcome.REFUSED, "no"), VIC)) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.CloseMeasure(Outcome.LAPSED), TOM)) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.CloseMeasure(Outcome.UPHELD), TOM)) == ErrorCode.BAD_REQUEST
    assert ask(state, c.CloseMeasure(Outcome.LAPSED), SERVICE, NOW + DAY_MS - 1) == []
    (event,) = ask(state, c.CloseMeasure(Outcome.LAPSED), SERVICE, NOW + DAY_MS)  # type: ignore[misc]
    assert [one.kind for one in told_of_case(state, event, POLICY)] == ["measure_lapsed"]


def test_neither_of_the_two_decides_on_the_appeal() -> None:
    measure = c.Measured("@mia-2", "account_restricted", "mia", "tom", NOW, proposer="sue")
    (event,) = ask(None, c.OpenAppeal(measure), Actor("mia"))  # type: ignore[misc]
    state = opened(event)
    judges = {one: Actor(one, platform=PlatformRole.SUPERADMIN) for one in ("sue", "tom", "rea")}
    refused = {one for one, actor in judges.items() if check_reviewer(state, frozenset(), actor, NOW)}
    assert refused == {"sue", "tom"}


@pytest.mark.parametrize("row", [row for row in MEASURES if row.four_eyes], ids=lambda row: row.name)
def test_terms_become_the_command_of_their_row(row: Row) -> None:
    terms = Terms(row.subject, row.measure, "r", duration_ms=HOUR_MS, score=7, replaces=True)
    basis = Basis(proposed_by="sue", proposal="p-1")
    command: AccountMeasureCommand | MeasureCommand
    if row.subject is Subject.ACCOUNT:
        command = account_command(terms, basis)
    else:
        command = group_command(terms, basis)
    assert command.basis == basis
    fields = {name: getattr(command, name) for name in command.__struct_fields__ if name != "basis"}
    known = {
        "duration_ms": HOUR_MS,
        "reason": "r",
        "score": 7,
        "replaces": True,
        "measure": row.measure,
        "scopes": (),
        "entry": "",
    }
    assert fields == {name: known[name] for name in fields}
