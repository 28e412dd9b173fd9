"""What people wrote to a case, and what they reported, as it was then: sealed, beside the ledger.

It stays readable to reviewers though the entry is deleted, and until its time is over, and the case is final
(`jobs.forgetting`); no event has any of it.
"""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ..common.clock import Clock
from ..crypto.cipher import Sealed
from ..storage.api import CaseNote
from ..storage.change_set import RowChange
from ..storage.changes import case_note_row, case_text_row

REPORT, NOTE, COUNTER = "report", "note", "counter"
"""What is written to a case later: by who joins a report, by staff, by the one reported."""


class CaseText(Struct, frozen=True):
    """The reporter's or appellant's own words, and what they are about: an entry, a name and a topic."""

    text: str
    subject: dict[str, Any] = {}


class CaseTexts:
    """Seals the texts of cases, each bound to its number; they are kept for `kept_ms`."""

    def __init__(self, data_dir: Path, kept_ms: int) -> None:
        self._sealed = Sealed(data_dir, b"folkmoot cases")
        self._kept_ms = kept_ms

    def draw(self, of: str) -> bytes:
        """Return bytes that follow from a text, and that nobody outside can tell: for numbers and codes of reports."""
        return self._sealed.draw(of)

    def rows(self, number: str, text: CaseText, clock: Clock) -> list[RowChange]:
        """Return the row of a text."""
        sealed = self._sealed.seal(msgspec.json.encode(text), number.encode())
        return [case_text_row(number, sealed, clock.now_ms() + self._kept_ms)]

    def note_row(self, number: str, version: int, by: str, kind: str, text: CaseText, clock: Clock) -> RowChange:
        """Return the row of what `by` writes to a case by the act that makes its version."""
        sealed = self._sealed.seal(msgspec.json.encode(text), f"{number} {version}".encode())
        now = clock.now_ms()
        return case_note_row(number, version, by, kind, now, sealed, now + self._kept_ms)

    def open_note(self, number: str, note: CaseNote) -> CaseText | None:
        """Return what was written, None where it is not what was sealed under this key."""
        opened = self._sealed.open(note.sealed, f"{number} {note.version}".encode())
        return None if opened is None else msgspec.json.decode(opened, type=CaseText)

    def unseal(self, number: str, sealed: str | None) -> CaseText | None:
        """Return a text; None where there is none, or it is not what was sealed under this key."""
        opened = self._sealed.open(sealed, number.encode()) if sealed else None
        return None if opened is None else msgspec.json.decode(opened, type=CaseText)
