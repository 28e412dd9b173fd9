"""Carrying out what the outcome of a case brings along.

A case has a stream of its own, and a change set has one stream. So the outcome is decided and stored first; what
follows from it (credit, a measure lifted) is carried out after that, at once by who decided and, if that was cut off,
by a job. Carrying out twice changes nothing more than once.
"""

import structlog

from folkmoot_governance import SERVICE, Refusal
from folkmoot_governance.account_commands import ChargeCredit
from folkmoot_governance.case.commands import SettleCase
from folkmoot_governance.case.offence import gravest_reason
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.case.state import CaseState, Outcome
from folkmoot_governance.personal_notices import told_to_reporters
from folkmoot_governance.restrictions import Grounds
from folkmoot_protocol.errors import ErrorCode

from ...live.accounts import Accounts
from ...storage.api import Journal, Ledger
from ..accounts.govern import AccountService
from .aftermath import upheld_of_one_offence
from .govern import CaseService
from .measures import Measures, Undone

log = structlog.get_logger()

TRY_AGAIN = frozenset({ErrorCode.CONFLICT, ErrorCode.UNAVAILABLE})


class CaseSettler:
    """Settles cases: a case is settled when all that its outcome brings along is stored."""

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        accounts: Accounts,
        account_service: AccountService,
        case_service: CaseService,
        measures: Measures,
        rules: CaseRules,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._accounts = accounts
        self._account_service = account_service
        self._case_service = case_service
        self._measures = measures
        self._rules = rules

    async def settle(self, number: str) -> None:
        """Carry out what the outcome of a case brings along, as far as that is not done."""
        state = await self._ledger.load_case(number)
        if state is None or state.outcome is None or state.is_settled:
            return
        done = await self._carry_out(state)
        refusal = done if isinstance(done, Refusal) else None
        settling = SettleCase(done.effect if isinstance(done, Undone) else "")
        reports = done.reports if isinstance(done, Undone) else ()
        also = told_to_reporters(reports, state.answer, self._case_service.now())
        refusal = refusal or await self._case_service.wait_stored(
            self._case_service.act(state, settling, SERVICE, also=also)
        )
        if refusal:
            log.warning("the outcome of a case could not be carried out yet", case=number, code=refusal.code)

    async def _carry_out(self, state: CaseState) -> Undone | Refusal | None:
        """Do what an outcome asks for; return what undoing a measure did, or why it must be tried again."""
        refusal: Refusal | None = None
        if state.outcome is Outcome.OVERTURNED:
            undone = await self._measures.overturn(state)
            if isinstance(undone, Undone):
                return undone
            refusal = undone
        elif state.outcome is Outcome.CONFIRMED:
            refusal = await self._measures.confirm(state)
        elif state.outcome is Outcome.UPHELD and (account := await self._accounts.load(state.user)):
            reports = await upheld_of_one_offence(self._ledger, state)
            same = tuple(one.number for one in reports if one.number != state.number)
            command = ChargeCredit(state.number, state.severity, state.answer, same, await self._grounds(state))
            refusal = await self._account_service.carry_out(account.state, command, SERVICE)
        return refusal if refusal and refusal.code in TRY_AGAIN else None

    async def _grounds(self, state: CaseState) -> Grounds:
        """Return what the penalty of an upheld report rests on: its gravest reason, and the entry with its time."""
        rule = gravest_reason(state, self._rules) or state.reason
        if not state.seq:
            return Grounds(rule)
        entry = await self._journal.entry(state.code, state.seq)
        return Grounds(rule, code=state.code, seq=state.seq, ts=entry.ts if entry else 0)
