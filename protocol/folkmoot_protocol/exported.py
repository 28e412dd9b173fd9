"""What is taken out: files of JSON Lines, each line one of these, which `schemas` has as JSON Schema; and cells of CSV.

Times are Unix milliseconds UTC.
"""

from typing import Any

import msgspec
from msgspec import Struct

from .types import Entry, Notice

FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a program for tables take a text for a formula, or for another cell."""


def as_cell(value: object) -> object:
    """Return a value as a cell of CSV: a text that a program for tables would carry out begins with `'`."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


class EntryLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An entry of a group's log. `removed`: it was removed; its text stands here where that is still kept."""

    group: str
    seq: int
    ts: int
    kind: str
    user: str
    body: str
    name: str = ""
    reply_to: int = 0
    target: int = 0
    removed: bool = False


class EventLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An event of the ledger, and the proof that it is in the service's log.

    The log's entry is `position ts kind digest` and a newline, and `proof` leads from it to the checkpoint's root (RFC
    9162, 2.1.3). `said` is the exact text that the digest stands for, with `event` in it: the digest is SHA-256 over
    `salt` and `said`. What people wrote into the event, its reason say, is there as its SHA-256 alone, and stands in
    `words`: `{"reason": {"text": …, "salt": …}}`, the hash being over salt, as it is written, and text. Where the event
    names an account that is closed and erased, `event` has a tag in place of the name, and words as they are, and of
    what was said the `digest` alone is here. `salt` and the hashes of `proof` are base64.
    """

    position: int
    stream: str
    version: int
    ts: int
    kind: str
    actor: str
    event: dict[str, Any]
    proof: tuple[str, ...]
    said: str = ""
    salt: str = ""
    digest: str = ""
    words: dict[str, dict[str, str]] = {}


class AccessLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A connection that began or ended, or what was done over it: signing in, acts of staff."""

    ts: int
    kind: str
    user: str
    address: str
    port: int
    connection: int
    detail: str = ""


class IdentityLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What somebody has given to be verified; `state`: it is `verified`, or `asked`."""

    user: str
    identity: str
    number: str
    state: str
    since_ts: int
    name: str = ""
    document: str = ""


class ActItem(Struct, frozen=True, kw_only=True):
    """An act: its case number, what was done (`event`), and the fields of that; times are `ts` or `at`."""

    case: str
    event: str


class OwnEntry(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What somebody wrote in a group; of what was removed, only that."""

    group: str
    seq: int
    ts: int
    kind: str
    body: str = ""
    reply_to: int = 0
    target: int = 0
    removed: bool = False


class OwnUpload(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What somebody has uploaded, how far it is, and where it is posted; `reason`: why it was refused."""

    media: str
    ts: int
    state: str
    size: int
    type: str = ""
    reason: str = ""
    group: str = ""
    seq: int = 0


class OwnAccount(Struct, frozen=True, kw_only=True):
    """An account: profile, identity with its numbers masked, credit, groups, sessions, cases, and what it has set."""

    profile: dict[str, Any]
    identity: dict[str, Any]
    credit: dict[str, Any]
    groups: list[dict[str, Any]]
    created_groups: list[str]
    ignored: list[str]
    sessions: list[dict[str, Any]]
    cases: list[dict[str, Any]]


class Line(Struct, frozen=True, kw_only=True, tag_field="line"):
    """Base of lines that say by their field `line` what they are."""


class GroupLine(Line, frozen=True, kw_only=True, tag="group"):
    """Whose history a file is: the group's code and name. It is the first line."""

    group: str
    name: str


class ActLine(Line, frozen=True, kw_only=True, tag="act"):
    """What was decided or done."""

    act: ActItem


class GroupEntryLine(Line, frozen=True, kw_only=True, tag="entry"):
    """What was said in the group, as its owner sees it."""

    entry: Entry


class AccountLine(Line, frozen=True, kw_only=True, tag="account"):
    """Whose data a file has. It is the first line."""

    account: OwnAccount


class NoticeLine(Line, frozen=True, kw_only=True, tag="notice"):
    """What the account was told by itself."""

    notice: Notice


class UploadLine(Line, frozen=True, kw_only=True, tag="upload"):
    """What the account uploaded."""

    upload: OwnUpload


class OwnEntryLine(Line, frozen=True, kw_only=True, tag="entry"):
    """What the account wrote."""

    entry: OwnEntry


LINES: dict[str, Any] = {
    "entries": EntryLine,
    "events": EventLine,
    "access": AccessLine,
    "identities": IdentityLine,
    "group": GroupLine | ActLine | GroupEntryLine,
    "mydata": AccountLine | ActLine | NoticeLine | UploadLine | OwnEntryLine,
}
"""The kinds of lines, by the file that they stand in: four of an inspection bundle, what a group's owner takes out
(`/export`), what somebody takes out of their own (`/mydata`)."""


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (2020-12) of each kind of line."""
    return {name: {"$schema": DRAFT, **msgspec.json.schema(kind)} for name, kind in LINES.items()}


DRAFT = "https://json-schema.org/draft/2020-12/schema"
