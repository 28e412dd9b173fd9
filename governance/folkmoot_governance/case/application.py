"""Applications: to open a public account, for a badge, a licence, or more accounts than the cap allows (I7, P7, W8).

What is granted is on the record of the channel, stored with the decision. Whoever is turned down may appeal: if that
succeeds the application is open again, and somebody else decides.
"""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..credentials import Scope
from ..measure_checks import check_power
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from ..verification import check_level
from . import commands as c
from .checks import CaseDecision, check_claim, check_kind, check_open, check_own_application, check_service, check_staff
from .events_application import ApplicationOpened, ApplicationReopened, Wish, WishKind
from .state import CaseClosed, CaseKind, CaseState, Outcome

MOST_OPEN = 5
"""So many applications may one account have open."""


def open_application(state: None, command: c.OpenApplication, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Ask for something. That the channel is the actor's own is for the shell to know."""
    refusal = (
        check_power(actor.restrictions, Power.CREATE, now)
        or check_level(actor.identity, actor.verified_ts, policy.to_create_group, now, policy, _unverified)
        or _check_open_now(command.open_now)
        or check_wish(command.wish, policy)
        or check_documents(command.wish.kind, command.documents, policy)
    )
    due = now + policy.cases.application_ms
    number, code = command.number, command.code
    return refusal or [
        ApplicationOpened(at=now, by=actor.user, number=number, wish=command.wish, due_ms=due, code=code)
    ]


def _unverified(policy: Policy) -> Refusal:
    text = N_("A public account needs a verified identity: {needed}.")
    detail: dict[str, object] = {"needed": policy.to_create_group, "rule": "policy.identity.to_create_group"}
    return Refusal(ErrorCode.IDENTITY_REQUIRED, text, {**detail, "help": "/verify"})


def _check_open_now(open_now: int) -> Refusal | None:
    if open_now < MOST_OPEN:
        return None
    text = N_("You have as many open applications as you may, {current} of {limit}: wait for an answer first.")
    return Refusal(ErrorCode.CONFLICT, text, {"current": open_now, "limit": MOST_OPEN, "help": "/cases"})


def check_wish(wish: Wish, policy: Policy) -> Refusal | None:
    """Refuse what nobody can grant: a licence for a category that takes none, more accounts where there is no cap."""
    if wish.kind in (WishKind.BADGE, WishKind.LICENCE) and not wish.name:
        return Refusal(
            ErrorCode.BAD_REQUEST,
            N_("Give the name that the badge is to show, or the licence's number."),
            {"field": "name"},
        )
    if wish.kind is WishKind.LICENCE and (wish.category not in policy.licences or wish.scope not in set(Scope)):
        known = ", ".join(sorted(policy.licences)) or "–"
        text = N_("Name a category that needs a licence, and publish or relay. There are: {known}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"known": known, "rule": "policy.channels.licences"})
    if wish.kind is WishKind.QUOTA and wish.count < 1:
        return Refusal(ErrorCode.BAD_REQUEST, N_("Say how many public accounts you need."), {"field": "count"})
    return None


def check_documents(kind: WishKind, given: frozenset[str], policy: Policy) -> Refusal | None:
    """Refuse an application without all the documents that the operator asks for (W8)."""
    missing = [one for one in policy.documents.get(kind, ()) if one not in given]
    if not missing:
        return None
    text = N_("These documents are missing: {missing}.")
    detail: dict[str, object] = {"missing": missing, "field": "documents", "rule": f"policy.channels.{kind}_documents"}
    return Refusal(ErrorCode.BAD_REQUEST, text, detail)


def decide_application(
    state: CaseState, command: c.DecideApplication, actor: Actor, now: int, policy: Policy
) -> CaseDecision:
    refusal = (
        check_staff(actor, "review_application")
        or check_kind(state, CaseKind.APPLICATION, command.outcome)
        or check_open(state)
        or check_own_application(state, actor)
        or check_editor(state, command.editors, actor)
        or check_claim(state, actor, now)
    )
    return refusal or [CaseClosed(at=now, by=actor.user, outcome=command.outcome, reason=command.reason)]


def check_editor(state: CaseState, editors: frozenset[str], actor: Actor) -> Refusal | None:
    """Refuse who works for the channel that it is about."""
    if actor.user not in editors:
        return None
    text = N_("You are an editor of this channel: somebody else has to decide.")
    return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})


def reopen_application(
    state: CaseState, command: c.ReopenApplication, actor: Actor, now: int, policy: Policy
) -> CaseDecision:
    """Have somebody else decide anew, once."""
    if state.outcome is not Outcome.REJECTED or state.decider:
        return check_service(actor) or []
    due = now + policy.cases.application_ms
    return check_service(actor) or [ApplicationReopened(at=now, by="", due_ms=due, reason=command.reason)]


APPLICATION: dict[type[c.CaseCommand], Callable[[Any, Any, Actor, int, Policy], CaseDecision]] = {
    c.OpenApplication: open_application,
    c.DecideApplication: decide_application,
    c.ReopenApplication: reopen_application,
}
