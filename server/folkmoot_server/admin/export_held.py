"""What of a bundle is not in its month any more, and is kept on hold for the case (`actions.holds`)."""

import asyncio
from collections.abc import Collection, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from folkmoot_governance.group.events import REMOVALS, MeasureOverturned, still_removed
from folkmoot_governance.holds import ACT as HOLD
from folkmoot_governance.reading import ACT as READ_TEXTS
from folkmoot_governance.reading import READ_ACCESS
from folkmoot_protocol.exported import AccessLine, EntryLine
from folkmoot_protocol.types import EntryKind

from ..sealed.access_records import AccessRecord, detail_of
from ..storage.api import ActFilter, HeldRow
from ..storage.change_set import Recorded, group_stream
from .call import Call

FIRST = ("", "", -1)
PAGE = 500
REMOVING = tuple(str(kind.__struct_config__.tag) for kind in (*REMOVALS, MeasureOverturned))
Held = tuple[list[EntryLine], list[AccessLine]]


async def held_for(call: Call, case: str, code: str) -> Held:
    """Return what is kept for a case, by itself and because staff holds something for it: entries of the group `code`,
    and records of the access log, both as they were written. Raises StorageError."""
    by_staff = await call.app.holds.by_staff()
    entries: list[EntryLine] = []
    access: list[AccessLine] = []
    for hold in (case, *(number for number, one in by_staff.items() if one.case.lower() == case)):
        after = FIRST
        while rows := await call.app.store.ledger.held_rows(hold, after, PAGE):
            more, records = await asyncio.to_thread(read_rows, call, rows)
            entries += [one for one in more if one.group == code]
            access += records
            after = rows[-1].month, rows[-1].code, rows[-1].seq
    return await without_removed_names(call, await marked(call, code, entries)), access


def acts_to_read(rows: Iterable[HeldRow]) -> list[str]:
    """Return what somebody's role must cover to read what is kept: what is asked for the same that is not on hold,
    besides."""
    kinds = {bool(row.code) for row in rows}
    return [HOLD, *([READ_TEXTS] if True in kinds else []), *([READ_ACCESS] if False in kinds else [])]


async def without_removed_names(call: Call, entries: list[EntryLine]) -> list[EntryLine]:
    """Return entries under the user's name where the platform has removed the names chosen since (G10), as the journal
    shows those that it has."""
    accounts = [await call.app.accounts.load(user) for user in {one.user for one in entries}]
    removed_ms = {one.user: one.state.names_removed_ms for one in accounts if one is not None}
    return [replace(one, name=one.user) if one.ts <= removed_ms.get(one.user, 0) else one for one in entries]


async def marked(call: Call, code: str, entries: list[EntryLine]) -> list[EntryLine]:
    """Return entries with whether they are removed, as the group's record has it: what the journal knew of that went
    with the month."""
    if not entries:
        return entries
    wanted, acts = ActFilter(kinds=REMOVING), list[Recorded]()
    while some := await call.app.store.ledger.acts(group_stream(code), wanted, PAGE):
        acts += some
        wanted = ActFilter(kinds=REMOVING, before=some[-1].version)
    gone = still_removed((one.version, one.event) for one in reversed(acts))
    return [replace(one, removed=True) if one.seq in gone or is_edit_of(one, gone) else one for one in entries]


def is_edit_of(line: EntryLine, gone: Collection[int]) -> bool:
    """Say whether a line is another text of one of these entries, and goes with it."""
    return line.kind == EntryKind.EDIT and line.target in gone


def read_rows(call: Call, rows: Sequence[HeldRow]) -> Held:
    """Return what is in rows; what does not open is left out. Slow: for a thread."""
    entries: list[EntryLine] = []
    access: list[AccessLine] = []
    for row in rows:
        text = call.app.holds.open(row)
        if text is None:
            continue
        if row.code:
            entries.append(entry_line(row.code, text))
        else:
            access += map(access_line, msgspec.json.decode(text, type=list[AccessRecord]))
    return entries, access


def entry_line(code: str, text: bytes) -> EntryLine:
    """Return an entry as it was written."""
    _group, seq, ts, kind, user, name, _role, _tags, body, reply_to, target, _data = msgspec.json.decode(text)
    return EntryLine(
        group=code,
        seq=seq,
        ts=ts,
        kind=kind,
        user=user,
        name=name,
        body=body,
        reply_to=reply_to or 0,
        target=target or 0,
    )


def access_line(one: AccessRecord) -> AccessLine:
    """Return a record of the access log as a line."""
    return AccessLine(
        ts=one.ts,
        kind=one.kind.value,
        user=one.user,
        address=one.address,
        port=one.port,
        connection=one.connection,
        detail=detail_of(one),
    )
