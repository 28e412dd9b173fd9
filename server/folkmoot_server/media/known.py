"""Files that the operator knows and does not allow: hashes of bytes, and of what pictures look like."""

from collections.abc import Iterable
from pathlib import Path

MOST_DIFFERENT = 31
"""Bits in which two pictures differ that are still the same one, as those who exchange PDQ hashes have it."""
DIGITS = 64


class KnownFiles:
    """The list in a file, read again when that was changed. A line is `sha256 <64 hexadecimal digits>` or `pdq <64>`,
    what stands behind that is a remark. All slow: in a thread of its own."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._read_ns = 0
        self._hashes: frozenset[str] = frozenset()
        self._pictures: list[int] = []

    def is_known(self, hashes: Iterable[str], likeness: str) -> bool:
        """Say whether one of these hashes is listed, or a picture that looks the same. Raises OSError, and ValueError
        for a line that is none."""
        if self._path is None:
            return False
        self._read(self._path)
        if not self._hashes.isdisjoint(hashes):
            return True
        if not likeness:
            return False
        own = int(likeness, 16)
        return any((own ^ one).bit_count() <= MOST_DIFFERENT for one in self._pictures)

    def _read(self, path: Path) -> None:
        changed_ns = path.stat().st_mtime_ns
        if changed_ns == self._read_ns:
            return
        hashes, pictures = set(), []
        for number, line in enumerate(path.read_text("ascii").splitlines(), 1):
            kind, *rest = line.split() or [""]
            if not kind or kind.startswith("#"):
                continue
            if kind not in ("sha256", "pdq") or not rest or len(rest[0]) != DIGITS:
                raise ValueError(f"{path}: line {number} is neither `sha256 …` nor `pdq …`")
            if kind == "sha256":
                hashes.add(rest[0].lower())
            else:
                pictures.append(int(rest[0], 16))
        self._hashes, self._pictures, self._read_ns = frozenset(hashes), pictures, changed_ns
