"""Credit of accounts (G7.2): levels by score, what each level may have, and what a score loses and gains.

An account starts with `CreditRules.start` points. A report that was upheld takes points by its severity, an appeal
that succeeded gives them back, and each day in which nothing was taken gives some back until the start is reached. The
level, the highest whose `least` the score has, decides the quotas.
"""

from msgspec import Struct, field

from .content.kinds import Severity
from .duration import DAY_MS

START = 100
"""The points that an account starts with where the operator has not said otherwise."""

MOST = 1_000


class Quota(Struct, frozen=True):
    """What an account of one level may have at the same time, or do; 0 is no limit but for the groups."""

    groups_created: int = 10
    groups_joined: int = 200
    posts_per_minute: int = 0
    invites_per_day: int = 0
    reports_per_day: int = 0


class Level(Struct, frozen=True):
    """A named level, from a score of `least` on."""

    name: str = "standard"
    least: int = 0
    quota: Quota = Quota()


class CreditRules(Struct, frozen=True):
    """What the operator has set. `levels` stand in the order of their least scores; there is at least one."""

    start: int = START
    recover_per_day: int = 1
    levels: tuple[Level, ...] = (Level(),)
    penalties: dict[Severity, int] = field(default_factory=dict)


def level_of(rules: CreditRules, score: int) -> Level:
    """Return the highest level that a score reaches, the lowest where it reaches none."""
    for level in reversed(rules.levels):
        if level.least <= score:
            return level
    return rules.levels[0]


def next_level(rules: CreditRules, score: int) -> Level | None:
    """Return the level above, None at the top."""
    return next((level for level in rules.levels if level.least > score), None)


def penalty(rules: CreditRules, score: int, severity: Severity) -> int:
    """Return the points that an upheld report of a severity takes from a score: it does not fall below 0."""
    return min(rules.penalties.get(severity, 0), score)


def recovery(rules: CreditRules, score: int, since_ms: int, now: int) -> int:
    """Return the points that whole days since `since_ms` give back, up to the start."""
    days = max(0, now - since_ms) // DAY_MS
    return max(0, min(rules.start - score, days * rules.recover_per_day))


def restored(rules: CreditRules, score: int, points: int) -> int:
    """Return the score after points were given back: what has recovered since does not count twice."""
    return max(score, min(score + points, rules.start))
