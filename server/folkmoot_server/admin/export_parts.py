"""What a bundle of a case has, gathered part by part. Each part asks, where it fetches, whether who exports may."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import ReadIdentity
from folkmoot_governance.case.checks import NO_SUCH_CASE, OPEN
from folkmoot_governance.case.commands import NoteBundle
from folkmoot_governance.case.export import ACT, Scope
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.closed_names import hide_names, names_in
from folkmoot_governance.group.events import Event
from folkmoot_governance.holds import ACT as HOLD
from folkmoot_governance.reading import ACT as READ_TEXTS
from folkmoot_governance.reading import READ_ACCESS, ReadTexts
from folkmoot_governance.record import concerns
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.exported import AccessLine, EntryLine, EventLine, IdentityLine
from folkmoot_protocol.types import Entry

from ..actions.accounts.closed import hide_closed
from ..actions.cases.bundle import BundleFile, lines_of, pack
from ..actions.cases.bundle_report import Told, Written, render
from ..actions.cases.measures import place_of
from ..actions.cases.reports import AROUND
from ..actions.event_log import Proven
from ..actions.exports import Progress, Steps
from ..common.i18n import LANGUAGES, N_
from ..crypto.words import plain, words_of
from ..live.pending import OVERTAKEN
from ..sealed.access_records import AccessKind
from ..storage.api import Journal
from ..storage.change_set import AnyEvent, account_stream, case_stream, group_stream
from ..storage.rows import LedgerRow
from .call import Call
from .cases import case_item, notes_of, reported_by
from .common import act_on_account, check_asker, record_reading
from .export_held import Held, access_line, held_for
from .export_names import without_names

PAGE, PROVEN_AT_ONCE = 500, 250
MOST = 200_000
"""No more entries, events or records of connections than that are taken out at once."""
TRIES = 5
"""How often it is tried to note what was made, while others act on the case."""
NOT_COVERED = N_("the platform role of whoever took this out does not cover it")
NOT_APPROVED = N_("two of the staff have to approve it, and have not")
TOO_MUCH = Refusal(
    ErrorCode.BAD_REQUEST,
    N_("This is more than {limit}: ask for a shorter time, or for less."),
    {"limit": MOST, "field": "since", "help": "export case --since"},
)


class Stopped(Exception):
    """What ends an export on its way, as a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


class Extent(NamedTuple):
    """How much is taken out, and why; `approved_by`: who has approved what it took two for, `identities` or to open
    what was `removed`."""

    scope: str
    since: int
    until: int
    reason: str
    approved_by: tuple[str, ...]
    identities: bool
    removed: bool


