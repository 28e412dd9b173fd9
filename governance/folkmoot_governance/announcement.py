"""What the operator tells everybody, or the members of a group (G5): it waits in each account's box until it is read.

Who signs in before its end finds it; who registers later has nothing to do with it.
"""

from collections.abc import Collection, Sequence

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .account_events import Announced
from .actor import Actor
from .duration import end_of
from .permissions import may_on_platform
from .personal_notices import PersonalNotice
from .refusal import Refusal
from .text import N_

ACT = "announce"
KIND = "platform_announced"
"""The kind of notice that it is."""


class Announcement(Struct, frozen=True):
    """A text told at `ts`, to who signs in until `until_ms` (Unix ms); `code`: to members of that group alone."""

    number: str
    ts: int
    text: str
    until_ms: int
    by: str = ""
    code: str = ""


class Announce(Struct, frozen=True):
    """Tell it."""

    number: str
    text: str
    duration_ms: int
    code: str = ""


def decide_announcement(command: Announce, actor: Actor, now: int) -> Sequence[Announced] | Refusal:
    """Return the event that `command` causes in the stream of `actor`, or why it is refused."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    until = end_of(now, command.duration_ms)
    return [
        Announced(at=now, by=actor.user, number=command.number, text=command.text, until_ms=until, code=command.code)
    ]


def announcement_of(event: Announced) -> Announcement:
    """Return what an event tells."""
    return Announcement(event.number, event.at, event.text, event.until_ms, event.by, event.code)


def untold(news: Sequence[Announcement], since: int, groups: Collection[str], now: int) -> list[Announcement]:
    """Return what an account with these `groups` is to be told, that has been told all up to `since` (Unix ms)."""
    return [one for one in news if one.ts > since and one.until_ms > now and (not one.code or one.code in groups)]


def notice_of(one: Announcement, user: str) -> PersonalNotice:
    """Return the notice that tells an account of it."""
    return PersonalNotice(user, one.ts, KIND, one.number, one.code, {"text": one.text})
