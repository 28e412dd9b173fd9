"""Classing and grading of groups (G7): category × size tier × activity tier -> grade, and what a grade asks for.

The operator lists grades from the smallest to the largest. Size, activity and category each name the first grade that
they fit in, and the highest of the three is the group's grade. Of a channel its followers count as well (P7.2, W9). A
grade decides how large the group may get, who may answer for it, whether staff looks at it first, whether its info page
must be public, and how many admins it needs.

A group goes up at the moment it crosses a border, and down only when the daily look finds it below: nobody sees it
flicker.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import exp

from msgspec import Struct

from folkmoot_protocol.types import Identity, Role

from .duration import DAY_MS
from .group.state import GroupState

WINDOW_DAYS = 7
"""Over how many days activity is averaged; older days count less and less."""


class Grade(Struct, frozen=True):
    """One grade, as the operator set it. `up_to_entries_per_day` 0: any activity fits; so with
    `up_to_followers`.

    `categories` are those whose groups have at least this grade. `review`: staff looks at a group before it gets this
    large. `least_admins` counts admins beside the owner.
    """

    name: str = "standard"
    up_to_members: int = 500
    up_to_entries_per_day: int = 0
    up_to_followers: int = 0
    categories: frozenset[str] = frozenset()
    creator_identity: Identity = Identity.NONE
    creator_credit: int = 0
    review: bool = False
    info_page: bool = False
    least_admins: int = 0


Grades = Sequence[Grade]


def size_tier(grades: Grades, members: int) -> int:
    """Return the place of the first grade that so many members fit in, of the last where they fit in none."""
    fitting = (place for place, grade in enumerate(grades) if members <= grade.up_to_members)
    return next(fitting, len(grades) - 1)


def activity_tier(grades: Grades, entries_per_day: int) -> int:
    """As `size_tier`, for the entries that a group gets a day."""
    return _tier([grade.up_to_entries_per_day for grade in grades], entries_per_day)


def followers_tier(grades: Grades, followers: int) -> int:
    """As `size_tier`, for those who follow a channel."""
    return _tier([grade.up_to_followers for grade in grades], followers)


def _tier(bounds: Sequence[int], number: int) -> int:
    fitting = (place for place, bound in enumerate(bounds) if not bound or number <= bound)
    return next(fitting, len(bounds) - 1)


def category_tier(grades: Grades, category: str) -> int:
    """Return the place of the highest grade that names the category, of the lowest where none does."""
    return max((place for place, grade in enumerate(grades) if category in grade.categories), default=0)


def classify(grades: Grades, category: str, members: int, entries_per_day: int, followers: int = 0) -> Grade:
    """Return the grade of a group (G7): the highest that its category, its size or its activity leads to; of a channel
    (P7.2, W9), its followers too."""
    size, activity = size_tier(grades, members), activity_tier(grades, entries_per_day)
    return grades[max(size, activity, category_tier(grades, category), followers_tier(grades, followers))]


def place_of(grades: Grades, name: str) -> int:
    """Return where a grade stands among the others, -1 for a name that the operator has given up."""
    return next((place for place, grade in enumerate(grades) if grade.name == name), -1)


def grade_in_force(grades: Grades, state: GroupState) -> Grade:
    """Return the grade that a group has; what it would get, if the one it has is no more."""
    place = place_of(grades, state.grade)
    if place >= 0:
        return grades[place]
    return classify(grades, state.category, len(state.members), state.entries_per_day)


def grade_for_size(grades: Grades, state: GroupState, members: int) -> Grade:
    """Return the grade that a group has when it has grown to `members`, all else being as it is."""
    return classify(grades, state.category, members, state.entries_per_day)


def admins_of(state: GroupState) -> int:
    """Return how many admins stand beside the owner."""
    return sum(member.role is Role.ADMIN for member in state.members.values())


def closed_border(grades: Grades, state: GroupState) -> tuple[Grade, Grade] | None:
    """Return the grades on both sides of the first border that a group lacks the admins to cross, None if none does.

    The group stops growing there. One that is beyond already, and lost admins since, is not stopped by that border.
    """
    members = len(state.members)
    ahead = [pair for pair in pairwise(grades) if members <= pair[0].up_to_members < state.member_limit]
    if not any(above.least_admins for _below, above in ahead):
        return None
    admins = admins_of(state)
    return next((pair for pair in ahead if admins < pair[1].least_admins), None)


def most_members(grades: Grades, state: GroupState) -> int:
    """Return the cap on members in force (G8.1): the owner's limit, or the border that the group cannot cross."""
    border = closed_border(grades, state)
    return state.member_limit if border is None else border[0].up_to_members


def shows_info_page(grades: Grades, state: GroupState) -> bool:
    """Say whether the info page is public (G8.2): where the grade asks for it the owner's wish does not count."""
    if state.is_pending:
        return False
    return not state.info_hidden_ms or grade_in_force(grades, state).info_page


def average(before: int, entries: int, elapsed_ms: int) -> int:
    """Return the entries a day after `entries` more came in `elapsed_ms`, `before` being the average until then.

    An exponential average: what is kept of a group is one number, and no journal is read. It is rounded down, or a
    group that has fallen silent would never come to 0.
    """
    days = max(elapsed_ms, 1) / DAY_MS
    kept = exp(-days / WINDOW_DAYS)
    return int(before * kept + entries / days * (1 - kept))
