"""Records of the access log: where somebody connected from is personal, so they are stored sealed, many at a time."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from ..crypto.cipher import Sealed
from ..storage.api import AccessBlock
from ..storage.sql.access_blocks import PURPOSE, bound_to

FAST = 1
"""How hard `zlib` tries."""


class AccessKind(Enum):
    """What a record is about."""

    CONNECTED = "connected"
    """A connection began."""
    ENDED = "ended"
    """It ended; `detail` has when it began (Unix ms): before somebody signed in, it was nobody's."""
    REGISTERED = "registered"
    """An account was made over it; `detail` has the device."""
    SIGNED_IN = "signed_in"
    """Somebody signed in by password; `detail` has the device."""
    TOKEN_USED = "token_used"  # noqa: S105  # no secret
    """Somebody signed in by the token of an earlier session."""
    FAILED = "failed"
    """Somebody tried to; `detail` has the code of why not."""
    PASSWORD_SHOWN = "password_shown"  # noqa: S105  # no secret
    """Somebody appealed by password."""
    PASSWORD_RESET = "password_reset"  # noqa: S105  # no secret
    """Somebody set another password by a code."""
    SIGNED_OUT = "signed_out"
    """Somebody signed out."""
    IDENTITY = "identity"
    """Somebody had an identity checked; `detail` has the level."""
    ADMINISTERED = "administered"
    """Staff asked for something of administration; `detail` has noun, verb and target."""


SIGN_INS = frozenset(
    {
        AccessKind.REGISTERED,
        AccessKind.SIGNED_IN,
        AccessKind.TOKEN_USED,
        AccessKind.FAILED,
        AccessKind.PASSWORD_SHOWN,
        AccessKind.PASSWORD_RESET,
        AccessKind.SIGNED_OUT,
    }
)
"""What an account is shown of its own."""


class AccessRecord(Struct, frozen=True, array_like=True, gc=False):
    """One record. `connection` counts those of the node since it was started; `user` is empty before signing in."""

    ts: int
    kind: AccessKind
    user: str
    connection: int
    address: str
    port: int
    detail: str = ""


def detail_of(one: AccessRecord) -> str:
    """Return the detail of a record as it is shown: of an end `since 2026-11-30T12:00:00Z`."""
    if one.kind is not AccessKind.ENDED or not one.detail.isdecimal():
        return one.detail
    return f"since {datetime.fromtimestamp(int(one.detail) // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


_DECODE = msgspec.msgpack.Decoder(list[AccessRecord])


class AccessRecords:
    """Seals and opens records, a block at a time, each bound to its node and time."""

    def __init__(self, data_dir: Path) -> None:
        self._sealed = Sealed(data_dir, PURPOSE)

    def seal(self, node: str, records: Sequence[AccessRecord]) -> AccessBlock:
        """Return records, oldest first, as they may be stored. Slow: not for the event loop."""
        first, last = records[0].ts, records[-1].ts
        text = zlib.compress(msgspec.msgpack.encode(records), FAST)
        users = sorted({one.user for one in records if one.user})
        block = AccessBlock(first, last, node, len(records), users, b"")
        return structs.replace(block, sealed=self._sealed.seal_raw(text, bound_to(block)))

    def open(self, block: AccessBlock) -> list[AccessRecord] | None:
        """Return the records of a block, oldest first; None where it is not what was sealed under this key."""
        text = self._sealed.open_raw(block.sealed, bound_to(block))
        return None if text is None else _DECODE.decode(zlib.decompress(text))
