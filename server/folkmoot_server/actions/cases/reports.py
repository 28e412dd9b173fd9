"""Reports (G12): what may be reported, by whom, and what is kept of it."""

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import OpenReport
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.group.decide_moderation import WRITTEN
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code

from ...common.codes import report_number
from ...common.i18n import N_
from ...delivery.session import Session
from ...sealed.case_texts import CaseText
from ...storage.api import CaseFilter
from ..groups.membership import NO_SUCH_ENTRY, NOT_A_MEMBER, enter_room, find_room
from ..stored import stored

if TYPE_CHECKING:
    from ...node import Node


NOTHING = Refusal(ErrorCode.BAD_REQUEST, N_("Say what you report: an entry, an account or a group."), {"field": "user"})


MAX_CHARS = 4000


class Subject(Struct, frozen=True):
    """What is reported: an entry of a group, a group or an account; `user` wrote it, owns it, or is it.

    `shown` is kept as evidence.
    """

    code: str = ""
    seq: int = 0
    user: str = ""
    shown: dict[str, Any] = {}


async def find_subject(
    node: "Node", session: Session, group: str | None, seq: int | None, user: str | None
) -> Subject | Refusal:
    """Return what is reported, or why it cannot be: one reports what one can see."""
    if seq is not None:
        return await find_entry(node, session, group, seq)
    if user is not None:
        account = await node.accounts.load(user.removeprefix("@").lower())
        if account is None:
            return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})
        code = parse_group_code(group) or "" if group else ""
        return Subject(code, 0, account.user, {"user": account.user, "name": account.profile.display_name})
    if group is None:
        return NOTHING
    room = await find_room(node, group)
    if isinstance(room, Refusal):
        return room
    state = room.state
    shown = {"group": state.code, "name": state.name, "topic": state.topic, "rules": state.rules, "owner": state.owner}
    return Subject(state.code, 0, state.owner, shown)


async def find_entry(node: "Node", session: Session, group: str | None, seq: int) -> Subject | Refusal:
    """Return an entry as what is reported, as it stands now."""
    room = await enter_room(node, session, group or "")
    if isinstance(room, Refusal):
        return room
    entry = await node.store.journal.entry(room.state.code, seq) if seq <= room.last_seq else None
    # Asked again, because reading took a while.
    if session.user not in room.state.members:
        return NOT_A_MEMBER
    if entry is None or entry.kind not in WRITTEN:
        return NO_SUCH_ENTRY
    if entry.redacted:
        return Refusal(ErrorCode.CONFLICT, N_("Entry {seq} is deleted already."), {"seq": seq})
    return Subject(room.state.code, seq, entry.from_.user, {"entry": msgspec.to_builtins(entry)})


async def open_report(node: "Node", session: Session, subject: Subject, reason: str, text: str) -> CaseState | Refusal:
    """Open a case on a subject. Who has one open on it already gets that one: asking again does no harm."""
    if len(text) > MAX_CHARS:
        said = N_("A report has at most {limit} characters; this one has {length}.")
        return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
    account = session.account
    assert account is not None
    now, ledger = node.clock.now_ms(), node.store.ledger
    about = CaseFilter(CaseKind.REPORT, True, account.user, subject.code, subject.seq, subject.user)
    same = await ledger.list_cases(about, limit=1)
    if same:
        return same[0]
    record = await ledger.reporter_record(account.user, now)
    number = report_number()
    command = OpenReport(number, reason, record, subject.code, subject.seq, subject.user)
    rows = node.evidence.rows(number, CaseText(text, subject.shown), now)
    act = node.case_service.act(None, command, account.actor(), rows)
    if isinstance(act, Refusal):
        return act
    return await stored(node, act) or act.state
