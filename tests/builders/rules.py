"""A small group, an account, and short words for asking things of them, for all tests."""

from fnmatch import fnmatchcase
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from folkmoot_governance import (
    ALL_PERMISSIONS,
    AccountState,
    Actor,
    GroupState,
    Permission,
    Policy,
    Refusal,
    apply,
    decide,
    replay,
    replay_account,
)
from folkmoot_governance.account import AccountEvent, AccountRegistered
from folkmoot_governance.credentials import Credential, CredentialKind
from folkmoot_governance.credit import CreditRules, Level, Quota
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.notices import event_fields, text_of
from folkmoot_governance.refusal import ENDS, TIMED, explained
from folkmoot_governance.restrictions import NO_GROUNDS
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, JoinMode, Role
from tests.builders.refusals import REFUSALS

NOW = 1_800_000_000_000
SOON = NOW + 60_000
POLICY = Policy(categories=frozenset({"general", "music"}), agreement="2026-1")

T = TypeVar("T", bound=msgspec.Struct)

ALL = tuple(sorted(ALL_PERMISSIONS))


def caps(**quota: int) -> CreditRules:
    """Return rules of credit with one level, which may have so much."""
    return CreditRules(levels=(Level(quota=Quota(**quota)),))


def channel_opened(**fields: object) -> e.ChannelOpened:
    """Return the opening of a person's channel."""
    of_group = structs.asdict(group_created(name="A channel", join_mode=JoinMode.INVITE, member_limit=100))
    return e.ChannelOpened(**{**of_group, "form": ChannelForm.PERSONAL, "handle": "olga", **fields})


def group_created(**fields: object) -> e.GroupCreated:
    """Return the founding of a group that anyone can join."""
    return e.GroupCreated(
        **{
            "at": NOW - 10_000,
            "by": "olga",
            "code": "482190673352",
            "name": "Moot",
            "category": "general",
            "topic": "",
            "join_mode": JoinMode.OPEN,
            "member_limit": 500,
            **fields,
        }
    )


def account_registered(user: str = "mia", at: int = NOW, **fields: object) -> AccountRegistered:
    """Return the registration of an account that accepts the agreement in force."""
    return AccountRegistered(at=at, by=user, user=user, **{"agreement": POLICY.agreement, **fields})


def make_account(*later: AccountEvent, user: str = "mia", **fields: object) -> AccountState:
    """Return an account, changed by `later`."""
    return replay_account([account_registered(user, **fields), *later])


def make_group(*later: e.Event, permissions: tuple[Permission, ...] = ALL, **founding: object) -> GroupState:
    """Return a group of olga (owner), adam (admin) and mia and max (members), then changed by `later`."""
    created = group_created(**founding)
    joined = [e.MemberJoined(at=NOW - 9_000, by=one, user=one, via="open") for one in ("adam", "mia", "max")]
    promoted = e.MemberPromoted(at=NOW - 8_000, by="olga", user="adam", permissions=permissions)
    return replay([created, *joined, promoted, *later])


def ask(
    state: GroupState, command: c.Command, by: str, now: int = NOW, policy: Policy = POLICY, **actor: object
) -> list[e.Event] | Refusal:
    """Decide `command`; a refusal must be tellable, events tell who and why, and the state is left as it was."""
    before = msgspec.msgpack.encode(state)
    command = with_reason(command)
    decision = decide(state, command, Actor(by, **actor), now, policy)
    assert msgspec.msgpack.encode(state) == before, "a decision changed the state"
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return decision
    for event in decision:
        check_told(event, command, by, now)
    return list(decision)


def with_reason(command: T) -> T:
    """Return a command that gives a reason, if it is one that can."""
    reason = getattr(command, "reason", None)
    return command if reason is None else msgspec.structs.replace(command, reason=reason or "a reason")


def check_told(event: Any, command: object, by: str, now: int) -> None:
    """Fail unless an event says when it was, who did it if it was not the service, and the reason that was given."""
    assert event.at == now
    assert event.by in (by, "") or not by, event
    assert not hasattr(event, "reason") or event.reason == getattr(command, "reason", event.reason), event


def do(
    state: GroupState, command: c.Command, by: str, now: int = NOW, policy: Policy = POLICY, **actor: object
) -> list[e.Event]:
    """Decide `command`, which must not be refused, and apply what it causes."""
    events = ask(state, command, by, now, policy, **actor)
    assert not isinstance(events, Refusal), events
    for event in events:
        apply(state, event)
        tell_event(event)
    return events


def code_of(decision: object) -> ErrorCode | None:
    """Return the code of a refusal, None where the answer was yes."""
    return decision.code if isinstance(decision, Refusal) else None


def readable(fields: dict[str, object]) -> dict[str, object]:
    """Return `fields` as the shell offers them to a text: what ends in `_ms` in a form for people, too."""
    shown = {name.removesuffix("_ms"): f"<{value}>" for name, value in fields.items() if name.endswith("_ms")}
    users = fields.get("users")
    if isinstance(users, tuple):
        shown["names"] = " ".join(f"@{user}" for user in users)
    if "retry_after" in shown:
        shown["wait"] = shown.pop("retry_after")
    return {**fields, **shown}


def tell_refusal(refusal: Refusal) -> str:
    """Return what a person reads. A KeyError here is a placeholder that nothing fills.

    Besides, every refusal says which rule it is by, and what helps or when it ends, as `refusals.py` has it.
    """
    detail = explained(refusal)
    listed = REFUSALS[refusal.text]
    assert refusal.code == listed.code
    assert any(fnmatchcase(str(detail["rule"]), one) for one in listed.rule.split("|")), detail
    assert any(fnmatchcase(str(detail.get("help", "")), one) for one in listed.help.split("|")), detail
    assert set(listed.fields.split()) <= detail.keys()
    assert detail["rule"]
    assert detail.get("help") or any(end in detail for end in ENDS), refusal
    if refusal.code in TIMED:
        assert any(end in detail for end in ENDS), refusal
    return refusal.text.format(**readable(refusal.detail))


def tell_event(event: e.Event) -> str:
    """Return the sentence that tells of `event`."""
    return text_of(event).format(**readable(event_fields(event)))


def any_event(kind: type[e.Event]) -> e.Event:
    """Return an event of a kind that says nothing."""
    empty: dict[str, object] = {
        "at": 0,
        "until_ms": 0,
        "users": (),
        "permissions": (),
        "answers": (),
        "grounds": NO_GROUNDS,
        "credential": Credential(CredentialKind.LABEL, "", 0, ""),
        "credentials": (),
    }
    return kind(**{name: empty.get(name, "") for name in kind.__struct_fields__})


def roles(state: GroupState) -> dict[str, Role]:
    return {user: member.role for user, member in state.members.items()}