class Gathering:
    """One export on its way."""

    def __init__(self, call: Call, number: str, extent: Extent) -> None:
        self._call = call
        self._number = number
        self._extent = extent
        self._left_out: dict[str, str] = {}
        self._whose: frozenset[str] = frozenset()

    async def steps(self) -> Steps:
        """Gather all of it; give how far that is, and at the end the bundle. Raises `Stopped`, StorageError."""
        case = await self._load()
        self._whose = await self._names_of(case.user)
        facts, written = await self._written(case)
        held, held_access = await self._held(case)
        entries: list[EntryLine] = []
        async for page in self._entries(case):
            entries += page
            yield Progress(len(entries), 0)
        entries += await self._record(case.code, beside(held, {one.seq for one in entries}))
        entries.sort(key=lambda one: one.seq)
        access = await self._access(case, held_access)
        identities = await self._identities(case)
        rows: list[tuple[LedgerRow, AnyEvent]] = []
        async for found in self._rows(case):
            rows += found
            if len(rows) > MOST:
                raise Stopped(TOO_MUCH)
            yield Progress(len(entries), 0)
        rows = [one for _, one in sorted({row.position: (row, event) for row, event in rows}.items())]
        checkpoint = await self._call.app.event_log.checkpoint_over(rows[-1][0].position)
        if isinstance(checkpoint, Refusal):
            raise Stopped(checkpoint)
        events: list[tuple[EventLine, AnyEvent]] = []
        for start in range(0, len(rows), PROVEN_AT_ONCE):
            some = rows[start : start + PROVEN_AT_ONCE]
            proven = await self._call.app.event_log.prove_all([row for row, _ in some], checkpoint.size)
            lines = await self._event_lines(proven)
            events += [(line, event) for line, (_, event) in zip(lines, some, strict=True)]
            yield Progress(len(entries) + len(events), len(entries) + len(rows))
        told = Told(
            about=await hide_closed(self._call.app.store.ledger, self._about(case)),
            case=facts,
            written=written,
            entries=entries,
            events=events,
            access=access,
            identities=identities,
        )
        bundle = await asyncio.to_thread(pack_told, told, checkpoint.note, self._call.app.event_log.sign)
        await self._note(NoteBundle(sha256(bundle).hexdigest(), len(entries), len(events), len(access)))
        yield bundle

    def _may(self, act: str, part: str) -> bool:
        """Say whether who exports may have a part; what they may not have is left out, and that is said."""
        if check_asker(self._call, act) is None:
            return True
        self._left_out[part] = NOT_COVERED
        return False

    async def _load(self) -> CaseState:
        refusal = check_asker(self._call, ACT)
        case = await self._call.app.store.ledger.load_case(self._number)
        if refusal or case is None:
            raise Stopped(refusal or NO_SUCH_CASE)
        return case

    async def _names_of(self, user: str) -> frozenset[str]:
        """Return by what somebody is named: where the account is closed, entries that are read have its tag."""
        tags = await self._call.app.store.ledger.author_tags([user]) if user else {}
        return frozenset({user, *tags.values()})

    def _about(self, case: CaseState) -> dict[str, Any]:
        """Return what the manifest says besides the files."""
        extent, event_log = self._extent, self._call.app.event_log
        return {
            "origin": event_log.key.name,
            "key": str(event_log.key),
            "case": case.number,
            "kind": case.kind.value,
            "scope": extent.scope,
            "since_ts": extent.since,
            "until_ts": extent.until,
            "made_ts": self._call.app.clock.now_ms(),
            "by": self._call.account.user,
            "reason": extent.reason,
            "approved_by": extent.approved_by,
            "left_out": self._left_out,
            "whole": [case_stream(case.number)],
        }

    async def _written(self, case: CaseState) -> tuple[dict[str, Any], list[Written]]:
        """Return the facts of a case, and what people wrote to it."""
        app = self._call.app
        facts = case_item(case, app.clock.now_ms()) | {"reported_by": reported_by(case)}
        written: list[Written] = []
        if self._may(OPEN, "case"):
            found = app.cases.texts.unseal(case.number, await app.store.ledger.case_text(case.number))
            if found is not None:
                by = "" if not facts["by"] else case.by
                written.append(Written("case", by, case.opened_ts, found.text))
                # What names somebody is told by the fields, which plain words have not any more.
                subject = await hide_closed(app.store.ledger, found.subject)
                written.append(Written("subject", "", case.opened_ts, text_of_subject(subject)))
            for one in await notes_of(self._call, case):
                written.append(Written(str(one["kind"]), str(one["by"]), int(str(one["ts"])), str(one["text"] or "")))
        shown = await hide_closed(app.store.ledger, {"facts": facts, "written": msgspec.to_builtins(written)})
        return shown["facts"], msgspec.convert(shown["written"], list[Written])

    async def _entries(self, case: CaseState) -> AsyncIterator[list[EntryLine]]:
        """Yield the entries that are asked for, a page at a time, those that were removed with their texts."""
        scope, journal, code = self._extent.scope, self._call.app.store.journal, case.code
        if not code or not self._may(READ_TEXTS, "entries"):
            return
        if scope == Scope.ENTRY:
            yield await self._record(code, await self._around(case))
            return
        first, end = await self._seqs(code)
        if end - first > MOST:
            raise Stopped(TOO_MUCH)
        after = first - 1
        while after < end - 1:
            page = await journal.page(code, after=after, limit=PAGE)
            if not page.entries:
                break
            after = page.entries[-1].seq
            some = [one for one in page.entries if one.seq < end]
            if scope == Scope.USER:
                some = [one for one in some if one.from_.user in self._whose]
            yield await self._record(code, await self._with_texts(code, some))

    async def _record(self, code: str, lines: list[EntryLine]) -> list[EntryLine]:
        """Put on record, before anything is shown, that people's texts are taken out; return them without the names of
        closed accounts."""
        if lines:
            reading = ReadTexts(self._number, "entries", code, len(lines))
            refusal = await record_reading(self._call, reading)
            if refusal:
                raise Stopped(refusal)
        return await without_names(self._call.app.store.ledger, lines)

    async def _around(self, case: CaseState) -> list[EntryLine]:
        """Return the entry that was reported, and those around it, with their edits."""
        if not case.seq:
            return []
        seqs = [seq for seq in range(case.seq - AROUND, case.seq + AROUND + 1) if seq > 0]
        found = await self._call.app.store.journal.versions(case.code, seqs)
        entries = {entry.seq: entry for one in found.values() for entry in (one.entry, *one.edits)}
        return await self._with_texts(case.code, [entries[seq] for seq in sorted(entries)])

    async def _with_texts(self, code: str, entries: Sequence[Entry]) -> list[EntryLine]:
        """Return entries as lines, with the texts of those that were removed, where these are kept."""
        removed = [one.seq for one in entries if one.redacted]
        texts: dict[int, str] = {}
        if removed and self._opens_removed():
            kept = await self._call.app.store.journal.versions(code, removed, preserved=True)
            texts = {entry.seq: entry.body for one in kept.values() for entry in (one.entry, *one.edits)}
        return [line_of(code, one, texts.get(one.seq, one.body)) for one in entries]

    def _opens_removed(self) -> bool:
        """Say whether removed messages go along; where they do not, that is said."""
        if not self._extent.removed:
            self._left_out["removed"] = NOT_APPROVED
        return self._extent.removed

    async def _seqs(self, code: str) -> tuple[int, int]:
        """Return the first seq of the time that is asked for, and the one behind its last."""
        journal = self._call.app.store.journal
        last = (await journal.last_seqs([code]))[code]
        first, end = self._extent.since, self._extent.until + 1
        return await first_at(journal, code, last, first), await first_at(journal, code, last, end)

    async def _held(self, case: CaseState) -> Held:
        """Return what is kept for the case of months that are gone, as far as it is asked for."""
        scope = self._extent.scope
        if not self._may(HOLD, "held"):
            return [], []
        entries, access = await held_for(self._call, case.number, case.code)
        if scope == Scope.ENTRY:
            entries = [one for one in entries if abs((one.target or one.seq) - case.seq) <= AROUND]
        else:
            entries = [one for one in entries if self._is_asked_for(one.ts)]
        if scope == Scope.USER:
            entries = [one for one in entries if one.user in self._whose]
        if any(one.removed for one in entries) and not self._opens_removed():
            entries = [msgspec.structs.replace(one, body="") if one.removed else one for one in entries]
        readable = self._may(READ_TEXTS, "entries")
        mine = [one for one in access if one.user in self._whose and self._is_asked_for(one.ts)]
        return entries if readable else [], mine

    async def _access(self, case: CaseState, held: list[AccessLine]) -> list[AccessLine]:
        """Return the records of connections of whom the case is about, the oldest first, with those that are held."""
        found: list[AccessLine] = []
        if not case.user or not self._may(READ_ACCESS, "access"):
            return found
        cursor = ""
        while True:
            records, cursor = await self._call.app.access_log.read(case.user, EVERYTHING, PAGE, cursor)
            found += [access_line(one) for one in records if self._is_asked_for(one.ts)]
            if not cursor or (records and records[-1].ts < self._extent.since):
                break
            if len(found) > MOST:
                raise Stopped(TOO_MUCH)
        found = sorted({*found, *held}, key=lambda one: (one.ts, one.connection, one.kind))
        reading = ReadTexts(self._number, "access", count=len(found), permission=READ_ACCESS)
        refusal = await record_reading(self._call, reading)
        if refusal:
            raise Stopped(refusal)
        return await without_names(self._call.app.store.ledger, found)

    async def _identities(self, case: CaseState) -> list[IdentityLine]:
        """Return the identities of whom the case is about, where two have approved that and who exports may."""
        app = self._call.app
        account = await app.accounts.load(case.user) if case.user else None
        if not self._extent.identities or account is None or not self._may("read_identity", "identities"):
            return []
        looked = await act_on_account(self._call, account, ReadIdentity(self._number))
        if isinstance(looked, Refusal):
            raise Stopped(looked)
        request = await app.store.ledger.identity_request(account.user)
        rows = [*([request] if request else []), *await app.store.ledger.list_identities(account.user)]
        lines = [
            IdentityLine(
                user=row.user,
                identity=row.identity,
                number=given.number if given else "",
                name=given.name if given else "",
                document=given.document if given else "",
                state="asked" if row is request else "verified",
                since_ts=row.ts,
            )
            for row in rows
            for given in (app.vault.open_all(row),)
        ]
        return await without_names(app.store.ledger, lines)

    async def _rows(self, case: CaseState) -> AsyncIterator[list[tuple[LedgerRow, AnyEvent]]]:
        """Yield the events of the ledger that concern the case, a page at a time."""
        everybody = self._extent.scope == Scope.GROUP

        def is_told(event: AnyEvent) -> bool:
            return everybody or not isinstance(event, Event) or concerns(event, case.user)

        async for page in self._stream(case_stream(case.number), lambda row, event: True):
            yield page
        if case.user:
            async for page in self._stream(account_stream(case.user), lambda row, event: self._is_asked_for(row.ts)):
                yield page
        if case.code:
            told = self._stream(
                group_stream(case.code), lambda row, event: self._is_asked_for(row.ts) and is_told(event)
            )
            async for page in told:
                yield page
        place = place_of(case.measure) if case.measure else None
        if place is not None:
            stream = group_stream(place.code) if place.code else account_stream(place.user)
            async for page in self._stream(stream, lambda row, event: row.version == place.version):
                yield page

    def _is_asked_for(self, ts: int) -> bool:
        return self._extent.since <= ts <= self._extent.until

    async def _stream(self, stream: str, is_wanted: "Wanted") -> AsyncIterator[list[tuple[LedgerRow, AnyEvent]]]:
        """Yield events of a stream that are wanted, a page at a time."""
        ledger, after = self._call.app.store.ledger, 0
        while True:
            rows = await ledger.stream_rows(stream, after, PAGE)
            events = await ledger.events(stream, after, len(rows)) if rows else []
            yield [(row, one.event) for row, one in zip(rows, events, strict=True) if is_wanted(row, one.event)]
            if len(rows) < PAGE:
                return
            after = rows[-1].version

    async def _event_lines(self, proven: Sequence[Proven]) -> list[EventLine]:
        """Return events with their proofs; of what names a closed account, without its name."""
        said = [msgspec.json.decode(one.said) for one in proven]
        named = [
            {name_in_stream(one), one["actor"], *names_in(plain(row.event.data))}
            for one, row in zip(said, proven, strict=True)
        ]
        tags = await self._call.app.store.ledger.author_tags(set().union(*named))
        return [
            event_line(one, data, tags if names & tags.keys() else {})
            for one, data, names in zip(proven, said, named, strict=True)
        ]

    async def _note(self, command: NoteBundle) -> None:
        """Put on record what was made."""
        service, refusal = self._call.app.cases.service, OVERTAKEN
        for _ in range(TRIES):
            case = await self._load()
            failed = await service.wait_stored(service.act(case, command, self._call.account.actor()))
            if failed is None:
                return
            refusal = failed
            if refusal.code is not ErrorCode.CONFLICT:
                break
        raise Stopped(refusal)


