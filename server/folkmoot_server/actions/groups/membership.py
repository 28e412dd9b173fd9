"""Finding a group, founding it, coming in, and how it and its members are shown."""

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import islice

from msgspec import structs

from folkmoot_governance import GroupState, Refusal
from folkmoot_governance.access import REQUESTS, Need
from folkmoot_governance.closed_names import hide_names, is_tag
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.admission import code_id
from folkmoot_governance.group.checks import check_permission
from folkmoot_governance.published import Text, texts_of
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import FIRST_NUMBER, LAST_NUMBER, make_group_code
from folkmoot_protocol.results import MembersResult
from folkmoot_protocol.types import Group, JoinMode, Member, Role

from ...common.clock import Clock
from ...common.i18n import N_
from ...content.gate import Gate, is_refused, refused
from ...content.rules_in_force import ContentRules
from ...delivery.audience import Audience
from ...delivery.hub import Hub
from ...delivery.session import Session
from ...live.accounts import Account, Accounts
from ...live.rooms import Room, Rooms
from ...live.shared_limits import SharedLimits
from ...storage.api import Ledger
from ..acting import ExtraRows, Initiator
from .finding import NO_SUCH_GROUP, GroupFinder
from .govern import Act, GroupService

ToGroup = (
    rq.GetGroup
    | rq.JoinGroup
    | rq.LeaveGroup
    | rq.ListMembers
    | rq.Edit
    | rq.React
    | rq.GetHistory
    | rq.Search
    | rq.MarkRead
    | rq.Typing
)
"""Requests that are about a group, and name it."""

QuotaFor = Callable[[Room, Account], Awaitable[tuple[int, int]]]
"""Returns how much an account has of what it may have one more of by owning a group, and how much it may: 0, any."""


async def any_number(room: Room, account: Account) -> tuple[int, int]:
    """Let anybody own any number."""
    return 0, 0


LIFTING = (c.Unban, c.Unmute, c.Unwarn, c.ClearNotes, c.RevokeInvitation, c.DenyRequest)
"""What takes away what stands against somebody: also where the account was closed since."""

NOT_A_MEMBER = Refusal(ErrorCode.NOT_A_MEMBER, N_("You are not a member of this group."))
NO_SUCH_ENTRY = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such entry in this group."))


