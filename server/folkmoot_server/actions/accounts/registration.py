"""Who may register: anybody, so many a day, those who were invited into a group, or nobody."""

import structlog

from folkmoot_governance import Refusal
from folkmoot_governance.emergency import Halt, check_halt
from folkmoot_governance.group.admission import code_id
from folkmoot_governance.group.commands import JoinGroup
from folkmoot_protocol.errors import ErrorCode

from ...common.clock import Clock
from ...common.i18n import N_
from ...config.accounts import Registration as Settings
from ...delivery.session import Session
from ...live.accounts import Account
from ...live.in_force import InForce
from ...live.rooms import Room
from ...live.shared_limits import SharedLimits
from ..groups.finding import GroupFinder
from ..groups.govern import GroupService
from ..groups.membership import Membership

log = structlog.get_logger()

CLOSED = Refusal(
    ErrorCode.FORBIDDEN,
    N_("Nobody can register here just now; ask who runs this server."),
    {"rule": "registration.mode"},
)
BY_INVITATION = Refusal(
    ErrorCode.FORBIDDEN,
    N_("You can register here only with an invitation: the code of a group and an invite code of it."),
    {"rule": "registration.mode"},
)
TOO_MANY_TODAY = N_("Too many people have registered today: wait {wait}.")

Invitation = tuple[Room, str]
"""The group that somebody was invited into, and the invite code."""


class Registration:
    """Checks what `[registration]` says, and lets those in whom a group has invited."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        shared_limits: SharedLimits,
        finder: GroupFinder,
        groups: GroupService,
        membership: Membership,
        in_force: InForce,
    ) -> None:
        self._in_force = in_force
        self._settings = settings
        self._clock = clock
        self._shared_limits = shared_limits
        self._finder = finder
        self._groups = groups
        self._membership = membership

    async def check(self, session: Session, invitation: str) -> Invitation | Refusal | None:
        """Refuse who may not register; return the group that it was invited into, if that is what counts."""
        halted = check_halt(self._in_force.emergencies, Halt.REGISTRATION, self._clock.now_ms())
        if halted:
            return halted
        if self._settings.mode == "closed":
            return CLOSED
        if self._settings.mode == "open":
            return None
        group, _, code = invitation.strip().partition(" ")
        wait = self._shared_limits.wait_for_code("", session.address)
        if wait:
            return Refusal(ErrorCode.RATE_LIMITED, N_("Too many tries: wait {wait}."), {"retry_after_ms": wait})
        room = await self._finder.find(group) if code else BY_INVITATION
        found = room.state.invite_codes.get(code_id(code)) if isinstance(room, Room) else None
        if not isinstance(room, Room) or found is None or found.until_ms <= self._clock.now_ms():
            self._shared_limits.take_code("", session.address)
            return BY_INVITATION
        return room, code

    def take(self) -> Refusal | None:
        """Count a registration; refuse one too many for today."""
        wait = self._shared_limits.take_registration()
        detail: dict[str, object] = {"retry_after_ms": wait, "rule": "registration.per_day"}
        return Refusal(ErrorCode.RATE_LIMITED, TOO_MANY_TODAY, detail) if wait else None

    async def use(self, account: Account, invitation: Invitation | None) -> None:
        """Let a new account into the group that it was invited into: that is what uses the invite code."""
        if invitation is None:
            return
        room, code = invitation
        act = await self._membership.decide_on(room, JoinGroup(code), account)
        refusal = act if isinstance(act, Refusal) else await self._groups.wait_stored(act)
        if refusal:
            log.warning("could not come in by invitation", group=room.state.code, code=refusal.code)