Wanted = Callable[[LedgerRow, AnyEvent], bool]
EVERYTHING = frozenset(AccessKind)


async def first_at(journal: Journal, code: str, last: int, ts: int) -> int:
    """Return the seq of the first entry from a time on, one behind the last where there is none; `last` is the last
    seq. Seqs may be without an entry: of months that are gone, and where some were lost."""
    low, high, found = 1, last + 1, last + 1
    while low < high:
        middle = (low + high) // 2
        there = (await journal.page(code, after=middle - 1, limit=1)).entries
        if there and there[0].ts < ts:
            low = there[0].seq + 1
        else:
            high, found = middle, there[0].seq if there else found
    return found


def beside(held: Sequence[EntryLine], there: Collection[int]) -> list[EntryLine]:
    """Return what is held and not there: once, though it is held twice."""
    return list({one.seq: one for one in held if one.seq not in there}.values())


def line_of(code: str, entry: Entry, body: str) -> EntryLine:
    """Return an entry as a line."""
    return EntryLine(
        group=code,
        seq=entry.seq,
        ts=entry.ts,
        kind=entry.kind.value,
        user=entry.from_.user,
        name=entry.from_.display_name,
        body=body,
        reply_to=entry.reply_to or 0,
        target=entry.target or 0,
        removed=entry.redacted,
    )


