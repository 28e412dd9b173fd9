"""A witness as C2SP's `tlog-witness` has it, over HTTP: it signs a log that continues, and none that forgets."""

import base64
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from folkmoot_server.config.load import ConfigError
from folkmoot_server.crypto.merkle import is_consistent
from folkmoot_server.crypto.notes import COSIGNATURE, SIGNATURE, Checkpoint, Key, NoteError, cosigned, verify
from folkmoot_server.jobs.checkpoints import Checkpoints, Witnessing
from folkmoot_server.storage.check.verify import verify as verify_store
from tests.unit.server.stores import Stage, config_of, staged

NAME, NOW_S = "witness.example.org", 1_800_000_000


class Witness:
    """What a witness knows of a log, and how it answers. `is_away`: it answers nothing of use."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.key = Key(NAME, self.private.public_key().public_bytes_raw(), COSIGNATURE)
        self.log_key: Key | None = None
        self.seen = Checkpoint("", 0, b"")
        self.asked = 0
        self.is_away = False

    def answer(self, body: str) -> tuple[int, str]:
        self.asked += 1
        if self.is_away or self.log_key is None:
            return 503, "later\n"
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        old = int(first.removeprefix("old "))
        try:
            text = verify(note, [self.log_key])
        except NoteError:
            return 403, ""
        shown = Checkpoint.parse(text)
        if old != self.seen.size:
            return 409, f"{self.seen.size}\n"
        hashes = [base64.b64decode(one) for one in proof]
        if old and not is_consistent(old, shown.size, hashes, self.seen.root, shown.root):
            return 422, ""
        self.seen = shown
        signature = self.private.sign(cosigned(text, NOW_S))
        data = self.key.id + NOW_S.to_bytes(8, "big") + signature
        return 200, f"{SIGNATURE}{NAME} {base64.b64encode(data).decode()}\n"


@pytest.fixture
def witness() -> Iterator[tuple[Witness, str]]:
    """A witness that listens, and its address."""
    mind = Witness()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/add-checkpoint"
            status, text = mind.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield mind, f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
async def stage(tmp_path: Path, witness: tuple[Witness, str]) -> AsyncIterator[Stage]:
    """A node that has this witness, and nothing done in rounds."""
    mind, url = witness
    settings = {"retention__witnesses": (f"{url} {mind.key}",), "retention__checkpoint_dir": str(tmp_path / "kept")}
    async with staged(tmp_path, **settings) as stage:
        mind.log_key = stage.node.app.event_log.key
        await stage.rest()
        yield stage


async def take_in(stage: Stage) -> int:
    """Let something be done, and take it in; return the size of the log then."""
    owner = stage.seats[0][0]
    async with await stage.connect(owner) as wire:
        await wire.run(f"/topic {stage.node.commit_queue.stored}", owner.code)
    await stage.job(Checkpoints).do_round()
    newest = await stage.node.app.event_log.newest()
    assert newest is not None
    return newest.size


async def signatures(stage: Stage) -> int:
    """Return how many have signed the newest checkpoint, the log itself among them."""
    newest = await stage.node.app.event_log.newest()
    assert newest is not None
    return len(newest.note.rpartition("\n\n")[2].splitlines())


async def test_a_witness_signs_each_checkpoint_that_continues_the_one_before(
    stage: Stage, witness: tuple[Witness, str], tmp_path: Path
) -> None:
    mind, _url = witness
    job = stage.job(Witnessing)
    for _ in range(3):
        size = await take_in(stage)
        await job.do_round()
        assert mind.seen.size == size
        assert await signatures(stage) == 2
    asked = mind.asked
    await job.do_round()
    assert mind.asked == asked, "it has signed this one"
    # After a restart nobody knows what it has seen: it says so.
    size = await take_in(stage)
    await stage.job(Witnessing).do_round()
    assert mind.seen.size == size
    kept = (tmp_path / "kept" / "checkpoint").read_text("utf-8")
    assert f"{SIGNATURE}{NAME} " in kept
    await stage.node.app.event_log.check_key()


async def test_one_that_is_away_is_asked_again(stage: Stage, witness: tuple[Witness, str]) -> None:
    mind, _url = witness
    mind.is_away, job = True, stage.job(Witnessing)
    await take_in(stage)
    await job.do_round()
    assert await signatures(stage) == 1
    assert job.next_ms < stage.node.clock.now_ms() + 120_000
    mind.is_away = False
    await job.do_round()
    assert await signatures(stage) == 2


async def test_a_log_that_has_forgotten_is_told_to_the_operator(stage: Stage, witness: tuple[Witness, str]) -> None:
    """As after an old copy of the store was put back: nobody needs to have copied anything."""
    mind, _url = witness
    size = await take_in(stage)
    mind.seen = Checkpoint("folkmoot", size + 7, bytes(32))
    await stage.job(Witnessing).do_round()
    assert await signatures(stage) == 1
    (remark,) = [one for one in stage.node.app.status.remarks.values() if "has seen" in one]
    assert f"has seen {size + 7} events in the log, and there are {size}" in remark


async def test_what_somebody_else_signed_is_not_kept(stage: Stage, witness: tuple[Witness, str]) -> None:
    mind, _url = witness
    await take_in(stage)
    mind.private = Ed25519PrivateKey.generate()
    await stage.job(Witnessing).do_round()
    assert await signatures(stage) == 1


async def test_cosigned_checkpoints_verify(tmp_path: Path, witness: tuple[Witness, str]) -> None:
    mind, url = witness
    async with staged(tmp_path, retention__witnesses=(f"{url} {mind.key}",)) as stage:
        mind.log_key = stage.node.app.event_log.key
        await stage.rest()
        await take_in(stage)
        await stage.job(Witnessing).do_round()
        assert await signatures(stage) == 2
    assert verify_store(tmp_path / "data") == []


@pytest.mark.parametrize("value", ["https://w.example", "w.example w+00000000+AAAA", "ftp://w.example x"])
def test_a_witness_has_an_address_and_a_key(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="addresses, each with a space"):
        config_of(tmp_path, {"retention__witnesses": (value,)})
