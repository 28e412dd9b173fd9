"""Measures of the platform, taken by staff: at once, or, where the operator asks for two, proposed and confirmed.

A proposal is a case of its own. The measure that it brings names it, so a crash between the measure and the end of the
proposal leaves nothing in doubt: who looks at the proposal next finds the measure, and closes it.
"""

from collections.abc import Sequence

from msgspec import Struct

from folkmoot_governance import SERVICE, Actor, Refusal, account_case, case_number
from folkmoot_governance.case.commands import CloseMeasure, ProposeMeasure
from folkmoot_governance.case.decide import check_confirmer
from folkmoot_governance.case.state import CaseState, Outcome, Terms
from folkmoot_governance.case.terms import account_command, group_command
from folkmoot_governance.duration import end_of
from folkmoot_governance.measures import row_for
from folkmoot_governance.restrictions import Basis, Measure, Subject
from folkmoot_protocol.errors import ErrorCode

from ...common.codes import proposal_number
from ...common.i18n import N_
from ...live.accounts import Account, Accounts
from ...live.rooms import Rooms
from ...storage.api import ActFilter, Ledger
from ...storage.change_set import RowChange, account_stream, group_stream
from ...storage.changes import barred_row, revoke_tokens
from ..accounts.govern import AccountAct, AccountService
from ..acting import Joint, join
from ..groups.govern import Act, GroupService
from .govern import CaseAct, CaseService

FOUR_EYES = "policy.sanctions.four_eyes"
LOOKED_AT = 50
"""So many of the latest measures against a subject are looked at for the one that a proposal has brought."""

NO_SUBJECT = Refusal(ErrorCode.NO_SUCH_USER, N_("There is no such account, and no such group."))


class Taken(Struct, frozen=True):
    """What came of a measure: its case number (empty in a dry run), how many events it has, and the `proposal` where
    it waits for a second administrator instead."""

    case: str
    changed: int
    proposal: CaseState | None = None


def is_for_two(decision: object) -> bool:
    """Say whether a measure was refused because two have to decide on it."""
    return isinstance(decision, Refusal) and decision.detail.get("rule") == FOUR_EYES


def case_of(act: Act | AccountAct) -> str:
    """Return the case number of the first event of an act."""
    return act.cases[0] if isinstance(act, Act) else account_case(act.user, act.change_set.version + 1)


