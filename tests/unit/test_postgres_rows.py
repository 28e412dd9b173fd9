"""Few statements for many row changes, in an order that gives the same rows as on SQLite."""

import re
import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.storage.change_set import Remove, RowChange, Upsert
from folkmoot_server.storage.postgres.rows import statements
from folkmoot_server.storage.sqlite import rows as sqlite_rows

CODES, USERS = ["1", "2"], ["a", "b"]


def mark(code: str, user: str, seq: int) -> Upsert:
    return Upsert("read_marks", {"code": code, "user": user, "seq": seq})


def invited(code: str, user: str, until_ms: int) -> Upsert:
    return Upsert("invitations", {"code": code, "user": user, "until_ms": until_ms})


def test_rows_of_one_shape_are_one_statement_in_the_order_of_keys() -> None:
    ((sql, columns),) = statements([mark("2", "b", 1), mark("1", "b", 2), mark("2", "b", 3), mark("1", "a", 4)])
    assert sql.startswith('INSERT INTO read_marks ("code", "user", "seq") SELECT * FROM unnest($1::text[], ')
    assert columns == [["1", "1", "2"], ["a", "b", "b"], [4, 2, 3]]


def test_tables_come_in_their_order() -> None:
    found = [sql.split()[2] for sql, _ in statements([mark("1", "a", 1), Remove("tokens", {"hash": "h"})])]
    assert found == ["read_marks", "tokens"]
    found = [sql.split()[2] for sql, _ in statements([Remove("tokens", {"hash": "h"}), mark("1", "a", 1)])]
    assert found == ["read_marks", "tokens"]


def test_removals_of_other_groups_do_not_part_the_rows() -> None:
    changes: list[RowChange] = []
    for number in range(50):
        changes += [Remove("invitations", {"code": str(number)}, until_ms=5), invited(str(number), "a", 9)]
    assert len(list(statements(changes))) == 2


def test_a_token_by_its_hash_may_be_anybodys() -> None:
    by_hash, by_user = Remove("tokens", {"hash": "h"}), Remove("tokens", {"user": "a"})
    found = [sql.count("old.") for sql, _ in statements([by_hash, by_user, by_hash])]
    assert len(found) == 3


def test_text_that_postgresql_cannot_hold_is_replaced() -> None:
    ban = Upsert("bans", {"code": "1", "user": "a", "until_ms": 1, "by": "b", "reason": "a\x00b", "case": "c"})
    ((_, columns),) = statements([ban])
    assert columns[4] == ["a\ufffdb"]


changes = st.one_of(
    st.builds(invited, st.sampled_from(CODES), st.sampled_from(USERS), st.integers(0, 9)),
    st.builds(
        lambda code, user: Remove("invitations", {"code": code, "user": user}), *map(st.sampled_from, (CODES, USERS))
    ),
    st.builds(lambda code: Remove("invitations", {"code": code}), st.sampled_from(CODES)),
    st.builds(lambda code, ms: Remove("invitations", {"code": code}, ms), st.sampled_from(CODES), st.integers(0, 9)),
)


@given(st.lists(changes, max_size=12))
def test_the_rows_are_those_that_sqlite_has_after_one_change_after_the_other(some: list[RowChange]) -> None:
    at_once: dict[tuple[str, ...], int] = {}
    carry_out(at_once, some)
    assert at_once == in_sqlite(some)


def in_sqlite(some: list[RowChange]) -> dict[tuple[str, ...], int]:
    """Return the rows that SQLite has after changes of an empty table."""
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.execute("CREATE TABLE invitations (code TEXT, user TEXT, until_ms INTEGER, PRIMARY KEY (code, user))")
        sqlite_rows.execute(raw, some)
        return {(code, user): until_ms for code, user, until_ms in raw.execute("SELECT * FROM invitations")}


def carry_out(rows: dict[tuple[str, ...], int], some: list[RowChange]) -> None:
    """Do to `rows` what the statements for `some` say; the first list in quotes names their columns."""
    for sql, columns in statements(some):
        names = re.search(r'\((".*?")\)', sql)[1].replace('"', "").split(", ")  # type: ignore[index]
        for values in zip(*columns, strict=True):
            row = dict(zip(names, values, strict=True))
            if sql.startswith("INSERT"):
                rows[row["code"], row["user"]] = row["until_ms"]
                continue
            for key in [key for key, until_ms in rows.items() if hit(key, until_ms, row)]:
                del rows[key]


def hit(key: tuple[str, ...], until_ms: int, row: dict[str, object]) -> bool:
    return (
        key[0] == row["code"]
        and row.get("user", key[1]) == key[1]
        and ("until_ms" not in row or until_ms <= row["until_ms"])  # type: ignore[operator]
    )