class Membership:
    """Who is in which group: finds rooms for those who may see them, and lets accounts in."""

    def __init__(
        self,
        ledger: Ledger,
        rooms: Rooms,
        accounts: Accounts,
        clock: Clock,
        group_service: GroupService,
        audience: Audience,
        hub: Hub,
        shared_limits: SharedLimits,
        finder: GroupFinder,
        content: ContentRules,
        gate: Gate,
        default_category: str,
    ) -> None:
        self._ledger = ledger
        self._rooms = rooms
        self._accounts = accounts
        self._clock = clock
        self._group_service = group_service
        self._audience = audience
        self._hub = hub
        self._shared_limits = shared_limits
        self._content = content
        self._gate = gate
        self.find_room = finder.find
        self.default_category = default_category
        self.quota_for: QuotaFor = any_number

    async def free_code(self) -> str:
        """Return a random group code that no group has or ever had (G8.2)."""
        while True:
            code = make_group_code(FIRST_NUMBER + secrets.randbelow(LAST_NUMBER - FIRST_NUMBER + 1))
            if await self._rooms.load(code) is None:
                return code

    async def enter_room(self, session: Session, text: str) -> Room | Refusal:
        """As `find_room`, for members only."""
        room = await self.find_room(text, session)
        if isinstance(room, Room) and session.user not in room.state.members:
            return NOT_A_MEMBER
        return room

    async def room_for(self, session: Session, request: ToGroup) -> Room | Refusal:
        """Return the group that a request is about: where the rules say so, for members only."""
        if Need.MEMBERSHIP in REQUESTS[type(request)].needs_about(request):
            return await self.enter_room(session, request.group)
        return await self.find_room(request.group, session)

    async def decide_on(
        self, room: Room, command: c.Command, initiator: Initiator, extra_rows: ExtraRows | None = None
    ) -> Act | Refusal:
        """Decide a command on a group. The room is taken afresh: what was read before may have taken a while.

        What is left of a closed account's name stands for it where something is to be lifted, in what is refused, too.
        """
        refusal = await self._check_target(room, command)
        if refusal:
            return refusal
        if not isinstance(command, LIFTING) or not is_tag(command.user):
            return await self._decide_on(room, command, initiator, extra_rows)
        command = structs.replace(command, user=room.user_of(command.user))
        act = await self._decide_on(room, command, initiator, extra_rows)
        if isinstance(act, Refusal):
            return structs.replace(act, detail=hide_names(act.detail, room.tags))
        return act

    async def _decide_on(
        self, room: Room, command: c.Command, initiator: Initiator, extra_rows: ExtraRows | None
    ) -> Act | Refusal:
        refusal = await self._check_content(room, command, initiator)
        if refusal:
            return refusal
        if isinstance(command, c.AcceptTransfer) and isinstance(initiator, Account):
            have, limit = await self.quota_for(room, initiator)
            command = c.AcceptTransfer(have, limit)
        if isinstance(command, c.JoinGroup):
            if isinstance(initiator, Account):
                await self._accounts.count_others(initiator)
            giver_absent = await self._is_giver_absent(room.state, command, initiator)
            left_ts = room.left.get(initiator.actor().user, 0)
            command = structs.replace(command, giver_absent=giver_absent, left_ts=left_ts)
            if not left_ts:
                # Who comes for the first time does so once: a crowd may come together.
                return await self._decide_now(room.state.code, command, initiator, extra_rows)
        decide = partial(self._decide_now, room.state.code, command, initiator, extra_rows)
        return await self._group_service.decide_in_turn(initiator, decide)

    async def found(self, command: c.CreateGroup, account: Account) -> Act | Refusal:
        """Found a group whose code is free; the act is to be queued in the same step."""
        broken = await self._gate.judge_command(command, None, account.actor(), self._clock.now_ms())
        if broken is not None and is_refused(broken[1]):
            return refused(*broken)
        act = await self._group_service.create(command, account)
        if broken is not None and not isinstance(act, Refusal):
            act.after = partial(self.record_broken, act.room.state.code, account.user, *broken)
        return act

    async def _check_content(self, room: Room, command: c.Command, initiator: Initiator) -> Refusal | None:
        """Refuse a command with a text that breaks a content rule, and record it as that of a post is.

        What the rules of the group refuse anyway is not looked at: it says so when it is decided.
        """
        actor, now = initiator.actor(), self._clock.now_ms()
        if not texts_of(command, room.state, now) or check_permission(room.state, command, actor, now):
            return None
        broken = await self._gate.judge_command(command, room.state, actor, now)
        if broken is None:
            return None
        self.record_broken(room.state.code, actor.user, *broken)
        return refused(*broken) if is_refused(broken[1]) else None

    def record_broken(self, code: str, user: str, text: Text, verdict: Verdict) -> None:
        """Put on record that a text that is no entry breaks a rule: it is refused, or was said and is flagged."""
        current = self._rooms.get(code)
        if current is not None and self._content.is_to_record(code, user, verdict.rule, self._clock.now_ms()):
            action = Action.REFUSE if is_refused(verdict) else Action.FLAG
            record = c.RecordVerdict(user, verdict.rule, verdict.severity, action, text=text.name)
            self._group_service.act_unasked(current, record)

    async def _decide_now(
        self, code: str, command: c.Command, initiator: Initiator, extra_rows: ExtraRows | None
    ) -> Act | Refusal:
        current = self._rooms.get(code) or await self._rooms.load(code)
        return NO_SUCH_GROUP if current is None else self._group_service.act(current, command, initiator, extra_rows)

    async def _is_giver_absent(self, state: GroupState, command: c.JoinGroup, joiner: Initiator) -> bool:
        """Say whether an account is suspended by whose invitation, or invite code, somebody wants to come in."""
        offers = state.invitations.get(joiner.actor().user), state.invite_codes.get(code_id(command.answer))
        givers = [await self._accounts.load(one.by) for one in offers if one is not None and one.by]
        now = self._clock.now_ms()
        return any(giver is not None and giver.shut_until_ms > now for giver in givers)

    async def _check_target(self, room: Room, command: c.Command) -> Refusal | None:
        """Refuse a target that no account has."""
        user = getattr(command, "user", None)
        if user is None or user in room.state.members:
            return None
        # What somebody wrote stays when the account is closed, and so does what may be done to it.
        if is_tag(user) and isinstance(command, (c.DeleteEntry, c.Pin)):
            return None
        if isinstance(command, LIFTING) and room.user_of(user) != user:
            return None
        account = await self._accounts.load(user)
        if account is not None and not account.state.closed_ts:
            return None
        return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})

    def view_for(self, room: Room, session: Session) -> Group:
        """Return a group as the one who asked sees it, and hears it from the `last_seq` in it on."""
        account = session.account
        # The news that the membership began may find the room being read again; the promise is given now.
        if account is not None and self._audience.is_connected(account, session) and account.user in room.state.members:
            self._hub.subscribe(room, session)
        return room.view(self._clock.now_ms(), account)

    def check_tries(self, room: Room, user: str, answer: str | None) -> Refusal | None:
        """Refuse an account that tries too many answers or invite codes at the door of one group."""
        state = room.state
        if not answer or not (state.invite_codes or state.join_mode is JoinMode.QUESTION):
            return None
        wait = self._shared_limits.take_try(user, state.code)
        text, rule = N_("Too many tries: wait {wait}."), "policy.groups.tries_per_hour"
        return Refusal(ErrorCode.RATE_LIMITED, text, {"retry_after_ms": wait, "rule": rule}) if wait else None

    async def list_members(self, room: Room, reader: Account, after: str, limit: int) -> MembersResult | Refusal:
        """Return a page of members by user name. Mutes and permissions are shown to moderators, and of oneself."""
        # From storage, which has them in order: going through all of a large group here would hold up everybody.
        names = await self._ledger.list_members(room.state.code, after, limit + 1)
        if reader.user not in room.state.members:
            return NOT_A_MEMBER
        now = self._clock.now_ms()
        state = room.state
        sees_all = state.role_of(reader.user) in (Role.OWNER, Role.ADMIN)
        page = [
            member_view(state, user, name or user, now, privileged=sees_all or user == reader.user)
            for user, name in islice(names.items(), limit)
            if user in state.members
        ]
        return MembersResult(tuple(page), len(names) > limit)


def member_view(state: GroupState, user: str, display_name: str, now: int, *, privileged: bool) -> Member:
    """Return a member; mutes and permissions for `privileged` readers alone."""
    member = state.members[user]
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
