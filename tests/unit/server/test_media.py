"""What becomes of the bytes of uploads: with the day, with their post, with their month, and when it is cut short."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from copy import copy
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from obstore.exceptions import BaseError

from folkmoot_client.sdk import Client, RequestRefused
from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import GrantRole
from folkmoot_governance.account_events import MediaDecided
from folkmoot_governance.case.state import CaseKind
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.media import MediaState
from folkmoot_protocol import Upload, UploadResult
from folkmoot_protocol.errors import ErrorCode
from folkmoot_server.common.clock import Clock
from folkmoot_server.jobs.media import MediaJob
from folkmoot_server.media.store import SEALED, MediaStore, partial_in
from folkmoot_server.storage.api import CaseFilter
from folkmoot_server.storage.change_set import ChangeSet, Remove
from folkmoot_server.storage.changes import held_row
from tests.builders.pictures import planted_picture
from tests.unit.server.stores import Stage, staged


class Night:
    """A node whose time is the test's, and the job whose rounds it does."""

    def __init__(self) -> None:
        self.ms = int(time.time() * 1000)
        self.stage: Stage
        self.job: MediaJob
        self.root: Path

    @property
    def code(self) -> str:
        return self.stage.seats[0][0].code

    def files(self) -> dict[str, bytes]:
        """Return what is stored of media, by the end of its path."""
        return {path.name: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    async def state_of(self, id: str) -> MediaState | None:
        found = await self.stage.store.ledger.media([id])
        return found[0].state if found else None

    async def uploaded(self, client: Client) -> str:
        return str((await client.upload(planted_picture(size=(40, 30))))["id"])


@pytest.fixture
async def night(tmp_path: Path) -> AsyncIterator[Night]:
    night = Night()
    async with staged(tmp_path, clock=Clock(lambda: night.ms / 1000), accounts__token_days=0) as night.stage:
        await night.stage.rest()
        night.job = night.stage.job(MediaJob)
        night.root = tmp_path / "data" / "media"
        yield night


@pytest.fixture
async def ann(night: Night) -> AsyncIterator[Client]:
    async with Client(night.stage.url, token=night.stage.seats[0][0].token) as client:
        yield client


async def test_what_no_post_shows_goes_after_a_day(night: Night, ann: Client) -> None:
    shown, not_shown = await night.uploaded(ann), await night.uploaded(ann)
    place = await ann.post(night.code, "look", media=[shown])
    await night.job.do_round()
    assert len(night.files()) == 4
    assert night.job.next_ms == night.ms + DAY_MS
    night.ms += DAY_MS
    await night.job.do_round()
    assert night.files().keys() == {shown, f"{shown}.small"}
    assert await night.state_of(not_shown) is None
    (stored,) = await night.stage.store.ledger.media([shown])
    assert (stored.state, stored.code, stored.seq) == (MediaState.POSTED, night.code, place.seq)


async def test_what_is_removed_is_sealed_and_what_stands_again_is_opened(night: Night, ann: Client) -> None:
    id = await night.uploaded(ann)
    place = await ann.post(night.code, "look", media=[id])
    plain = night.files()
    await ann.run_command(f"/delete {place.seq}", night.code)
    await night.job.do_round()
    sealed = night.files()
    assert sealed.keys() == {name + SEALED for name in plain}
    assert not any(plain[name][40:80] in data for name in plain for data in sealed.values())
    assert await night.state_of(id) is MediaState.REMOVED
    (removed,) = await night.stage.store.ledger.media([id])
    assert await night.stage.node.app.media.upkeep.opened(removed, "") == plain[id], "for those who judge"
    with pytest.raises(RequestRefused) as refused:
        await ann.fetch_media(id)
    assert refused.value.detail["rule"] == "removed"
    await night.job.do_round()
    assert night.files() == sealed
    gone = Remove("redactions", {"code": night.code, "seq": place.seq})
    await night.stage.store.commit([ChangeSet(rows=[gone])])
    await night.job.do_round()
    assert night.files() == plain
    assert await night.state_of(id) is MediaState.POSTED
    assert await ann.fetch_media(id) == plain[id]


async def test_sealing_that_is_cut_short_is_done_by_the_next_round(
    night: Night, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = 0

    def counted(act: object) -> object:
        async def counting(*arguments: object) -> object:
            nonlocal left
            if not left:
                raise BaseError("cut short")
            left -= 1
            return await act(*arguments)  # type: ignore[operator]

        return counting

    sealed: set[str] = set()
    for cut_short in range(5):
        id = await night.uploaded(ann)
        place = await ann.post(night.code, "look", media=[id])
        await ann.run_command(f"/delete {place.seq}", night.code)
        left = cut_short
        with monkeypatch.context() as patch:
            for name in ("get", "put", "remove"):
                patch.setattr(MediaStore, name, counted(getattr(MediaStore, name)))
            with pytest.raises(BaseError):
                await night.job.do_round()
        await night.job.do_round()
        sealed |= {f"{id}{SEALED}", f"{id}.small{SEALED}"}
        assert night.files().keys() == sealed
        assert await night.state_of(id) is MediaState.REMOVED


async def test_what_was_posted_goes_with_its_month_but_for_what_is_held(night: Night, ann: Client) -> None:
    ids = [await night.uploaded(ann) for _ in range(3)]
    places = [await ann.post(night.code, "look", media=[id]) for id in ids]
    await ann.run_command(f"/delete {places[1].seq}", night.code)
    await night.job.do_round()
    before, night.ms = night.files(), night.ms + 220 * DAY_MS
    async with Client(night.stage.url, token=night.stage.seats[0][1].token) as ben:
        late = await night.uploaded(ben)
        await ben.post(night.code, "later", media=[late])
    await night.job.do_round()
    assert night.files().items() >= before.items()
    seq = places[2].seq
    assert seq
    await night.stage.store.commit([ChangeSet(rows=[held_row("C-1", "2026-01", night.code, seq, "sealed")])])
    assert await night.stage.store.journal.rotate(night.ms, 6)
    await night.job.do_round()
    kept = {f"{id}{small}" for id in (ids[2], late) for small in ("", ".small")}
    assert night.files().keys() == kept
    assert [await night.state_of(id) for id in ids] == [None, None, MediaState.POSTED]
    with pytest.raises(RequestRefused):
        await ann.fetch_media(ids[2])


async def test_what_was_half_written_goes_after_a_day(night: Night, ann: Client) -> None:
    folder = partial_in(night.root.parent)
    folder.mkdir(parents=True)
    (folder / "old").write_bytes(b"x")
    (folder / "new").write_bytes(b"x")
    old = time.time() - 2 * DAY_MS / 1000
    os.utime(folder / "old", (old, old))
    await ann.post(night.code, "there is a month")
    night.ms += HOUR_MS
    await night.job.do_round()
    assert [file.name for file in folder.iterdir()] == ["new"]


class Programme:
    """A programme of the operator's that is asked about each file; without a `verdict` it does not answer."""

    def __init__(self) -> None:
        self.verdict = ""
        self.asked: list[tuple[str, bytes]] = []
        programme = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                programme.asked.append((self.headers["Content-Type"], body))
                answer = json.dumps({"verdict": programme.verdict}).encode()
                self.send_response(200 if programme.verdict else 500)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_said: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/scan"


@pytest.fixture
def programme() -> Iterator[Programme]:
    programme = Programme()
    thread = Thread(target=programme.server.serve_forever)
    thread.start()
    yield programme
    programme.server.shutdown()
    programme.server.server_close()
    thread.join()


async def test_a_programme_of_the_operators_and_a_list_decide(tmp_path: Path, programme: Programme) -> None:
    known = tmp_path / "known"
    known.write_text("")
    night = Night()
    settings = {"media__scan_url": programme.url, "media__known_files": str(known)}
    async with staged(tmp_path, clock=Clock(lambda: night.ms / 1000), **settings) as night.stage:
        await night.stage.rest()
        night.job, night.root = night.stage.job(MediaJob), tmp_path / "data" / "media"
        seats = night.stage.seats[0]
        async with Client(night.stage.url, token=seats[0].token) as ann:
            held = await ann.upload(planted_picture(size=(40, 30)))
            assert held["state"] == "pending"
            with pytest.raises(RequestRefused, match="media_pending"):
                await ann.post(night.code, "look", media=[held["id"]])
            with pytest.raises(RequestRefused):
                await ann.fetch_media(held["id"])
            await night.job.do_round()
            assert await night.state_of(held["id"]) is MediaState.PENDING
            assert night.job.next_ms == night.ms + 60_000, "it is asked again"
            programme.verdict = "allow"
            await night.job.do_round()
            assert (await ann.post(night.code, "look", media=[held["id"]])).seq
            assert programme.asked[-1] == ("image/jpeg", night.files()[held["id"]])
            await decide_on_held(night, ann, programme)
            programme.verdict = "refuse"
            before = night.files()
            with pytest.raises(RequestRefused, match="The operator does not allow this file"):
                await ann.upload(planted_picture("PNG"))
            assert night.files() == before
            known.write_text(f"sha256 {sha256(planted_picture('GIF')).hexdigest()}\n")
            asked = len(programme.asked)
            with pytest.raises(RequestRefused, match="The operator does not allow this picture"):
                await ann.upload(planted_picture("GIF"))
            # Staff gets a case on the account: one, whatever is sent while it is open.
            with pytest.raises(RequestRefused, match="The operator does not allow this picture"):
                await ann.upload(planted_picture("GIF"))
            (case,) = await night.stage.store.ledger.list_cases(CaseFilter(CaseKind.REPORT), limit=9)
            assert (case.user, case.reason, len(case.reporters)) == (seats[0].user, "illegal", 2)
            text = await night.stage.store.ledger.case_text(case.number)
            said = night.stage.node.app.cases.texts.unseal(case.number, text)
            assert said is not None
            assert said.subject["upload"]["sha256"] == sha256(planted_picture("GIF")).hexdigest()
            known.unlink()
            with pytest.raises(RequestRefused, match="Files cannot be checked just now"):
                await ann.upload(planted_picture("GIF"))
            assert len(programme.asked) == asked
            assert night.files() == before


async def decide_on_held(night: Night, ann: Client, programme: Programme) -> None:
    """What a programme holds staff decides on, whoever else may not; what it says later changes nothing of that."""
    programme.verdict = "hold"
    good, bad = [(await ann.upload(planted_picture(size=(41, 30))))["id"] for _ in range(2)]
    boss = await night.stage.node.accounts.load(night.stage.seats[0][1].user)
    assert boss is not None
    grant = GrantRole(PlatformRole.REVIEWER, "x")
    machine = Actor("", platform=PlatformRole.SUPERADMIN)
    assert await night.stage.node.app.account_service.carry_out(boss.state, grant, machine) is None
    async with Client(night.stage.url, token=night.stage.seats[0][1].token) as staff:
        with pytest.raises(RequestRefused, match="forbidden"):
            await ann.admin("media", "approve", target=good, reason="mine")
        held = await staff.admin("media", "list", options={"state": "pending"})
        assert {one["media"] for one in held.items} == {good, bad}
        done = await staff.admin("media", "approve", target=good, reason="a gradient")
        assert (done.changed, done.items[0]["state"]) == (1, "ready")
        await staff.admin("media", "reject", target=bad, reason="a gradient, too")
        with pytest.raises(RequestRefused, match="it is refused"):
            await staff.admin("media", "approve", target=bad, reason="after all")
        acts = await night.stage.store.ledger.events(f"account:{boss.user}")
        assert [one.event.media for one in acts if isinstance(one.event, MediaDecided)] == [good, bad]
    programme.verdict = "refuse"
    await night.job.do_round()
    with pytest.raises(RequestRefused, match="The operator's staff does not allow this file"):
        await ann.post(night.code, "look", media=[bad])
    assert (await ann.post(night.code, "look", media=[good])).seq
    assert good in night.files() and bad not in night.files()


async def test_what_two_posts_show_at_once_stays_with_the_first(night: Night, ann: Client) -> None:
    id = await night.uploaded(ann)
    open_group = (await ann.create_group("Open")).id
    places = await asyncio.gather(
        ann.post(night.code, "look", media=[id]), ann.post(open_group, "look", media=[id]), return_exceptions=True
    )
    (stored,) = await night.stage.store.ledger.media([id])
    assert (stored.state, stored.code) == (MediaState.POSTED, night.code), places


async def test_what_comes_to_an_address_that_another_node_has_served_is_not_kept(night: Night, ann: Client) -> None:
    uploads: Any = night.stage.node.app.media.uploads
    other = copy(uploads)
    other._coming = {}
    first, second = planted_picture(size=(40, 30)), planted_picture(size=(50, 30))
    second += bytes(len(first) - len(second)) if len(first) > len(second) else b""
    first += bytes(len(second) - len(first))
    asked = await ann.ask(Upload, UploadResult, size=len(first))
    token = asked.path.rpartition("/")[2]

    async def late() -> AsyncIterator[bytes]:
        yield second[:100]
        made = await uploads.receive(token, once(first))
        assert (made.state, made.width) == (MediaState.READY, 40)
        assert (await ann.post(night.code, "look", media=[asked.id])).seq
        yield second[100:]

    assert (await other.receive(token, late())).code is ErrorCode.MEDIA_REFUSED
    (stored,) = await night.stage.store.ledger.media([asked.id])
    assert (stored.state, stored.width) == (MediaState.POSTED, 40)
    assert sha256(night.files()[asked.id]).hexdigest() == stored.sha256


async def test_uploads_that_come_at_once_leave_the_disk_its_reserve_together(
    night: Night, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads: Any = night.stage.node.app.media.uploads
    data = planted_picture(size=(40, 30))
    free = uploads._settings.reserve_bytes + 5 * len(data)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: SimpleNamespace(free=free))
    tokens = [(await ann.ask(Upload, UploadResult, size=len(data))).path.rpartition("/")[2] for _ in range(2)]

    async def slow() -> AsyncIterator[bytes]:
        yield data[:100]
        assert (await uploads.receive(tokens[1], once(data))).code is ErrorCode.UNAVAILABLE
        yield data[100:]

    assert (await uploads.receive(tokens[0], slow())).state is MediaState.READY
    assert (await uploads.receive(tokens[1], once(data))).state is MediaState.READY, "then there is room"


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_what_is_about_to_go_cannot_be_posted(night: Night, ann: Client) -> None:
    id = await night.uploaded(ann)
    night.ms += DAY_MS - 1
    with pytest.raises(RequestRefused, match="You have no such upload"):
        await ann.post(night.code, "look", media=[id])
