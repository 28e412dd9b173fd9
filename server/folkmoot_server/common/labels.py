"""Values as people read them, where a text has one: `approval` is `an admin lets you in`, in the reader's language.

What one has to type stays as it is typed: lists of choices, usage lines and `data` have the values themselves.
"""

import re
from collections.abc import Callable

from folkmoot_governance import Permission
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.text import N_
from folkmoot_protocol.types import CommentPolicy, GroupStatus, Identity, JoinMode, LinkRule, PlatformRole, Role

JOIN_MODES: dict[str, str] = {
    JoinMode.OPEN: N_("open to everyone"),
    JoinMode.APPROVAL: N_("after approval by an admin"),
    JoinMode.QUESTION: N_("by answering a question"),
    JoinMode.INVITE: N_("by invitation"),
    JoinMode.CLOSED: N_("closed to newcomers"),
}
STANDINGS: dict[str, str] = {
    GroupStatus.ACTIVE: N_("in good standing"),
    GroupStatus.WARNED: N_("warned by the platform"),
    GroupStatus.SUSPENDED: N_("suspended by the platform"),
    GroupStatus.CLOSED: N_("closed"),
}
IDENTITIES: dict[str, str] = {
    Identity.NONE: N_("not verified"),
    Identity.MOBILE: N_("mobile number"),
    Identity.PERSON: N_("person"),
    Identity.ORGANISATION: N_("organisation"),
}
ROLES: dict[str, str] = {
    Role.OWNER: N_("owner"),
    Role.ADMIN: N_("admin"),
    Role.MEMBER: N_("member"),
    PlatformRole.VIEWER: N_("viewer"),
    PlatformRole.REVIEWER: N_("reviewer"),
    PlatformRole.MODERATOR: N_("moderator"),
    PlatformRole.SAFETY_OFFICER: N_("safety officer"),
    PlatformRole.SUPERADMIN: N_("superadmin"),
    PlatformRole.INSPECTOR: N_("inspector"),
}
PERMISSIONS: dict[str, str] = {
    Permission.DELETE: N_("delete"),
    Permission.KICK: N_("kick"),
    Permission.BAN: N_("ban"),
    Permission.MUTE: N_("mute"),
    Permission.WARN: N_("warn"),
    Permission.LOCK: N_("lock"),
    Permission.SLOW: N_("slow"),
    Permission.PIN: N_("pin"),
    Permission.JOINS: N_("joins"),
    Permission.INVITE: N_("invite"),
    Permission.TOPIC: N_("topic"),
    Permission.PUBLISH: N_("publish"),
    Permission.COMMENTS: N_("comments"),
    Permission.BOTS: N_("bots"),
    "none": N_("none"),
}
LINKS: dict[str, str] = {
    LinkRule.ON: N_("any links"),
    LinkRule.NOMEDIA: N_("links, but none to media"),
    LinkRule.OFF: N_("no links"),
}
COMMENTING: dict[str, str] = {
    CommentPolicy.OPEN: N_("for everybody"),
    CommentPolicy.FOLLOWERS: N_("for followers"),
    CommentPolicy.APPROVAL: N_("after an editor has looked"),
    CommentPolicy.CLOSED: N_("closed"),
}
VERDICTS: dict[str, str] = {
    Action.ALLOW: N_("allow"),
    Action.FLAG: N_("flag"),
    Action.HOLD: N_("hold"),
    Action.REFUSE: N_("refuse"),
}
SEVERITIES: dict[str, str] = {
    Severity.LOW: N_("low"),
    Severity.MEDIUM: N_("medium"),
    Severity.HIGH: N_("high"),
}
CATEGORIES = {"general": N_("general")}
GRADES = {"standard": N_("standard"), "large": N_("large"), "great": N_("great")}
LEVELS = {"standard": N_("standard"), "limited": N_("limited"), "poor": N_("poor")}
"""Those that come along; the operator's own have the names that the operator gave them."""

SHOWN = {"on": N_("on"), "off": N_("off")}

LABELS: dict[str, dict[str, str]] = {
    "join_mode": JOIN_MODES,
    "mode": JOIN_MODES,
    "state": STANDINGS,
    "identity": IDENTITIES,
    "role": ROLES,
    "needed": ROLES | IDENTITIES,
    "permission": PERMISSIONS,
    "permissions": PERMISSIONS,
    "links": LINKS,
    "comments": COMMENTING,
    "verdict": VERDICTS,
    "severity": SEVERITIES,
    "category": CATEGORIES,
    "grade": GRADES,
    "level": LEVELS,
    "shown": SHOWN,
}
"""Placeholder → its values, each with how it is said."""


PLACES: dict[str, str] = {
    "duration": N_("<duration>"),
    "reason": N_("<reason>"),
    "text": N_("<text>"),
    "user": N_("<user>"),
    "seq": N_("<seq>"),
    "number": N_("<number>"),
    "count": N_("<count>"),
    "uses": N_("<uses>"),
    "since": N_("<since>"),
    "handle": N_("<handle>"),
    "category": N_("<category>"),
    "case": N_("<case>"),
    "id": N_("<id>"),
    "steps": N_("<steps>"),
    "permissions": N_("<permissions>"),
    "permission": N_("<permission>"),
}
"""What stands for something else in a usage line, wherever it stands there."""

LONE_PLACES: dict[str, str] = {
    "command": N_("<command>"),
    "name": N_("<name>"),
    "role": N_("<role>"),
    "code": N_("<code>"),
    "answer": N_("<answer>"),
    "question": N_("<question>"),
    "what": N_("<what>"),
    "kind": N_("<kind>"),
    "emoji": N_("<emoji>"),
    "word": N_("<word>"),
    "members": N_("<members>"),
}
"""The same, where it has brackets or dots of its own: some of these are words that one types, too."""

_PLACE = re.compile(
    rf"(?<=[<\[ |@±])({'|'.join(PLACES)})(?=[>\] |…]|$)|(?<=[<\[])({'|'.join(LONE_PLACES)})(?=[>\]])|"
    rf"({'|'.join(LONE_PLACES)})(?=…)"
)


def say_usage(usage: str, translate: Callable[[str], str]) -> str:
    """Return a usage line with what stands for something else in the reader's language: `/mute [@用户] [时长]`."""
    head, _, rest = usage.partition(" ")
    said = _PLACE.sub(lambda found: translate((PLACES | LONE_PLACES)[found[0]])[1:-1], f" {rest}")
    return f"{head}{said}" if rest else head


def say_value(field: str, value: object, translate: Callable[[str], str]) -> str | None:
    """Return how the value of a placeholder is said; None where it is said as it stands."""
    if field == "usage" and isinstance(value, str):
        return say_usage(value, translate)
    known = LABELS.get(field)
    if known is None or not isinstance(value, str):
        return None
    if value in known:
        return translate(known[value])
    words = value.split()
    return (
        translate(N_(", ")).join(translate(known[word]) for word in words)
        if words and known.keys() >= set(words)
        else None
    )
