"""What the database counts by itself, as rows come and go: `reach`, how many follow a channel.

A trigger sees what came to be in a statement, so that following twice counts once, and closing an account counts down
wherever it followed; and it counts what nodes of a version before write as well, which know nothing of it. These are
those of SQLite; PostgreSQL has its own, made in `migrations/versions/s0059_reach.py`.
"""

_STEP = """CREATE TRIGGER follows_{name} AFTER {name} ON follows BEGIN
    INSERT INTO reach (code, followers) VALUES ({row}.code, {step})
    ON CONFLICT (code) DO UPDATE SET followers = followers + excluded.followers; END"""

TRIGGERS = (
    _STEP.format(name="insert", row="new", step=1),
    _STEP.format(name="delete", row="old", step=-1),
)
"""The statements that make them, for SQLite."""
