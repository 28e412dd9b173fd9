"""Groups: found, look up, join, leave, list."""

from folkmoot_governance import Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.events import MemberJoined
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_group_name, check_topic
from folkmoot_protocol.results import Empty, GroupResult, GroupsResult, JoinResult, MembersResult
from folkmoot_protocol.types import JoinMode, JoinState

from ..actions.app import App
from ..delivery.session import Session

MEMBERS_PAGE = 100


async def create_group(app: App, session: Session, request: rq.CreateGroup) -> Refusal | None:
    """Found a group (G8.2, G8.3)."""
    try:
        name, topic = check_group_name(request.name), check_topic(request.topic or "")
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    category = request.category or app.membership.default_category
    code = await app.membership.free_code()
    assert session.account is not None
    command = c.CreateGroup(code, name, category, topic, request.join_mode or JoinMode.OPEN)
    act = await app.membership.found(command, session.account)
    if isinstance(act, Refusal):
        return act
    room = act.room
    app.group_service.queue_answer(
        session,
        request.id,
        act,
        lambda: GroupResult(app.membership.view_for(room, session)),
        lambda: {"group": code},
    )
    return None


def list_groups(app: App, session: Session, request: rq.ListGroups) -> GroupsResult:
    """Return one's own groups."""
    now = app.clock.now_ms()
    rooms = sorted(session.rooms, key=lambda room: room.state.code)
    return GroupsResult(tuple(room.view(now, session.account) for room in rooms))


async def get_group(app: App, session: Session, request: rq.GetGroup) -> GroupResult | Refusal:
    """Return a group: all of it to a member, the public part to anyone."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    return GroupResult(room.view(app.clock.now_ms(), session.account))


async def join_group(app: App, session: Session, request: rq.JoinGroup) -> Refusal | None:
    """Join, or ask to (G8.3)."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    account = session.account
    refusal = app.membership.check_tries(room, account.user, request.answer) or await app.names.come_in(account, room)
    if refusal:
        return refusal
    act = await app.membership.decide_on(room, c.JoinGroup(request.answer or ""), session.account)
    if isinstance(act, Refusal):
        return act

    def state() -> JoinState:
        return JoinState.MEMBER if any(isinstance(one, MemberJoined) for one in act.events) else JoinState.PENDING

    def result() -> JoinResult:
        member = state() is JoinState.MEMBER
        return JoinResult(state(), app.membership.view_for(act.room, session) if member else None)

    code = room.state.code
    app.group_service.queue_answer(session, request.id, act, result, lambda: {"group": code, "state": state()})
    return None


async def leave_group(app: App, session: Session, request: rq.LeaveGroup) -> Refusal | None:
    """Leave, or withdraw a request to join."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    act = await app.membership.decide_on(room, c.LeaveGroup(), session.account)
    if isinstance(act, Refusal):
        return act
    app.group_service.queue_answer(session, request.id, act, Empty, dict)
    return None


async def list_members(app: App, session: Session, request: rq.ListMembers) -> MembersResult | Refusal:
    """Return a page of members by user name. Mutes and permissions are shown to moderators, and of oneself."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    limit = request.limit or MEMBERS_PAGE
    return await app.membership.list_members(room, session.account, request.after or "", limit)
