"""What the operator decides about the store itself: that a clock is right, that months may go, that a loss is accepted.

It belongs to no group and no account, and has a stream of its own in the ledger.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct, structs

from folkmoot_protocol.errors import ErrorCode

from .actor import SERVICE, Actor
from .duration import FOREVER_MS
from .permissions import may_on_platform
from .refusal import Refusal
from .text import N_

ACT = "confirm_store"

Matter = Literal["time", "removal"]

Part = Literal["journal", "access"]
"""What is kept by months: entries, and who connected."""


class StoreEvent(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of these events: when (Unix ms), and by whom; nobody for who has the machine."""

    at: int
    by: str


class TimeConfirmed(StoreEvent, frozen=True, kw_only=True, tag="time_confirmed"):
    """The clock of `node`, which had moved by `jump_ms` where nobody expected it, is right."""

    node: str
    jump_ms: int
    reason: str


class RemovalConfirmed(StoreEvent, frozen=True, kw_only=True, tag="removal_confirmed"):
    """What retention would remove in `month` (2026-11) may go, however much that is."""

    month: str
    reason: str


class LossAccepted(StoreEvent, frozen=True, kw_only=True, tag="loss_accepted"):
    """Some of the journal is lost, as `findings` say, and the store goes on with what is left.

    `months` (2026-11) are those whose files are lost; events of before do not name them.
    """

    findings: tuple[str, ...]
    reason: str
    months: tuple[str, ...] = ()
    gaps: tuple[tuple[str, int, int], ...] | None = None
    """The seqs that are missing from then on: group, first, last. None of before this was on record."""


class MonthSealed(StoreEvent, frozen=True, kw_only=True, tag="month_sealed"):
    """A month is over, and its `entries`, of the access log its blocks, were counted and hashed (G13): `sha256` over
    all of them, and the `root` of the Merkle tree that they are the leaves of, both in hexadecimal."""

    month: str
    entries: int
    sha256: str
    root: str
    part: Part = "journal"


class MonthRemoved(StoreEvent, frozen=True, kw_only=True, tag="month_removed"):
    """The time of a month is over, and it is removed whole (G13): as it was sealed, or with -1 entries."""

    month: str
    entries: int
    root: str
    part: Part = "journal"


class EntriesLogged(StoreEvent, frozen=True, kw_only=True, tag="entries_logged"):
    """So many entries of a month, or blocks of the access log, were taken into the log: `sha256` over what is kept of
    where they stand and what they hash to. The ledger's log had `log_size` events then."""

    part: Part
    month: str
    entries: int
    sha256: str
    log_size: int


class FilingsBegan(StoreEvent, frozen=True, kw_only=True, tag="filings_began"):
    """Behind this position of the ledger each measure of the platform has its report to the authority."""

    position: int


class LogKeyChanged(StoreEvent, frozen=True, kw_only=True, tag="log_key_changed"):
    """From here on the ledger's log is signed by another of its keys: which, counted from 1, and the key as people pass
    it on."""

    number: int
    key: str


class HoldBegun(StoreEvent, frozen=True, kw_only=True, tag="hold_begun"):
    """For a case, some of the journal is kept beyond its time, until `until_ms`: see `holds.Hold`."""

    number: str
    case: str
    reason: str
    until_ms: int
    code: str = ""
    user: str = ""
    since_ms: int = 0
    till_ms: int = FOREVER_MS


class HoldEnded(StoreEvent, frozen=True, kw_only=True, tag="hold_ended"):
    """Staff has ended a hold before its time."""

    number: str
    reason: str


class EntriesHeld(StoreEvent, frozen=True, kw_only=True, tag="entries_held"):
    """Before `month` went, `entries` of it were kept for `hold`: the number of a hold, or of a case; `sha256` over
    their lines, as those of a seal. Of the access log they are records."""

    month: str
    hold: str
    part: Part
    entries: int
    sha256: str


class HeldRemoved(StoreEvent, frozen=True, kw_only=True, tag="held_removed"):
    """What was kept for `hold` is removed: its time is over."""

    hold: str
    entries: int


class WordsErased(StoreEvent, frozen=True, kw_only=True, tag="words_erased"):
    """Words that people wrote into events are erased: of the events at these positions of the ledger (P9.2)."""

    positions: tuple[int, ...]


