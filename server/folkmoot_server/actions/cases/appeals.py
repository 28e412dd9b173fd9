"""Appeals (P15): opening one, and deciding on it."""

from collections.abc import Sequence

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.case.commands import DecideAppeal, OpenAppeal
from folkmoot_governance.case.decide import appeal_number
from folkmoot_governance.case.state import CaseState, Outcome
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import BLANK_TEXT, is_blank
from folkmoot_protocol.types import Role

from ...common.clock import Clock
from ...common.i18n import N_
from ...live.accounts import Account
from ...live.rooms import Rooms
from ...sealed.case_texts import CaseText, CaseTexts
from ...storage.api import Ledger
from ..accounts.suspension import latest_suspension
from .corrections import correct, find_uncorrected
from .govern import CaseService
from .measures import Measures
from .settle import CaseSettler

MAX_CHARS = 4000
NO_SUCH_MEASURE = Refusal(
    ErrorCode.NO_SUCH_ENTRY, N_("There is no measure with the case number {case}."), {"help": "/sanctions"}
)


class Appeals:
    """Opens appeals, and decides on them for those who may."""

    def __init__(
        self,
        ledger: Ledger,
        rooms: Rooms,
        clock: Clock,
        case_service: CaseService,
        texts: CaseTexts,
        measures: Measures,
        settler: CaseSettler,
    ) -> None:
        self._ledger = ledger
        self._rooms = rooms
        self._clock = clock
        self._case_service = case_service
        self._texts = texts
        self._measures = measures
        self._settler = settler

    async def open(self, account: Account, case: str, text: str) -> CaseState | Refusal:
        """Open an appeal against the measure of a case number; empty: against the latest suspension of the account."""
        case = case or await latest_suspension(self._ledger, account.user, account.state.suspended_until_ms)
        return await self.open_as(account.actor(), case, text, account.bots)

    async def open_as(self, actor: Actor, case: str, text: str, bots: Sequence[str] = ()) -> CaseState | Refusal:
        """Open an appeal for whoever it is, or one of their `bots`, against the measure of a case number."""
        if len(text) > MAX_CHARS:
            said = N_("An appeal has at most {limit} characters; this one has {length}.")
            return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
        if is_blank(text):
            return Refusal(ErrorCode.BAD_REQUEST, BLANK_TEXT, {"field": "text"})
        measure = await self._measures.find(case.lower(), actor.user)
        for bot in bots if measure is None else ():
            measure = measure or await self._measures.find(case.lower(), bot)
        if measure is None:
            return Refusal(NO_SUCH_MEASURE.code, NO_SUCH_MEASURE.text, {**NO_SUCH_MEASURE.detail, "case": case[:64]})
        number = appeal_number(measure)
        before = await self._ledger.load_case(number)
        subject = await self._measures.subject_of(measure)
        rows = self._texts.rows(number, CaseText(text, subject), self._clock)
        act = self._case_service.act(before, OpenAppeal(measure, tuple(bots)), actor, rows)
        if isinstance(act, Refusal):
            return act
        return await self._case_service.wait_stored(act) or act.state

    async def decide(
        self, case: CaseState, command: DecideAppeal, actor: Actor, *, dry_run: bool = False
    ) -> CaseState | Refusal:
        """Decide on an appeal, for those who lead the group that took the measure as they are now, and carry it out."""
        room = await self._rooms.load(case.code) if case.code else None
        if room is not None:
            members = room.state.members.values()
            leaders = frozenset(one.user for one in members if one.role is not Role.MEMBER)
            command = DecideAppeal(command.outcome, command.reason, leaders)
        is_void = command.outcome is Outcome.OVERTURNED
        filing = await find_uncorrected(self._ledger, case.measure) if is_void else None
        act = self._case_service.act(case, command, actor)
        if isinstance(act, Refusal) or dry_run:
            return act if isinstance(act, Refusal) else act.state
        correct(act, filing, command.reason, act.events[-1].at)
        refusal = await self._case_service.wait_stored(act)
        if refusal:
            return refusal
        await self._settler.settle(case.number)
        return act.state
