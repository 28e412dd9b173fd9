"""The ledger's log through a real server: a member's proof checks without it, and what was tampered with is found."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.crypto.merkle import is_included, leaf_hash
from folkmoot_server.crypto.notes import Checkpoint, Key, NoteError, Proof, verify
from tests.integration.server import Launch, Server
from tests.integration.wire import refused


@pytest.fixture
def server(launch: Launch, tmp_path: Path) -> Server:
    return launch(groups=1, members=3, retention__checkpoint_dir=str(tmp_path / "checkpoints"))


async def mute(server: Server) -> str:
    """Mute a member; return the case number."""
    owner, member, _ = server.seats[0]
    async with await server.connect(owner) as wire:
        done = await wire.ask(rq.RunCommand, group=owner.code, line=f"/mute @{member.user} 1h selling things")
    return str(done.data["case"])


async def test_a_member_can_prove_a_measure_to_anybody(server: Server, tmp_path: Path) -> None:
    case = await mute(server)
    _, member, other = server.seats[0]
    async with await server.connect(member) as wire:
        told = (await wire.ask(rq.RunCommand, line=f"/proof {case}")).data
    async with await server.connect(other) as wire:
        await refused(wire.ask(rq.RunCommand, line=f"/proof {case}"), "no_such_entry")
    # From here on without the server: with what the member has, and the key that the operator has made known.
    proof, key = Proof.parse(told["proof"]), Key.parse(told["key"])
    checkpoint = Checkpoint.parse(verify(proof.checkpoint, [key]))
    entry = told["entry"].encode()
    assert is_included(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    digest = entry.split()[3].decode()
    assert digest == sha256(proof.extra + told["said"].encode()).hexdigest()
    said = json.loads(told["said"])
    assert (said["data"]["user"], said["data"]["reason"]) == (member.user, "selling things")
    assert member.user not in told["entry"]

    # The copy that the operator keeps elsewhere says the same.
    newest = (tmp_path / "checkpoints" / "checkpoint").read_text("utf-8")
    assert Checkpoint.parse(verify(newest, [key])).size >= checkpoint.size
    (month,) = (tmp_path / "checkpoints").glob("*.checkpoints")
    assert proof.checkpoint in month.read_text("utf-8")
    forged = newest.replace(f"\n{Checkpoint.parse(verify(newest, [key])).size}\n", "\n3\n")
    with pytest.raises(NoteError):
        verify(forged, [key])


Tamper = Callable[[sqlite3.Connection, Random], None]


def change_data(raw: sqlite3.Connection, random: Random) -> None:
    position = random.choice([row[0] for row in raw.execute("SELECT position FROM ledger WHERE data LIKE '%reason%'")])
    raw.execute("UPDATE ledger SET data = replace(data, 'reason\":\"', 'reason\":\"x') WHERE position = ?", (position,))


def change_actor(raw: sqlite3.Connection, random: Random) -> None:
    (last,) = raw.execute("SELECT max(position) FROM ledger").fetchone()
    raw.execute("UPDATE ledger SET actor = 'somebody' WHERE position = ?", (random.randint(1, last),))


def change_time(raw: sqlite3.Connection, random: Random) -> None:
    (last,) = raw.execute("SELECT max(position) FROM ledger").fetchone()
    raw.execute("UPDATE ledger SET ts = ts + 1 WHERE position = ?", (random.randint(1, last),))


def swap(raw: sqlite3.Connection, random: Random) -> None:
    (last,) = raw.execute("SELECT max(position) FROM ledger").fetchone()
    one, other = random.sample(range(1, last + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        raw.execute("UPDATE ledger SET position = ? WHERE position = ?", (after, before))


def cut(raw: sqlite3.Connection, random: Random) -> None:
    (last,) = raw.execute("SELECT max(position) FROM ledger").fetchone()
    raw.execute("DELETE FROM ledger WHERE position >= ?", (random.randint(1, last),))


def change_hash(raw: sqlite3.Connection, random: Random) -> None:
    (count,) = raw.execute("SELECT count(*) FROM log_hashes").fetchone()
    raw.execute("UPDATE log_hashes SET hash = ? WHERE level = 0 AND number = ?", ("0" * 64, random.randrange(count)))


def drop_hashes(raw: sqlite3.Connection, random: Random) -> None:
    raw.execute("DELETE FROM log_hashes")


def forge_checkpoint(raw: sqlite3.Connection, random: Random) -> None:
    raw.execute(
        "UPDATE checkpoints SET note = replace(note, char(10) || size || char(10), char(10) || '1' || char(10))"
    )


@pytest.mark.parametrize(
    "tamper", [change_data, change_actor, change_time, swap, cut, change_hash, drop_hashes, forge_checkpoint]
)
async def test_what_was_tampered_with_is_found(
    tampered: tuple[Server, bytes], tamper: Tamper, request: pytest.FixtureRequest
) -> None:
    server, whole = tampered
    path = server.data / "folkmoot.sqlite3"
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as raw, raw:
        tamper(raw, Random(request.node.name))
    done = await asyncio.to_thread(server.run, "db", "verify")
    assert done.returncode == 7
    assert "log: " in done.stderr or "checkpoint " in done.stderr


@pytest.fixture(scope="module")
def tampered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Server, bytes]:
    """A store whose log is whole, with no server on it, and its main file."""
    server = Server(tmp_path_factory.mktemp("tampered"), {})
    server.seed(1, 3)
    server.start()
    case = asyncio.run(mute(server))

    async def prove() -> None:
        member = server.seats[0][1]
        async with await server.connect(member) as wire:
            await wire.ask(rq.RunCommand, line=f"/proof {case}")

    asyncio.run(prove())
    assert server.terminate() == 0
    assert server.run("db", "verify").returncode == 0
    with closing(sqlite3.connect(server.data / "folkmoot.sqlite3")) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    return server, (server.data / "folkmoot.sqlite3").read_bytes()
