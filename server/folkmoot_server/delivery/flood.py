"""What a frame costs whoever sent it, and cutting off connections that go on though they are told to slow down."""

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import CloseCode, ErrorCode

from ..common.clock import Ticks
from ..common.i18n import N_
from .session import Session

MAX_FLOODS = 100
PATIENCE_MS = 3000
"""So many requests refused for their rate, beyond those let through, over more than this time, close the connection
with 4429: what was sent before the first refusal came back is no flood yet."""

MAX_EARLY_FLOODS = 20
"""So many close it at once where nobody has signed in."""


def charge(session: Session, cost: float, ticks: Ticks) -> Refusal | None:
    """Take what a frame costs: of its account's requests a second, or of what a connection may ask before it has one.

    Every frame is charged here, whatever decoding says of it; posts that are posts have a rate of their own.
    """
    bucket = session.pace if session.account is None else session.account.requests
    return limit(session, bucket.take(ticks, cost), ticks)


def limit(session: Session, wait_ms: int, ticks: Ticks) -> Refusal | None:
    """Return the refusal for a bucket that said to wait, and keep count of who ignores it."""
    if not wait_ms:
        # Who floods gets a request through now and then all the same: that alone forgives nothing.
        session.floods = max(0, session.floods - 1)
        return None
    if not session.floods:
        session.floods_since = ticks
    session.floods += 1
    patient = session.floods > MAX_FLOODS and ticks - session.floods_since > PATIENCE_MS
    if patient or (session.account is None and session.floods > MAX_EARLY_FLOODS):
        session.close(CloseCode.FLOODING)
    return Refusal(ErrorCode.RATE_LIMITED, N_("Too fast: wait {wait}."), {"retry_after_ms": wait_ms})
