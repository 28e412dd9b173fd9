"""Who is on the operator's staff now, and who of them is on duty."""

from typing import NamedTuple

from folkmoot_governance import PlatformRole
from folkmoot_governance.staff import counts

from ...storage.api import Ledger


class Staff(NamedTuple):
    """The platform roles that count, by user name, and since when (Unix ms) who is on duty is."""

    roles: dict[str, PlatformRole]
    on_duty: dict[str, int]


async def staff_now(ledger: Ledger, now: int) -> Staff:
    """Return the staff at `now` (Unix ms)."""
    there = [one for one in await ledger.list_staff() if counts(one.until_ms, one.restrictions, now)]
    return Staff({one.user: one.role for one in there}, {one.user: one.duty_ts for one in there if one.duty_ts})
