"""What the ledger says of the store itself: months that were sealed or removed, what was logged of them, losses."""

from collections import defaultdict
from collections.abc import Mapping

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
)

from ..change_set import STORE_STREAM, month_stream
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
            self._take_in(stream, version, event)

    def _take_in(self, stream: str, version: int, event: AnyStoreEvent) -> None:
        match event:
            case MonthSealed():
                self.seals.append(event)
            case MonthRemoved():
                self.removed.add((event.part, event.month))
            case LossAccepted():
                self.losses.append(event)
                # What was lost since, and that loss accepted, is not as it was sealed.
                self.seals = [seal for seal in self.seals if seal.month not in event.months]
            case EntriesLogged() if stream == month_stream(event.part, event.month):
                self.logged[event.part, event.month][version] = event
            case FilingsBegan() if self.filings_since is None:
                self.filings_since = event.position
            case EntriesHeld():
                self.held[event.hold, event.month, event.part] = event
            case HeldRemoved():
                self.held = {place: one for place, one in self.held.items() if one.hold != event.hold}
            case TimeConfirmed():
                self.jumps.append(abs(event.jump_ms))
            case _:
                pass

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
