"""Taking out what concerns a case, for who inspects the service (G13, P16, W16): who may, and when identities go along.

Of which entries, and from when until when, is asked for and on record, with the reason. Identities go along where two
of staff have approved that, each of them once, and for one export. Where the operator wants it so, messages that were
removed are opened likewise.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..duration import DAY_MS
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from .checks import NO_SUCH_CASE, CaseDecision, check_scope, check_staff
from .commands import ApproveExport, CaseCommand, ExportCase, NoteBundle
from .state import BundleMade, CaseEvent, CaseExported, CaseKind, CaseState, ExportApproved

ACT = "export_case"
"""The row of `permissions.PLATFORM_RULES`."""
EXPORTED = (CaseKind.REPORT, CaseKind.APPEAL)
APPROVALS = 2
APPROVED_MS = 7 * DAY_MS
"""How long an approval counts."""


class Scope(StrEnum):
    """Which entries of the case's group go along."""

    ENTRY = "entry"
    """The one that was reported, and those around it."""
    USER = "user"
    """Those of whom the case is about."""
    GROUP = "group"
    """All of them."""


def approved_by(events: Iterable[CaseEvent], now: int) -> tuple[str, ...]:
    """Return who has approved that identities, and what was removed, go along with the next export, of the events of a
    case in order."""
    approved: dict[str, int] = {}
    for event in events:
        match event:
            case ExportApproved(at=at, by=by):
                approved[by] = at
            case CaseExported(approved_by=names) if names:
                approved.clear()
            case _:
                pass
    return tuple(user for user, at in approved.items() if now < at + APPROVED_MS)


def _check_case(state: CaseState, actor: Actor) -> Refusal | None:
    """Refuse who may not export, and what is not exported: of a mediation nobody knows but who is inside."""
    if state.kind not in EXPORTED:
        return NO_SUCH_CASE
    return check_staff(actor, ACT) or check_scope(actor, state.number)


def _approve(state: CaseState, command: ApproveExport, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    refusal = _check_case(state, actor)
    if refusal is None and actor.user in command.approved_by:
        text = N_("You have approved this already: somebody else on the staff has to as well.")
        detail: dict[str, object] = {"case": state.number, "rule": "export.identities", "help": "export approve"}
        refusal = Refusal(ErrorCode.CONFLICT, text, detail)
    return refusal or [ExportApproved(at=now, by=actor.user, reason=command.reason)]


def _export(state: CaseState, command: ExportCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    refusal = _check_case(state, actor)
    if refusal:
        return refusal
    if not command.since_ms < command.until_ms <= now:
        text = N_("The time has to begin before it ends, and to end now at the latest.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "until", "help": "export case --help"})
    if command.scope == Scope.GROUP and not state.code:
        text = N_("Case {case} is not about a group: choose another scope.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"case": state.number, "field": "scope", "help": "case show"})
    if command.identities and len(command.approved_by) < APPROVALS:
        text = N_("Identities are included once two of the staff have approved that; so far: {count}.")
        more = {"count": len(command.approved_by), "rule": "export.identities", "help": "export approve"}
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number, **more})
    return [
        CaseExported(
            at=now,
            by=actor.user,
            scope=Scope(command.scope).value,
            since_ms=command.since_ms,
            until_ms=command.until_ms,
            reason=command.reason,
            approved_by=command.approved_by if command.identities or command.removed else (),
        )
    ]


def _note(state: CaseState, command: NoteBundle, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    made = BundleMade(
        at=now,
        by=actor.user,
        sha256=command.sha256,
        entries=command.entries,
        events=command.events,
        records=command.records,
    )
    return _check_case(state, actor) or [made]


EXPORT: dict[type[CaseCommand], Callable[[Any, Any, Actor, int, Policy], CaseDecision]] = {
    ApproveExport: _approve,
    ExportCase: _export,
    NoteBundle: _note,
}
