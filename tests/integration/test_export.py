"""Taking a case out by the commands, on a running server, and checking the bundle without it."""

import json
import subprocess
import zipfile
from hashlib import sha256
from pathlib import Path

from folkmoot_protocol import requests as rq
from tests import commands
from tests.integration.server import PASSWORD, Launch


async def test_a_case_is_taken_out_and_checked_by_the_commands(launch: Launch, tmp_path: Path) -> None:
    server = launch(groups=1, members=3, admin="root")
    owner, member, other = server.seats[0]
    async with await server.connect(member) as one, await server.connect(other) as two:
        seq = (await one.ask(rq.Post, group=owner.code, body="buy cheap accounts")).seq
        case = (await two.run(f"/report {seq} spam he sells things", owner.code)).data["case"]
    environment = {**server.environment(), "FOLKMOOT_PASSWORD": PASSWORD}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return commands.run(list(arguments), environment)

    def administer(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return run("admin", *arguments, "--server", server.url, "--user", "root", "-o", "json")

    known = json.loads(administer("export", "key").stdout)["items"][0]
    key = known["key"]
    archive = tmp_path / "case.zip"
    export = ("export", "case", case, "--to", str(archive))
    assert administer(*export).returncode == 2, "a reason must be given"
    taken = administer(*export, "--scope", "group", "--reason", "order 7")
    assert taken.returncode == 0, taken.stderr
    (told,) = json.loads(taken.stdout)["items"]
    assert (told["case"], told["file"]) == (case, str(archive))
    assert archive.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("*.part")) == []
    assert administer(*export, "--reason", "again").returncode == 2, "what was taken out is not written over"
    assert administer("export", "case", "r-none", "--to", str(tmp_path / "x"), "--reason", "x").returncode == 4
    assert not (tmp_path / "x").exists()

    assert run("verify", str(archive), "--key", key).returncode == 0
    with zipfile.ZipFile(archive) as members:
        assert sha256(members.read("verify.py")).hexdigest() == known["verifier_sha256"]
    whole = archive.read_bytes()
    archive.write_bytes(whole.replace(b"entries.jsonl", b"Entries.jsonl", 1))
    wrong = run("verify", str(archive), "--key", key, "-o", "json")
    assert wrong.returncode == 7
    assert {one["where"] for one in json.loads(wrong.stdout)["problems"]} == {"bundle", "entries.jsonl"}
    shown = administer("case", "log", case)
    assert [one["what"] for one in json.loads(shown.stdout)["items"]][1:3] == ["bundle_made", "case_exported"]
