"""What runs out next, whatever it is: the question that the job asks which tells of ends on time."""

from sqlalchemy import Select, bindparam, select, union_all

from folkmoot_governance.duration import FOREVER_MS

from .tables import bans, groups, invitations, join_requests, kept, mutes, warnings

ENDS = (
    bans.c.until_ms,
    mutes.c.until_ms,
    warnings.c.until_ms,
    join_requests.c.until_ms,
    invitations.c.until_ms,
    groups.c.locked_until_ms,
    groups.c.status_until_ms,
    groups.c.heir_until_ms,
    groups.c.antiraid_until_ms,
    groups.c.restrictions_until_ms,
    groups.c.credentials_until_ms,
    kept.c.until_ms,
)
"""Every column that holds an end: Unix ms, 0 for nothing, `FOREVER_MS` for what stays. Each has an index."""


def _earliest(number: int) -> Select[tuple[int, str]]:
    end = ENDS[number]
    query = select(end.label("until_ms"), end.table.c.code).where(end > 0, end < FOREVER_MS)
    page = query.order_by(end).limit(bindparam("limit")).subquery(f"ends_{number}")
    return select(page.c.until_ms, page.c.code)


_EARLIEST = union_all(*(_earliest(number) for number in range(len(ENDS)))).subquery()
NEXT_ENDS = (
    select(_EARLIEST.c.until_ms, _EARLIEST.c.code)
    .order_by(_EARLIEST.c.until_ms, _EARLIEST.c.code)
    .limit(bindparam("limit"))
)
"""(end, group code) of what ends next, earliest first; a group may come several times."""