class HandleTaken(StoreEvent, frozen=True, kw_only=True, tag="handle_taken"):
    """A channel, the group `code`, has a handle from now on. Each handle has a stream of its own, which says so once:
    nobody else ever gets it."""

    handle: str
    code: str


AnyStoreEvent = (
    TimeConfirmed
    | RemovalConfirmed
    | LossAccepted
    | MonthSealed
    | MonthRemoved
    | EntriesLogged
    | FilingsBegan
    | LogKeyChanged
    | HoldBegun
    | HoldEnded
    | EntriesHeld
    | HeldRemoved
    | WordsErased
    | HandleTaken
)


def seals_of(events: Iterable[StoreEvent]) -> dict[tuple[Part, str], MonthSealed]:
    """Return the seals that hold, by part and month: what was lost of the journal since, and that loss accepted, is not
    as it was sealed."""
    seals: dict[tuple[Part, str], MonthSealed] = {}
    for event in events:
        if isinstance(event, MonthSealed):
            seals[event.part, event.month] = event
        elif isinstance(event, LossAccepted):
            for month in event.months:
                seals.pop(("journal", month), None)
    return seals


class ConfirmTime(Struct, frozen=True):
    """Say that the clock of `node` is right."""

    node: str
    jump_ms: int
    reason: str


class ConfirmRemoval(Struct, frozen=True):
    """Say that what is due in `month` may be removed."""

    month: str
    reason: str


class SealMonth(Struct, frozen=True):
    """Put on record what a month has: an act of the service."""

    month: str
    entries: int
    sha256: str
    root: str
    part: Part = "journal"


class RemoveMonth(Struct, frozen=True):
    """Put on record that a month goes: an act of the service."""

    month: str
    entries: int
    root: str
    part: Part = "journal"


class LogEntries(Struct, frozen=True):
    """Put on record what a part of a month holds: an act of the service."""

    part: Part
    month: str
    entries: int
    sha256: str
    log_size: int


class NoteFilings(Struct, frozen=True):
    """Put on record from where on there are reports to the authority: an act of the service."""

    position: int


class HoldEntries(Struct, frozen=True):
    """Put on record that some of a month is kept for a hold: an act of the service."""

    month: str
    hold: str
    part: Part
    entries: int
    sha256: str


class RemoveHeld(Struct, frozen=True):
    """Put on record that what was kept for a hold goes: an act of the service."""

    hold: str
    entries: int


class EraseWords(Struct, frozen=True):
    """Put on record that words of events are erased: an act of the service."""

    positions: tuple[int, ...]


class ChangeLogKey(Struct, frozen=True):
    """Put on record that another key signs the log: an act of the service, as it was configured."""

    number: int
    key: str


StoreCommand = (
    ConfirmTime
    | ConfirmRemoval
    | SealMonth
    | RemoveMonth
    | LogEntries
    | NoteFilings
    | ChangeLogKey
    | HoldEntries
    | RemoveHeld
    | EraseWords
)

_BY_THE_SERVICE: dict[type, type[AnyStoreEvent]] = {
    SealMonth: MonthSealed,
    RemoveMonth: MonthRemoved,
    LogEntries: EntriesLogged,
    NoteFilings: FilingsBegan,
    ChangeLogKey: LogKeyChanged,
    HoldEntries: EntriesHeld,
    RemoveHeld: HeldRemoved,
    EraseWords: WordsErased,
}
"""What the service does by itself, and nobody else: each command says what its event does."""


def decide_on_store(command: StoreCommand, actor: Actor, now: int) -> Sequence[AnyStoreEvent] | Refusal:
    """Return the events that `command` causes, or why it is refused."""
    kind = _BY_THE_SERVICE.get(type(command))
    if kind is not None and actor == SERVICE:
        return [kind(at=now, by="", **structs.asdict(command))]
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    if isinstance(command, ConfirmTime):
        return [TimeConfirmed(at=now, by=actor.user, node=command.node, jump_ms=command.jump_ms, reason=command.reason)]
    if not isinstance(command, ConfirmRemoval):
        return Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."), {"act": ACT})
    return [RemovalConfirmed(at=now, by=actor.user, month=command.month, reason=command.reason)]
