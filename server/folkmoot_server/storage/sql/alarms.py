"""Emergencies, and what the operator tells everybody: `ledger.Alarms`."""

from sqlalchemy import bindparam, select

from folkmoot_governance.actor import Emergency
from folkmoot_governance.announcement import Announcement
from folkmoot_governance.features import Assessment

from .fetch import SqlReads, named
from .tables import announcement_marks, announcements, emergencies, features

_EMERGENCIES = (
    select(*(emergencies.c[name] for name in Emergency.__struct_fields__))
    .where(emergencies.c.until_ms > bindparam("since"), emergencies.c.ended_ts == 0)
    .order_by(emergencies.c.started_ts, emergencies.c.number)
)
_ANNOUNCEMENTS = (
    select(*(announcements.c[name] for name in Announcement.__struct_fields__))
    .where(announcements.c.until_ms > bindparam("since"))
    .order_by(announcements.c.ts, announcements.c.number)
)
_ASSESSMENTS = (
    select(*(features.c[name] for name in Assessment.__struct_fields__))
    .where(features.c.stopped_ts == 0)
    .order_by(features.c.feature)
)
_MARK = select(announcement_marks.c.ts).where(announcement_marks.c.user == bindparam("user"))


class SqlAlarms(SqlReads):
    """`ledger.Alarms` in SQL."""

    async def emergencies(self, since: int) -> list[Emergency]:
        return [Emergency(**row) for row in named(_EMERGENCIES, await self._ask(_EMERGENCIES, since=since))]

    async def assessments(self) -> list[Assessment]:
        return [Assessment(**row) for row in named(_ASSESSMENTS, await self._ask(_ASSESSMENTS))]

    async def announcements(self, since: int) -> list[Announcement]:
        return [Announcement(**row) for row in named(_ANNOUNCEMENTS, await self._ask(_ANNOUNCEMENTS, since=since))]

    async def announcement_mark(self, user: str) -> int:
        rows = await self._ask(_MARK, user=user)
        return int(rows[0][0]) if rows else 0
