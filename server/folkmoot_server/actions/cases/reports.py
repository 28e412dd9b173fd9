"""Reports (G12): what may be reported, by whom, and what is kept of it."""

import asyncio
from typing import Any

import msgspec
from msgspec import Struct

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.case.commands import JoinReport, NoticeCounter, OpenReport
from folkmoot_governance.case.offence import Thing, thing_of
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import PUBLIC, CaseKind, CaseState
from folkmoot_governance.group.decide_moderation import WRITTEN
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import BLANK_TEXT, fold_user_name, is_blank
from folkmoot_protocol.types import Entry, EntryKind

from ...common.clock import Clock
from ...common.codes import report_number
from ...common.i18n import N_
from ...delivery.session import Session
from ...live.accounts import Account, Accounts
from ...live.pending import OVERTAKEN
from ...live.rooms import Room
from ...sealed.case_texts import COUNTER, REPORT, CaseText, CaseTexts
from ...storage.api import CaseFilter, Store
from ..channels.following import row_of
from ..groups.membership import NO_SUCH_ENTRY, NOT_A_MEMBER, Membership
from .govern import CaseAct, CaseService

NOTHING = Refusal(ErrorCode.BAD_REQUEST, N_("Say what you report: an entry, an account or a group."), {"field": "user"})
MAX_CHARS = 4000
REPORTABLE = WRITTEN | {EntryKind.REACTION}
TRIES = 5
"""How often it is tried to open or join a case while others of other nodes do the same."""
AROUND = 5
"""So many entries before and after the one reported are kept with it."""
OF_ONE_REASON = 20


