"""Identities that are planted by the dozen, of each kind and with names in ten languages, are found nowhere in plain.

Each is given, some of them wrongly, approved, turned down, taken back, renewed, put on the blacklist, or erased with
its account; then all that the server has left is searched: its files, the log, what it answered, a backup, what staff
took out. A cluster's database and its dump: `tests/cluster/test_planted_in_postgres.py`.
"""

import base64
import json
from pathlib import Path

from folkmoot_protocol import requests as rq
from tests.integration.planting import COUNT, PLANTED, UNLIMITED, find_planted, take_out, try_out
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.test_http import get
from tests.integration.wire import Wire

PAGES = ("/metrics", "/readyz", "/transparency", "/rules", "/agreement")


async def test_a_hundred_and_fifty_identities_are_nowhere_in_plain(tmp_path: Path) -> None:
    with serving(tmp_path, groups=COUNT, members=1, admin="root", server__log_level="debug", **UNLIMITED) as server:
        said: list[str] = []
        async with await Wire.open(server.url) as root:
            await root.ask(rq.Login, user="root", password=PASSWORD)
            for number, (seat,) in enumerate(server.seats):
                async with await server.connect(seat) as wire:
                    said += await try_out(wire, root, seat.user, number)
                    if number == 1:
                        said += await pages_of_channel(server, wire)
                        said += [str(await wire.run(line, seat.code)) for line in ("/export", "/log", "/info")]
            approved = sum("verified" in one for one in said)
            said += await take_out(root)
        said += [str(await get(server, path)) for path in PAGES]
        # Of one instant, beside the files of the server that runs, its write-ahead log among them.
        copied = server.run("db", "backup", str(tmp_path / "backup"))
        assert copied.returncode == 0, copied.stderr
        said += [copied.stdout, copied.stderr]
        (tmp_path / "said").write_text("\n".join(said), "utf-8")
        assert approved > COUNT
        assert any("decision_facts" in one for one in said), "no report was taken out"
        files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "keys"]
        assert {path.name for path in files} >= {"folkmoot.sqlite3", "folkmoot.sqlite3-wal", "said"}
        assert find_planted(files) == {}
        server.kill()
    checked = server.run("db", "verify")
    assert checked.returncode == 0, checked.stdout
    (tmp_path / "verified").write_text(checked.stdout + checked.stderr, "utf-8")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "keys"]
    assert find_planted(files) == {}


async def pages_of_channel(server: Server, wire: Wire) -> list[str]:
    """Return all that anybody reads of somebody's own channel."""
    path = f"/@{wire.user}"
    seq = await wire.post(path[1:], "Hello")
    await wire.post(path[1:], "And hello", thread=seq)
    pages = [path, f"{path}/{seq}", f"{path}/feed.atom", f"{path}/feed.json"]
    replies = [await get(server, page, accept=wanted) for page in pages for wanted in ("text/html", "application/json")]
    assert [reply.status for reply in replies] == [200] * 8
    home = [await wire.ask(rq.GetPosts, group=path[1:]), await wire.ask(rq.GetThread, group=path[1:], seq=seq)]
    return [reply.text for reply in replies] + [str(one) for one in home]


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    numbers = [numbers[7] for numbers in PLANTED.values()]
    files = {name: tmp_path / name for name in ("plain", "json", "base64", "hex", "nothing")}
    files["plain"].write_text(f"a{numbers[0]}b")
    files["json"].write_text(json.dumps({"name": "山田太郎"}))
    files["hex"].write_text(f"x'{numbers[1].encode().hex()}'")
    files["base64"].write_bytes(base64.b64encode(f"row: {numbers[2]}.".encode()))
    files["nothing"].write_text("139******51")
    assert set(find_planted(files.values())) == {str(path) for name, path in files.items() if name != "nothing"}
