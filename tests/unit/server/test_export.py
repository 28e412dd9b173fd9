"""An inspection bundle: what is in it, who may have it, and that nothing of it can be changed unseen (G13, W16)."""

import ast
import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import CloseAccount
from folkmoot_governance.account_events import IdentityRead, TextsRead
from folkmoot_governance.case.state import BundleMade, CaseExported
from folkmoot_governance.permissions import PLATFORM_RULES
from folkmoot_protocol import requests as rq
from folkmoot_protocol.exported import AccessLine, EntryLine, schemas
from folkmoot_protocol.types import Author, Entry, EntryKind, Identity
from folkmoot_server.actions import exports
from folkmoot_server.actions.cases.bundle import BundleFile, pack
from folkmoot_server.admin.export_held import is_edit_of
from folkmoot_server.admin.export_names import hidden, named_in
from folkmoot_server.admin.export_parts import Gathering, first_at
from folkmoot_server.common.clock import Clock
from folkmoot_server.crypto import check_bundle
from folkmoot_server.crypto.check_bundle import check
from folkmoot_server.crypto.notes import Key, sign
from folkmoot_server.jobs.runner import rest_of
from folkmoot_server.sealed.identities import Given
from folkmoot_server.storage.api import Journal, Page
from folkmoot_server.storage.change_set import account_stream, case_stream
from folkmoot_server.storage.changes import verified_rows
from folkmoot_server.storage.sql.months import month_of
from tests.builders.schema import assert_valid
from tests.integration.server import Seat
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import Stage, staged
from tests.unit.server.test_inspector import grant

SECRET = "buy cheap accounts"
NUMBER = "91350211M0000XUF46"


