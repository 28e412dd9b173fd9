"""Mediation: who is inside, who leads it, what ends it, and who is told (P14)."""

from typing import Any

import pytest

from folkmoot_governance import Actor, PlatformRole, Policy, Refusal
from folkmoot_governance.case import commands as c
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.mediation import MEDIATION, MOST_OPEN, is_inside
from folkmoot_governance.case.state import CaseState, Outcome, apply_case, opened, replay_case
from folkmoot_governance.personal_notices import told_of_case
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, code_of, tell_refusal

POLICY = Policy()
MIA, ADAM, MAX = Actor("mia"), Actor("adam"), Actor("max")
STAFF = Actor("rea", platform=PlatformRole.REVIEWER)


class Dispute:
    """A mediation between mia, who asked for it, and adam."""

    def __init__(self) -> None:
        (first,) = self.decide(None, c.OpenMediation("m-1", "adam"), MIA)
        self.events = [first]
        self.state = opened(first)

    def decide(self, state: CaseState | None, command: c.CaseCommand, actor: Actor) -> list[Any]:
        decision = decide_case(state, command, actor, NOW, POLICY)
        assert not isinstance(decision, Refusal), decision
        return list(decision)

    def do(self, command: c.CaseCommand, actor: Actor) -> list[set[str]]:
        """Carry a command out; return who is told of each event."""
        told = []
        for event in self.decide(self.state, command, actor):
            told.append({one.user for one in told_of_case(self.state, event, POLICY)})
            apply_case(self.state, event)
            self.events.append(event)
        assert replay_case(self.events) == self.state
        return told

    def refuses(self, command: c.CaseCommand, actor: Actor) -> ErrorCode | None:
        decision = decide_case(self.state, command, actor, NOW, POLICY)
        if isinstance(decision, Refusal):
            tell_refusal(decision)
        return code_of(decision)


def test_who_is_asked_is_told_and_nobody_asks_oneself_or_too_many() -> None:
    dispute = Dispute()
    assert [one.user for one in told_of_case(dispute.state, dispute.events[0], POLICY)] == ["adam"]
    assert dispute.state.due_ms == NOW + POLICY.cases.appeal_answer_ms
    for command in (c.OpenMediation("m-2", "mia"), c.OpenMediation("m-2", "adam", open_now=MOST_OPEN)):
        refusal = decide_case(None, command, MIA, NOW, POLICY)
        assert isinstance(refusal, Refusal)
        tell_refusal(refusal)


def test_both_parties_accept_the_proposal_that_stands_and_it_is_over() -> None:
    dispute = Dispute()
    assert dispute.refuses(c.AcceptProposal(), MIA) == ErrorCode.CONFLICT
    assert dispute.do(c.Propose(), MIA) == [{"adam"}]
    assert (dispute.state.proposal, dispute.state.accepted) == (1, "mia")
    assert dispute.do(c.AcceptProposal(), MIA) == [], "who proposes has accepted"
    assert dispute.do(c.Propose(), ADAM) == [{"mia"}]
    assert (dispute.state.proposal, dispute.state.accepted) == (2, "adam"), "a new one stands in its place"
    assert dispute.do(c.AcceptProposal(), MIA) == [{"adam"}, {"adam"}]
    assert (dispute.state.outcome, dispute.state.is_settled) == (Outcome.AGREED, True)
    for command in (c.SayInMediation(), c.Propose(), c.AcceptProposal(), c.EndMediation(), c.NameMediator("max")):
        assert dispute.refuses(command, MIA) == ErrorCode.CONFLICT


def test_what_a_mediator_proposes_both_have_to_accept() -> None:
    dispute = Dispute()
    assert dispute.do(c.NameMediator("rea"), STAFF) == [{"mia", "adam"}]
    assert dispute.do(c.Propose(), Actor("rea")) == [{"mia", "adam"}]
    assert dispute.state.accepted == ""
    assert dispute.refuses(c.AcceptProposal(), Actor("rea")) == ErrorCode.FORBIDDEN
    assert dispute.do(c.AcceptProposal(), ADAM) == [{"mia", "rea"}]
    assert dispute.state.is_open
    dispute.do(c.AcceptProposal(), MIA)
    assert dispute.state.outcome is Outcome.AGREED


def test_a_mediator_is_whom_both_name_or_staff_that_is_no_party() -> None:
    dispute = Dispute()
    assert dispute.refuses(c.NameMediator("max"), MAX) == ErrorCode.FORBIDDEN
    assert dispute.refuses(c.NameMediator("max"), STAFF) == ErrorCode.FORBIDDEN, "staff takes it on, or does not"
    assert dispute.refuses(c.NameMediator("adam"), MIA) == ErrorCode.FORBIDDEN
    assert dispute.refuses(c.NameMediator("rea"), Actor("rea", platform=PlatformRole.VIEWER)) == ErrorCode.FORBIDDEN
    assert dispute.do(c.NameMediator("max"), MIA) == [{"adam"}]
    dispute.do(c.NameMediator("max"), MIA)
    assert dispute.state.mediator == "", "one's own wish twice is one wish"
    dispute.do(c.NameMediator("zoe"), ADAM)
    assert (dispute.state.named, dispute.state.mediator) == ("zoe", "")
    assert dispute.do(c.NameMediator("zoe"), MIA) == [{"adam", "zoe"}]
    assert dispute.state.mediator == "zoe"
    assert dispute.refuses(c.NameMediator("rea"), STAFF) == ErrorCode.CONFLICT


def test_nobody_but_those_inside_hears_of_it_staff_included() -> None:
    dispute = Dispute()
    for outsider in (MAX, STAFF, Actor("sue", platform=PlatformRole.SUPERADMIN), Actor("")):
        assert not is_inside(dispute.state, outsider.user)
        for command in (c.SayInMediation(), c.Propose(), c.AcceptProposal(), c.EndMediation(), c.ReadCase()):
            assert dispute.refuses(command, outsider) == ErrorCode.NO_SUCH_ENTRY, (outsider, command)
    assert dispute.refuses(c.CloseReport(Outcome.UPHELD, "r"), STAFF) == ErrorCode.BAD_REQUEST
    assert dispute.refuses(c.DecideAppeal(Outcome.OVERTURNED, "r"), STAFF) == ErrorCode.BAD_REQUEST


@pytest.mark.parametrize("who", [MIA, ADAM])
def test_either_party_ends_it(who: Actor) -> None:
    dispute = Dispute()
    other = {"mia", "adam"} - {who.user}
    assert dispute.do(c.SayInMediation(), who) == [other]
    assert dispute.do(c.EndMediation("no use"), who) == [other]
    assert (dispute.state.outcome, dispute.state.answer) == (Outcome.ENDED, "no use")


def test_no_command_of_mediation_changes_a_measure() -> None:
    assert not {c.DecideAppeal, c.CloseReport, c.SettleCase} & MEDIATION.keys()
