"""What the server does between a request and the store, in small: applies, projects, numbers."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from folkmoot_governance import AccountState, GroupState, account_case, apply, case_number, founded, registered
from folkmoot_governance.account import AccountEvent, apply_account
from folkmoot_governance.group.events import Event, MeasureOverturned, erased_by
from folkmoot_governance.notice_entry import author_of, notice_of
from folkmoot_protocol.group_code import FIRST_NUMBER, make_group_code
from folkmoot_protocol.types import Entry, EntryKind, Role
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.change_set import ChangeSet, NewEntry, Profile, RowChange, account_stream, group_stream
from folkmoot_server.storage.changes import draft_rows, profile_row
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.projection import project_account, project_group
from tests.builders.entries import make_entry
from tests.builders.rules import POLICY, account_registered, channel_opened, group_created

DAY = 86_400_000
START = end_of("2025-12")
"""2026-01-01T00:00Z."""


def code_of(number: int) -> str:
    """Return a group code; a greater number gives a greater code."""
    return make_group_code(FIRST_NUMBER + number)


def notice_for(state: GroupState, event: Event) -> NewEntry | None:
    """Return the notice that tells of `event`, which has been applied; the store gives it a number."""
    author = author_of(state, event, event.by.capitalize())
    notice = notice_of(event, case=case_number(state.code, state.version), author=author, say=translator("en"))
    return NewEntry(notice, version=state.version) if notice else None


def carry_out(state: GroupState, events: Sequence[Event]) -> ChangeSet:
    """Apply `events` to a group; return what is to be stored."""
    change_set = ChangeSet(group_stream(state.code), state.version, events)
    rows: list[RowChange] = []
    notices: list[NewEntry | None] = []
    for event in events:
        apply(state, event)
        case = case_number(state.code, state.version)
        rows += [*project_group(state, event), *draft_rows(event, case, code=state.code)]
        notices.append(notice_for(state, event))
    change_set.rows, change_set.entries = rows, [one for one in notices if one]
    return change_set


class Group:
    """A group as a room has it: state, last seq, entries so far. Each act returns the change set to store."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.state: GroupState
        self.seq = 0
        self.entries: list[Entry] = []
        self.removed: dict[int, Entry] = {}

    def found(self, by: str = "alice", at: int = START, **settings: Any) -> ChangeSet:
        event = group_created(at=at, by=by, code=self.code, **{"name": "Group", "member_limit": 100, **settings})
        self.state = founded(event)
        notice = notice_for(self.state, event)
        assert notice is not None
        rows = project_group(self.state, event)
        return ChangeSet(group_stream(self.code), 0, [event], rows, [self._numbered(notice)])

    def open(self, by: str = "alice", at: int = START, **fields: Any) -> ChangeSet:
        """Open the channel of a person."""
        event = channel_opened(**{"at": at, "by": by, "code": self.code, "handle": by, **fields})
        self.state = founded(event)
        notice = notice_for(self.state, event)
        assert notice is not None
        rows = project_group(self.state, event)
        return ChangeSet(group_stream(self.code), 0, [event], rows, [self._numbered(notice)])

    def publish(self, ts: int = START, **fields: Any) -> ChangeSet:
        return self.post(self.state.owner, ts, **{"kind": EntryKind.POST, **fields})

    def act(self, *events: Event) -> ChangeSet:
        change_set = carry_out(self.state, events)
        change_set.entries = [self._numbered(notice) for notice in change_set.entries]
        change_set.erase = [seq for event in events for seq in erased_by(event)]
        for seq in change_set.erase:
            # Rules do not ask whether the entry is there; handlers do.
            if seq <= len(self.entries):
                self._hide(seq)
        for event in events:
            for seq in event.restored if isinstance(event, MeasureOverturned) else ():
                if seq in self.removed:
                    self.entries[seq - 1] = self.removed.pop(seq)
        return change_set

    def post(self, user: str = "alice", ts: int = START, nonce: str | None = None, **fields: Any) -> ChangeSet:
        self.seq += 1
        role = self.state.role_of(user) or Role.MEMBER
        entry = make_entry(self.seq, user, role, **{"ts": ts, "body": f"text {self.seq}", **fields})
        self._keep(entry)
        new = NewEntry(entry, nonce=nonce)
        return ChangeSet(group_stream(self.code), self.state.version, entries=[new])

    def _numbered(self, notice: NewEntry) -> NewEntry:
        """Return a notice with the group's next seq, and keep it among the entries."""
        self.seq += 1
        entry = replace(notice.entry, seq=self.seq)
        self._keep(entry)
        return replace(notice, entry=entry)

    def _keep(self, entry: Entry) -> None:
        """Keep an entry as the store will: with no time before that of the one before."""
        latest = self.entries[-1].ts if self.entries else 0
        self.entries.append(replace(entry, ts=max(entry.ts, latest)))

    def _hide(self, seq: int) -> None:
        entry = self.entries[seq - 1]
        self.removed.setdefault(seq, entry)
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


class World:
    """Accounts and groups, each as the ledger must come to have it."""

    def __init__(self) -> None:
        self.accounts: dict[str, AccountState] = {}
        self.groups: list[Group] = []

    def register(self, user: str, at: int = START, agreement: str = POLICY.agreement, **profile: str) -> ChangeSet:
        event = account_registered(user, at, agreement=agreement)
        state = self.accounts[user] = registered(event)
        values = {"display_name": user.capitalize(), "password_hash": "hash", "language": "en"}
        # The profile first: the order of a change set's rows must not matter.
        rows = [profile_row(Profile(user, **values | profile)), *project_account(state, event)]
        return ChangeSet(account_stream(user), 0, [event], rows)

    def change(self, user: str, event: AccountEvent) -> ChangeSet:
        state = self.accounts[user]
        version = state.version
        apply_account(state, event)
        drafts = draft_rows(event, account_case(user, state.version), user=user)
        return ChangeSet(account_stream(user), version, [event], [*project_account(state, event), *drafts])

    def group(self) -> Group:
        """Return the next group, not founded yet."""
        self.groups.append(Group(code_of(len(self.groups))))
        return self.groups[-1]
