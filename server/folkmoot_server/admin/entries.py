"""Administration of entries: what the platform removes from groups' logs (G10)."""

from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group.commands import FoundEntry, RemoveEntries
from folkmoot_governance.group.decide_entries import REMOVABLE
from folkmoot_governance.restrictions import Basis
from folkmoot_protocol.admin import entries as rows
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from ..live.rooms import Room
from .call import Call, Outcome, carries_out
from .common import act_on_room, find_report

MAX_REMOVED = 500
MAX_LOOKED_AT = 50_000
PAGE = 500


@carries_out(rows.REMOVE_ENTRIES)
async def remove_entries(call: Call, options: rows.WhichEntries) -> Outcome:
    """Remove the entries named, or what one account wrote, up to `MAX_REMOVED` at a time."""
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    if bool(options.seqs) is bool(options.author):
        text = N_("Say which entries: their numbers, or who wrote them.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "seqs"})
    if options.author:
        found = await written_by(call, room, fold_user_name(options.author), options.since or DAY_MS)
        entries: Sequence[FoundEntry] | Refusal = found
    else:
        seqs = read_seqs(options.seqs)
        entries = seqs if isinstance(seqs, Refusal) else await entries_at(call, room, seqs)
    if isinstance(entries, Refusal):
        return entries
    hit = {(room.state.code, one.seq) for one in entries}
    report = await find_report(call, options.report, lambda one: (one.code, one.seq) in hit)
    if isinstance(report, Refusal):
        return report
    command = removal(call, entries, options.rule, report.number if report else "")
    done = await act_on_room(call, room, command, report)
    if isinstance(done, Refusal):
        return done
    items = tuple({"seq": one.seq, "user": one.user} for one in entries)
    return AdminResult(items=items, changed=len(items))


def removal(call: Call, entries: Sequence[FoundEntry], rule: str, report: str) -> RemoveEntries:
    """Return the command that removes entries that were found, because of a report where there is one."""
    return RemoveEntries(tuple(entries), call.reason, rule, basis=Basis(report=report))


def read_seqs(text: str) -> list[int] | Refusal:
    """Return the numbers of entries in a text, each once and in order."""
    words = [word.removeprefix("#") for word in text.split()]
    if len(words) > MAX_REMOVED or not all(word.isascii() and word.isdigit() and len(word) <= 15 for word in words):
        text = N_("Give up to {limit} numbers of entries.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "seqs", "limit": MAX_REMOVED})
    return sorted({int(word) for word in words})


async def entries_at(call: Call, room: Room, seqs: Sequence[int]) -> list[FoundEntry] | Refusal:
    """Return the entries with these numbers, an edit's being that of what it edits; refuse where one is missing."""
    found = await call.app.store.journal.versions(room.state.code, seqs)
    missing = next((seq for seq in seqs if seq not in found), None)
    if missing is not None:
        text = N_("There is no entry #{seq} in this group.")
        return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"seq": missing, "help": "/history"})
    entries = {one.entry.seq: one.entry for one in found.values()}
    return [FoundEntry(one.seq, one.from_.user, one.kind, one.redacted) for one in entries.values()]


async def written_by(call: Call, room: Room, user: str, since_ms: int) -> list[FoundEntry]:
    """Return what an account wrote within a time that is still there, the latest first."""
    found: list[FoundEntry] = []
    before, oldest = room.last_seq + 1, call.app.clock.now_ms() - since_ms
    for _ in range(MAX_LOOKED_AT // PAGE):
        page = await call.app.store.journal.page(room.state.code, before=before, limit=PAGE)
        for entry in reversed(page.entries):
            if entry.ts < oldest or len(found) == MAX_REMOVED:
                return found
            if entry.from_.user == user and entry.kind in REMOVABLE and not entry.redacted:
                found.append(FoundEntry(entry.seq, user, entry.kind))
        if not page.more:
            break
        before = page.entries[0].seq
    return found