class Sanctions:
    """Takes measures, proposes and confirms them."""

    def __init__(
        self,
        ledger: Ledger,
        rooms: Rooms,
        accounts: Accounts,
        case_service: CaseService,
        group_service: GroupService,
        account_service: AccountService,
    ) -> None:
        self._ledger = ledger
        self._rooms = rooms
        self._accounts = accounts
        self._case_service = case_service
        self._group_service = group_service
        self._account_service = account_service

    async def take(
        self, terms: Terms, by: Account, *, report: str = "", also: Sequence[Joint] = (), dry_run: bool = False
    ) -> Taken | Refusal:
        """Take a measure, or propose it where two decide on it. What it brings along (`also`) is stored with it."""
        if dry_run and terms.subject is Subject.GROUP:
            return await self._would_take(terms, by, report)
        act = await self.decide(terms, by, report)
        if isinstance(act, Refusal):
            return act
        if isinstance(act, CaseAct):
            refusal = None if dry_run else await self._case_service.wait_stored(act)
            return refusal or Taken("", 1, act.state)
        join(act, also)
        # An act on an account takes effect when it is stored, so a dry run just lets it go.
        refusal = None if dry_run else await self._case_service.wait_stored(act)
        return refusal or Taken("" if dry_run or not act.events else case_of(act), len(act.events))

    async def decide(self, terms: Terms, by: Account, report: str) -> Act | AccountAct | CaseAct | Refusal:
        """Decide on a measure, which is to be stored in the same step; where two decide on it, on proposing it."""
        act = await self._decide(terms, Basis(terms.grounds, report), by)
        return self._propose(terms, by) if is_for_two(act) else act

    async def _would_take(self, terms: Terms, by: Account, report: str) -> Taken | Refusal:
        room = await self._rooms.load(terms.code)
        if room is None:
            return NO_SUBJECT
        events = self._group_service.would(room, group_command(terms, Basis(terms.grounds, report)), by)
        if is_for_two(events):
            act = self._propose(terms, by)
            return act if isinstance(act, Refusal) else Taken("", 1, act.state)
        return events if isinstance(events, Refusal) else Taken("", len(events))

    async def _decide(self, terms: Terms, basis: Basis, by: Account) -> Act | AccountAct | Refusal:
        if terms.subject is Subject.ACCOUNT:
            account = await self._accounts.load(terms.user)
            if account is None:
                return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": terms.user})
            rows: Sequence[RowChange] = [revoke_tokens(terms.user)] if terms.measure is Measure.CLOSE else ()
            if terms.entry:
                rows = await self._bars(terms)
            command = account_command(terms, basis)
            return self._account_service.act(account.state, command, by.actor(), rows)
        room = await self._rooms.load(terms.code)
        return NO_SUBJECT if room is None else self._group_service.act(room, group_command(terms, basis), by)

    async def _bars(self, terms: Terms) -> list[RowChange]:
        """Return what the blacklist notes of the identity of an account: it holds when the account is no more."""
        numbers = await self._ledger.list_identities(terms.user)
        now = self._case_service.now()
        what = terms.scopes, end_of(now, terms.duration_ms), terms.reason, now
        return [barred_row(terms.entry, row.blind, *what) for row in numbers]

    def _propose(self, terms: Terms, by: Account) -> CaseAct | Refusal:
        return self._case_service.act(None, ProposeMeasure(proposal_number(), terms), by.actor())

    async def confirm(self, case: CaseState, by: Account, *, dry_run: bool = False) -> Taken | Refusal:
        """Take a measure that somebody else has proposed."""
        refusal = check_confirmer(case, by.actor(), self._case_service.now())
        if refusal:
            return refusal
        assert case.terms is not None, "a proposal is of a measure"
        done = await self._measure_of(case)
        if not done:
            return await self._carry_out(case, case.terms, by, dry_run=dry_run)
        refusal = None if dry_run else await self._close(case, Outcome.TAKEN, done, by.actor())
        return refusal or Taken(done, 1)

    async def _carry_out(self, case: CaseState, terms: Terms, by: Account, *, dry_run: bool) -> Taken | Refusal:
        """Take a measure that was proposed, and close the proposal, in that order."""
        basis = Basis(terms.grounds, proposed_by=case.by, proposal=case.number)
        if dry_run and terms.subject is Subject.GROUP:
            room = await self._rooms.load(terms.code)
            events = NO_SUBJECT if room is None else self._group_service.would(room, group_command(terms, basis), by)
            return events if isinstance(events, Refusal) else Taken("", 1)
        act = await self._decide(terms, basis, by)
        if isinstance(act, Refusal) or dry_run:
            return act if isinstance(act, Refusal) else Taken("", 1)
        refusal = await self._case_service.wait_stored(act)
        done = case_of(act) if refusal is None and act.events else ""
        return refusal or await self._close(case, Outcome.TAKEN, done, by.actor()) or Taken(done, 1)

    async def refuse(self, case: CaseState, reason: str, by: Account, *, dry_run: bool = False) -> CaseState | Refusal:
        """Turn a proposal down, or take back one's own."""
        act = self._case_service.act(case, CloseMeasure(Outcome.REFUSED, reason), by.actor())
        if isinstance(act, Refusal):
            return act
        refusal = None if dry_run else await self._case_service.wait_stored(act)
        return refusal or act.state

    async def lapse(self, case: CaseState) -> Refusal | None:
        """Close a proposal whose time is over: nobody has confirmed it, or nobody has noted that it was."""
        done = await self._measure_of(case)
        return await self._close(case, Outcome.TAKEN if done else Outcome.LAPSED, done, SERVICE)

    async def _close(self, case: CaseState, outcome: Outcome, measure: str, by: Actor) -> Refusal | None:
        return await self._case_service.wait_stored(self._case_service.act(case, CloseMeasure(outcome, measure), by))

    async def _measure_of(self, case: CaseState) -> str:
        """Return the case number of the measure that a proposal has brought, empty for none."""
        terms = case.terms
        row = row_for(terms.subject, terms.measure) if terms else None
        assert terms is not None and row is not None, "a proposal is of a measure that there is"
        stream = account_stream(terms.user) if terms.user else group_stream(terms.code)
        wanted = ActFilter(kinds=(str(row.event.__struct_config__.tag),))
        for one in await self._ledger.acts(stream, wanted, LOOKED_AT):
            if getattr(one.event, "proposal", "") == case.number:
                return account_case(terms.user, one.version) if terms.user else case_number(terms.code, one.version)
        return ""
