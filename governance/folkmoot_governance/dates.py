"""Dates by which somebody owes an answer or an act, and what is told a day before and when they are over.

A report and an appeal are to be answered, a warned group is to mend something, staff is to look at what it mended, and
who has claimed a case is to decide it. All of these are a `Date`: what is to be told of one is a function of it and the
time (`stage_due`), and how far that was told is part of the state, so it is told once whoever asks, and how often.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import IntEnum, StrEnum
from hashlib import sha256

from msgspec import Struct

from folkmoot_protocol.types import GroupStatus

from .actor import PlatformRole
from .case.state import CaseKind, CaseState
from .duration import DAY_MS, show_duration
from .group.state import GroupState
from .permissions import may_on_platform

LEAD_MS = DAY_MS
"""How long before a date who owes it is told; at once, where there is less time than that."""

SUSPEND_MS = 7 * DAY_MS
"""The suspension that is proposed for a group that has not mended in time what it was warned of."""


class Stage(IntEnum):
    """How far a date was told."""

    UNTOLD = 0
    NEAR = 1
    OVER = 2


class DateKind(StrEnum):
    """What is owed."""

    REPORT = "report"
    APPEAL = "appeal"
    APPLICATION = "application"
    CLAIM = "claim"
    RECTIFICATION = "rectification"
    INSPECTION = "inspection"


class Date(Struct, frozen=True):
    """Until when something is owed (Unix ms), and how far that was told."""

    kind: DateKind
    due_ms: int
    told: int


KINDS = (CaseKind.REPORT, CaseKind.APPEAL, CaseKind.APPLICATION)
"""Cases that are to be answered."""

REMINDED = 3
"""So many of those who may deal with a matter are reminded of it: were it all, each would leave it to the others, and
many matters would be as many notices to everybody."""

DUTY = {
    DateKind.REPORT: "review_case",
    DateKind.APPEAL: "review_appeal",
    DateKind.APPLICATION: "review_application",
    DateKind.RECTIFICATION: "warn_group",
    DateKind.INSPECTION: "warn_group",
}
"""The act (of `permissions.PLATFORM_RULES`) by which staff deals with what is owed."""


def stage_due(date: Date, now: int) -> Stage | None:
    """Return what is to be told of a date at `now` (Unix ms), None where that was told or it is too early."""
    stage = Stage.OVER if date.due_ms <= now else Stage.NEAR if date.due_ms - LEAD_MS <= now else Stage.UNTOLD
    return stage if stage > date.told else None


def dates_of_case(case: CaseState) -> list[Date]:
    """Return the dates of a case that nobody has decided; mediations and proposed measures have none that
    anybody is told of here."""
    if not case.is_open or case.kind not in KINDS:
        return []
    dates = [Date(DateKind(case.kind), case.due_ms, case.date_told)]
    if case.claimed_by:
        dates.append(Date(DateKind.CLAIM, case.claim_until_ms, case.claim_told))
    return dates


def date_of_group(state: GroupState) -> Date | None:
    """Return the date of the platform's warning that is open: until when its owner is to mend what it names, and once
    that was said to be done, until when staff is to look; None where nothing is open, or no date was set."""
    if not state.rectify_case:
        return None
    if not state.rectified_ms:
        return Date(DateKind.RECTIFICATION, state.rectify_until_ms, state.date_told)
    if not state.inspect_until_ms:
        return None
    return Date(DateKind.INSPECTION, state.inspect_until_ms, state.date_told)


def is_overdue(case: CaseState, now: int) -> bool:
    """Say whether a case should have been answered by `now` (Unix ms)."""
    return case.is_open and case.kind in KINDS and case.due_ms <= now


def entitled(staff: Mapping[str, PlatformRole], act: str, but: Collection[str] = ()) -> tuple[str, ...]:
    """Return who of the operator's staff may do an act, but for those who are barred."""
    return tuple(sorted(user for user, role in staff.items() if may_on_platform(role, act) and user not in but))


def first_to(names: Sequence[str], on_duty: Collection[str]) -> tuple[str, ...]:
    """Return who is told before the others: those on duty; where none of them is, all."""
    return tuple(user for user in names if user in on_duty) or tuple(names)


def few_of(names: Collection[str], matter: str) -> tuple[str, ...]:
    """Return whom of many a matter falls to, the same ones whenever it is asked: matters are shared out evenly."""
    return tuple(sorted(sorted(names, key=lambda name: sha256(f"{matter} {name}".encode()).digest())[:REMINDED]))


def officers_of(staff: Mapping[str, PlatformRole], on_duty: Collection[str] = ()) -> tuple[str, ...]:
    """Return the safety officers, who hear of all that is late, or those of them on duty; where there is none, the
    administrators."""
    for duty in (PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN):
        found = tuple(sorted(user for user, role in staff.items() if role is duty))
        if found:
            return first_to(found, on_duty)
    return ()


def once(*names: Iterable[str]) -> tuple[str, ...]:
    """Return names in their order, each once."""
    return tuple(dict.fromkeys(name for some in names for name in some))


def step_for_case(case: CaseState) -> str:
    """Return what to do about a case that is late, as behind `folkmoot admin`: somebody takes it."""
    return f"{'case' if case.kind is CaseKind.REPORT else case.kind.value} claim {case.number}"


def step_for_group(state: GroupState, kind: DateKind, now: int) -> str:
    """Return the next step of the ladder for a group, as behind `folkmoot admin`: nobody takes it but staff."""
    if kind is DateKind.INSPECTION:
        return f"sanction close {state.code}"
    if state.standing(now) is GroupStatus.SUSPENDED:
        return f"group close {state.code}"
    return f"group suspend {state.code} --for {show_duration(SUSPEND_MS)}"
