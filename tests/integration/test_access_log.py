"""Who connected, from where, and signed in as whom: noted, sealed, shown to oneself, and to staff for a case."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from folkmoot_protocol import requests as rq
from folkmoot_server.storage.check.backup import backup
from tests.integration.server import PASSWORD, Launch
from tests.integration.wire import Wire, refused


async def read(wire: Wire, user: str, **options: str) -> list[dict[str, Any]]:
    asked = await wire.ask(rq.Admin, noun="access", verb="list", target=user, options=options)
    return list(asked.items)


async def audit(wire: Wire, cursor: str | None = None, **options: str) -> tuple[list[dict[str, Any]], str | None]:
    asked = await wire.ask(rq.Admin, noun="audit", verb="list", cursor=cursor, limit=2, options=options)
    return list(asked.items), asked.cursor


async def test_sign_ins_are_noted_for_oneself_and_for_a_case(launch: Launch, tmp_path: Path) -> None:
    server = launch(groups=1, members=1, admin="root")
    async with await Wire.open(server.url) as root, await Wire.open(server.url) as ann:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        await ann.register("ann", PASSWORD, device="a phone of hers")
        async with await Wire.open(server.url) as other:
            await refused(other.ask(rq.Login, user="ann", password="guessed it"), "auth_failed")
            await other.resume(ann.token)
        items = (await ann.run("/signins")).data["items"]
        assert [one["kind"] for one in items] == ["token_used", "failed", "registered"]
        assert {one["address"] for one in items} == {"127.0.0.1"}
        assert [one["detail"] for one in items] == ["", "auth_failed", "a phone of hers"]

        await refused(read(root, "ann"), "bad_request", field="case")
        async with await server.connect(server.seats[0][0]) as member:
            await refused(read(member, "ann", case="r1"), "forbidden")
        shown = await read(root, "ann", case="r1")
        assert [one["kind"] for one in shown] == ["ended", "token_used", "failed", "registered"]
        assert all(one["port"] and one["connection"] for one in shown)
        # *When it began was noted where nobody is named, and was shown to nobody.*
        began = datetime.fromisoformat(shown[0]["detail"].removeprefix("since "))
        assert timedelta(0) <= datetime.now(UTC) - began < timedelta(minutes=1)
        # What staff asked for is in the log, too.
        assert "access list ann" in [one["detail"] for one in await read(root, "root", case="r2")]

        await refused(audit(root), "bad_request", field="case")
        async with await server.connect(server.seats[0][0]) as member:
            await refused(audit(member, case="r1"), "forbidden")
        # Page by page, the newest first, and without what was said.
        pages, cursor = [await audit(root, case="r3")], ""
        while (cursor := pages[-1][1] or "") and len(pages) < 100:
            pages.append(await audit(root, cursor, case="r3"))
        listed = [one for items, _ in pages for one in items]
        positions = [one["position"] for one in listed]
        assert positions == sorted(set(positions), reverse=True)
        assert positions[-1] == 1
        assert ("ann", "@ann") in {(one["by"], one["about"]) for one in listed}
        assert all(set(one) == {"position", "at_ts", "what", "by", "about"} for one in listed)
        (newest, *_), _ = await audit(root, case="r4", account="root")
        assert (newest["what"], newest["by"], newest["about"]) == ("texts_read", "root", "@root")

        backup(server.data, tmp_path / "copy")
        for data in (server.data, tmp_path / "copy"):
            files = list((data / "access").iterdir())
            assert all(file.stat().st_mode & 0o077 == 0 for file in files)
            stored = b"".join(file.read_bytes() for file in files)
            assert b"ann" in stored
            assert b"a phone of hers" not in stored
            assert b"127.0.0.1" not in stored
