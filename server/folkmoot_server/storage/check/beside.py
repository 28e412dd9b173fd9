"""Comparing with the ledger what no single stream has: tables that staff's acts fill from many streams, and those that
stand beside the ledger because they have what no event may (texts, numbers, secrets).

Of the first all rows are made again, in the ledger's order. Of the second each row must be that of an act that is on
record, and say of it what the ledger says; what they have besides, the ledger cannot know. Some of them end, so that a
row is missing is found only where it must be there.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from folkmoot_governance import AccountState, GroupState
from folkmoot_governance.account_events import (
    AccountRegistered,
    AccountRestricted,
    AgreementAccepted,
    Announced,
    BlacklistEntryRemoved,
    EmergencyEnded,
    EmergencyStarted,
    FeatureAssessed,
    FeatureStopped,
    PlatformWordDropped,
    PlatformWordSet,
)
from folkmoot_governance.announcement import announcement_of
from folkmoot_governance.case.state import CaseNoted, CaseState, CounterNoticed, ReportJoined
from folkmoot_governance.group.events import ContentHeld, ContentRefused, NotesCleared, NoteWritten
from folkmoot_protocol.types import Identity

from ...common.terminal import _
from ..change_set import Recorded, Remove, RowChange, Update
from ..changes import announcement_row, emergency_row, ended_emergency, feature_row, platform_word_row, stopped_feature
from ..sql.tables import metadata

Key = tuple[Any, ...]
Values = dict[str, Any]

MADE: dict[type, Callable[[Any], RowChange | None]] = {
    EmergencyStarted: emergency_row,
    EmergencyEnded: ended_emergency,
    FeatureAssessed: feature_row,
    FeatureStopped: stopped_feature,
    Announced: lambda event: announcement_row(announcement_of(event)),
    PlatformWordSet: platform_word_row,
    PlatformWordDropped: platform_word_row,
}
"""What staff's acts make of tables, whichever stream they are in."""

WHOLE = ("emergencies", "announcements", "features", "platform_words")
"""The tables that these make, and nothing else does."""


class Beside(NamedTuple):
    """A table beside the ledger: which of its columns tell its rows apart, and which the ledger knows as well."""

    key: tuple[str, ...]
    known: tuple[str, ...] = ()


BESIDE: dict[str, Beside] = {
    "notes": Beside(("code", "version"), ("user", "by", "ts")),
    "case_notes": Beside(("number", "version"), ("by",)),
    "held_texts": Beside(("code", "number")),
    "barred_identities": Beside(("entry",), ("scopes", "reason")),
    "identity_requests": Beside(("user", "identity")),
    "second_factors": Beside(("user",)),
    "leaving": Beside(("user",)),
    "agreements": Beside(("version",), ("sha256",)),
}
LASTING = ("notes", "second_factors", "agreements")
"""Those whose rows must be there: they end by an act, or with the account, or never."""
FREE = ("second_factors", "agreements")
"""Those that may have rows of no act yet: what is being set up, or nobody has accepted."""


