"""Groups: found, look up, join, leave, list."""

from itertools import islice
from typing import TYPE_CHECKING

from folkmoot_governance import Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.events import MemberJoined
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_group_name, check_topic
from folkmoot_protocol.results import Empty, GroupResult, GroupsResult, JoinResult, MembersResult
from folkmoot_protocol.types import JoinMode, JoinState

from ..actions.groups.govern import Act
from ..actions.groups.membership import (
    NOT_A_MEMBER,
    check_tries,
    enter_room,
    find_room,
    found,
    free_code,
    member_view,
    queue_act,
    view_of,
)
from ..delivery.session import Session

if TYPE_CHECKING:
    from ..node import Node

MEMBERS_PAGE = 100


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


async def join_group(node: "Node", session: Session, request: rq.JoinGroup) -> Refusal | None:
    """Join, or ask to (G8.3)."""
    room = await find_room(node, request.group)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    refusal = check_tries(node, room, session.account.user, request.answer)
    if refusal:
        return refusal
    act = node.group_service.act(room, c.JoinGroup(request.answer or ""), session.account)
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
    act = node.group_service.act(room, c.LeaveGroup(), session.account)
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
