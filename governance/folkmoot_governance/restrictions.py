"""What the platform can take from an account or a group for a time, and why: the words in which measures are kept.

A restriction that takes the place of another is listed after it, and the last one of a measure counts: so one that is
overturned leaves what was before, and one that ends takes those before along.
"""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from .duration import FOREVER_MS


class Subject(StrEnum):
    """What a measure of the platform is against."""

    ACCOUNT = "account"
    GROUP = "group"
    ENTRY = "entry"
    TEXT = "text"


class Measure(StrEnum):
    """What the platform does, as staff names it. The ledger has these words: they never change."""

    WARN = "warn"
    MUTE = "mute"
    JOIN = "join"
    CREATE = "create"
    MANAGE = "manage"
    CREDIT = "credit"
    REMOVE = "remove"
    UNNAME = "unname"
    UNVERIFY = "unverify"
    SIZE = "size"
    SUSPEND = "suspend"
    CLOSE = "close"
    BLACKLIST = "blacklist"
    STAFF = "staff"
    PUBLISH = "publish"
    COMMENTS = "comments"
    REPOSTS = "reposts"
    FOLLOWS = "follows"
    REFUTE = "refute"
    REVOKE = "revoke"


class Power(StrEnum):
    """What a measure can take."""

    POST = "post"
    JOIN = "join"
    CREATE = "create"
    MANAGE = "manage"
    SIGN_IN = "sign_in"
    REGISTER = "register"
    WORK = "work"
    PUBLISH = "publish"
    COMMENT = "comment"
    REPOST = "repost"
    FOLLOW = "follow"


class Grounds(Struct, frozen=True, omit_defaults=True):
    """What a measure rests on besides its reason.

    `rule` is one of the operator's reasons for reports, `law` the law that is broken where that is so, `code` and `seq`
    the entry that it is about, and `ts` (Unix ms) when that was written. Empty and 0: not named.
    """

    rule: str = ""
    law: str = ""
    code: str = ""
    seq: int = 0
    ts: int = 0

    def shown(self) -> dict[str, object]:
        """Return what people are told of it."""
        entry = f"{self.code}:{self.seq}" if self.seq else ""
        told = {"rule": self.rule, "law": self.law, "entry": entry}
        return {name: value for name, value in told.items() if value}


NO_GROUNDS = Grounds()


class Basis(Struct, frozen=True):
    """What a measure comes from: grounds, the report that brought it, and, where two decide on it, who proposed it
    under which number. Each is empty where there is none."""

    grounds: Grounds = NO_GROUNDS
    report: str = ""
    proposed_by: str = ""
    proposal: str = ""

    def fields(self) -> dict[str, Any]:
        """Return it as the fields of an event."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


NO_BASIS = Basis()


SCOPES = (Power.CREATE, Power.MANAGE, Power.JOIN, Power.POST, Power.REGISTER)
"""What the blacklist can bar."""


class Restriction(Struct, frozen=True, omit_defaults=True):
    """A measure until `until_ms`; `case` is the number of the act that took it.

    Of the blacklist, `scopes` are what it bars, and `entry` the name under which the blind index of the identity was
    noted with it, empty where none was.
    """

    measure: Measure
    case: str
    until_ms: int
    reason: str
    scopes: tuple[Power, ...] = ()
    entry: str = ""

    def bars(self, power: Power) -> bool:
        """Say whether it stops a power that its row stops."""
        return not self.scopes or power in self.scopes


Held = tuple[Restriction, ...]
"""The restrictions of an account or a group, the latest last."""


def combined(*several: Held) -> Held:
    """Return what holds against somebody who has several accounts: of each what counts there, what ends last behind."""
    if not any(several):
        return ()
    latest = [one for held in several for one in {one.measure: one for one in held}.values()]
    return tuple(sorted(latest, key=lambda one: one.until_ms)) if len(latest) > 1 else tuple(latest)


def of_person(held: Held) -> Held:
    """Return what holds of the person behind an account, with each of their accounts: a role is that of one alone."""
    return without(held, Measure.STAFF)


def in_force(held: Held, measure: Measure, now: int) -> Restriction | None:
    """Return the restriction of a measure that holds at `now` (Unix ms)."""
    latest = next((one for one in reversed(held) if one.measure is measure), None)
    return latest if latest is not None and latest.until_ms > now else None


def without(held: Held, measure: Measure) -> Held:
    """Return what is left when a measure ends."""
    return tuple(one for one in held if one.measure is not measure)


def without_act(held: Held, case: str) -> Held:
    """Return what is left when an act is void: what it took the place of holds again, as far as it is not over."""
    return tuple(one for one in held if one.case != case)


def is_back(held: Held, case: str, now: int) -> bool:
    """Say whether an earlier restriction holds again when the act `case`, which is in force, is void."""
    act = next(one for one in held if one.case == case)
    return in_force(without_act(held, case), act.measure, now) is not None


def of_act(held: Held, case: str, now: int) -> Restriction | None:
    """Return the restriction that an act took, if it is in force at `now`."""
    return next((one for one in held if one.case == case and in_force(held, one.measure, now) is one), None)


def ended(held: Held, now: int) -> list[Measure]:
    """Return the measures whose end has come."""
    return [measure for measure in dict.fromkeys(one.measure for one in held) if in_force(held, measure, now) is None]


def next_end(held: Held) -> int:
    """Return when the next of them ends, 0 where none does."""
    latest = {one.measure: one.until_ms for one in held}
    return min((until for until in latest.values() if until < FOREVER_MS), default=0)
