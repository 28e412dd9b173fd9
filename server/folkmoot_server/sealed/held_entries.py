"""What a hold keeps beyond its month: sealed, a line of the journal or some records of the access log each."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..crypto.cipher import Sealed
from ..storage.api import HeldRow, Line
from ..storage.change_set import RowChange
from ..storage.changes import held_row
from ..storage.rows import HELD_PURPOSE
from .access_records import AccessRecord


class HeldEntries:
    """Seals what is held, each bound to its hold and place."""

    def __init__(self, data_dir: Path) -> None:
        self._sealed = Sealed(data_dir, HELD_PURPOSE)

    def rows(self, hold: str, month: str, lines: Sequence[Line]) -> list[RowChange]:
        """Return the rows of entries of a month that are kept for a hold."""
        return [self._row(hold, month, f"{line.grp:012}", line.seq, line.text) for line in lines]

    def access_row(self, hold: str, month: str, number: int, records: Sequence[AccessRecord]) -> RowChange:
        """Return the row of records of a block of the access log."""
        return self._row(hold, month, "", number, msgspec.json.encode(records))

    def _row(self, hold: str, month: str, code: str, number: int, text: bytes) -> RowChange:
        place = HeldRow(hold, month, code, number, "")
        return held_row(hold, month, code, number, self._sealed.seal(text, place.bound_to))

    def open(self, row: HeldRow) -> bytes | None:
        """Return what is kept in a row; None where it is not what was sealed under this key."""
        return self._sealed.open(row.sealed, row.bound_to)
