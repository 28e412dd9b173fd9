"""Measures that may be appealed against (P15): finding the one of a case number, lifting one that was overturned."""

from typing import Any

import msgspec
from msgspec import Struct

from folkmoot_governance import SERVICE as NOBODY
from folkmoot_governance import GroupState, Refusal, account_case
from folkmoot_governance.account import AccountEvent, AccountRestored, AccountSuspended, CreditChanged
from folkmoot_governance.account_commands import (
    AccountCommand,
    OverturnClosing,
    OverturnNames,
    OverturnRestriction,
    OverturnSuspension,
    OverturnWithdrawal,
    RestoreCredit,
)
from folkmoot_governance.account_events import (
    AccountClosing,
    AccountRestricted,
    AccountRestrictionEnded,
    ClosingOverturned,
    IdentityAttested,
    IdentityRejected,
    NamesRemoved,
    NamesRestored,
)
from folkmoot_governance.case.commands import (
    CaseCommand,
    Measured,
    OverturnBadFaith,
    ReopenApplication,
    ReopenReport,
)
from folkmoot_governance.case.effects import Effect
from folkmoot_governance.case.measures import (
    APPLICATION_REJECTED,
    BAD_FAITH,
    account_measure_of,
    application_measure_of,
    measure_of,
    report_measure_of,
)
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.filing import findings_of
from folkmoot_governance.group.commands import EndMeasures, Overturn
from folkmoot_governance.group.events import (
    REMOVALS,
    ContentRefused,
    CredentialRevoked,
    Event,
    GroupClosed,
    GroupSuspended,
    HeldDenied,
    HeldRejected,
    LimitDenied,
    MeasureOverturned,
    TextRemoved,
    erased_by,
)
from folkmoot_governance.group.keeping import led_at_closing
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import fold_user_name

from ...live.accounts import Accounts
from ...live.rooms import Rooms
from ...sealed.held_posts import HeldText, HeldTexts
from ...storage.api import ActFilter, Journal, Ledger
from ...storage.change_set import ChangeSet, account_stream, group_stream
from ..accounts.govern import AccountService
from ..acting import SERVICE
from ..groups.govern import GroupService
from ..posts.held import post_held
from .aftermath import Aftermath, find_penalty
from .corrections import correct, find_uncorrected
from .govern import CaseService

MAX_CHANGES = 50
SUSPENDING = str(AccountSuspended.__struct_config__.tag)
CHARGING = str(CreditChanged.__struct_config__.tag)
CLOSING = str(AccountClosing.__struct_config__.tag)
UNDOING = tuple(
    str(kind.__struct_config__.tag)
    for kind in (
        *(MeasureOverturned, AccountRestored, AccountRestrictionEnded, CreditChanged),
        *(ClosingOverturned, IdentityAttested, NamesRestored),
    )
)

MOST_SHOWN = 200
"""So many of the entries that an act removed are kept as evidence for an appeal."""


class Place(Struct, frozen=True):
    """Where an act stands: in the stream of the account `user` or of the group `code`, at a version."""

    user: str
    code: str
    version: int