class Scene(NamedTuple):
    """A case in a group: about a member, whose entry the owner has removed since; and two of staff."""

    stage: Stage
    case: str
    about: Seat
    officers: tuple[Wire, Wire]
    names: tuple[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with staged(tmp_path_factory.mktemp("export"), limits__requests_per_second=0) as stage:
        owner, member, other = stage.seats[0]
        for seat in stage.seats[1][:2]:
            await grant(stage, seat.user, PlatformRole.SAFETY_OFFICER)
        asking, writing, leading = [await stage.connect(seat) for seat in (other, member, owner)]
        for number in range(9):
            await asking.ask(rq.Post, group=owner.code, body=f"line {number}")
        seq = (await writing.ask(rq.Post, group=owner.code, body=SECRET)).seq
        case = str((await asking.run(f"/report {seq} spam he sells things", owner.code)).data["case"])
        await leading.run(f"/delete {seq} selling things", owner.code)
        officers = await stage.connect(stage.seats[1][0]), await stage.connect(stage.seats[1][1])
        yield Scene(stage, case, member, officers, (stage.seats[1][0].user, stage.seats[1][1].user))


in_one_loop = pytest.mark.asyncio(loop_scope="module")


async def export(wire: Wire, case: str, **options: object) -> bytes:
    """Take a case out, as `folkmoot admin export case` does."""
    page = await wire.ask(rq.Admin, noun="export", verb="case", target=case, options={"reason": "order 7", **options})
    found = b""
    while page.cursor is not None:
        page = await wire.ask(
            rq.Admin, noun="export", verb="case", target=case, options={"reason": "order 7"}, cursor=page.cursor
        )
        found += base64.b64decode(page.items[0].get("data", ""))
    return found


def unpacked(bundle: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@in_one_loop
async def test_what_a_bundle_has(scene: Scene) -> None:
    bundle = await export(scene.officers[0], scene.case)
    key = str(scene.stage.node.app.event_log.key)
    assert check(bundle, key).problems == []
    files = unpacked(bundle)
    entries = lines(files["entries.jsonl"])
    assert [one["body"] for one in entries if one.get("removed")] == [SECRET]
    assert "he sells things" in files["case.json"]
    kinds = [one["kind"] for one in lines(files["events.jsonl"])]
    assert {"report_opened", "deleted", "case_exported", "registered"} <= set(kinds)
    assert {one["user"] for one in lines(files["access.jsonl"])} == {scene.about.user}
    assert "identities.jsonl" not in files
    for language, word in (("en", "Is it genuine?"), ("zh-CN", "如何校验真伪")):
        report = files[f"report.{language}.html"]
        assert word in report
        assert "<script" not in report
        assert SECRET in report
    for kind in ("entries", "events", "access"):
        schema = json.loads(files[f"schemas/{kind}.json"])
        assert schema == schemas()[kind]
        assert lines(files[f"{kind}.jsonl"])
        for line in lines(files[f"{kind}.jsonl"]):
            assert_valid(line, schema)


@in_one_loop
async def test_that_and_why_it_was_taken_out_is_on_record_before_anything_is_given(scene: Scene) -> None:
    ledger = scene.stage.store.ledger
    before = len(await ledger.events(case_stream(scene.case)))
    bundle = await export(scene.officers[0], scene.case, scope="user", since="2026-01-01")
    taken, made = [one.event for one in await ledger.events(case_stream(scene.case), before)]
    assert isinstance(taken, CaseExported)
    assert (taken.by, taken.reason, taken.scope, taken.approved_by) == (scene.names[0], "order 7", "user", ())
    assert isinstance(made, BundleMade)
    assert made.sha256 == check_bundle.sha256(bundle).hexdigest()
    own = [one.event for one in await ledger.events(account_stream(scene.names[0]))]
    assert {(one.what, one.case) for one in own if isinstance(one, TextsRead)} >= {
        ("entries", scene.case),
        ("access", scene.case),
    }


@in_one_loop
async def test_who_reported_is_not_told_that_it_was_taken_out(scene: Scene) -> None:
    """*`/proof` gave the newest event of the case: who of staff took it out, and for which court.*"""
    await export(scene.officers[0], scene.case)
    asking = await scene.stage.connect(scene.stage.seats[0][2])
    told = (await asking.run(f"/proof {scene.case}")).data
    assert json.loads(told["said"])["data"]["event"] == "report_opened"
    assert "order 7" not in told["said"]


@in_one_loop
async def test_scope_and_time_bound_what_is_in_it(scene: Scene) -> None:
    whole = unpacked(await export(scene.officers[0], scene.case, scope="group", since="2020-01-01"))
    own = unpacked(await export(scene.officers[0], scene.case, scope="user", since="2020-01-01"))
    none = unpacked(
        await export(scene.officers[0], scene.case, scope="group", since="2020-01-01", until="2020-01-02T12:00")
    )
    assert len(lines(whole["entries.jsonl"])) > 9
    assert {one["user"] for one in lines(own["entries.jsonl"])} == {scene.about.user}
    assert lines(none["entries.jsonl"]) == []
    assert {one["stream"] for one in lines(none["events.jsonl"])} == {case_stream(scene.case)}
    assert await refusals(scene.officers[0], scene.case, since="soon") == "bad_request"


async def refusals(wire: Wire, case: str, **options: object) -> str:
    asked = wire.ask(rq.Admin, noun="export", verb="case", target=case, options={"reason": "x", **options})
    return str((await refused(asked, "bad_request")).code)


@in_one_loop
async def test_identities_take_two_and_are_on_record(scene: Scene) -> None:
    first, second = scene.officers
    app = scene.stage.node.app
    row = app.vault.row(scene.about.user, Given(Identity.ORGANISATION, NUMBER, "Max"), 1)
    assert await app.account_service.store_rows("", verified_rows(row)) is None
    options = {"reason": "order 7", "identities": True}

    async def approve(wire: Wire) -> None:
        await wire.ask(rq.Admin, noun="export", verb="approve", target=scene.case, options={"reason": "order 7"})

    for _ in range(2):
        asked = first.ask(rq.Admin, noun="export", verb="case", target=scene.case, options=options)
        await refused(asked, "forbidden", rule="export.identities")
    await approve(first)
    asked = first.ask(rq.Admin, noun="export", verb="case", target=scene.case, options=options)
    await refused(asked, "forbidden", rule="export.identities", count=1)
    await refused(approve(first), "conflict")
    await approve(second)
    # Whose role has ended since does not count any more.
    await grant(scene.stage, scene.names[1], None)
    asked = first.ask(rq.Admin, noun="export", verb="case", target=scene.case, options=options)
    await refused(asked, "forbidden", rule="export.identities", count=1)
    await grant(scene.stage, scene.names[1], PlatformRole.SAFETY_OFFICER)
    files = unpacked(await export(first, scene.case, identities=True))
    assert [one["number"] for one in lines(files["identities.jsonl"])] == [NUMBER]
    assert NUMBER in files["report.en.html"]
    read = [one.event for one in await scene.stage.store.ledger.events(account_stream(scene.about.user))]
    assert [one.case for one in read if isinstance(one, IdentityRead)] == [scene.case]
    asked = first.ask(rq.Admin, noun="export", verb="case", target=scene.case, options=options)
    await refused(asked, "forbidden", rule="export.identities", count=0)
    assert NUMBER not in "".join(unpacked(await export(first, scene.case)).values())


@in_one_loop
async def test_what_was_removed_takes_two_where_the_operator_wants_it_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """*One of staff opened it alone.*"""
    (first, second), app = scene.officers, scene.stage.node.app
    monkeypatch.setattr(app, "config", replace(app.config, staff=replace(app.config.staff, two_open_removed=True)))
    await app.holds.keep([month_of(scene.stage.node.clock.now_ms())], [], rest_of)

    async def opened() -> list[str]:
        files = unpacked(await export(first, scene.case))
        bodies = [str(one["body"]) for one in lines(files["entries.jsonl"]) if one.get("removed")]
        is_said = "Removed messages: two of the staff have to approve it" in files["report.en.html"]
        assert is_said is (SECRET not in files["entries.jsonl"])
        assert is_said is (json.loads(files["manifest.json"])["left_out"] != {})
        return bodies

    async def held() -> list[str]:
        shown = await first.ask(rq.Admin, noun="hold", verb="show", target=scene.case)
        return [one["text"] for one in shown.items if one["text"] in ("", SECRET)]

    async def approve(wire: Wire) -> None:
        await wire.ask(rq.Admin, noun="export", verb="approve", target=scene.case, options={"reason": "order 7"})

    assert (await opened(), await held()) == ([""], [""])
    await approve(first)
    assert (await opened(), await held()) == ([""], [""])
    await approve(second)
    assert (await held(), await opened()) == ([SECRET], [SECRET])
    taken = [one.event for one in await scene.stage.store.ledger.events(case_stream(scene.case))]
    assert [one.approved_by for one in taken if isinstance(one, CaseExported)][-1] == scene.names
    # The approvals were for one export.
    assert (await opened(), await held()) == ([""], [""])


@in_one_loop
async def test_what_is_being_made_is_for_who_asked_for_it_and_may(scene: Scene) -> None:
    first, second = scene.officers
    options = {"reason": "order 7"}
    begun = await first.ask(rq.Admin, noun="export", verb="case", target=scene.case, options=options)
    more = {"noun": "export", "verb": "case", "target": scene.case, "options": options, "cursor": begun.cursor}
    await refused(second.ask(rq.Admin, **more), "no_such_entry")
    await first.ask(rq.Admin, **more)
    # Whoever loses the role meanwhile gets no further piece.
    await grant(scene.stage, scene.names[0], None)
    await refused(first.ask(rq.Admin, **more), "forbidden")
    await grant(scene.stage, scene.names[0], PlatformRole.SAFETY_OFFICER)
    assert check(await export(first, scene.case)).problems == []


async def test_of_a_node_few_are_made_at_once_and_they_end(tmp_path: Path) -> None:
    class Stopped(exports.Clock):
        now = 0

        def now_ms(self) -> int:
            return self.now

    clock, closed = Stopped(), []

    async def steps(user: str) -> exports.Steps:
        try:
            yield exports.Progress(0, 1)
            yield b"made"
        finally:
            closed.append(user)

    all_of = exports.Exports(clock)
    names = [await all_of.begin(user, steps(user)) for user in "abcd"]
    assert await all_of.begin("e", steps("e")) == exports.BUSY
    again = await all_of.begin("a", steps("a"))
    assert await all_of.step(str(names[0]), "a") == exports.GONE
    assert await all_of.step(str(again), "b") == exports.GONE
    assert [await all_of.step(str(again), "a") for _ in range(2)] == [exports.Progress(0, 1), exports.Progress(1, 1)]
    assert all_of.piece(str(again), "a", 0) == exports.Piece(b"made", 0, 4)
    assert all_of.piece(str(again), "b", 0) is None
    clock.now = exports.IDLE_MS + 1
    await all_of.forget_idle()
    assert all_of.piece(str(again), "a", 0) is None
    assert await all_of.step(str(names[1]), "b") == exports.GONE
    assert closed == ["a"]
    assert isinstance(await all_of.begin("e", steps("e")), str)


@in_one_loop
async def test_what_nobody_fetches_is_forgotten_in_rounds(scene: Scene) -> None:
    assert "idle_exports" in {one.name for one in scene.stage.node.loops()}


@in_one_loop
async def test_one_changed_byte_anywhere_is_found(scene: Scene) -> None:
    bundle = await export(scene.officers[0], scene.case)
    key = str(scene.stage.node.app.event_log.key)
    random = Random(15)
    places = [*range(len(bundle) - 250, len(bundle)), *(random.randrange(len(bundle)) for _ in range(400))]
    for place in places:
        changed = bytearray(bundle)
        changed[place] ^= random.randint(1, 255)
        assert check(bytes(changed), key).problems, f"byte {place}"
    for cut in random.sample(range(len(bundle)), 20):
        assert check(bundle[:cut], key).problems
        assert check(bundle + bundle[:cut], key).problems


@in_one_loop
async def test_what_was_changed_is_named(scene: Scene) -> None:
    """By somebody with a key of their own, who signs it all anew, and without one."""
    bundle = await export(scene.officers[0], scene.case)
    log = scene.stage.node.app.event_log
    files = unpacked(bundle)
    about = {name: value for name, value in json.loads(files.pop("manifest.json")).items() if name != "files"}

    def made(**changed: str) -> bytes:
        names = {name.replace(".", "_"): name for name in files}
        whole = files | {names[name]: text for name, text in changed.items()}
        kept = [BundleFile(name, text.encode()) for name, text in whole.items()]
        kept = [
            one for one in kept if not one.name.startswith("schemas/") and one.name not in ("README.txt", "verify.py")
        ]
        return pack(about, kept, log.sign, about["made_ts"])

    assert check(made(), str(log.key)).problems == []
    # The operator, who has the key to sign with, changes what was decided: the log does not have that.
    events = files["events.jsonl"].splitlines()
    at = next(number for number, one in enumerate(events) if "selling things" in one)
    lie = [*events[:at], events[at].replace("selling things", "nothing at all"), *events[at + 1 :]]
    (problem,) = check(made(events_jsonl="\n".join(lie) + "\n"), str(log.key)).problems
    said = "The words of this event are not what its digest stands for."
    assert (problem.where, problem.text) == (f"events.jsonl:{at + 1}", said)
    word = json.loads(events[at])["words"]["reason"]
    was, now = [
        check_bundle.sha256(f"{word['salt']}{text}".encode()).hexdigest() for text in (word["text"], "nothing at all")
    ]
    lie[at] = lie[at].replace(was, now)
    (problem,) = check(made(events_jsonl="\n".join(lie) + "\n"), str(log.key)).problems
    assert (problem.where, problem.text) == (f"events.jsonl:{at + 1}", "This event is not in the log.")
    half = events[at].replace("selling things", "nothing at all").replace(was, now, 1)
    (problem,) = check(made(events_jsonl="\n".join([*events[:at], half, *events[at + 1 :]])), str(log.key)).problems
    assert problem.text == "This event is not what its digest stands for."
    fewer = [one for one in events if '"stream":"case' not in one]
    (problem,) = check(made(events_jsonl="\n".join(fewer)), str(log.key)).problems
    assert str(problem) == f"events.jsonl: Events of {case_stream(scene.case)} are missing."
    # Somebody else signs: another key, whatever it is called.
    stranger = Ed25519PrivateKey.generate()
    forged = pack(
        about, [BundleFile("case.json", b"{}")], lambda text: sign(text, log.key.name, stranger), about["made_ts"]
    )
    assert [one.where for one in check(forged, str(log.key)).problems] == ["signature"]
    named = Key(log.key.name, stranger.public_key().public_bytes_raw())
    itself = pack(about | {"key": str(named)}, [], lambda text: sign(text, log.key.name, stranger), about["made_ts"])
    assert check(itself).problems == []
    assert check(itself, str(log.key)).problems


@in_one_loop
async def test_witnesses_may_have_signed_its_checkpoint_and_nobody_else_the_bundle(scene: Scene) -> None:
    log = scene.stage.node.app.event_log
    witness = Ed25519PrivateKey.generate()

    def seen(note: str) -> str:
        return note + sign("seen\n", "witness.example.org", witness).split("\n\n")[1]

    files = unpacked(await export(scene.officers[0], scene.case))
    about = {name: value for name, value in json.loads(files.pop("manifest.json")).items() if name != "files"}
    made = [BundleFile(name, files[name].encode()) for name in ("events.jsonl", "checkpoint.txt")]
    signed = [made[0], BundleFile("checkpoint.txt", seen(files["checkpoint.txt"]).encode())]
    assert check(pack(about, signed, log.sign, about["made_ts"]), str(log.key)).problems == []
    (twice,) = check(pack(about, made, lambda text: seen(log.sign(text)), about["made_ts"]), str(log.key)).problems
    assert twice.text == "This is not a signed note."
    other = [made[0], BundleFile("checkpoint.txt", (seen("forged\n\n")).encode())]
    (problem,) = check(pack(about, other, log.sign, about["made_ts"]), str(log.key)).problems
    assert (problem.where, problem.text) == ("checkpoint.txt", "This is not signed by the key {key}.")


@in_one_loop
async def test_the_verifier_in_the_bundle_needs_nothing_else(scene: Scene, tmp_path: Path) -> None:
    bundle = await export(scene.officers[0], scene.case)
    verifier, archive = tmp_path / "verify.py", tmp_path / "bundle.zip"
    verifier.write_text(unpacked(bundle)["verify.py"], "utf-8")
    named = {
        (one.module if isinstance(one, ast.ImportFrom) else one.names[0].name) or ""
        for one in ast.walk(ast.parse(verifier.read_text("utf-8")))
        if isinstance(one, (ast.Import, ast.ImportFrom))
    }
    assert {name.partition(".")[0] for name in named} <= {*sys.stdlib_module_names, "cryptography"}
    key = str(scene.stage.node.app.event_log.key)
    for changed, code in ((bundle, 0), (bundle[:-1] + b"x", 7)):
        archive.write_bytes(changed)
        ran = subprocess.run(
            [sys.executable, str(verifier), str(archive), key],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, bool(ran.stderr)) == (code, code == 7), ran.stderr


@in_one_loop
async def test_of_an_erased_account_the_name_is_not_in_it(scene: Scene) -> None:
    """What the log has is proven all the same, by its digest."""
    stage = scene.stage
    about, reporter = stage.seats[2][1], await stage.connect(stage.seats[2][2])
    writing = await stage.connect(about)
    await writing.ask(rq.Post, group=about.code, body="my own words")
    await writing.run("/nick Quentin Quill", about.code)
    await writing.ask(rq.Post, group=about.code, body="and more of them")
    await reporter.ask(rq.Post, group=about.code, body=f"hear @{about.user}")
    case = str((await reporter.run(f"/report @{about.user} spam gone", about.code)).data["case"])
    await stage.node.app.access_log.store()
    await close_account(stage, about.user, "~gone")
    bundle = await export(scene.officers[0], case, scope="group")
    assert check(bundle, str(stage.node.app.event_log.key)).problems == []
    files = unpacked(bundle)
    assert any(one.get("digest") for one in lines(files["events.jsonl"]))
    assert {one["user"] for one in lines(files["access.jsonl"])} == {"~gone"}
    bare = [one["position"] for one in lines(files["events.jsonl"]) if one.get("digest")]
    assert check(bundle).unbound == len(bare)
    assert all(f"{position} *<" in files["report.en.html"] for position in bare)
    assert f"for {len(bare)} of them, marked *, which name an erased account" in files["report.en.html"]
    assert "publishes" in files["report.en.html"]
    assert "Whoever forges a bundle" in files["README.txt"]
    named = {name for name, text in files.items() if about.user in text or "Quentin" in text}
    assert named == set()
    own = unpacked(await export(scene.officers[0], case, scope="user", since="2020-01-01", reason=f"of @{about.user}"))
    assert [one["body"] for one in lines(own["entries.jsonl"]) if one["kind"] == "text"] == [
        "my own words",
        "and more of them",
    ]
    assert {one["user"] for one in lines(own["entries.jsonl"])} == {"~gone"}
    assert about.user not in "".join(own.values())


@in_one_loop
async def test_a_sample_shows_how_reports_were_handled(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = scene.officers[1]
    options = {"outcome": "dismissed"}
    await officer.ask(rq.Admin, noun="case", verb="show", target=scene.case)
    await officer.ask(rq.Admin, noun="case", verb="close", target=scene.case, reason="Max may", options=options)
    drawn = await officer.ask(rq.Admin, noun="case", verb="sample", options={"word": "may", "count": 3})
    (item,) = [one for one in drawn.items if one["case"] == scene.case]
    assert (item["outcome"], item["late"], item["readers"]) == ("dismissed", False, 1)
    assert item["steps"][0] == "report_opened"
    assert item["opened_ts"] <= item["read_ts"] <= item["closed_ts"]
    assert not any(seat.user in str(drawn.items) for row in scene.stage.seats for seat in row)
    assert "Max" not in str(drawn.items)
    now = scene.stage.node.app.clock.now_ms()
    monkeypatch.setattr(Clock, "now_ms", lambda clock: now + 3_600_000)
    assert (await officer.ask(rq.Admin, noun="case", verb="sample", options={"since": "30m"})).items == ()


@in_one_loop
async def test_what_is_on_hold_is_in_it_though_its_month_is_gone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    app, now = scene.stage.node.app, scene.stage.node.clock.now_ms()
    asking, writing = [await scene.stage.connect(one) for one in (scene.stage.seats[0][2], scene.about)]
    await writing.run("/nick Bank of Moot", scene.about.code)
    await writing.post(scene.about.code, "under a name")
    case = str((await asking.run(f"/report @{scene.about.user} spam again", scene.about.code)).data["case"])
    held = {"case": case, "account": scene.about.user, "duration": "30d"}
    await scene.officers[1].ask(rq.Admin, noun="hold", verb="create", reason="order 7", options=held)
    await app.access_log.store()
    await app.holds.keep([month_of(now)], [month_of(now)], rest_of)
    assert sum((await scene.stage.store.ledger.held_counts()).values())
    # Who reads it needs the rights that the same asks for where it is not on hold: *one was enough*.
    number = next(iter(await app.holds.by_staff()))
    assert (await scene.officers[1].ask(rq.Admin, noun="hold", verb="show", target=number)).items
    for act in ("read_texts", "read_access"):
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(PLATFORM_RULES, act, frozenset())
            await refused(scene.officers[1].ask(rq.Admin, noun="hold", verb="show", target=number), "forbidden")
    unname = {"noun": "user", "verb": "unname", "target": scene.about.user, "reason": "no bank"}
    await scene.officers[1].ask(rq.Admin, **unname, options={"rule": "fraud"})
    options: dict[str, object] = {"scope": "group", "since": "2020-01-01"}
    before = unpacked(await export(scene.officers[1], case, **options))

    async def nothing(*arguments: object) -> Any:
        return 1, 1

    async def no_records(*arguments: object) -> Any:
        return [], ""

    monkeypatch.setattr(Gathering, "_seqs", nothing)
    monkeypatch.setattr(type(app.access_log), "read", no_records)
    after = unpacked(await export(scene.officers[1], case, **options))
    kept = {one["seq"]: one["body"] for one in lines(after["entries.jsonl"])}
    names = {one["name"] for one in lines(after["entries.jsonl"]) if one["body"] == "under a name"}
    assert names == {scene.about.user}, "*the name that was removed was in what is on hold*"
    assert SECRET in kept.values()
    # That an entry was removed is known though its month is gone.
    assert SECRET in [one["body"] for one in lines(after["entries.jsonl"]) if one.get("removed")]
    assert not all(one.get("removed") for one in lines(after["entries.jsonl"]))
    there = [one["seq"] for one in lines(before["entries.jsonl"])]
    assert len(there) == len(set(there))
    assert kept.keys() <= set(there)
    assert lines(after["access.jsonl"]) == lines(before["access.jsonl"])
    # Of who has closed the account it is theirs all the same, under the tag.
    await close_account(scene.stage, scene.about.user, "~away")
    own = unpacked(await export(scene.officers[1], case, scope="user", since="2020-01-01"))
    assert SECRET in [one["body"] for one in lines(own["entries.jsonl"])]
    assert {one["user"] for one in lines(own["entries.jsonl"]) + lines(own["access.jsonl"])} == {"~away"}


class Gaps:
    """A journal that lacks some seqs: entry n was written at n."""

    def __init__(self, seqs: Sequence[int]) -> None:
        self.seqs = seqs

    async def page(self, code: str, *, after: int, limit: int) -> Page:
        found = [one for one in self.seqs if one > after][:limit]
        return Page(
            [Entry(seq=one, ts=one, from_=Author("", "", None), kind=EntryKind.TEXT, body="") for one in found],
            more=False,
        )


async def test_a_time_begins_with_the_first_entry_there_is_whatever_is_missing() -> None:
    random = Random(9)
    for _ in range(200):
        last = random.randint(1, 40)
        seqs = sorted(random.sample(range(1, last + 1), random.randint(0, last)))
        for ts in range(last + 2):
            expected = min([one for one in seqs if one >= ts], default=last + 1)
            assert await first_at(cast("Journal", Gaps(seqs)), "1", last, ts) == expected


def test_an_edit_goes_with_what_it_edits() -> None:
    line = EntryLine(group="1", seq=9, ts=1, kind="edit", user="max", body="x", target=4)
    assert is_edit_of(line, {4})
    assert not is_edit_of(line, {9})
    assert not is_edit_of(structs.replace(line, kind="reaction"), {4})


def test_an_act_of_staff_on_a_closed_account_has_its_tag() -> None:
    line = AccessLine(
        ts=1, kind="administered", user="ann", address="::1", port=1, connection=1, detail="user show @Max"
    )
    assert "max" in named_in(line)
    assert hidden(line, {"max": "~gone"}).detail == "user show ~gone"
    assert hidden(line, {"ann": "~gone"}).user == "~gone"


async def close_account(stage: Stage, user: str, tag: str) -> None:
    gone = await stage.node.accounts.load(user)
    assert gone is not None
    assert await stage.node.app.account_service.carry_out(gone.state, CloseAccount(tag, user), Actor(user)) is None
