"""What a group's owner and admins should see to before a border bites (G7 to G9): the answer of `/duty`."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from folkmoot_protocol.types import GroupStatus

from .case.state import CaseKind, CaseState
from .classification import Grade, admins_of, closed_border, grade_in_force, most_members, place_of, size_tier
from .group.state import GroupState, case_number
from .policy import Policy
from .text import N_, NN_

NEARLY_FULL = 0.9
"""From which part of a cap on the owner hears of it."""


class Duty(Struct, frozen=True):
    """One thing to see to. `text` is a msgid that `detail` fills; `help` is the slash command that helps, if any."""

    kind: str
    text: str
    detail: dict[str, object]
    help: str = ""


def duties(state: GroupState, now: int, policy: Policy, cases: Sequence[CaseState] = ()) -> list[Duty]:
    """Return what is to be seen to at `now` (Unix ms), the most pressing first.

    `cases` are the open reports on the group's entries, and the open appeals that its owner and admins may decide on.
    """
    grade = grade_in_force(policy.grades, state)
    return [
        *_standing(state, now),
        *_rectification(state, now),
        *_cases(cases),
        *_queue(state, now),
        *_size(state, policy),
        *_admins(state, grade),
        *_door(state, now),
        *_page(state, grade),
    ]


def _standing(state: GroupState, now: int) -> Iterator[Duty]:
    if state.standing(now) is GroupStatus.SUSPENDED:
        text = N_("The platform has suspended this group {until}.")
        yield Duty("suspended", text, {"until_ms": state.status_until_ms})
    if state.heir and state.heir_until_ms > now:
        text = N_("The offer of the group to @{user} is open {until}.")
        yield Duty("transfer", text, {"user": state.heir, "until_ms": state.heir_until_ms}, "/transfer cancel")
    if state.asked_limit:
        text = N_("The platform has yet to say whether the group may grow to {limit} members.")
        yield Duty("review", text, {"limit": state.asked_limit})


def _rectification(state: GroupState, now: int) -> Iterator[Duty]:
    """Tell of a warning of the platform, and whether its time is over (G11.1)."""
    if not state.rectify_case:
        return
    case = case_number(state.code, state.rectify_case)
    detail: dict[str, object] = {"case": case, "reason": state.rectify_reason, "until_ms": state.rectify_until_ms}
    if state.rectified_ms:
        yield Duty("rectify", N_("The platform has yet to look at what you have put right: {reason}"), detail)
    elif state.rectify_until_ms > now:
        text = N_("The platform has warned this group. Time to put this right, {until}: {reason}")
        yield Duty("rectify", text, detail, f"/rectify {case}")
    else:
        text = N_("The time to put this right is over, and the platform may take a measure: {reason}")
        yield Duty("rectify", text, detail, f"/rectify {case}")


def _cases(cases: Sequence[CaseState]) -> Iterator[Duty]:
    texts = {
        CaseKind.APPEAL: NN_(
            "{count} appeal is waiting for one of you; after {due} the platform decides on it.",
            "{count} appeals are waiting for one of you; after {due} the platform decides on the first.",
            "count",
        ),
        CaseKind.REPORT: NN_(
            "{count} report on an entry of this group is open; the platform answers it by {due}.",
            "{count} reports on entries of this group are open; the platform answers the first by {due}.",
            "count",
        ),
    }
    for kind, text in texts.items():
        found = [one.due_ms for one in cases if one.kind is kind]
        if found:
            yield Duty(f"{kind}s", text, {"count": len(found), "due_ts": min(found)}, "/queue")


def _queue(state: GroupState, now: int) -> Iterator[Duty]:
    waiting = [one for one in state.reviews.values() if one.until_ms > now and not one.staff]
    if waiting:
        first = min(one.until_ms for one in waiting)
        text = NN_(
            "{count} post is waiting for review, for {age} so far; if nobody looks at it, it is dropped ({until}).",
            "{count} posts are waiting for review, the oldest for {age}; if nobody looks at "
            "them, the first is dropped ({until}).",
            "count",
        )
        age = now - min(one.ts for one in waiting)
        yield Duty("queue", text, {"count": len(waiting), "age_ms": age, "until_ms": first}, "/queue")


def _size(state: GroupState, policy: Policy) -> Iterator[Duty]:
    """Say what stops the group from growing, and what the next grade brings, before either comes."""
    grades, current = policy.grades, len(state.members)
    limit, border = most_members(grades, state), closed_border(grades, state)
    near = current >= limit * NEARLY_FULL
    if near and border is not None:
        text = N_("Members: {current} of {limit}. To have more, the group needs {needed} admins besides its owner.")
        detail: dict[str, object] = {"current": current, "limit": limit, "needed": border[1].least_admins}
        yield Duty("full", text, detail, "/promote")
    elif near and limit < policy.members_per_group:
        text = N_("Members: {current} of {limit}. Raise the limit, or newcomers are turned away.")
        yield Duty("full", text, {"current": current, "limit": limit}, "/limit")
    elif near:
        text = N_("Members: {current} of {limit}, which is the most a group may have.")
        yield Duty("full", text, {"current": current, "limit": limit})
    here = grades[size_tier(grades, current)]
    above = grades[min(place_of(grades, here.name) + 1, len(grades) - 1)]
    rises = place_of(grades, above.name) > place_of(grades, state.grade)
    if rises and here.up_to_members * NEARLY_FULL <= current and here.up_to_members < limit:
        yield _next_grade(current, here, above)


def _next_grade(current: int, here: Grade, above: Grade) -> Duty:
    detail: dict[str, object] = {"current": current, "border": here.up_to_members, "grade": above.name}
    if above.info_page:
        text = N_(
            "Members: {current}. With more than {border}, the group's grade is {grade} and its info page is public."
        )
        return Duty("next_grade", text, detail)
    return Duty("next_grade", N_("Members: {current}. With more than {border}, the group's grade is {grade}."), detail)


def _admins(state: GroupState, grade: Grade) -> Iterator[Duty]:
    admins = admins_of(state)
    if admins < grade.least_admins:
        text = N_("Groups of grade {grade} need {needed} admins besides their owner; this one has {current}.")
        yield Duty("admins", text, {"grade": grade.name, "needed": grade.least_admins, "current": admins}, "/promote")


def _door(state: GroupState, now: int) -> Iterator[Duty]:
    waiting = [one for one in state.requests.values() if one.until_ms > now]
    if waiting:
        oldest = min(waiting, key=lambda one: one.asked_ts)
        detail: dict[str, object] = {
            "count": len(waiting),
            "age_ms": now - oldest.asked_ts,
            "until_ms": min(one.until_ms for one in waiting),
        }
        text = NN_(
            "{count} request to join is waiting, for {age} so far; if nobody answers it, it lapses ({until}).",
            "{count} requests to join are waiting, the oldest for {age}; if nobody answers "
            "them, the first lapses ({until}).",
            "count",
        )
        yield Duty("requests", text, detail, "/requests")


def _page(state: GroupState, grade: Grade) -> Iterator[Duty]:
    if grade.info_page and not state.rules:
        text = N_("The info page of the group is public and shows no rules of its own.")
        yield Duty("rules", text, {"grade": grade.name}, "/setrules")
