"""Groups: found, look up, join, leave, list."""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING

from folkmoot_governance import GroupState, Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.events import MemberJoined
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import check_group_name, check_topic
from folkmoot_protocol.results import Empty, GroupResult, GroupsResult, JoinResult, MembersResult, Result
from folkmoot_protocol.types import Group, JoinMode, JoinState, Member, Role

from ..actions.groups.govern import Act
from ..common.codes import free_code
from ..common.i18n import N_
from ..delivery.session import Session
from ..live.accounts import Account
from ..live.rooms import Room

if TYPE_CHECKING:
    from ..node import Node

NO_SUCH_GROUP = Refusal(ErrorCode.NO_SUCH_GROUP, N_("There is no group with this code."))
NOT_A_MEMBER = Refusal(ErrorCode.NOT_A_MEMBER, N_("You are not a member of this group."))
NO_SUCH_ENTRY = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such entry in this group."))
MEMBERS_PAGE = 100


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
    node.governor.queue(act)


async def create_group(node: "Node", session: Session, request: rq.CreateGroup) -> Refusal | None:
    """Found a group (G8.2, G8.3)."""
    try:
        name, topic = check_group_name(request.name), check_topic(request.topic or "")
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    category = request.category or node.default_category
    command = c.CreateGroup(await free_code(node), name, category, topic, request.join_mode or JoinMode.OPEN)
    act = found(node, session, command)
    if isinstance(act, Refusal):
        return act
    queue_act(node, session, request.id, act, lambda stored: GroupResult(view_of(node, session, stored)))
    return None


def found(node: "Node", session: Session, command: c.CreateGroup) -> Act | Refusal:
    """Decide on founding a group."""
    assert session.account is not None
    return node.governor.create(command, session.account)


def view_of(node: "Node", session: Session, act: Act) -> Group:
    """Return the group of an act as the one who asked sees it, and hears it from the `last_seq` in it on."""
    room, account = act.room, session.account
    # The news that the membership began may find the room being read again; the promise is given now.
    if account is not None and session in account.sessions and account.user in room.state.members:
        node.hub.subscribe(room, session)
    return room.view(node.clock.now_ms(), account)


def list_groups(node: "Node", session: Session, request: rq.ListGroups) -> GroupsResult:
    """Return one's own groups."""
    now = node.clock.now_ms()
    rooms = sorted(session.rooms, key=lambda room: room.state.code)
    return GroupsResult(tuple(room.view(now, session.account) for room in rooms))


async def get_group(node: "Node", session: Session, request: rq.GetGroup) -> GroupResult | Refusal:
    """Return a group: all of it to a member, the public part to anyone."""
    room = await find_room(node, request.group)
    if isinstance(room, Refusal):
        return room
    return GroupResult(room.view(node.clock.now_ms(), session.account))


def check_tries(node: "Node", room: Room, user: str, answer: str | None) -> Refusal | None:
    """Refuse an account that tries too many answers or invite codes at the door of one group."""
    state = room.state
    if not answer or not (state.invite_codes or state.join_mode is JoinMode.QUESTION):
        return None
    wait = node.tally.take_try(user, state.code)
    text, rule = N_("Too many tries: wait {wait}."), "policy.groups.tries_per_hour"
    return Refusal(ErrorCode.RATE_LIMITED, text, {"retry_after_ms": wait, "rule": rule}) if wait else None


async def join_group(node: "Node", session: Session, request: rq.JoinGroup) -> Refusal | None:
    """Join, or ask to (G8.3)."""
    room = await find_room(node, request.group)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    refusal = check_tries(node, room, session.account.user, request.answer)
    if refusal:
        return refusal
    act = node.governor.act(room, c.JoinGroup(request.answer or ""), session.account)
    if isinstance(act, Refusal):
        return act

    def result(stored: Act) -> JoinResult:
        if any(isinstance(event, MemberJoined) for event in stored.events):
            return JoinResult(JoinState.MEMBER, view_of(node, session, stored))
        return JoinResult(JoinState.PENDING)

    queue_act(node, session, request.id, act, result)
    return None


async def leave_group(node: "Node", session: Session, request: rq.LeaveGroup) -> Refusal | None:
    """Leave, or withdraw a request to join."""
    room = await find_room(node, request.group)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    act = node.governor.act(room, c.LeaveGroup(), session.account)
    if isinstance(act, Refusal):
        return act
    queue_act(node, session, request.id, act, lambda stored: Empty())
    return None


async def list_members(node: "Node", session: Session, request: rq.ListMembers) -> MembersResult | Refusal:
    """Return a page of members by user name. Mutes and permissions are shown to those who moderate, and of oneself."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    limit = request.limit or MEMBERS_PAGE
    # From storage, which has them in order: going through all of a large group here would hold up everybody.
    names = await node.store.ledger.list_members(room.state.code, request.after or "", limit + 1)
    if session.user not in room.state.members:
        return NOT_A_MEMBER
    assert session.account is not None
    now = node.clock.now_ms()
    page = [
        member_view(room.state, user, name or user, session.account, now)
        for user, name in islice(names.items(), limit)
        if user in room.state.members
    ]
    return MembersResult(tuple(page), len(names) > limit)


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