def place_of(case: str) -> Place | None:
    """Return where the act of a case number stands: `482190673350-17`, with or without hyphens, or `@mia-3`."""
    name, _, digits = case.rpartition("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15) or digits == "0":
        return None
    if name.startswith("@"):
        return Place(fold_user_name(name), "", int(digits))
    code = parse_group_code(name)
    return Place("", code, int(digits)) if code else None


REPORT_PREFIX, APPLICATION_PREFIX = "r-", "q-"
"""What the numbers of reports and of applications begin with."""


class Undone(Struct, frozen=True):
    """What undoing a measure did (`effects.Effect`), and the reports that had brought it."""

    effect: str
    reports: tuple[CaseState, ...]


class Measures:
    """Finds and lifts measures of groups and of the platform, as the ledger has them."""

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        rooms: Rooms,
        accounts: Accounts,
        group_service: GroupService,
        account_service: AccountService,
        aftermath: Aftermath,
        held_texts: HeldTexts,
        case_service: CaseService,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._rooms = rooms
        self._accounts = accounts
        self._group_service = group_service
        self._account_service = account_service
        self._aftermath = aftermath
        self._held_texts = held_texts
        self._case_service = case_service

    async def event_at(self, place: Place) -> object:
        """Return the event that stands there, None if there is none."""
        stream = account_stream(place.user) if place.user else group_stream(place.code)
        found = await self._ledger.events(stream, place.version - 1, 1)
        return found[0].event if found else None

    async def find(self, case: str, user: str) -> Measured | None:
        """Return the measure of a case number; of what hit many, that against `user`. None where there is none."""
        if case.startswith(REPORT_PREFIX):
            return await self._find_in_report(case, user)
        if case.startswith(APPLICATION_PREFIX):
            application = await self._ledger.load_case(case)
            return None if application is None else application_measure_of(application, user)
        place = place_of(case)
        event = await self.event_at(place) if place else None
        if place is None or event is None:
            return None
        if isinstance(event, Event):
            room = await self._rooms.load(place.code)
            assert room is not None, "what has a stream is a group"
            # Of a group that is closed, each who led it may appeal for it; it is one appeal all the same.
            leads = isinstance(event, GroupClosed) and led_at_closing(room.state, user) is not None
            owner = user if leads else room.state.owner
            return measure_of(event, f"{place.code}-{place.version}", place.code, owner, user)
        assert isinstance(event, AccountEvent)
        decider = ""
        if isinstance(event, CreditChanged) and event.case:
            report = await self._ledger.load_case(event.case)
            decider = report.closed_by if report else ""
        return account_measure_of(event, account_case(place.user, place.version), place.user, decider)

    async def subject_of(self, measure: Measured) -> dict[str, Any]:
        """Return what an appeal is about, as it is kept with it."""
        place = place_of(measure.case)
        if place is not None:
            event = await self.event_at(place)
            subject: dict[str, Any] = {"measure": msgspec.to_builtins(event)}
            originals = await self.originals(measure, event)
            return subject | ({"originals": originals} if originals else {})
        report = await self._ledger.load_case(measure.case)
        assert report is not None, "a measure that is no act is the outcome of a report"
        return {"measure": {"event": measure.kind, "case": measure.case, "reason": report.answer, "at": measure.at}}

    async def _find_in_report(self, number: str, user: str) -> Measured | None:
        """Return what the outcome of a report is to who made it, or what it took of the credit of whom it was about."""
        report = await self._ledger.load_case(number)
        outcome = report_measure_of(report, user) if report is not None and report.kind is CaseKind.REPORT else None
        if outcome is not None:
            return outcome
        penalty = await find_penalty(self._ledger, number, user)
        return await self.find(penalty, user) if penalty else None

    async def overturn(self, appeal: CaseState) -> Undone | Refusal:
        """Lift a measure whose appeal succeeded, and undo what followed from it; return what that did, or why it must
        be tried again. Twice changes nothing more."""
        if appeal.measure.startswith((REPORT_PREFIX, APPLICATION_PREFIX)):
            return await self._overturn_outcome(appeal)
        place = place_of(appeal.measure)
        event = await self.event_at(place) if place else None
        assert place is not None and event is not None, "an appeal is against an act that is there"
        if isinstance(event, Event):
            refusal = await self._overturn_in_group(appeal, place, event)
        else:
            refusal = await self._overturn_for_account(appeal, place, event)
            if isinstance(event, (AccountSuspended, AccountClosing)) and refusal is None:
                refusal = await self._aftermath.return_groups(place.user, event.at)
        reports = await self._aftermath.reports_behind(event)
        refusal = refusal or await self._aftermath.give_back(reports, appeal.answer)
        return refusal or Undone(await self._effect(appeal, place), tuple(reports))

    async def _overturn_outcome(self, appeal: CaseState) -> Undone | Refusal:
        """Open a report again that was dismissed, or an application that was rejected, or take back that a reporter was
        in bad faith."""
        report = await self._ledger.load_case(appeal.measure)
        assert report is not None, "an appeal is against an outcome that is there"
        command: CaseCommand = ReopenReport(appeal.answer)
        if appeal.reason == APPLICATION_REJECTED:
            command = ReopenApplication(appeal.answer)
        if appeal.reason == BAD_FAITH:
            command = OverturnBadFaith(appeal.by, appeal.answer)
        # Who reopens a report takes back all that was found of those who made it.
        undone = findings_of(report, appeal.by if appeal.reason == BAD_FAITH else "")
        filings = [await find_uncorrected(self._ledger, number) for number in undone]
        act = self._case_service.act(report, command, NOBODY)
        if isinstance(act, Refusal):
            return act
        for filing in filings if act.events else ():
            correct(act, filing, appeal.answer, act.events[-1].at)
        refusal = await self._case_service.wait_stored(act) if act.events else None
        return refusal or Undone(Effect.VOID, ())

    async def confirm(self, appeal: CaseState) -> Refusal | None:
        """Let go what was kept for an appeal that was turned down: there is no other. Twice changes nothing more."""
        place = place_of(appeal.measure)
        account = await self._accounts.load(place.user) if place and place.user else None
        if account is not None and place is not None and account.state.closing_case == place.version:
            return await self._account_service.finish_closing(account, final=True)
        room = await self._rooms.load(place.code) if place and place.code else None
        if place is None or room is None or room.state.kept is None or room.state.kept.number != place.version:
            return None
        act = self._group_service.act(room, EndMeasures(final=True), SERVICE)
        return await self._group_service.wait_stored(act)

    async def _effect(self, appeal: CaseState, place: Place) -> str:
        """Return what undoing a measure changed, from the record of its having been undone."""
        stream = account_stream(place.user) if place.user else group_stream(place.code)
        wanted = ActFilter(kinds=UNDOING)
        for one in await self._ledger.acts(stream, wanted, MAX_CHANGES):
            match one.event:
                case MeasureOverturned(number=place.version, user=appeal.by, effect=effect):
                    return effect or Effect.VOID
                case AccountRestored(by="", back_until_ms=back) if (
                    one.version > place.version and appeal.reason == SUSPENDING
                ):
                    return Effect.EARLIER if back else Effect.LIFTED
                case AccountRestrictionEnded(case=appeal.measure, is_back=back):
                    return Effect.EARLIER if back else Effect.LIFTED
                case ClosingOverturned() if one.version > place.version and appeal.reason == CLOSING:
                    return Effect.GIVEN_BACK
                case NamesRestored(measure=place.version):
                    return Effect.RESTORED
                case IdentityAttested(measure=place.version):
                    return Effect.VERIFIED
                case CreditChanged(cause="restored") if one.version > place.version and appeal.reason == CHARGING:
                    return Effect.CREDITED
        return Effect.VOID

    async def _overturn_for_account(self, appeal: CaseState, place: Place, event: object) -> Refusal | None:
        """Take back an act on an account, unless that is done."""
        command: AccountCommand
        if isinstance(event, AccountSuspended):
            command = OverturnSuspension(event.until_ms, appeal.answer, event.was_until_ms, event.was_reason)
        elif isinstance(event, AccountRestricted):
            command = OverturnRestriction(appeal.measure, appeal.answer)
        elif isinstance(event, IdentityAttested):
            assert event.was is not None, "only what took a level away is a measure"
            command = OverturnWithdrawal(place.version, event.identity, event.was, appeal.answer, event.was_ts)
        elif isinstance(event, NamesRemoved):
            command = OverturnNames(place.version, event.at, event.was_ms, appeal.answer)
        elif isinstance(event, IdentityRejected):
            # The number is erased: the account may ask again, and nothing else is to be undone.
            return None
        elif isinstance(event, AccountClosing):
            command = OverturnClosing(place.version, appeal.answer)
        else:
            assert isinstance(event, CreditChanged)
            command = RestoreCredit(event.case or appeal.measure, appeal.answer)
        account = await self._accounts.load(place.user)
        if account is None:
            return None
        return await self._account_service.carry_out(account.state, command, NOBODY)

    async def _overturn_in_group(self, appeal: CaseState, place: Place, event: Event) -> Refusal | None:
        """Have the group take an act back, unless it has done so."""
        wanted = ActFilter(user=appeal.by, kinds=(str(MeasureOverturned.__struct_config__.tag),))
        for one in await self._ledger.acts(group_stream(place.code), wanted, MAX_CHANGES):
            if isinstance(one.event, MeasureOverturned) and one.event.number == place.version:
                return None
        # In memory, for the notice: if it was closed meanwhile, its name is not told.
        author = await self._accounts.load(appeal.by)
        until = event.until_ms if isinstance(event, GroupSuspended) else 0
        restores = await self._removed_entries(appeal.by, place.code, event)
        pins = event.was_pins if isinstance(event, REMOVALS) else ()
        text = event if isinstance(event, TextRemoved) else None
        post = await self.refused_post(place, event)
        command = Overturn(
            appeal.by,
            place.version,
            appeal.reason,
            until,
            appeal.answer,
            restores,
            pins,
            text,
            back_until_ms=event.was_until_ms if isinstance(event, GroupSuspended) else 0,
            is_post=post is not None and author is not None,
            asked_limit=event.limit if isinstance(event, LimitDenied) else 0,
            credentials=event.credentials if isinstance(event, CredentialRevoked) else (),
        )
        name = author.name_in(place.code) if author is not None else ""

        def release(change_set: ChangeSet, state: GroupState, event: Event) -> None:
            if post is not None and isinstance(event, MeasureOverturned) and event.effect == Effect.POSTED:
                post_held(change_set, state, appeal.by, name, *post)

        # The room may be another one by now.
        room = await self._rooms.load(place.code)
        assert room is not None, "what has a stream is a group"
        return await self._group_service.wait_stored(self._group_service.act(room, command, SERVICE, release))

    async def refused_post(self, place: Place, event: object) -> tuple[int, HeldText] | None:
        """Return the post that an act turned down, with the number that it is kept under; None where there is none, or
        it is not kept any more."""
        if not isinstance(event, (HeldDenied, HeldRejected, ContentRefused)):
            return None
        number = event.number if isinstance(event, (HeldDenied, HeldRejected)) else place.version
        sealed = await self._ledger.held_text(place.code, number)
        text = self._held_texts.unseal(place.code, number, sealed) if sealed else None
        return None if text is None else (number, text)

    async def _removed_entries(self, user: str, code: str, event: Event) -> tuple[int, ...]:
        """Return which of the entries that an act removed are by `user`, or are notices, as far as rotation has left
        them."""
        found = await self._journal.versions(code, erased_by(event)) if isinstance(event, REMOVALS) else {}
        if isinstance(event, TextRemoved):
            return tuple(found)
        return tuple(seq for seq, one in found.items() if one.entry.from_.user == user)

    async def originals(self, measure: Measured, event: object) -> list[dict[str, Any]]:
        """Return what a measure removed or turned down of whom it hit, as it was written (P15)."""
        place = place_of(measure.case)
        if place is None:
            return []
        post = await self.refused_post(place, event)
        if post is not None:
            return [{"number": post[0], "kind": post[1].kind.value, "versions": [{"body": post[1].body}]}]
        if isinstance(event, TextRemoved) or not isinstance(event, REMOVALS):
            return []
        found = await self._journal.versions(place.code, erased_by(event), preserved=True)
        mine = [one for one in found.values() if one.entry.from_.user == measure.user]
        return [
            {"seq": one.entry.seq, "ts": one.entry.ts, "kind": one.entry.kind.value, "versions": one.texts()}
            for one in mine[:MOST_SHOWN]
        ]
