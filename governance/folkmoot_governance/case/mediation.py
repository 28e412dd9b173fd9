"""Mediation of a dispute between two accounts (P14): what a command does to such a case.

One party opens it against another. A mediator is who of the operator's staff takes it on, or whom both parties name.
Anybody of the three proposes; a proposal that both parties accept ends it, agreed, and either of them, or the mediator,
ends it otherwise. It changes no measure. What is said is for these three alone: no event has any of it.
"""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..permissions import may_on_platform
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .state import (
    CaseClosed,
    CaseEvent,
    CaseState,
    MediationOpened,
    MediationSaid,
    MediatorNamed,
    Outcome,
    ProposalAccepted,
    ProposalMade,
)

Decision = list[CaseEvent] | Refusal

MOST_OPEN = 5
"""So many mediations may one account have opened that are not over."""


def open_mediation(state: None, command: c.OpenMediation, actor: Actor, now: int, policy: Policy) -> Decision:
    """Ask another account for a mediation. That the two have to do with each other is for the shell to know."""
    if command.user == actor.user:
        return Refusal(ErrorCode.FORBIDDEN, N_("You cannot do this to yourself."))
    if command.open_now >= MOST_OPEN:
        text = N_("You have as many open mediations as you may, {current} of {limit}: end one first.")
        detail: dict[str, object] = {"current": command.open_now, "limit": MOST_OPEN, "help": "/mediate"}
        return Refusal(ErrorCode.CONFLICT, text, detail)
    due = now + policy.cases.appeal_answer_ms
    number, code = command.number, command.code
    return [MediationOpened(at=now, by=actor.user, number=number, user=command.user, code=code, due_ms=due)]


def say(state: CaseState, command: c.SayInMediation, actor: Actor, now: int, policy: Policy) -> Decision:
    return _check_inside(state, actor) or [MediationSaid(at=now, by=actor.user)]


def propose(state: CaseState, command: c.Propose, actor: Actor, now: int, policy: Policy) -> Decision:
    """Propose how to settle it, in place of an earlier proposal; who proposes as a party has accepted it by that."""
    return _check_inside(state, actor) or [ProposalMade(at=now, by=actor.user, number=state.proposal + 1)]


def accept(state: CaseState, command: c.AcceptProposal, actor: Actor, now: int, policy: Policy) -> Decision:
    """Accept the proposal that stands; when both parties have, it is agreed."""
    refusal = _check_inside(state, actor)
    if refusal:
        return refusal
    if actor.user not in state.parties:
        text = N_("Only the two parties of mediation {case} can accept a proposal.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    if not state.proposal:
        return Refusal(ErrorCode.CONFLICT, N_("Nothing is proposed yet."), {"help": f"/mediate {state.number} propose"})
    if actor.user == state.accepted:
        return []
    accepted: list[CaseEvent] = [ProposalAccepted(at=now, by=actor.user, number=state.proposal)]
    if not state.accepted:
        return accepted
    return [*accepted, CaseClosed(at=now, by=actor.user, outcome=Outcome.AGREED, reason="")]


def end(state: CaseState, command: c.EndMediation, actor: Actor, now: int, policy: Policy) -> Decision:
    refusal = _check_inside(state, actor)
    return refusal or [CaseClosed(at=now, by=actor.user, outcome=Outcome.ENDED, reason=command.reason)]


def name_mediator(state: CaseState, command: c.NameMediator, actor: Actor, now: int, policy: Policy) -> Decision:
    """Name somebody as a party, who is the mediator once the other party names them too; or take it on, as staff."""
    refusal = _check_open(state)
    if refusal:
        return refusal
    if command.user in state.parties:
        text = N_("A party of mediation {case} cannot be its mediator.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    if state.mediator:
        text = N_("Mediation {case} has a mediator already: @{user}.")
        return Refusal(ErrorCode.CONFLICT, text, {"case": state.number, "user": state.mediator})
    if actor.user in state.parties:
        is_agreed = state.named == command.user and state.named_by != actor.user
        return [MediatorNamed(at=now, by=actor.user, user=command.user, is_mediator=is_agreed)]
    if actor.user != command.user or not may_on_platform(actor.platform, "review_case"):
        return Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."), {"act": "review_case"})
    return [MediatorNamed(at=now, by=actor.user, user=command.user, is_mediator=True)]


def _check_open(state: CaseState) -> Refusal | None:
    if state.is_open:
        return None
    text = N_("Case {case} is decided already: {outcome}.")
    assert state.outcome is not None
    return Refusal(ErrorCode.CONFLICT, text, {"case": state.number, "outcome": state.outcome.value})


def _check_inside(state: CaseState, actor: Actor) -> Refusal | None:
    """Refuse whoever is neither a party nor the mediator, and what comes when it is over."""
    if not is_inside(state, actor.user):
        return Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/mediate"})
    return _check_open(state)


def is_inside(state: CaseState, user: str) -> bool:
    """Say whether somebody may hear what is said: the two parties and the mediator, nobody else."""
    return user in state.parties or (user != "" and user == state.mediator)


MEDIATION: dict[type[c.CaseCommand], Callable[[Any, Any, Actor, int, Policy], Decision]] = {
    c.OpenMediation: open_mediation,
    c.SayInMediation: say,
    c.Propose: propose,
    c.AcceptProposal: accept,
    c.EndMediation: end,
    c.NameMediator: name_mediator,
}
