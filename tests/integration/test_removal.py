"""What the platform removes: from sight, for all, told to whom it hits, and back as it was when that was wrong."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import EntryKind
from tests.integration.server import PASSWORD, Server
from tests.integration.test_cases import admin
from tests.integration.test_wrong_clock import DAY_S, Machine
from tests.integration.wire import Wire, refused


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A server with two administrators, `root` and `judge`, whose clock can be set."""
    server = Machine(tmp_path, {"limits__sign_ins_per_minute": 0})
    server.set_clock(0)
    server.seed(1, 4)
    for name in ("root", "judge"):
        made = server.run("init", "--user", name, input=f"{PASSWORD}\n")
        assert made.returncode == 0, made.stderr
    try:
        yield server
    finally:
        if server.process is not None:
            assert server.terminate() == 0, server.stderr()
        assert "Traceback" not in server.stderr(), server.stderr()


async def staff(server: Server, name: str) -> Wire:
    wire = await Wire.open(server.url)
    wire.session = await wire.ask(rq.Login, user=name, password=PASSWORD)
    return wire


async def test_an_upheld_report_removes_the_entry_and_an_appeal_brings_it_back_in_a_closed_month(
    machine: Machine,
) -> None:
    machine.start()
    (first,) = machine.months()
    ann, bob, carol, _ = machine.seats[0]
    code = ann.code
    async with await staff(machine, "root") as root, await machine.connect(ann) as owner:
        async with await machine.connect(bob) as author, await machine.connect(carol) as reporter:
            seq = await author.post(code, "send me your money")
            edit = (await author.ask(rq.Edit, group=code, seq=seq, body="send me all your money")).seq
            await owner.run(f"/pin {seq}", code)
            pinned = (await owner.run("/pins", code)).data
            before = {one.seq: one for one in await owner.history(code)}
            opened = await reporter.ask(rq.Report, group=code, seq=seq, reason="fraud")
            closing = {"reason": "asks for money", "options": {"outcome": "upheld", "remove": True}}
            planned = await admin(root, "case", "close", opened.case, **closing, dry_run=True)
            assert planned.items[0]["state"] == "upheld"
            assert not (await owner.history(code))[seq - 1].redacted, "that was a dry run"

            await admin(root, "case", "close", opened.case, **closing)
            tombstone = next(one for one in await reporter.seen(code, edit + 2) if one.kind is EntryKind.REDACTION)
            assert tombstone.data is not None
            assert (tombstone.from_.user, tombstone.data["seqs"]) == ("platform", [seq])
            assert (tombstone.data["rule"], tombstone.data["users"]) == ("fraud", [bob.user])
            assert "root" not in str(tombstone)
            told = await author.event(ev.CaseEvent, state="removed")
            assert told.case == tombstone.data["case"]
            assert f"/appeal {told.case}" in told.text and "asks for money (Fraud; entry " in told.text
            assert (await reporter.event(ev.CaseEvent)).state == "upheld"
            hidden = await owner.history(code)
            assert [(hidden[at - 1].body, hidden[at - 1].redacted) for at in (seq, edit)] == [("", True)] * 2
            assert (await owner.run("/pins", code)).data["items"] == []
            number = {"reason": "again", "options": {"seqs": str(seq)}}
            await refused(admin(root, "entry", "remove", code, **number), "conflict", seq=seq)
            await refused(admin(root, "entry", "remove", code, reason="r", options={"seqs": "9999"}), "no_such_entry")
            appeal = (await author.run(f"/appeal {told.case} it was a quotation")).data["case"]
            await refused(admin(root, "appeal", "approve", appeal, reason="r"), "forbidden")
    machine.kill()
    machine.set_clock(35 * DAY_S)
    machine.start()
    async with await staff(machine, "judge") as judge, await machine.connect(ann) as owner:
        await admin(judge, "node", "confirm", "time", reason="a month has passed")
        await machine.until_doubt(there=False)
        await owner.post(code, "a new month")
        assert len(machine.months()) == 2
        sealed = (machine.data / "journal" / f"{first}.sqlite3").read_bytes()
        await admin(judge, "appeal", "approve", appeal, reason="a quotation it is")
        notice = next(one for one in reversed(await owner.history(code)) if one.data and one.data.get("restored"))
        assert (notice.data or {})["restored"] == [seq]
        await owner.seen(code, notice.seq)
        after = {one.seq: one for one in await owner.history(code)}
        assert {at: after[at] for at in before} == before
        assert (await owner.run("/pins", code)).data == pinned
        found = await owner.ask(rq.Search, group=code, text="all your money")
        assert [one.seq for one in found.entries] == [seq]
        file = machine.data / "journal" / f"{first}.sqlite3"
        assert await asyncio.to_thread(file.read_bytes) == sealed, "a closed month is never written to"
    assert machine.terminate() == 0
    checked = machine.run("db", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_what_somebody_wrote_goes_at_once_and_each_admins_deletion_comes_back(machine: Machine) -> None:
    machine.start()
    ann, bob, carol, dan = machine.seats[0]
    code = ann.code
    async with (
        await staff(machine, "root") as root,
        await staff(machine, "judge") as judge,
        await machine.connect(ann) as owner,
        await machine.connect(bob) as author,
        await machine.connect(carol) as member,
        await machine.connect(dan) as admin_too,
    ):
        seqs = [await author.post(code, f"buy number {number}") for number in range(3)]
        kept = await member.post(code, "no, thanks")
        wave = {"reason": "spam wave", "options": {"author": bob.user, "since": "1h", "rule": "spam"}}
        assert (await admin(root, "entry", "remove", code, **wave, dry_run=True)).changed == 3
        assert not [one for one in await owner.history(code) if one.redacted]
        assert (await admin(root, "entry", "remove", code, **wave)).changed == 3
        assert [one.seq for one in await owner.history(code) if one.redacted] == seqs
        await refused(admin(root, "entry", "remove", code, **wave), "no_such_entry")
        for wrong in ({}, {"seqs": "x"}, {"seqs": str(kept), "author": bob.user}, {"seqs": str(kept), "rule": "ugly"}):
            await refused(admin(root, "entry", "remove", code, reason="r", options=wrong), "bad_request")
        await refused(admin(root, "entry", "remove", code, reason="r", options={"seqs": "1"}), "forbidden")
        await refused(admin(member, "entry", "remove", code, reason="r", options={"seqs": str(kept)}), "forbidden")
        told = await author.event(ev.CaseEvent, state="removed")
        await refused(member.run(f"/appeal {told.case} why"), "forbidden")
        appeal = (await author.run(f"/appeal {told.case} it was a joke")).data["case"]
        assert appeal == f"a-{told.case}@{bob.user}"
        await admin(judge, "appeal", "reject", appeal, reason="no joke")
        assert [one.seq for one in await owner.history(code) if one.redacted] == seqs

        # What an admin deleted comes back in the same way, and only once what that very act removed.
        await owner.run(f"/promote @{dan.user}", code)
        deleted = (await owner.run(f"/delete {kept} rude", code)).data["case"]
        appeal = (await member.run(f"/appeal {deleted} I was polite", code)).data["case"]
        await admin_too.run(f"/queue approve {appeal} so she was", code)
        restored = {one.seq: one for one in await member.history(code)}[kept]
        assert (restored.body, restored.redacted) == ("no, thanks", False)
        await member.run(f"/delete {kept}", code)
        assert {one.seq: one for one in await owner.history(code)}[kept].redacted


TEXTS = {
    "name": ("/rename Bank of Moot", "Bank of Moot"),
    "topic": ("/topic send money here", "send money here"),
    "announcement": ("/announce pay by Friday", "pay by Friday"),
    "rules": ("/setrules Obey the bank", "Obey the bank"),
    "question": ("/question Your account number? = 17", "Your account number?"),
    "tag": ("/tag @{bob} cashier of the bank", "cashier of the bank"),
    "reason": ("/ban @{dan} 2h owes the bank money", "owes the bank money"),
}


async def test_names_topics_and_other_texts_go_with_what_told_them_and_come_back(machine: Machine) -> None:
    machine.start()
    ann, bob, carol, dan = machine.seats[0]
    code = ann.code
    async with (
        await staff(machine, "root") as root,
        await staff(machine, "judge") as judge,
        await machine.connect(ann) as owner,
        await machine.connect(bob) as member,
        await machine.connect(carol) as reader,
    ):
        for what, (line, text) in TEXTS.items():
            did = await owner.run(line.format(bob=bob.user, dan=dan.user), code)
            of = {"tag": {"member": bob.user}, "reason": {"act": did.data.get("case")}}
            options = {"what": what} | of.get(what, {})
            before = await everything(owner, code)
            assert text in str(before)
            planned = await admin(root, "text", "remove", code, reason="a swindle", options=options, dry_run=True)
            assert (planned.changed, len(planned.items)) == (1, 1)
            assert await everything(owner, code) == before, "that was a dry run"
            assert text in str(await owner.run("/log", code))

            removing = {"reason": "a swindle", "options": options | {"rule": "fraud"}}
            await refused(admin(member, "text", "remove", code, **removing), "forbidden")
            await admin(root, "text", "remove", code, **removing)
            told = await owner.event(ev.CaseEvent, state=f"{what}_removed")
            assert "a swindle (Fraud)" in told.text and f"/appeal {told.case}" in told.text
            if what == "tag":
                assert (await member.event(ev.CaseEvent)).state == "own_tag_removed"
            last = (await reader.history(code))[-1]
            await reader.seen(code, last.seq)
            assert (last.from_.user, (last.data or {})["what"]) == ("platform", what)
            hidden = await everything(owner, code)
            acts = (await owner.run("/log", code), await owner.run("/export", code))
            for place in (hidden, *acts, str(await reader.ask(rq.GetGroup, group=code))):
                assert text not in str(place), (what, place)
            await refused(admin(root, "text", "remove", code, **removing), "conflict")

            appeal = (await owner.run(f"/appeal {told.case} it is a game")).data["case"]
            shown = (await admin(judge, "appeal", "show", appeal)).items[0]["subject"]
            assert shown["measure"]["was_text"] == text
            await refused(admin(root, "appeal", "approve", appeal, reason="r"), "forbidden")
            await admin(judge, "appeal", "approve", appeal, reason="so it is")
            assert "can be read again" in (await owner.event(ev.CaseEvent, state="overturned")).text
            assert await everything(owner, code, until=last.seq - 1) == before
            assert text in str(await owner.run("/log", code))
        # Once more, and this time it stays away: so it is verified.
        await admin(root, "text", "remove", code, reason="a swindle", options={"what": "announcement"})
    assert machine.terminate() == 0
    checked = machine.run("db", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert b"pay by Friday" not in b"".join(path.read_bytes() for path in (machine.data / "journal").iterdir())


async def everything(wire: Wire, code: str, until: int | None = None) -> dict[str, object]:
    """Return what can be seen of a group: its entries up to a seq, its texts, and its members."""
    entries = [one for one in await wire.history(code) if until is None or one.seq <= until]
    told = (await wire.ask(rq.GetGroup, group=code)).group
    texts = [told.name, told.topic, told.announcement]
    shown = [(await wire.run(line, code)).data for line in ("/setrules", "/question", "/ban")]
    members = (await wire.ask(rq.ListMembers, group=code)).members
    return {"entries": entries, "texts": texts, "shown": shown, "tags": {one.user: one.tags for one in members}}
