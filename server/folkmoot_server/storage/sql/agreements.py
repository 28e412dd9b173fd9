"""The versions of the service agreement that were in force: `ledger.Agreements`."""

import msgspec
from sqlalchemy import bindparam, select

from ..rows import StoredAgreement
from .fetch import SqlReads, can_hold
from .tables import agreements

_ONE = select(agreements.c.version, agreements.c.sha256, agreements.c.texts, agreements.c.since_ts).where(
    agreements.c.version == bindparam("version")
)


class SqlAgreements(SqlReads):
    """`ledger.Agreements` in SQL."""

    async def agreement(self, version: str) -> StoredAgreement | None:
        found = await self._ask(_ONE, version=version) if can_hold(version) else []
        if not found:
            return None
        name, sha256, texts, since_ts = found[0]
        return StoredAgreement(name, sha256, msgspec.json.decode(texts, type=dict[str, str]), since_ts)
