"""What the server does between a request and the store, in small: applies, projects, numbers."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from folkmoot_governance import AccountState, GroupState, apply, case_number, founded, registered
from folkmoot_governance.account import AccountEvent, AccountRegistered, apply_account
from folkmoot_governance.group.events import Event, GroupCreated, erased_by
from folkmoot_governance.notice_entry import author_of, notice_of
from folkmoot_protocol.group_code import FIRST_NUMBER, make_group_code
from folkmoot_protocol.types import Author, Entry, EntryKind, JoinMode, Role
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.change_set import ChangeSet, NewEntry, Profile, RowChange, account_stream, group_stream
from folkmoot_server.storage.changes import profile_row
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.projection import project_account, project_group

DAY = 86_400_000
START = end_of("2025-12")
"""2026-01-01T00:00Z."""


def code_of(number: int) -> str:
    """Return a group code; a greater number gives a greater code."""
    return make_group_code(FIRST_NUMBER + number)


class Group:
    """A group as a room has it: state, last seq, entries so far. Each act returns the change set to store."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.state: GroupState
        self.seq = 0
        self.entries: list[Entry] = []

    def found(self, by: str = "alice", at: int = START, **settings: Any) -> ChangeSet:
        values = {"name": "Group", "category": "general", "topic": "", "join_mode": JoinMode.OPEN}
        event = GroupCreated(at=at, by=by, code=self.code, member_limit=100, **values | settings)
        self.state = founded(event)
        return self._work(0, [event], project_group(self.state, event), [self._notice(event)])

    def act(self, *events: Event) -> ChangeSet:
        version = self.state.version
        rows: list[RowChange] = []
        entries: list[NewEntry] = []
        for event in events:
            apply(self.state, event)
            rows += project_group(self.state, event)
            entries += [new for new in [self._notice(event)] if new]
        erase = [seq for event in events for seq in erased_by(event)]
        change_set = self._work(version, events, rows, entries)
        change_set.erase = erase
        for seq in erase:
            # Rules do not ask whether the entry is there; handlers do.
            if seq <= len(self.entries):
                self._hide(seq)
        return change_set

    def post(self, user: str = "alice", ts: int = START, nonce: str | None = None, **fields: Any) -> ChangeSet:
        self.seq += 1
        author = Author(user, user.capitalize(), self.state.role_of(user) or Role.MEMBER)
        values = {"kind": EntryKind.TEXT, "from_": author, "body": f"text {self.seq}"} | fields
        entry = Entry(seq=self.seq, ts=ts, **values)
        self.entries.append(entry)
        return self._work(self.state.version, [], [], [NewEntry(entry, nonce=nonce)])

    def _notice(self, event: Event) -> NewEntry | None:
        author = author_of(self.state, event, event.by.capitalize())
        case = case_number(self.code, self.state.version)
        entry = notice_of(event, case=case, author=author, say=translator("en"))
        if entry is None:
            return None
        self.seq += 1
        entry = replace(entry, seq=self.seq)
        self.entries.append(entry)
        return NewEntry(entry, version=self.state.version)

    def _hide(self, seq: int) -> None:
        entry = self.entries[seq - 1]
        self.entries[seq - 1] = Entry(
            seq=seq,
            ts=entry.ts,
            kind=entry.kind,
            from_=entry.from_,
            body="",
            reply_to=entry.reply_to,
            target=entry.target,
            redacted=True,
        )

    def _work(
        self,
        version: int,
        events: Sequence[Event],
        rows: Sequence[RowChange],
        entries: Sequence[NewEntry | None],
    ) -> ChangeSet:
        return ChangeSet(group_stream(self.code), version, events, rows, [new for new in entries if new])


class World:
    """Accounts and groups, each as the ledger must come to have it."""

    def __init__(self) -> None:
        self.accounts: dict[str, AccountState] = {}
        self.groups: list[Group] = []

    def register(self, user: str, at: int = START, **profile: str) -> ChangeSet:
        event = AccountRegistered(at=at, by=user, user=user, agreement="1")
        state = self.accounts[user] = registered(event)
        values = {"display_name": user.capitalize(), "password_hash": "hash", "language": "en"}
        # The profile first: the order of a change set's rows must not matter.
        rows = [profile_row(Profile(user, **values | profile)), *project_account(state, event)]
        return ChangeSet(account_stream(user), 0, [event], rows)

    def change(self, user: str, event: AccountEvent) -> ChangeSet:
        state = self.accounts[user]
        version = state.version
        apply_account(state, event)
        return ChangeSet(account_stream(user), version, [event], project_account(state, event))

    def group(self) -> Group:
        """Return the next group, not founded yet."""
        self.groups.append(Group(code_of(len(self.groups))))
        return self.groups[-1]
