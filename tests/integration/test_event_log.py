"""The ledger's log through a real server: a member's proof checks without it, and what was tampered with is found."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.actions.event_log import AT_ONCE
from folkmoot_server.crypto.log_tree import LogKeys, grow, hash_of, over
from folkmoot_server.crypto.merkle import is_included, leaf_hash, root
from folkmoot_server.crypto.notes import Checkpoint, Key, NoteError, Proof, sign, verify
from folkmoot_server.storage.rows import LedgerRow
from tests import commands
from tests.integration.server import Launch, Seat, Server
from tests.integration.storage.test_private import ENVIRONMENT
from tests.integration.test_http import get
from tests.integration.wire import refused
from tests.unit.server.test_merkle import defined


@pytest.fixture
def server(launch: Launch, tmp_path: Path) -> Server:
    return launch(groups=1, members=3, retention__checkpoint_dir=str(tmp_path / "checkpoints"))


async def mute(server: Server) -> str:
    """Mute a member; return the case number."""
    owner, member, *_ = server.seats[0]
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
    word = told["words"]["reason"]
    assert (said["data"]["user"], word["text"]) == (member.user, "selling things")
    assert said["data"]["reason"] == {"sha256": sha256((word["salt"] + word["text"]).encode()).hexdigest()}
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


async def test_a_checkpoint_that_was_kept_elsewhere_shows_what_the_store_itself_cannot(
    server: Server, tmp_path: Path
) -> None:
    """A whole old copy put back, and a log written anew with the key."""
    assert server.terminate() == 0
    before = (server.data / "folkmoot.sqlite3").read_bytes()
    server.start()
    case = await mute(server)
    async with await server.connect(server.seats[0][1]) as wire:
        await wire.ask(rq.RunCommand, line=f"/proof {case}")
    assert server.terminate() == 0
    (kept,) = (tmp_path / "checkpoints").glob("*.checkpoints")

    async def verified(*more: str) -> tuple[int, str]:
        done = await asyncio.to_thread(server.run, "db", "verify", *more)
        return done.returncode, done.stderr

    for copies in (kept, kept.with_name("checkpoint")):
        assert (await verified("--checkpoints", str(copies)))[0] == 0
    other = kept.with_name("other")
    text = kept.read_text("utf-8")
    other.write_text(text.replace("\nfolkmoot\n", "\nfolkmot\n"), "utf-8")
    assert (await verified("--checkpoints", str(other)))[0] == 7
    other.write_text("nothing\n", "utf-8")
    assert (await verified("--checkpoints", str(other)))[0] == 7
    other.write_text("", "utf-8")
    assert (await verified("--checkpoints", str(other)))[0] == 1

    main = server.data / "folkmoot.sqlite3"
    with closing(sqlite3.connect(main)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        size = raw.execute("SELECT max(size) FROM checkpoints").fetchone()[0]
    now = main.read_bytes()
    with closing(sqlite3.connect(main)) as raw, raw:
        raw.execute("UPDATE ledger SET actor = 'somebody' WHERE position = 2")
        raw.execute("DELETE FROM log_hashes")
        raw.execute("DELETE FROM checkpoints")
    write_anew(server, size)
    code, said = await verified("--checkpoints", str(kept))
    assert (code, "checkpoint " in said) == (7, True)
    assert "log: " not in (await verified())[1], "nothing is wrong with the log by itself"

    main.write_bytes(before)
    code, said = await verified("--checkpoints", str(kept))
    assert (code, f"somebody has a checkpoint over {size} events" in said) == (7, True)
    main.write_bytes(now)
    assert (await verified("--checkpoints", str(kept)))[0] == 0


def write_anew(server: Server, size: int) -> None:
    """Make the log of a store again, as who has the key could."""
    keys = LogKeys.derive((server.data / "keys" / "journal.key").read_bytes())
    with closing(sqlite3.connect(server.data / "folkmoot.sqlite3")) as raw, raw:
        columns = ", ".join(LedgerRow.__struct_fields__)
        rows = raw.execute(f"SELECT {columns} FROM ledger WHERE position <= ? ORDER BY position", (size,))
        made = grow(0, [hash_of(LedgerRow(*row), keys.salts) for row in rows], {})
        raw.executemany("INSERT INTO log_hashes VALUES (?, ?, ?)", [(*place, one.hex()) for place, one in made.items()])
        note = sign(Checkpoint("folkmoot", size, root(size, over(made))).text(), "folkmoot", keys.signing)
        raw.execute("INSERT INTO checkpoints VALUES (?, 1, ?)", (size, note))


async def test_the_key_is_changed_on_record_and_what_was_signed_before_verifies(launch: Launch) -> None:
    server = launch(groups=1, members=3, retention__publish_log="true")
    owner, *members = server.seats[0]

    async def proven(seat: Seat) -> tuple[Key, Proof]:
        async with await server.connect(owner) as wire:
            case = (await wire.run(f"/mute @{seat.user} 1h loud", owner.code)).data["case"]
        async with await server.connect(seat) as wire:
            told = (await wire.run(f"/proof {case}")).data
        return Key.parse(told["key"]), Proof.parse(told["proof"])

    first, before = await proven(members[0])
    server.settings = {**server.settings, "retention__log_key": 2}
    server.restart()
    second, after = await proven(members[1])
    assert first != second
    published = [Key.parse(line) for line in (await get(server, "/log/key")).text.splitlines()]
    assert published == [second, first]
    sizes = [Checkpoint.parse(verify(one.checkpoint, [key])).size for one, key in ((before, first), (after, second))]
    assert sizes[0] < sizes[1]
    with pytest.raises(NoteError):
        verify(after.checkpoint, [first])
    assert server.terminate() == 0
    done = await asyncio.to_thread(server.run, "db", "verify")
    assert done.returncode == 0, done.stderr
    server.settings = {**server.settings, "retention__log_key": 1}
    back = await asyncio.to_thread(server.run, "serve", "--profile", "open", "--listen", "127.0.0.1:0")
    assert back.returncode == 1
    assert "retention.log_key was lowered" in back.stderr


async def test_whoever_watches_can_check_the_whole_log(launch: Launch) -> None:
    server = launch(groups=80, members=5, retention__publish_log="true")
    case = await mute(server)
    async with await server.connect(server.seats[0][1]) as wire:
        await wire.ask(rq.RunCommand, line=f"/proof {case}")
    key = Key.parse((await get(server, "/log/key")).text)
    checkpoint = Checkpoint.parse(verify((await get(server, "/log/checkpoint")).text, [key]))
    assert checkpoint.size > 2 * 256
    leaves: list[bytes] = []
    for number, width in tiles(checkpoint.size):
        path = f"{number:03}" + (f".p/{width}" if width < 256 else "")
        hashes = (await get(server, f"/log/tile/0/{path}")).data
        assert len(hashes) == 32 * width
        bundle = (await get(server, f"/log/tile/entries/{path}")).data
        entries: list[bytes] = []
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            entries.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
        assert b"".join(map(leaf_hash, entries)) == hashes
        leaves += map(leaf_hash, entries)
    assert defined(leaves) == checkpoint.root
    above = (await get(server, f"/log/tile/1/000.p/{checkpoint.size // 256}")).data
    assert above[:32] == defined(leaves[:256])
    everything = b"".join([(await get(server, "/log/tile/entries/000")).data])
    assert server.seats[0][0].user.encode() not in everything

    for path in ("0/x000/000", "0/00", "64/000", "0/000.p/256", "0/000.p/0", "-1/000", "entries/999", "x/000", "0/٠٠٠"):
        assert (await get(server, f"/log/tile/{quote(path)}")).status == 404, path
    last = checkpoint.size // 256
    assert (await get(server, f"/log/tile/0/{last:03}")).status == 404, "it is not full yet"


def tiles(size: int) -> list[tuple[int, int]]:
    """Return number and width of each tile of leaves."""
    return [(first // 256, min(256, size - first)) for first in range(0, size, 256)]


def test_seeding_leaves_the_log_nothing_to_catch_up_with(tmp_path: Path) -> None:
    seed = ["db", "seed", "--groups", "2", "--members", "600", "--tokens", str(tmp_path / "tokens")]
    done = commands.run([*seed, "--data", str(tmp_path / "data")], ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "data" / "folkmoot.sqlite3")) as main:
        (taken_in,), (all_of_them,) = (
            main.execute(query).fetchone()
            for query in ("SELECT max(size) FROM checkpoints", "SELECT max(position) FROM ledger")
        )
    assert taken_in == all_of_them > AT_ONCE
    checked = commands.run(["db", "verify", "--data", str(tmp_path / "data")], ENVIRONMENT)
    assert checked.returncode == 0, checked.stderr


async def test_a_log_is_published_only_where_the_operator_wants_it(shared: Server) -> None:
    for path in ("checkpoint", "key", "tile/0/000"):
        assert (await get(shared, f"/log/{path}")).status == 404