class BesideCheck:
    """Takes in the ledger, a stream at a time, and compares at the end."""

    def __init__(self, main: Connection) -> None:
        self._main = main
        self._made: list[tuple[int, RowChange]] = []
        self._wanted: dict[str, dict[Key, Values]] = {table: {} for table in BESIDE}
        self._unbarred: set[str] = set()
        self._closed: set[str] = set()

    def take_in(self, events: list[Recorded], state: object) -> None:
        """Note what a stream says of these tables; `state` is that after its last event."""
        for one in events:
            made = MADE.get(type(one.event))
            change = made(one.event) if made is not None else None
            if change is not None:
                self._made.append((one.position, change))
        if isinstance(state, GroupState):
            self._take_in_group(events, state.code)
        elif isinstance(state, AccountState):
            self._take_in_account(events, state)
        elif isinstance(state, CaseState):
            for one in events:
                if isinstance(one.event, (CaseNoted, ReportJoined, CounterNoticed)):
                    self._wanted["case_notes"][state.number, one.version] = {"by": one.event.by}

    def _take_in_group(self, events: list[Recorded], code: str) -> None:
        notes: dict[Key, Values] = {}
        for one in events:
            match one.event:
                case NoteWritten(user=user, by=by, at=at):
                    notes[code, one.version] = {"user": user, "by": by, "ts": at}
                case NotesCleared(user=user, number=number):
                    of_user = [key for key, note in notes.items() if note["user"] == user and number in (0, key[1])]
                    for key in of_user:
                        del notes[key]
                case ContentHeld() | ContentRefused():
                    self._wanted["held_texts"][code, one.version] = {}
                case _:
                    pass
        self._wanted["notes"] |= notes

    def _take_in_account(self, events: list[Recorded], state: AccountState) -> None:
        user, is_closed = state.user, bool(state.closed_ts)
        if is_closed:
            self._closed.add(user)
            self._wanted["leaving"][user,] = {}
        if state.second_factor_ms:
            self._wanted["second_factors"][user,] = {}
        if state.asked is not Identity.NONE:
            self._wanted["identity_requests"][user, state.asked.value] = {}
        held = {one.entry for one in state.restrictions}
        for one in events:
            match one.event:
                # Of a closed account it holds until its own end.
                case AccountRestricted(entry=entry) if entry and (is_closed or entry in held):
                    scopes = " ".join(one.event.scopes)
                    self._wanted["barred_identities"][entry,] = {"scopes": scopes, "reason": one.event.reason}
                case BlacklistEntryRemoved(entry=entry):
                    self._unbarred.add(entry)
                case AccountRegistered() | AgreementAccepted() if one.event.agreement_sha256:
                    self._wanted["agreements"][one.event.agreement,] = {"sha256": one.event.agreement_sha256}
                case _:
                    pass

    def compare(self) -> Iterator[str]:
        """Yield where the tables differ from what was taken in."""
        for entry in self._unbarred:
            self._wanted["barred_identities"].pop((entry,), None)
        yield from self._compare_made()
        for table, columns in BESIDE.items():
            yield from self._compare_beside(table, columns)

    def _compare_made(self) -> Iterator[str]:
        wanted: dict[str, dict[Key, Values]] = {table: {} for table in WHOLE}
        for _position, change in sorted(self._made, key=lambda made: made[0]):
            rows, keys = wanted[change.table], _keys(change.table)
            values = change.where if isinstance(change, Remove) else change.values
            key = tuple(values[name] for name in keys)
            if isinstance(change, Remove):
                rows.pop(key, None)
            elif not isinstance(change, Update):
                rows[key] = values
            elif key in rows:
                rows[key] = rows[key] | values
        for table in WHOLE:
            found = self._read(table, _keys(table), tuple(metadata.tables[table].columns.keys()))
            yield from _differences(table, found, wanted[table], found.keys() | wanted[table].keys())

    def _compare_beside(self, table: str, columns: Beside) -> Iterator[str]:
        found, wanted = self._read(table, columns.key, columns.known), self._wanted[table]
        looked_at = found.keys() & wanted.keys() if table in FREE else set(found)
        if table in LASTING:
            looked_at |= {key for key, row in wanted.items() if row.get("user", key[0]) not in self._closed}
        yield from _differences(table, found, wanted, looked_at)

    def _read(self, table: str, key: tuple[str, ...], columns: tuple[str, ...]) -> dict[Key, Values]:
        names = metadata.tables[table].columns
        query = select(*(names[one] for one in dict.fromkeys((*key, *columns))))
        return {
            tuple(row[one] for one in key): {one: row[one] for one in columns}
            for row in self._main.execute(query).mappings()
        }


def _keys(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in metadata.tables[table].primary_key)


def _differences(table: str, found: dict[Key, Values], wanted: dict[Key, Values], looked_at: set[Key]) -> Iterator[str]:
    for key in sorted(looked_at, key=str):
        if found.get(key) != wanted.get(key):
            differs = _("{table} {key}: the store has {found}, the ledger {wanted}")
            yield differs.format(table=table, key=key, found=found.get(key), wanted=wanted.get(key))
