"""The service agreement: it says one thing for each version, and new terms stand in nobody's way out (G5, G5.2)."""

import json
import sqlite3
from contextlib import closing

from folkmoot_governance.access import WITHOUT_AGREEMENT
from folkmoot_protocol import requests as rq
from folkmoot_server.slash.registry import COMMANDS
from tests.integration.server import Launch, Server
from tests.integration.test_http import get
from tests.integration.wire import Refused, Wire


async def test_new_terms_stand_between_nobody_and_the_way_out(launch: Launch) -> None:
    """Every slash command is asked, and the ways out are gone to the end."""
    server = launch(groups=2, members=4, agreement="of old")
    ann, bob = server.seats[0][:2]
    async with await server.connect(bob) as wire, await server.connect(ann) as owner:
        await owner.ask(rq.AcceptAgreement, version=owner.hello.agreement.version)
        for row in COMMANDS:
            if row.name in ("leave", "account"):
                continue
            try:
                await wire.run(f"/{row.name}", bob.code)
                code = ""
            except Refused as refusal:
                code = refusal.code
            assert (code == "agreement_required") is (row.name not in WITHOUT_AGREEMENT), row.name
        muted = (await owner.run(f"/mute @{bob.user} 1h rude", bob.code)).data["case"]
        assert (await wire.run(f"/appeal {muted} it was not so")).data["case"]
        assert (await wire.run(f"/report @{ann.user} spam", bob.code)).data["case"]
        await wire.ask(rq.Report, group=bob.code, reason="spam")
        assert (await wire.run("/notices")).data["items"]
        assert (await wire.run("/mydata")).data
        assert len(await wire.history(bob.code)) >= 2
        await wire.run("/leave", bob.code)
        await wire.run(f"/account close {bob.user}")


async def test_an_agreement_says_one_thing_and_what_it_said_can_be_read(launch: Launch) -> None:
    server = launch()
    own = server.data / "documents"
    own.mkdir()
    shipped = (await get(server, "/agreement", accept="application/json")).text
    (own / "agreement.en.md").write_text("version: A1\nBe kind.", "utf-8")
    restart(server)
    async with await Wire.open(server.url) as wire:
        kept = wire.hello.agreement
        assert kept.version == "A1"
        await wire.register("nina")
    # The file as people accepted it is what stands behind the version.
    assert server.terminate() == 0
    (own / "agreement.en.md").write_text("version: A1\nBe rude.", "utf-8")
    said = server.run("serve", "--listen", "127.0.0.1:0")
    assert said.returncode == 1
    assert "A1" in said.stderr and kept.sha256 in said.stderr and "a version of its own" in said.stderr
    (own / "agreement.en.md").write_text("version: A2\nBe rude.", "utf-8")
    server.start()
    for version, text in (("A1", "Be kind."), ("A2", "Be rude."), (json.loads(shipped)["version"], "pledge")):
        assert text in (await get(server, f"/agreement/{version}")).text
    data = json.loads((await get(server, "/agreement/A1", accept="application/json")).text)
    assert data["sha256"] == kept.sha256
    assert (await get(server, "/agreement/A3")).status == 404
    with closing(sqlite3.connect(server.data / "folkmoot.sqlite3")) as store:
        (data,) = store.execute("SELECT data FROM ledger WHERE type = 'registered' AND actor = 'nina'").fetchone()
    assert (json.loads(data)["agreement"], json.loads(data)["agreement_sha256"]) == ("A1", kept.sha256)


def restart(server: Server) -> None:
    assert server.terminate() == 0
    server.start()
