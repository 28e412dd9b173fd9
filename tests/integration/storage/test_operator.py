"""Whoever runs the server tries to hide what was done: `db verify` finds each way, and says what and where."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from folkmoot_governance.group.events import TopicSet
from folkmoot_server.crypto.log_tree import LogKeys, grow, hash_of, over
from folkmoot_server.crypto.merkle import root
from folkmoot_server.crypto.notes import Checkpoint, sign
from folkmoot_server.crypto.words import without
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.rows import LedgerRow
from tests.integration.storage.kit import opened
from tests.integration.storage.operator import FEBRUARY, JANUARY, LATER, WAYS, keep, tell

MAIN = "folkmoot.sqlite3"
EVIDENCE = Path(__file__).parents[3] / "docs" / "evidence.md"


def path_of(data: Path, where: str) -> Path:
    """Return the file that a way changes."""
    part, _, month = where.partition(" ")
    return data / MAIN if part == "main" else data / part / f"{month}.sqlite3"


class Told(NamedTuple):
    """A store that the story was told to, the checkpoints that were copied, and a copy of the store from before."""

    data: Path
    copies: list[str]
    older: Path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    place = tmp_path_factory.mktemp("told")
    return asyncio.run(tell_twice(place / "data", place / "older"))


async def tell_twice(data: Path, older: Path) -> Told:
    async with opened(data) as store:
        group, _copies = await tell(store, data)
    shutil.copytree(data, older)
    async with opened(data) as store:
        await store.commit([group.act(TopicSet(at=LATER, by="alice", topic="new")), group.post("bob", ts=LATER)])
        copies = await keep(store, data)
    for one in (data, older):
        assert verify(one) == []
    assert verify(data, copies=copies) == []
    return Told(data, copies, older)


def change(path: Path, *statements: str) -> None:
    """Change a file behind the store's back; the statements must hit something."""
    with closing(sqlite3.connect(path)) as raw, raw:
        for statement in statements:
            assert raw.execute(statement).rowcount > 0, statement


def swap_a_month(data: Path, told: Told) -> None:
    """Put January's file, with the month's name changed in it, in the place of February's."""
    shutil.copyfile(path_of(data, f"journal {JANUARY}"), path_of(data, f"journal {FEBRUARY}"))


def take_a_month_away(data: Path, told: Told) -> None:
    """Delete a month, and let it look as if rotation had done it."""
    path_of(data, f"journal {JANUARY}").unlink()
    change(
        data / MAIN,
        f"DELETE FROM marks WHERE name = 'month {JANUARY}'",
        "INSERT INTO journal_heads SELECT code, 4 FROM groups",
        "DELETE FROM redactions WHERE seq <= 4",
    )


def take_the_access_log_away(data: Path, told: Told) -> None:
    path_of(data, f"access {FEBRUARY}").unlink()


def put_in_an_older_month(data: Path, told: Told) -> None:
    shutil.copyfile(*(path_of(one, f"journal {FEBRUARY}") for one in (told.older, data)))


def put_in_an_older_store(data: Path, told: Told) -> None:
    shutil.rmtree(data)
    shutil.copytree(told.older, data)


def erase_why(data: Path, told: Told) -> None:
    """Take the reason of a mute away as the server erases words."""
    with closing(sqlite3.connect(data / MAIN)) as raw, raw:
        ((position, was),) = raw.execute("SELECT position, data FROM ledger WHERE data LIKE '%\"loud\"%'")
        raw.execute("UPDATE ledger SET data = ? WHERE position = ?", (without(was), position))


def sign_with_another_key(data: Path, told: Told) -> None:
    note = Checkpoint.parse(told.copies[0].partition("\n\n")[0] + "\n")
    other = sign(note.text(), note.origin, Ed25519PrivateKey.generate())
    change(data / MAIN, f"UPDATE checkpoints SET note = '{other}' WHERE size = {note.size}")


