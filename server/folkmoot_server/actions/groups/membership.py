"""Finding a group, founding it, coming in, and how it and its members are shown."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from folkmoot_governance import GroupState, Refusal
from folkmoot_governance.group import commands as c
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import Result
from folkmoot_protocol.types import Group, JoinMode, Member, Role

from ...common.i18n import N_
from ...delivery.session import Session
from ...live.accounts import Account
from ...live.rooms import Room
from .govern import Act

if TYPE_CHECKING:
    from ...node import Node

import secrets
from typing import TYPE_CHECKING

from folkmoot_protocol.group_code import FIRST_NUMBER, LAST_NUMBER, make_group_code

if TYPE_CHECKING:
    from ...node import Node


async def free_code(node: "Node") -> str:
    """Return a random group code that no group has or ever had (G8.2)."""
    while True:
        code = make_group_code(FIRST_NUMBER + secrets.randbelow(LAST_NUMBER - FIRST_NUMBER + 1))
        if await node.rooms.load(code) is None:
            return code


NO_SUCH_GROUP = Refusal(ErrorCode.NO_SUCH_GROUP, N_("There is no group with this code."))


NOT_A_MEMBER = Refusal(ErrorCode.NOT_A_MEMBER, N_("You are not a member of this group."))


NO_SUCH_ENTRY = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such entry in this group."))


async def find_room(node: "Node", text: str) -> Room | Refusal:
    """Return the room of a group code in either spelling."""
    code = parse_group_code(text)
    room = await node.rooms.load(code) if code else None
    return room or NO_SUCH_GROUP


async def enter_room(node: "Node", session: Session, text: str) -> Room | Refusal:
    """As `find_room`, for members only."""
    room = await find_room(node, text)
    if isinstance(room, Room) and session.user not in room.state.members:
        return NOT_A_MEMBER
    return room


def queue_act(node: "Node", session: Session, re: int, act: Act, result: Callable[[Act], Result]) -> None:
    """Queue an act whose answer is made by `result` when it is stored, before the group hears of it."""
    session.begin()

    def done(stored: Act) -> None:
        session.finish()
        session.reply(re, result(stored))

    def fail(refusal: Refusal) -> None:
        session.finish()
        session.refuse(re, refusal)

    act.on_done, act.on_fail = done, fail
    node.group_service.queue(act)


def found(node: "Node", session: Session, command: c.CreateGroup) -> Act | Refusal:
    """Decide on founding a group."""
    assert session.account is not None
    return node.group_service.create(command, session.account)


def view_of(node: "Node", session: Session, act: Act) -> Group:
    """Return the group of an act as the one who asked sees it, and hears it from the `last_seq` in it on."""
    room, account = act.room, session.account
    # The news that the membership began may find the room being read again; the promise is given now.
    if account is not None and session in account.sessions and account.user in room.state.members:
        node.hub.subscribe(room, session)
    return room.view(node.clock.now_ms(), account)


def check_tries(node: "Node", room: Room, user: str, answer: str | None) -> Refusal | None:
    """Refuse an account that tries too many answers or invite codes at the door of one group."""
    state = room.state
    if not answer or not (state.invite_codes or state.join_mode is JoinMode.QUESTION):
        return None
    wait = node.shared_limits.take_try(user, state.code)
    text, rule = N_("Too many tries: wait {wait}."), "policy.groups.tries_per_hour"
    return Refusal(ErrorCode.RATE_LIMITED, text, {"retry_after_ms": wait, "rule": rule}) if wait else None


def member_view(state: GroupState, user: str, display_name: str, reader: Account, now: int) -> Member:
    """Return a member as `reader` sees it."""
    member = state.members[user]
    privileged = user == reader.user or state.role_of(reader.user) in (Role.OWNER, Role.ADMIN)
    mute = state.mute_of(user, now) if privileged else None
    return Member(
        user=user,
        display_name=display_name,
        role=member.role,
        tags=tuple(state.tags_of(user)),
        joined_ts=member.joined_ts,
        muted_until_ms=mute.until_ms if mute else None,
        permissions=tuple(sorted(member.permissions)) if member.role is Role.ADMIN and privileged else None,
    )
