"""The access log in a PostgreSQL database, in partitions of their own by month."""

from collections.abc import Collection, Sequence

from ..api import BEHIND, AccessBlock, Segment
from ..sql.fetch import can_hold
from .database import Reader
from .journal import name_of, number_of

PARENTS = ("access_blocks", "access_users")
MONTH_LOCK = 0x666D_6163

_ADD = """
    WITH added AS (
        INSERT INTO access_blocks (month, first_ts, last_ts, node, records, sealed)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING number)
    INSERT INTO access_users (month, "user", number) SELECT $1, name, number FROM added, unnest($7::text[]) name"""
_COLUMNS = "first_ts, last_ts, node, records, sealed, number"
_ALL = f"""SELECT {_COLUMNS} FROM access_blocks
    WHERE month = $1 AND number < $2 AND $3 = '' ORDER BY number DESC LIMIT $4"""  # noqa: S608  # names of ours
_AFTER = f"""SELECT {_COLUMNS} FROM access_blocks
    WHERE month = $1 AND number > $2 ORDER BY number LIMIT $3"""  # noqa: S608  # names of ours
_NAMING = f"""SELECT {_COLUMNS} FROM access_blocks JOIN access_users USING (month, number)
    WHERE month = $1 AND number < $2 AND "user" = $3 ORDER BY number DESC LIMIT $4"""  # noqa: S608  # names of ours
_SEGMENTS = """
    SELECT substring(blocks.relname FROM '[0-9]+$')::integer AS month,
        pg_total_relation_size(blocks.oid) + pg_total_relation_size(users.oid) AS size
    FROM pg_inherits JOIN pg_class blocks ON blocks.oid = inhrelid
    JOIN pg_class users ON users.relname = replace(blocks.relname, 'blocks', 'users')
        AND users.relnamespace = blocks.relnamespace
    WHERE inhparent = 'access_blocks'::regclass ORDER BY month"""


class PostgresAccessLog:
    """`api.AccessLog` in a database that nodes share."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: set[str] = set()

    async def append(self, month: str, block: AccessBlock) -> None:
        number = number_of(month)
        async with self._reader.transaction() as connection:
            if month not in self._known:
                await connection.execute("SELECT pg_advisory_xact_lock($1)", MONTH_LOCK)
                for parent in PARENTS:
                    await connection.execute(
                        f"CREATE TABLE IF NOT EXISTS {parent}_{number} PARTITION OF {parent}"
                        f" FOR VALUES FROM ({number}) TO ({number + 1})"
                    )
            values = (block.first_ts, block.last_ts, block.node, block.records, block.sealed)
            await connection.execute(_ADD, number, *values, list(block.users))
        self._known.add(month)

    async def blocks(self, month: str, user: str = "", before: int = BEHIND, limit: int = 100) -> Sequence[AccessBlock]:
        if not can_hold(user):
            return []
        return await self._blocks(_NAMING if user else _ALL, number_of(month), before, user, limit)

    async def blocks_after(self, month: str, number: int, limit: int) -> Sequence[AccessBlock]:
        return await self._blocks(_AFTER, number_of(month), number, limit)

    async def _blocks(self, statement: str, *values: object) -> list[AccessBlock]:
        return [
            AccessBlock(row["first_ts"], row["last_ts"], row["node"], row["records"], (), row["sealed"], row["number"])
            for row in await self._reader.rows(statement, *values)
        ]

    async def segments(self) -> Sequence[Segment]:
        return [Segment(name_of(row["month"]), row["size"]) for row in await self._reader.rows(_SEGMENTS)]

    async def remove(self, months: Collection[str]) -> None:
        self._known.difference_update(months)
        async with self._reader.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", MONTH_LOCK)
            for number in map(number_of, months):
                for parent in PARENTS:
                    await connection.execute(f"DROP TABLE IF EXISTS {parent}_{number}")