def write_everything_anew(data: Path, told: Told) -> None:
    """Change an event, and write the log anew with the key, as who has the machine can."""
    keys = LogKeys.derive((data / "keys" / "journal.key").read_bytes())
    with closing(sqlite3.connect(data / MAIN)) as raw, raw:
        raw.execute("UPDATE ledger SET ts = ts + 1, data = replace(data, ts, ts + 1) WHERE type = 'report_opened'")
        raw.execute("UPDATE cases SET opened_ts = opened_ts + 1")
        raw.execute("UPDATE reporters SET ts = ts + 1")
        columns = ", ".join(LedgerRow.__struct_fields__)
        (size,) = raw.execute("SELECT max(size) FROM checkpoints").fetchone()
        raw.execute("DELETE FROM log_hashes")
        raw.execute("DELETE FROM checkpoints")
        rows = raw.execute(f"SELECT {columns} FROM ledger WHERE position <= ? ORDER BY position", (size,))
        made = grow(0, [hash_of(LedgerRow(*row), keys.salts) for row in rows], {})
        raw.executemany("INSERT INTO log_hashes VALUES (?, ?, ?)", [(*place, one.hex()) for place, one in made.items()])
        note = sign(Checkpoint("folkmoot", size, root(size, over(made))).text(), "folkmoot", keys.signing)
        raw.execute("INSERT INTO checkpoints VALUES (?, 1, ?)", (size, note))


FILES: dict[str, tuple[Callable[[Path, Told], None], str, bool]] = {
    "put one month's file in the place of another's": (swap_a_month, f"{FEBRUARY}.sqlite3 is older than", False),
    "put an older copy of a month in its place": (put_in_an_older_month, f"journal {FEBRUARY}: entries", False),
    "take a month away as if its time were over": (take_a_month_away, f"journal {JANUARY}: it is missing", False),
    "take a month of the access log away": (take_the_access_log_away, f"access {FEBRUARY}: it is missing", False),
    "put an older copy of the whole store in its place": (put_in_an_older_store, "somebody has a checkpoint", True),
    "erase why something was done": (erase_why, "are gone, and nothing on record has erased them", False),
    "sign a checkpoint with another key": (sign_with_another_key, "checkpoint ", False),
    "write everything anew with the key": (write_everything_anew, "it is not over these events", True),
}
"""What is tried on files: the way, what is found, and whether nothing but a copied checkpoint shows it."""


def try_all(told: Told, place: Path) -> dict[str, list[str]]:
    """Try each way on a copy of the store; return what is found of each."""
    found = {}
    for number, name in enumerate([*WAYS, *FILES]):
        data = place / str(number)
        shutil.copytree(told.data, data)
        if name in WAYS:
            way, needs_copies = WAYS[name], False
            change(
                path_of(data, way.where), *(one.format(month="", block="block", who="who") for one in way.statements)
            )
        else:
            act, _finding, needs_copies = FILES[name]
            act(data, told)
        if needs_copies:
            assert verify(data) == [], name
        found[name] = verify(data, copies=told.copies if needs_copies else ())
        shutil.rmtree(data)
    return found


def test_each_way_to_hide_what_was_done_is_found(told: Told, tmp_path: Path) -> None:
    wanted = {**{name: way.finding for name, way in WAYS.items()}, **{name: one[1] for name, one in FILES.items()}}
    assert len(wanted) > 20
    found = try_all(told, tmp_path)
    assert {name: found[name] for name, one in wanted.items() if one not in "; ".join(found[name])} == {}
    # What is found of one thing keeps nothing else from being looked at.
    assert [name for name in wanted if "cannot be read" in "; ".join(found[name])] == []


def test_the_page_for_inspectors_lists_the_ways_that_are_tried() -> None:
    rows = [line.split(" | ")[0].strip("| ") for line in EVIDENCE.read_text("utf-8").splitlines() if " | " in line]
    assert {*WAYS, *FILES} <= set(rows), {*WAYS, *FILES} - set(rows)
