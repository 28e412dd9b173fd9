"""The texts of held posts: sealed as the texts of removed entries are, and in the database until their time is over."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from folkmoot_protocol.types import EntryKind

from ..crypto.cipher import Sealed
from ..storage.change_set import RowChange
from ..storage.changes import held_text_row, remove_ended_held_texts


class HeldText(Struct, frozen=True):
    """What a held post will say when it is approved."""

    kind: EntryKind
    body: str
    reply_to: int | None = None
    target: int | None = None
    data: dict[str, Any] = {}


class HeldTexts:
    """Seals the texts of held posts, each bound to its group and number."""

    def __init__(self, data_dir: Path) -> None:
        self._sealed = Sealed(data_dir, b"folkmoot held posts")

    def rows(self, code: str, number: int, text: HeldText, now: int, until_ms: int) -> list[RowChange]:
        """Return the row of a held text, and the removal of those of the group whose time is over."""
        sealed = self._sealed.seal(msgspec.json.encode(text), _bound_to(code, number))
        return [remove_ended_held_texts(code, now), held_text_row(code, number, sealed, until_ms)]

    def unseal(self, code: str, number: int, sealed: str) -> HeldText | None:
        """Return a text; None where it is not what was sealed under this key."""
        text = self._sealed.open(sealed, _bound_to(code, number))
        return None if text is None else msgspec.json.decode(text, type=HeldText)


def _bound_to(code: str, number: int) -> bytes:
    return f"{code}|{number}".encode()
