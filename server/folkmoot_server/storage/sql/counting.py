"""What the database counts by itself, as rows come and go: `reach`, how many follow a channel, and how many have read
it on a day.

A trigger sees what came to be in a statement, so that following twice counts once, and closing an account counts down
wherever it followed; and it counts what nodes of a version before write as well, which know nothing of it. These are
those of SQLite; PostgreSQL has its own, made in `migrations/versions` by the same steps.
"""

COUNTED = frozenset({"follows", "reads"})
"""The tables whose rows are counted so. Several nodes change them one after the other: see `postgres.writer`."""

_STEP = """CREATE TRIGGER follows_{name} AFTER {name} ON follows BEGIN
    INSERT INTO reach (code, followers) VALUES ({row}.code, {step})
    ON CONFLICT (code) DO UPDATE SET followers = followers + excluded.followers; END"""

FOLLOWS = (
    _STEP.format(name="insert", row="new", step=1),
    _STEP.format(name="delete", row="old", step=-1),
)
# A read of a day before, from a node that was slow, does not count any more. The number outlives its rows.
READS = (
    """CREATE TRIGGER reads_insert AFTER INSERT ON reads BEGIN
    INSERT INTO reach (code, followers, day, reads_day) VALUES (new.code, 0, new.day, 1)
    ON CONFLICT (code) DO UPDATE SET day = max(day, excluded.day), reads_day = CASE
        WHEN day = excluded.day THEN reads_day + 1 WHEN day < excluded.day THEN 1 ELSE reads_day END; END""",
)

TRIGGERS = (*FOLLOWS, *READS)
"""The statements that make them, for SQLite."""
