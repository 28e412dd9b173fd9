"""Reports (G12): what may be reported, by whom, and what is kept of it."""

from typing import Any

import msgspec
from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import OpenReport
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.group.decide_moderation import WRITTEN
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import BLANK_TEXT, fold_user_name, is_blank
from folkmoot_protocol.types import EntryKind

from ...common.clock import Clock
from ...common.codes import report_number
from ...common.i18n import N_
from ...delivery.session import Session
from ...live.accounts import Account, Accounts
from ...sealed.case_texts import CaseText, CaseTexts
from ...storage.api import CaseFilter, Store
from ..groups.membership import NO_SUCH_ENTRY, NOT_A_MEMBER, Membership
from .govern import CaseService

NOTHING = Refusal(ErrorCode.BAD_REQUEST, N_("Say what you report: an entry, an account or a group."), {"field": "user"})
MAX_CHARS = 4000
REPORTABLE = WRITTEN | {EntryKind.REACTION}


class Subject(Struct, frozen=True):
    """What is reported: an entry of a group, a group or an account; `user` wrote it, owns it, or is it.

    `shown` is kept as evidence.
    """

    code: str = ""
    seq: int = 0
    user: str = ""
    shown: dict[str, Any] = {}


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
            return Subject(code, 0, account.user, {"user": account.user, "name": account.display_name})
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
        room = await self._membership.enter_room(session, group or "")
        if isinstance(room, Refusal):
            return room
        code = room.state.code
        found = (await self._store.journal.versions(code, (seq,))).get(seq) if seq <= room.last_seq else None
        # Asked again, because reading took a while.
        if session.user not in room.state.members:
            return NOT_A_MEMBER
        if found is None or found.entry.kind not in REPORTABLE:
            return NO_SUCH_ENTRY
        entry = found.standing
        if entry.redacted:
            return Refusal(ErrorCode.CONFLICT, N_("Entry {seq} is deleted already."), {"seq": seq})
        shown = {"entry": msgspec.to_builtins(entry), "versions": found.texts()}
        return Subject(code, entry.seq, entry.from_.user, shown)

    async def open(self, account: Account, subject: Subject, reason: str, text: str) -> CaseState | Refusal:
        """Open a case on a subject. Who has one open on it already gets that one: asking again does no harm."""
        if len(text) > MAX_CHARS:
            said = N_("A report has at most {limit} characters; this one has {length}.")
            return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
        if text and is_blank(text):
            return Refusal(ErrorCode.BAD_REQUEST, BLANK_TEXT, {"field": "text"})
        now, ledger = self._clock.now_ms(), self._store.ledger
        about = CaseFilter(CaseKind.REPORT, True, account.user, subject.code, subject.seq, subject.user)
        same = await ledger.list_cases(about, limit=1)
        if same:
            return same[0]
        record = await ledger.reporter_record(account.user, now)
        number = report_number()
        command = OpenReport(number, reason, record, subject.code, subject.seq, subject.user)
        rows = self._texts.rows(number, CaseText(text, subject.shown), self._clock)
        act = self._case_service.act(None, command, account.actor(), rows)
        if isinstance(act, Refusal):
            return act
        return await self._case_service.wait_stored(act) or act.state
