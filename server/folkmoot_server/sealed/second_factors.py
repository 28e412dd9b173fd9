"""Secrets of second factors: sealed under a key that the database does not have, each bound to its account."""

from collections.abc import Iterable
from pathlib import Path

from ..common.codes import hash_of_recovery_code
from ..crypto.cipher import Sealed
from ..storage.api import SecondFactorRow


class SecondFactors:
    """Seals and opens secrets."""

    def __init__(self, data_dir: Path) -> None:
        self._sealed = Sealed(data_dir, b"folkmoot second factors")

    def row(self, user: str, secret: bytes, codes: Iterable[str], now: int) -> SecondFactorRow:
        """Return the row of a second factor with its recovery codes."""
        hashes = " ".join(hash_of_recovery_code(user, code) for code in codes)
        return SecondFactorRow(user, self._sealed.seal(secret, user.encode()), hashes, now)

    def open(self, row: SecondFactorRow) -> bytes | None:
        """Return a secret; None where it was not sealed under this key for this account."""
        return self._sealed.open(row.sealed, row.user.encode())