class Subject(Struct, frozen=True):
    """What is reported: an entry of a group, a group or an account; `user` wrote it, owns it, or is it.

    `shown` is kept as evidence. `of_account`: an account, in a group.
    """

    code: str = ""
    seq: int = 0
    user: str = ""
    shown: dict[str, Any] = {}
    of_account: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is something that is there, and not only words for it."""
        return bool(self.code or self.user)


def is_repeated(case: CaseState, who: Actor) -> bool:
    """Say whether somebody without an account, who has a name for each report, has made this one already."""
    return who.user.startswith(PUBLIC) and who.user in case.reporters


class Reports:
    """Finds what is reported, and opens cases on it."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        clock: Clock,
        membership: Membership,
        case_service: CaseService,
        texts: CaseTexts,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._membership = membership
        self._case_service = case_service
        self._texts = texts
        # One after the other, so that all who report a thing at once find the case that the first of them opened.
        self._turn = asyncio.Lock()

    async def find_subject(
        self, session: Session, group: str | None, seq: int | None, user: str | None
    ) -> Subject | Refusal:
        """Return what is reported, or why it cannot be: one reports what one can see."""
        if seq is not None:
            return await self._find_entry(session, group, seq)
        if user is not None:
            account = await self._accounts.load(fold_user_name(user))
            if account is None:
                return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})
            code = parse_group_code(group) or "" if group else ""
            shown = {"user": account.user, "name": account.display_name}
            return Subject(code, 0, account.user, shown, bool(code))
        if group is None:
            return NOTHING
        room = await self._membership.find_room(group, session)
        if isinstance(room, Refusal):
            return room
        state = room.state
        shown = {
            "group": state.code,
            "name": state.name,
            "topic": state.topic,
            "rules": state.rules,
            "owner": state.owner,
        }
        return Subject(state.code, 0, state.owner, shown)

    async def _find_entry(self, session: Session, group: str | None, seq: int) -> Subject | Refusal:
        """Return an entry as what is reported: as it stands, and whatever else it has said. An edit is no entry of its
        own."""
        room = await self._membership.find_room(group or "", session)
        if isinstance(room, Refusal):
            return room
        if not self._may_read(room, session):
            return NOT_A_MEMBER
        subject = await self._entry_in(room, seq)
        # Asked again, because reading took a while.
        return subject if self._may_read(room, session) else NOT_A_MEMBER

    async def find_post(self, handle: str, seq: int) -> Subject | None:
        """Return a post of a channel, or a comment on one, as what is reported by somebody without an account; None
        where there is none that everybody may read."""
        room = await self._membership.find_room(f"@{handle}")
        row = None if isinstance(room, Refusal) else row_of(room)
        if isinstance(room, Refusal) or row is None or not row.is_readable(self._clock.now_ms()):
            return None
        subject = await self._entry_in(room, seq)
        if isinstance(subject, Refusal) or subject.shown["entry"]["kind"] not in (EntryKind.POST, EntryKind.COMMENT):
            return None
        return subject

    async def _entry_in(self, room: Room, seq: int) -> Subject | Refusal:
        """Return an entry of a group as what is reported."""
        code = room.state.code
        found = (await self._store.journal.versions(code, (seq,))).get(seq) if seq <= room.last_seq else None
        if found is None or found.entry.kind not in REPORTABLE:
            return NO_SUCH_ENTRY
        entry = found.standing
        if entry.redacted:
            return Refusal(ErrorCode.CONFLICT, N_("Entry #{seq} is deleted already."), {"seq": seq})
        shown = {"entry": msgspec.to_builtins(entry), "versions": found.texts()}
        shown["around"] = msgspec.to_builtins(await self.around(room, entry.seq))
        return Subject(code, entry.seq, entry.from_.user, shown)

    def _may_read(self, room: Room, session: Session) -> bool:
        """Say whether somebody reads the entries of a group: its members do, and of a channel everybody (P15)."""
        return room.state.form is not None or session.user in room.state.members

    async def around(self, room: Room, seq: int) -> list[Entry]:
        """Return the entries before and after one, as they stand, as far as rotation has left them."""
        seqs = [one for one in range(max(1, seq - AROUND), min(room.last_seq, seq + AROUND) + 1) if one != seq]
        found = await self._store.journal.versions(room.state.code, seqs)
        return [found[one].standing for one in seqs if one in found and found[one].entry.seq == one]

    async def open(self, account: Account, subject: Subject, reason: str, text: str) -> CaseState | Refusal:
        """Report a subject: the case that is open on it is joined, else one is opened. Asking again does no harm."""
        record = await self._store.ledger.reporter_record(account.user, self._clock.now_ms())
        return await self.report(account.actor(), subject, reason, text, record)

    async def report(
        self, who: Actor, subject: Subject, reason: str, text: str, record: ReporterRecord
    ) -> CaseState | Refusal:
        """As `open`, for whoever it is; `record` is that of the reporter."""
        if len(text) > MAX_CHARS:
            said = N_("A report has at most {limit} characters; this one has {length}.")
            return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
        if text and is_blank(text):
            return Refusal(ErrorCode.BAD_REQUEST, BLANK_TEXT, {"field": "text"})
        refusal: Refusal = OVERTAKEN
        async with self._turn:
            for _ in range(TRIES):
                act = await self._join_or_open(who, subject, reason, text, record)
                if isinstance(act, Refusal):
                    return act
                failed = await self._case_service.wait_stored(act) if act.events else None
                if failed is None:
                    return act.state
                refusal = failed
                if refusal.code is not ErrorCode.CONFLICT:
                    break
        return refusal

    async def _join_or_open(
        self, who: Actor, subject: Subject, reason: str, text: str, record: ReporterRecord
    ) -> CaseAct | Refusal:
        """Return the act by which somebody reports; one without events where they have done so already."""
        said = CaseText(text, subject.shown)
        if not subject.is_known:
            # Each says in words what is meant: nobody else reports that.
            number = self._number(who.user)
            case = await self._store.ledger.load_case(number)
        else:
            thing = thing_of(subject.code, subject.seq, subject.user, reason, of_account=subject.of_account)
            about = CaseFilter(CaseKind.REPORT, thing=thing, newest=True)
            cases = await self._store.ledger.list_cases(about, limit=OF_ONE_REASON)
            case = next((one for one in cases if one.is_open or is_repeated(one, who)), None)
            number = case.number if case else await self._free_number(thing, cases[0].number if cases else "")
        if case is None:
            where = subject.code, subject.seq, subject.user, subject.of_account
            command = OpenReport(number, reason, record, *where)
            return self._case_service.act(None, command, who, self._texts.rows(number, said, self._clock))
        row = self._texts.note_row(case.number, case.version + 1, who.user, REPORT, said, self._clock)
        return self._case_service.act(case, JoinReport(reason, record), who, [row])

    def _number(self, of: str, before: str = "") -> str:
        return report_number(self._texts.draw(f"{of}\n{before}"))

    async def _free_number(self, thing: Thing, before: str) -> str:
        """Return the number of the next report of a thing, after the report `before`."""
        name = f"{thing.code} {thing.seq} {thing.user} {thing.reason}" + " of account" * thing.of_account
        number = self._number(name, before)
        while True:
            taken = await self._store.ledger.load_case(number)
            # Where it was opened just now the ledger refuses to open it again, and the next try joins.
            if taken is None or taken.is_open:
                return number
            number = self._number(name, number)

    async def counter(self, account: Account, number: str, text: str) -> CaseState | Refusal:
        """Answer a report of copyright as the one reported (P10)."""
        if len(text) > MAX_CHARS:
            said = N_("A counter-notice has at most {limit} characters; this one has {length}.")
            return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
        if is_blank(text):
            return Refusal(ErrorCode.BAD_REQUEST, BLANK_TEXT, {"field": "text"})
        case = await self._store.ledger.load_case(number.lower())
        if case is None:
            return Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/cases"})
        row = self._texts.note_row(case.number, case.version + 1, account.user, COUNTER, CaseText(text), self._clock)
        act = self._case_service.act(case, NoticeCounter(), account.actor(), [row])
        if isinstance(act, Refusal):
            return act
        return await self._case_service.wait_stored(act) or act.state