def name_in_stream(said: Mapping[str, Any]) -> str:
    """Return whose stream an event is in, where it is an account's."""
    return str(said["stream"]).partition(":")[2]


def event_line(proven: Proven, said: dict[str, Any], tags: Mapping[str, str]) -> EventLine:
    """Return an event as a line; with `tags` in place of names in it, and then without its exact words."""
    row, salt = proven.event, base64.b64encode(proven.proof.extra).decode()
    stream, actor, event = row.stream, row.actor, said["data"]
    words = {name: word._asdict() for name, word in words_of(row.data).items()}
    if tags:
        kind, _, name = stream.partition(":")
        stream, actor, event = (
            f"{kind}:{tags.get(name, name)}",
            tags.get(actor, actor),
            hide_names(plain(row.data), tags),
        )
    return EventLine(
        position=row.position,
        stream=stream,
        version=row.version,
        ts=row.ts,
        kind=row.type,
        actor=actor,
        event=event,
        proof=tuple(base64.b64encode(one).decode() for one in proven.proof.hashes),
        said="" if tags else proven.said.decode(),
        salt="" if tags else salt,
        digest=sha256(proven.proof.extra + proven.said).hexdigest() if tags else "",
        words={} if tags else words,
    )


def text_of_subject(subject: Mapping[str, Any]) -> str:
    """Return what a case is about, as it was when it was opened, in plain words."""
    versions = subject.get("versions") or ()
    said = [str(one.get("body", "")) for one in versions]
    return "\n".join([*said, *(f"{name}: {value}" for name, value in subject.items() if isinstance(value, (str, int)))])


def pack_told(told: Told, checkpoint: str, sign: Callable[[str], str]) -> bytes:
    """Return the bundle. Slow: for a thread."""
    about = dict(told.about)
    case = {"case": told.case, "written": told.written}
    made = [
        *(BundleFile(f"report.{language}.html", render(told, language)) for language in LANGUAGES),
        BundleFile("case.json", msgspec.json.format(msgspec.json.encode(case))),
        lines_of("entries", told.entries),
        lines_of("events", [line for line, _ in told.events]),
        *([lines_of("access", told.access)] if "access" not in about["left_out"] else []),
        *([lines_of("identities", told.identities)] if about["approved_by"] else []),
        BundleFile("checkpoint.txt", checkpoint.encode()),
    ]
    return pack(about, made, sign, about["made_ts"])
