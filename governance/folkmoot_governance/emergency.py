"""The emergency switch (G5): the operator stops something for a time, everywhere, in a category, or in a group.

What stands still is a `Halt`. Each is in force until its end, or until staff ends it before; several can be in force at
once. The operator's staff goes on as before, and so do reports, appeals, and whatever else is no text in a group, no
joining, and no founding. An emergency belongs to no group: it is on record in the stream of the account of staff that
did it, and stands in a table of its own.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .account_events import EmergencyEnded, EmergencyStarted
from .actor import Actor, Emergencies, Emergency
from .duration import end_of
from .permissions import may_on_platform
from .refusal import Refusal
from .restrictions import Power
from .text import N_

ACT = "declare_emergency"
MAX_IN_FORCE = 50
HELP = {"help": "emergency start --help"}
CATEGORY = "category:"
PLATFORM = "platform"


class Halt(StrEnum):
    """What stands still, or goes slowly. The ledger has these words: they never change."""

    READ_ONLY = "read_only"
    SLOW = "slow"
    JOINS = "joins"
    CREATION = "creation"
    REGISTRATION = "registration"


STOPS = {Halt.READ_ONLY: Power.POST, Halt.JOINS: Power.JOIN, Halt.CREATION: Power.CREATE}
"""The power that a halt takes from everybody but the operator's staff."""

ANYWHERE = ("",)
WHERE = {
    Halt.READ_ONLY: ANYWHERE,
    Halt.SLOW: ANYWHERE,
    Halt.JOINS: ANYWHERE,
    Halt.CREATION: (PLATFORM, CATEGORY),
    Halt.REGISTRATION: (PLATFORM,),
}
"""What the scope of a halt begins with."""

REFUSED = {
    Halt.READ_ONLY: N_("There is an emergency: nobody can post here {until}."),
    Halt.SLOW: N_("There is an emergency, and everybody has to post slowly: wait {wait}."),
    Halt.JOINS: N_("There is an emergency: nobody can join {until}."),
    Halt.CREATION: N_("There is an emergency: nobody can create groups {until}."),
    Halt.REGISTRATION: N_("There is an emergency: nobody can register {until}."),
}
"""What who is stopped is told."""


class StartEmergency(Struct, frozen=True):
    """Stop something. `scope` is `PLATFORM`, `CATEGORY` and its name, or a group's code; `slow_ms`: for `Halt.SLOW`,
    how long one waits between two posts. `announcement` is told to whom it concerns, empty for nothing."""

    number: str
    scope: str
    halt: Halt
    duration_ms: int
    reason: str
    slow_ms: int = 0
    announcement: str = ""


class EndEmergency(Struct, frozen=True):
    """Let it go on again, before the time is over."""

    number: str
    reason: str


EmergencyCommand = StartEmergency | EndEmergency
EmergencyEvent = EmergencyStarted | EmergencyEnded


def decide_emergency(
    held: Emergencies, command: EmergencyCommand, actor: Actor, now: int
) -> Sequence[EmergencyEvent] | Refusal:
    """Return the events that `command` causes in the stream of `actor`, or why it is refused; `held` are those that
    staff has not ended."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    known = {one.number: one for one in held if one.until_ms > now}
    if isinstance(command, EndEmergency):
        if command.number not in known:
            text = N_("No emergency {number} is in force.")
            detail: dict[str, object] = {"number": command.number, "help": "emergency list"}
            return Refusal(ErrorCode.NO_SUCH_ENTRY, text, detail)
        return [EmergencyEnded(at=now, by=actor.user, number=command.number, reason=command.reason)]
    return _check_start(known.values(), command) or [
        EmergencyStarted(
            at=now,
            by=actor.user,
            number=command.number,
            scope=command.scope,
            halt=command.halt.value,
            until_ms=end_of(now, command.duration_ms),
            slow_ms=command.slow_ms,
            reason=command.reason,
            announcement=command.announcement,
        )
    ]


def _check_start(in_force: Collection[Emergency], command: StartEmergency) -> Refusal | None:
    if bool(command.slow_ms) is not (command.halt is Halt.SLOW):
        text = N_("A time between two posts goes with `slow`, and with nothing else.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "every", **HELP})
    if not command.scope.startswith(WHERE[command.halt]):
        text = N_("This can be stopped only on the whole platform; the creation of groups also in a category.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "what", **HELP})
    for one in in_force:
        if (one.scope, one.halt) == (command.scope, command.halt):
            text = N_("This is stopped already, {until}: {number}. End that first.")
            detail = {"number": one.number, "until_ms": one.until_ms, "rule": "in_force", "help": "emergency end"}
            return Refusal(ErrorCode.CONFLICT, text, detail)
    if len(in_force) >= MAX_IN_FORCE:
        text = N_("{limit} emergencies are in force, which is the most allowed.")
        return Refusal(ErrorCode.CONFLICT, text, {"limit": MAX_IN_FORCE, "help": "emergency list"})
    return None


def covers(emergency: Emergency, code: str, category: str) -> bool:
    """Say whether an emergency concerns a group with a code and a category, or what is in none (both empty)."""
    return emergency.scope in (PLATFORM, code or PLATFORM, f"{CATEGORY}{category}")


def find_halt(held: Emergencies, halt: Halt, now: int, code: str = "", category: str = "") -> Emergency | None:
    """Return the emergency by which something stands still at `now` (Unix ms); of several the last to end."""
    found = [one for one in held if one.halt == halt and one.until_ms > now and covers(one, code, category)]
    return max(found, key=lambda one: one.until_ms, default=None)


def check_halt(held: Emergencies, halt: Halt, now: int, code: str = "", category: str = "") -> Refusal | None:
    """Refuse what stands still."""
    one = find_halt(held, halt, now, code, category)
    return refusal_of(one, halt) if one is not None else None


def check_emergency(held: Emergencies, power: Power, now: int, code: str = "", category: str = "") -> Refusal | None:
    """Refuse what takes a power that nobody has now."""
    for halt, stopped in STOPS.items() if held else ():
        if stopped is power:
            return check_halt(held, halt, now, code, category)
    return None


def check_slowed(held: Emergencies, now: int, last_post_ms: int, code: str, category: str) -> Refusal | None:
    """Refuse a post that comes too soon after the one at `last_post_ms` (Unix ms, 0 for none)."""
    slowest = max(
        (one.slow_ms for one in held if one.halt == Halt.SLOW and one.until_ms > now and covers(one, code, category)),
        default=0,
    )
    wait = last_post_ms + slowest - now
    if not slowest or wait <= 0:
        return None
    one = find_halt(held, Halt.SLOW, now, code, category)
    assert one is not None, "one of them slows"
    refusal = refusal_of(one, Halt.SLOW)
    return Refusal(ErrorCode.SLOW_MODE, refusal.text, {**refusal.detail, "retry_after_ms": wait, "slow_ms": slowest})


def refusal_of(emergency: Emergency, halt: Halt) -> Refusal:
    """Return what who is stopped is told."""
    detail: dict[str, object] = {
        "until_ms": emergency.until_ms,
        "reason": emergency.reason,
        "number": emergency.number,
        "rule": "emergency",
        "help": "/report",
    }
    return Refusal(ErrorCode.EMERGENCY, REFUSED[halt], detail)


def started(event: EmergencyStarted) -> Emergency:
    """Return what an event has put into force."""
    return Emergency(
        event.number, event.scope, event.halt, event.until_ms, event.reason, event.at, event.by, event.slow_ms
    )
