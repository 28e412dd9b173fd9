"""What somebody wrote to be let in goes with the account, and nothing that was proven before breaks."""

import sqlite3
from contextlib import closing
from pathlib import Path

from folkmoot_protocol import requests as rq
from folkmoot_server.crypto.words import without as without_words
from folkmoot_server.storage.check.verify import verify
from tests.integration.server import PASSWORD, Launch
from tests.integration.wire import Wire

ANSWER = "I live at 12 Secret Street"


def files_with(data: Path, text: str) -> list[str]:
    return [one.name for one in data.rglob("*") if one.is_file() and text.encode() in one.read_bytes()]


async def test_an_answer_goes_with_the_account_and_the_log_stays(launch: Launch, tmp_path: Path) -> None:
    """*It stayed in the ledger for good.*"""
    checkpoints = tmp_path / "checkpoints"
    server = launch(groups=1, members=3, retention__checkpoint_dir=checkpoints)
    owner, other, _ = server.seats[0]
    async with await server.connect(owner) as leading, await Wire.open(server.url) as ann:
        await leading.run("/joinmode approval", owner.code)
        await ann.register("ann", PASSWORD)
        await ann.ask(rq.JoinGroup, group=owner.code, answer=ANSWER)
        await leading.run("/approve ann", owner.code)
        case = (await leading.run(f"/mute @{other.user} 1h selling things", owner.code)).data["case"]
        async with await server.connect(other) as wire:
            before = (await wire.run(f"/proof {case}")).data
        assert ANSWER in str((await leading.run("/log", owner.code)).data)
        await ann.run("/account close ann")
    server.terminate()
    assert files_with(server.data, ANSWER)
    # At each start, and each ten minutes, it is looked for what is to be forgotten.
    server.start()
    async with await server.connect(owner) as leading:
        while ANSWER in str((await leading.run("/log", owner.code)).data):
            pass
        async with await server.connect(other) as wire:
            after = (await wire.run(f"/proof {case}")).data
    assert (after["entry"], after["said"], after["words"]) == (before["entry"], before["said"], before["words"])
    server.terminate()
    assert server.run("db", "verify", "--checkpoints", str(next(checkpoints.glob("*.checkpoints")))).returncode == 0
    assert files_with(server.data, ANSWER) == []
    main = server.data / "folkmoot.sqlite3"
    # Who erases words behind the server's back is found: it is on record what was erased.
    with closing(sqlite3.connect(main)) as raw, raw:
        (mute, data) = raw.execute("SELECT position, data FROM ledger WHERE type = 'muted'").fetchone()
        raw.execute("UPDATE ledger SET data = ? WHERE position = ?", (without_words(data), mute))
    assert any("are gone, and nothing on record has erased them" in one for one in verify(server.data))
