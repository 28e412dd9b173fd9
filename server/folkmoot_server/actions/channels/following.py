"""Following channels: rows that govern nothing, and are gone when they are taken back."""

import structlog

from folkmoot_governance import Policy, Refusal
from folkmoot_governance.classification import followers_tier, place_of
from folkmoot_governance.credentials import Credential as Granted
from folkmoot_governance.group.commands import Regrade
from folkmoot_governance.group.publish import check_follow
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Channel, Credential

from ...bus.api import Bus
from ...bus.messages import FollowUpdate
from ...common.clock import Clock
from ...common.i18n import N_
from ...common.turns import Turns
from ...delivery.session import Session
from ...live.accounts import Account
from ...live.rooms import Room
from ...storage.changes import follow_row, unfollow
from ...storage.channels import ChannelRow, Channels
from ..accounts.govern import AccountService
from ..acting import SERVICE, too_many_acts
from ..groups.finding import GroupFinder
from ..groups.govern import GroupService

log = structlog.get_logger()

MOST_FOLLOWS = 2_000
"""Channels that one account follows at most."""

NOT_A_CHANNEL = Refusal(
    ErrorCode.BAD_REQUEST, N_("This is a group, not a channel: join it instead."), {"help": "/join"}
)
GONE = Refusal(ErrorCode.GROUP_CLOSED, N_("This channel is closed."))
SUSPENDED = N_("The platform has suspended this channel {until}.")


class Following:
    """Finds channels for their readers, and remembers who follows which."""

    def __init__(
        self,
        channels: Channels,
        finder: GroupFinder,
        accounts: AccountService,
        groups: GroupService,
        bus: Bus,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._channels = channels
        self._finder = finder
        self._accounts = accounts
        self._groups = groups
        self._bus = bus
        self._clock = clock
        self._policy = policy
        self._turns = Turns()

    async def find(self, text: str, session: Session) -> ChannelRow | Refusal:
        """Return a channel by its code, or by `@` and its handle."""
        room = await self._finder.find(text, session)
        if isinstance(room, Refusal):
            return room
        return row_of(room) or NOT_A_CHANNEL

    async def find_readable(self, text: str, session: Session) -> ChannelRow | Refusal:
        """As `find`, but refuse one that people may not read now; its editors may read what is suspended."""
        room = await self._finder.find(text, session)
        if isinstance(room, Refusal):
            return room
        row, now = row_of(room), self._clock.now_ms()
        if row is None:
            return NOT_A_CHANNEL
        if row.is_readable(now) or session.user in room.state.members:
            return row
        until_ms = row.status_until_ms
        return Refusal(ErrorCode.GROUP_SUSPENDED, SUSPENDED, {"until_ms": until_ms}) if until_ms else GONE

    async def follow(self, account: Account, row: ChannelRow) -> Refusal | None:
        """Let an account follow a channel."""
        if await self._channels.is_following(account.user, row.code):
            return None
        room = await self._finder.find(row.code)
        refusal = room if isinstance(room, Refusal) else check_follow(room.state, self._clock.now_ms())
        if refusal is not None:
            return refusal
        # What another connection of the account follows at the same time counts.
        async with self._turns.of(account.user):
            return await self._follow_one_more(account, row)

    async def _follow_one_more(self, account: Account, row: ChannelRow) -> Refusal | None:
        current = await self._channels.count_follows(account.user)
        if current >= MOST_FOLLOWS:
            text = N_("You follow as many channels as you may: {current} of {limit}.")
            detail: dict[str, object] = {"current": current, "limit": MOST_FOLLOWS, "rule": "follows"}
            return Refusal(ErrorCode.FOLLOW_QUOTA, text, detail)
        return await self._change(account, row, follows=True)

    async def unfollow(self, account: Account, row: ChannelRow) -> Refusal | None:
        """Let an account follow a channel no more."""
        return await self._change(account, row, follows=False)

    async def _change(self, account: Account, row: ChannelRow, *, follows: bool) -> Refusal | None:
        wait = account.acts.take(self._clock.ticks())
        if wait:
            return too_many_acts(wait, "limits.acts_per_minute")
        user, code = account.user, row.code
        change = follow_row(user, code, self._clock.now_ms()) if follows else unfollow(user, code)
        refusal = await self._accounts.store_rows(user, [change])
        if refusal is None:
            self._bus.publish(FollowUpdate(user, code, follows))
            if follows:
                await self._grade_up(code)
        return refusal

    async def _grade_up(self, code: str) -> None:
        """Let the rules class a channel that its followers have just led across a border (P7.2, W9); down it goes, as
        any group, with the daily look, which also makes up for what fails here."""
        room = await self._finder.find(code)
        if isinstance(room, Refusal):
            return
        state, grades = room.state, self._policy.grades
        followers = await self._channels.count_followers(code)
        if followers_tier(grades, followers) <= place_of(grades, state.grade):
            return
        act = self._groups.act(room, Regrade(state.entries_per_day, followers), SERVICE)
        refusal = act if isinstance(act, Refusal) else await self._groups.wait_stored(act)
        if refusal:
            log.warning("could not grade a channel", group=code, code=refusal.code)

    async def view(self, row: ChannelRow, user: str) -> Channel:
        """Return a channel as a reader sees it, with what follows there are."""
        followers = await self._channels.count_followers(row.code)
        following = await self._channels.is_following(user, row.code)
        return view_of(row, self._clock.now_ms(), followers=followers, following=following)


def row_of(room: Room) -> ChannelRow | None:
    """Return the channel that a room is of, None for a group."""
    state = room.state
    if state.form is None:
        return None
    said = state.name, state.topic, state.category
    since = state.status_until_ms, state.created_ts, state.opened_ts
    granted, comments = state.credentials, state.comments
    return ChannelRow(state.code, state.handle, state.form, *said, state.status, *since, granted, comments)


def view_of(row: ChannelRow, now: int, *, followers: int = 0, following: bool = False) -> Channel:
    """Return a channel as its readers see it at `now` (Unix ms)."""
    return Channel(
        id=row.code,
        handle=row.handle,
        form=row.form,
        name=row.name,
        topic=row.topic,
        category=row.category,
        state=row.standing(now),
        created_ts=row.created_ts,
        followers=followers,
        following=following,
        comments=row.comments,
        labels=tuple(map(label_of, row.granted(now))),
        pending=not row.is_open,
    )


def label_of(one: Granted) -> Credential:
    """Return what the platform has granted as readers see it."""
    scope = one.scope.value if one.scope else ""
    return Credential(kind=one.kind.value, name=one.name, until_ms=one.until_ms, category=one.category, scope=scope)
