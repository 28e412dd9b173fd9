"""Legal hold (G13): what is kept beyond its month because a case needs it, and until when.

An open case holds what it names by itself, until it is final. Staff holds more by hand, for a case and until a time.
Whatever is held is kept exactly; the rest of its month goes when that is due.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from folkmoot_protocol.errors import ErrorCode

from .actor import Actor
from .case.rules import CaseRules
from .case.state import CaseKind, CaseState
from .duration import DAY_MS, FOREVER_MS
from .permissions import may_on_platform
from .refusal import Refusal
from .store_acts import HoldBegun, HoldEnded, StoreEvent
from .text import N_

ACT = "hold_entries"

LOOK_BACK_MS = 30 * DAY_MS
"""From how long before it was opened a case that names no entry holds what its group or its people wrote."""


class Hold(Struct, frozen=True):
    """What is kept for a case until `until_ms` (Unix ms): entries of the group `code`, by one of `users`, written from
    `since_ms` until before `till_ms`; what is empty is not asked. With `seq`, that entry and its edits alone."""

    number: str
    case: str
    until_ms: int
    code: str = ""
    users: tuple[str, ...] = ()
    seq: int = 0
    since_ms: int = 0
    till_ms: int = FOREVER_MS
    reason: str = ""

    def overlaps(self, begin: int, end: int) -> bool:
        """Say whether it may hold something that was written from `begin` until before `end`."""
        return self.since_ms < end and begin < self.till_ms


def joined(holds: Sequence[Hold]) -> Hold:
    """Return a hold of all that several name which are of one group, or of none; it may name more than they do."""
    users = {user for hold in holds for user in hold.users} if all(hold.users for hold in holds) else set[str]()
    since, till = min(hold.since_ms for hold in holds), max(hold.till_ms for hold in holds)
    return replace(holds[0], users=tuple(sorted(users)), since_ms=since, till_ms=till)


def appeal_term(rules: CaseRules) -> int:
    """Return how long after a decision somebody may still appeal against what it brought, in ms."""
    return max(rules.appeal_ms, rules.platform_appeal_ms)


def held_until(case: CaseState, rules: CaseRules, *, is_appealed: bool = False) -> int:
    """Return until when (Unix ms) a case holds what it names: until it is final, nobody being able to appeal any more,
    and no appeal being open."""
    return FOREVER_MS if case.is_open or is_appealed else case.closed_ts + appeal_term(rules)


def hold_of(case: CaseState, rules: CaseRules, *, is_appealed: bool = False) -> Hold | None:
    """Return what a case holds by itself, None where it names nothing."""
    hold = Hold(case.number, case.number, held_until(case, rules, is_appealed=is_appealed), code=case.code)
    if case.seq:
        return replace(hold, seq=case.seq)
    users = tuple(user for user in _named(case) if user)
    if not users and not case.code:
        return None
    till = FOREVER_MS if case.is_open else case.closed_ts
    return replace(hold, users=users, since_ms=case.opened_ts - LOOK_BACK_MS, till_ms=till)


def _named(case: CaseState) -> Sequence[str]:
    """Return whose entries a case is about; of a report about a group, and of a measure against one, everybody's."""
    if case.kind is CaseKind.MEDIATION:
        return case.parties
    of_group = case.kind is CaseKind.REPORT and case.code and not case.of_account
    return () if of_group else (case.user,)


class BeginHold(Struct, frozen=True):
    """Hold something by hand, as `Hold` says, for a time from now."""

    number: str
    case: str
    reason: str
    duration_ms: int
    code: str = ""
    user: str = ""
    since_ms: int = 0
    till_ms: int = FOREVER_MS


class EndHold(Struct, frozen=True):
    """End a hold of staff before its time."""

    number: str
    reason: str


HoldCommand = BeginHold | EndHold


def holds_of(events: Iterable[StoreEvent]) -> dict[str, Hold]:
    """Return the holds that staff has begun and not ended, by number; their time may be over."""
    holds: dict[str, Hold] = {}
    for event in events:
        if isinstance(event, HoldBegun):
            users = (event.user,) if event.user else ()
            span = {"since_ms": event.since_ms, "till_ms": event.till_ms}
            holds[event.number] = Hold(
                event.number, event.case, event.until_ms, event.code, users, reason=event.reason, **span
            )
        elif isinstance(event, HoldEnded):
            holds.pop(event.number, None)
    return holds


def in_force(holds: Iterable[Hold], now: int) -> list[Hold]:
    """Return the holds whose time is not over."""
    return [hold for hold in holds if now < hold.until_ms]


def decide_on_hold(
    holds: Iterable[Hold], command: HoldCommand, actor: Actor, now: int
) -> Sequence[HoldBegun | HoldEnded] | Refusal:
    """Return the events that `command` causes, or why it is refused; `holds` are those of staff."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    if isinstance(command, BeginHold):
        return _begin(command, actor, now)
    if command.number not in {hold.number for hold in in_force(holds, now)}:
        text = N_("There is no hold {number} by staff in force.")
        return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"number": command.number[:64], "help": "hold list"})
    return [HoldEnded(at=now, by=actor.user, number=command.number, reason=command.reason)]


def _begin(command: BeginHold, actor: Actor, now: int) -> Sequence[HoldBegun] | Refusal:
    if not command.code and not command.user:
        return Refusal(ErrorCode.BAD_REQUEST, N_("Name a group, an account, or both."), {"field": "group"})
    if command.since_ms >= command.till_ms:
        text = N_("It would begin after it ends: --since must go back further.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "since"})
    return [
        HoldBegun(
            at=now,
            by=actor.user,
            number=command.number,
            case=command.case,
            reason=command.reason,
            until_ms=min(FOREVER_MS, now + command.duration_ms),
            code=command.code,
            user=command.user,
            since_ms=command.since_ms,
            till_ms=command.till_ms,
        )
    ]
