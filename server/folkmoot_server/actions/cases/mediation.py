"""Mediation of disputes (P14): opening one, and what is said in it, which is sealed."""

from typing import Any

from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import CaseCommand, NameMediator, OpenMediation
from folkmoot_governance.case.mediation import is_inside
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.published import MEDIATION
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus

from ...common.clock import Clock
from ...common.codes import mediation_number
from ...common.i18n import N_
from ...common.turns import Turns
from ...content.gate import Gate
from ...live.accounts import Account, Accounts
from ...live.rooms import Room, Rooms
from ...sealed.case_texts import CaseText, CaseTexts
from ...storage.api import CaseFilter, Ledger
from .govern import CaseService

MAX_CHARS = 1000
MAX_SAID = 200
"""What is said in one mediation, at most."""
MAX_LISTED = 50
MOST_GROUPS = 200
"""So many groups of two people are looked at for one in common."""
NO_SUCH_CASE = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/mediate"})


class Heard(Struct, frozen=True):
    """A mediation, and what was said in it, oldest first: dicts with `by`, `ts`, `act` and `text`."""

    case: CaseState
    said: tuple[dict[str, Any], ...]


class Mediations:
    """Opens mediations and carries them on, for those who are inside."""

    def __init__(
        self,
        ledger: Ledger,
        rooms: Rooms,
        accounts: Accounts,
        clock: Clock,
        case_service: CaseService,
        texts: CaseTexts,
        gate: Gate,
    ) -> None:
        self._ledger = ledger
        self._rooms = rooms
        self._accounts = accounts
        self._clock = clock
        self._gate = gate
        self._case_service = case_service
        self._texts = texts
        self._turns = Turns()

    async def open(self, account: Account, other: str, room: Room | None, text: str) -> CaseState | Refusal:
        """Ask another account for a mediation: a member of the same group or, without a group, somebody with whom one
        has a group in common, be it that one was banned or removed there; or another owner."""
        refusal = await self._check_said(account, text)
        if refusal:
            return refusal
        them = await self._accounts.load(other)
        if them is None:
            return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": other})
        if room is not None and not {account.user, other} <= room.state.members.keys():
            said = N_("@{user} is not a member of this group.")
            return Refusal(ErrorCode.NO_SUCH_USER, said, {"user": other})
        code = room.state.code if room else await self._common_group(account, them)
        if not code and not (await self._owns_group(account.user) and await self._owns_group(other)):
            said = N_("You and @{user} have no group in common, and do not both own one.")
            return Refusal(ErrorCode.FORBIDDEN, said, {"user": other, "help": "/help mediate"})
        number = mediation_number()
        wanted = CaseFilter(CaseKind.MEDIATION, True, by=account.user)
        # What another connection of the account asks for at the same time counts.
        async with self._turns.of(account.user):
            mine = await self._ledger.list_cases(wanted, limit=MAX_LISTED)
            command = OpenMediation(number, other, code, len(mine))
            return await self._carry_out(None, command, account, self._said((), account, "say", text, number))

    async def _common_group(self, one: Account, other: Account) -> str:
        """Return a group that both are in, or one of them was banned or removed from; empty where there is none."""
        both = {one.user, other.user}
        for code in sorted({*one.groups, *other.groups})[:MOST_GROUPS]:
            room = await self._rooms.load(code)
            if room is not None and both <= {*room.state.members, *room.state.bans, *room.state.waits}:
                return code
        return ""

    async def _owns_group(self, user: str) -> bool:
        account = await self._accounts.load(user)
        for code in sorted(account.groups) if account is not None else ():
            room = await self._rooms.load(code)
            if room is not None and room.state.owner == user and room.state.status is not GroupStatus.CLOSED:
                return True
        return False

    async def of(self, user: str) -> list[CaseState]:
        """Return the mediations that somebody is inside of, as far as they are a party, or the mediator."""
        found = dict[str, CaseState]()
        for wanted in (
            CaseFilter(CaseKind.MEDIATION, by=user, newest=True),
            CaseFilter(CaseKind.MEDIATION, user=user, newest=True),
            CaseFilter(CaseKind.MEDIATION, mediator=user, newest=True),
        ):
            found |= {one.number: one for one in await self._ledger.list_cases(wanted, limit=MAX_LISTED)}
        return sorted(found.values(), key=lambda one: -one.opened_ts)[:MAX_LISTED]

    async def hear(self, user: str, number: str) -> Heard | Refusal:
        """Return a mediation with what was said in it, to those alone who are inside."""
        case = await self._ledger.load_case(number)
        if case is None or case.kind is not CaseKind.MEDIATION or not is_inside(case, user):
            return NO_SUCH_CASE
        return Heard(case, await self._heard(number))

    async def _heard(self, number: str) -> tuple[dict[str, Any], ...]:
        found = self._texts.unseal(number, await self._ledger.case_text(number))
        return tuple(found.subject["said"]) if found else ()

    async def go_on(
        self, account: Account, number: str, command: CaseCommand, act: str, text: str = ""
    ) -> CaseState | Refusal:
        """Say something, propose, accept or end; `text` is kept for those inside, where there is one."""
        if text or act in ("say", "propose"):
            refusal = await self._check_said(account, text)
            if refusal:
                return refusal
        heard = await self.hear(account.user, number)
        if isinstance(heard, Refusal):
            return heard
        if len(heard.said) >= MAX_SAID and act != "end":
            said = N_("A mediation can have at most {limit} messages: end it.")
            return Refusal(ErrorCode.CONFLICT, said, {"limit": MAX_SAID, "help": f"/mediate {number} end"})
        return await self._carry_out(heard.case, command, account, self._said(heard.said, account, act, text, number))

    async def name_mediator(
        self, account: Account, number: str, user: str, *, dry_run: bool = False
    ) -> CaseState | Refusal:
        """Name a mediator, as a party, or take it on, as staff."""
        case = await self._ledger.load_case(number)
        if case is None or case.kind is not CaseKind.MEDIATION:
            return NO_SUCH_CASE
        if account.user not in case.parties and not account.is_staff:
            return NO_SUCH_CASE
        if await self._accounts.load(user) is None:
            return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})
        return await self._carry_out(case, NameMediator(user), account, None, dry_run=dry_run)

    async def _check_said(self, account: Account, text: str) -> Refusal | None:
        """Refuse what is too long, what has nothing to see in it, and what its author may not say to others."""
        if len(text) > MAX_CHARS:
            said = N_("A message in a mediation has at most {limit} characters; this one has {length}.")
            return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
        return await self._gate.check_said(MEDIATION, text, account)

    def _said(
        self, before: tuple[dict[str, Any], ...], account: Account, act: str, text: str, number: str
    ) -> tuple[str, CaseText]:
        line = {"by": account.user, "ts": self._clock.now_ms(), "act": act, "text": text}
        return number, CaseText("", {"said": [*before, line]})

    async def _carry_out(
        self,
        case: CaseState | None,
        command: CaseCommand,
        account: Account,
        said: tuple[str, CaseText] | None,
        *,
        dry_run: bool = False,
    ) -> CaseState | Refusal:
        rows = self._texts.rows(*said, self._clock) if said else ()
        act = self._case_service.act(case, command, account.actor(), rows)
        if isinstance(act, Refusal) or dry_run:
            return act if isinstance(act, Refusal) else act.state
        return await self._case_service.wait_stored(act) or act.state
