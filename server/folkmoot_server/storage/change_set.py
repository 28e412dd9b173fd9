"""What is given to the store: a change set has events, rows and entries that are stored together or not at all."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from folkmoot_governance.account import AccountEvent
from folkmoot_governance.case.state import CaseEvent
from folkmoot_governance.group.events import Event as GroupEvent
from folkmoot_governance.store_acts import Part, StoreEvent
from folkmoot_protocol.types import Entry, Notify

AnyEvent = GroupEvent | AccountEvent | CaseEvent | StoreEvent

STORE_STREAM = "store"
"""The ledger stream of what concerns the store itself."""


class StorageError(Exception):
    """Storage could not do it: nothing of the call took effect. The cause is chained, for the log only."""


def group_stream(code: str) -> str:
    """Return the ledger stream of a group."""
    return f"group:{code}"


def account_stream(user: str) -> str:
    """Return the ledger stream of an account."""
    return f"account:{user}"


def case_stream(number: str) -> str:
    """Return the ledger stream of a case."""
    return f"case:{number}"


HANDLE = "handle:"


def handle_stream(handle: str) -> str:
    """Return the ledger stream of a channel's handle."""
    return f"{HANDLE}{handle}"


def month_stream(part: Part, month: str) -> str:
    """Return the ledger stream of what was taken into the log of a month."""
    return f"{part}:{month}"


class Upsert(Struct, frozen=True, gc=False):
    """Write one row of a projection; `values` holds all columns of the primary key and those to set."""

    table: str
    values: dict[str, Any]


class Update(Struct, frozen=True, gc=False):
    """Set columns of one row of a projection, if it is there; `values` holds all columns of the primary key as well."""

    table: str
    values: dict[str, Any]


class Remove(Struct, frozen=True, gc=False):
    """Remove the rows of a projection that equal `where`; with `until_ms`, those that ended by then.

    With `but`, the name of a column in `where`, those that do not have its value.
    """

    table: str
    where: dict[str, Any]
    until_ms: int | None = None
    but: str = ""


RowChange = Upsert | Update | Remove


class NewEntry(Struct, frozen=True, gc=False):
    """An entry to append. `version`: of the governance event that it tells of, None for a post."""

    entry: Entry
    nonce: str | None = None
    version: int | None = None


class QuotaGuard(Struct, frozen=True, gc=False):
    """That `user` comes into a group by this work: at most `groups_joined` memberships may result, and, if it founds
    the group, at most `groups_created` living groups of its own (G8.1); or that it comes to own a public account, of
    which at most `channels` may result (P7.3). All accounts count together that were verified with one number: they are
    one person's."""

    user: str
    groups_joined: int | None = None
    groups_created: int | None = None
    channels: int | None = None


class Asked(Struct, frozen=True, gc=False):
    """What `user` asked for under a nonce, in the group `code` (empty: outside of groups), and how it is answered.

    `sealed` has what it was and the answer, and is kept until `until_ms` (Unix ms).
    """

    user: str
    code: str
    nonce: str
    sealed: str
    until_ms: int


class ChangeSet(Struct, gc=False):
    """What one request changes: all of it is stored, or nothing.

    `version` is the version of `stream` under which it was decided; the `events` become versions `version + 1` and so
    on. The `entries` of a group's change set get the seqs that follow the group's last one: the store numbers them, and
    puts the numbered ones in place of those given. `erase` names entries of the group whose text leaves the readable
    part of the journal; that they are redacted is a row of `redactions`, which `project_group` gives. `rows` are the
    changes of projections, carried out in their order; a row may come before the one that it refers to. A change set
    whose `quota_guards` do not hold is in conflict; so is one that `rests_on` another stream (stream, version) which
    has moved on. A change set with an empty `stream` has rows only (sessions, read marks) and never is.

    A post's first entry may have a nonce; what else is asked for under one is in `asked`, and remembered with the rest.
    When the same user used the nonce in the same group in the 24 hours before, nothing of the change set is stored,
    and the store sets `repeated` to what it was used for: an entry, or something else. A change set with `asked` and a
    stream is then in conflict as well, for what was decided on the stream is now not so.

    `media` are the ids of uploads that its last entry shows from then on.

    `also` are change sets of other streams (without a nonce, a claim or an `also` of their own) that are stored with
    it, or none of them is.
    """

    stream: str = ""
    version: int = 0
    events: Sequence[AnyEvent] = ()
    rows: Sequence[RowChange] = ()
    entries: Sequence[NewEntry] = ()
    erase: Sequence[int] = ()
    quota_guards: Sequence[QuotaGuard] = ()
    rests_on: tuple[str, int] | None = None
    asked: Asked | None = None
    repeated: Entry | Asked | None = None
    media: Sequence[str] = ()
    also: Sequence["ChangeSet"] = ()


class Recorded(Struct, frozen=True):
    """An event as the ledger has it: `position` counts over all streams, `version` within its stream, both from 1."""

    position: int
    stream: str
    version: int
    event: AnyEvent


class Profile(Struct, frozen=True):
    """What an account is besides its governed state; personal, hence never in an event (G6.2)."""

    user: str
    display_name: str
    password_hash: str
    language: str


class MemberSettings(Struct, frozen=True):
    """What a member has set for itself in a group; personal. `nick`: the display name there, empty for none, chosen at
    `nick_ts` (Unix ms, 0: before that was noted)."""

    nick: str = ""
    notify: Notify = Notify.ON
    nick_ts: int = 0
