"""Cutting off connections that go on sending though they are told to slow down."""

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import CloseCode, ErrorCode

from ..common.i18n import N_
from .session import Session

MAX_FLOODS = 100


PATIENCE_MS = 3000
"""So many requests refused for their rate, beyond those let through, over more than this time, close the connection
with 4429: what was sent before the first refusal came back is no flood yet."""


def limit(session: Session, wait_ms: int, now: int) -> Refusal | None:
    """Return the refusal for a bucket that said to wait, and keep count of who ignores it."""
    if not wait_ms:
        # Who floods gets a request through now and then all the same: that alone forgives nothing.
        session.floods = max(0, session.floods - 1)
        return None
    if not session.floods:
        session.floods_since = now
    session.floods += 1
    if session.floods > MAX_FLOODS and now - session.floods_since > PATIENCE_MS:
        session.close(CloseCode.FLOODING)
    return Refusal(ErrorCode.RATE_LIMITED, N_("Too fast: wait {wait}."), {"retry_after_ms": wait_ms})
