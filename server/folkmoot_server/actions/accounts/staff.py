"""Who is on the operator's staff now."""

from folkmoot_governance import PlatformRole
from folkmoot_governance.staff import counts

from ...storage.api import Ledger


async def roles_now(ledger: Ledger, now: int) -> dict[str, PlatformRole]:
    """Return the platform roles that count at `now` (Unix ms), by user name."""
    return {one.user: one.role for one in await ledger.list_staff() if counts(one.until_ms, one.restrictions, now)}
