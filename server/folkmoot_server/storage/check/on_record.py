"""What the ledger says of the store itself: months that were sealed or removed, what was logged of them, losses."""

from collections import defaultdict
from collections.abc import Mapping
from operator import itemgetter

import msgspec
from msgspec import MsgspecError
from sqlalchemy import Connection, or_, select

from folkmoot_governance.store_acts import (
    AnyStoreEvent,
    EntriesHeld,
    EntriesLogged,
    FilingsBegan,
    HeldRemoved,
    LogKeyChanged,
    LossAccepted,
    MonthRemoved,
    MonthSealed,
    Part,
    TimeConfirmed,
    WordsErased,
)

from ..change_set import STORE_STREAM, month_stream
from ..sql.months import SEAL_GRACE_MS, seals_at
from ..sql.tables import ledger

_decode = msgspec.json.Decoder(AnyStoreEvent).decode
_PARTS: tuple[Part, ...] = ("journal", "access")
MONTH_STREAMS = tuple(month_stream(part, "") for part in _PARTS)
"""How the streams of months begin."""


class OnRecord:
    """What was read of it; what does not read is told of with its stream."""

    def __init__(self, main: Connection) -> None:
        self.seals: list[MonthSealed] = []
        self.removed: set[tuple[Part, str]] = set()
        self.losses: list[LossAccepted] = []
        self.logged: dict[tuple[Part, str], dict[int, EntriesLogged]] = defaultdict(dict)
        self.held: dict[tuple[str, str, Part], EntriesHeld] = {}
        self.filings_since: int | None = None
        self.jumps: list[int] = []
        self.blocks: list[tuple[int, EntriesLogged]] = []
        """What was taken in of the access log, with the position of that, in this order."""
        self.erased: set[int] = set()
        """The positions of events whose words are erased."""
        self.log_keys: dict[int, int] = {}
        """To which of its keys the log was changed, by the position of that event."""
        streams = or_(ledger.c.stream == STORE_STREAM, *(ledger.c.stream.like(f"{one}%") for one in MONTH_STREAMS))
        query = select(ledger.c.stream, ledger.c.version, ledger.c.position, ledger.c.data).where(streams)
        for stream, version, position, data in main.execute(query.order_by(ledger.c.stream, ledger.c.version)):
            try:
                event = _decode(data)
            except MsgspecError:
                continue
            if isinstance(event, LogKeyChanged):
                self.log_keys[position] = event.number
            elif isinstance(event, EntriesLogged) and event.part == "access":
                self.blocks.append((position, event))
            self._take_in(stream, version, event)
        self.blocks.sort(key=itemgetter(0))

    def _take_in(self, stream: str, version: int, event: AnyStoreEvent) -> None:
        match event:
            case MonthSealed():
                self.seals.append(event)
            case MonthRemoved():
                self.removed.add((event.part, event.month))
            case LossAccepted():
                self.losses.append(event)
                # What was lost since, and that loss accepted, is not as it was sealed.
                self.seals = [one for one in self.seals if one.part == "access" or one.month not in event.months]
            case EntriesLogged() if stream == month_stream(event.part, event.month):
                self.logged[event.part, event.month][version] = event
            case FilingsBegan() if self.filings_since is None:
                self.filings_since = event.position
            case EntriesHeld():
                self.held[event.hold, event.month, event.part] = event
            case HeldRemoved():
                self.held = {place: one for place, one in self.held.items() if one.hold != event.hold}
            case WordsErased():
                self.erased.update(event.positions)
            case TimeConfirmed():
                self.jumps.append(abs(event.jump_ms))
            case _:
                pass

    def late_blocks(self, month: str) -> tuple[int, bool]:
        """Return how many blocks of a month of the access log were taken in long after it was over, and whether more
        would be: since what a later month had was taken in, more than a day after. Each round takes in the months in
        their order, so nothing was left of this one then, however long the service had not run."""
        if max(self.jumps, default=0) >= SEAL_GRACE_MS:
            # Times of a clock that was so wrong tell nothing.
            return 0, False
        over, late = False, 0
        for _position, event in self.blocks:
            if event.month == month and over:
                late += event.entries
            over = over or (event.month > month and event.at >= seals_at(month))
        return late, over

    def is_lost(self, month: str) -> bool:
        """Say whether it is on record that a month of the journal is lost."""
        return any(
            month in loss.months or any(f"{month}.sqlite3" in finding for finding in loss.findings)
            for loss in self.losses
        )

    def gaps(self, marked: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
        """Return the last of each run of seqs whose loss is on record, by group and first. Losses of before that was
        noted are `marked` alone."""
        noted = {(code, first): last for loss in self.losses for code, first, last in loss.gaps or ()}
        return {**marked, **noted} if any(loss.gaps is None for loss in self.losses) else noted
