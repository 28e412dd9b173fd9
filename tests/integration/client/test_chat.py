"""`folkmoot chat` through pipes, against the real server."""

import asyncio
import json
import re
import stat
from pathlib import Path

import pytest

import folkmoot_protocol as fm
from folkmoot_client.chat import view
from folkmoot_client.chat.chat import Chat
from folkmoot_client.sdk import Client
from folkmoot_protocol.exported import schemas
from tests.builders.schema import assert_valid
from tests.integration.client.commands import PASSWORD, Ran, folkmoot, write_password
from tests.integration.running import RunningServer
from tests.unit.client.test_chat import Notebook


async def chat(server: RunningServer, folder: Path, user: str, *lines: str, options: tuple[str, ...] = ()) -> Ran:
    """Chat as a user; files go into `folder`."""
    return await folkmoot(
        "chat",
        "--server",
        server.ws,
        "--user",
        user,
        *options,
        stdin="".join(line + "\n" for line in lines),
        XDG_CONFIG_HOME=str(folder / "config"),
        FOLKMOOT_PASSWORD_FILE=write_password(folder),
    )


async def test_a_person_registers_creates_talks_and_comes_back(server: RunningServer, tmp_path: Path) -> None:
    lines = ("/create Fellows", "hello there", "/me waves", "//slash", "/nonsense", "/switch nowhere")
    first = await chat(server, tmp_path, "bob", *lines, options=("--register",))
    assert first.code == 0, first.err
    assert re.search(r"#2 bob \[owner\] \[creator\]: hello there", first.out)
    assert re.search(r"#3 \* bob \[owner\] \[creator\] waves", first.out)
    assert re.search(r"#4 bob \[owner\] \[creator\]: /slash", first.out)
    assert "/nonsense" in first.out
    assert "nowhere" in first.out
    file = tmp_path / "config" / "folkmoot" / "sessions.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # The password is not asked for again.
    (tmp_path / "password").unlink()
    again = await folkmoot(
        "chat", "--server", server.ws, stdin="back\n/logout\n", XDG_CONFIG_HOME=str(tmp_path / "config")
    )
    assert again.code == 0, again.err
    assert "hello there" in again.out
    assert re.search(r"#5 bob \[owner\] \[creator\]: back", again.out)
    assert json.loads(file.read_text()) == {}


async def test_a_member_joins_by_code_and_is_shown_what_was_said(server: RunningServer, tmp_path: Path) -> None:
    async with Client(server.ws) as ann:
        await ann.register("ann", PASSWORD)
        group = (await ann.create_group("Fellows", join_mode=fm.JoinMode.OPEN)).id
        await ann.post(group, "before bob came")
        ran = await chat(
            server, tmp_path, "bob", f"/join {fm.show_group_code(group)}", "good day", options=("--register",)
        )
        assert ran.code == 0, ran.err
        assert "before bob came" in ran.out
        async for event in ann.events():
            if isinstance(event, fm.EntryEvent) and event.entry.body == "good day":
                assert event.entry.from_.user == "bob"
                break


async def test_a_wrong_password_is_denied(server: RunningServer, tmp_path: Path) -> None:
    ran = await chat(server, tmp_path, "nobody", "hello")
    assert ran.code == 5
    assert ran.out == ""
    assert not (tmp_path / "config").exists()


async def test_a_session_that_ended_is_forgotten(server: RunningServer, tmp_path: Path) -> None:
    assert (await chat(server, tmp_path, "bob", options=("--register",))).code == 0
    file = tmp_path / "config" / "folkmoot" / "sessions.json"
    async with Client(server.ws, token=json.loads(file.read_text())[server.ws]["token"]) as bob:
        await bob.logout()
    ran = await chat(server, tmp_path, "bob", "/limits")
    assert ran.code == 0, ran.err
    assert "sign in again" in ran.err


async def test_an_owner_saves_the_groups_record(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    # In this process: where a command that was forked from another one stands is not for the test to say.
    monkeypatch.chdir(folder)
    screen = Notebook(
        "/create Fellows", *(f"/topic {number}" for number in range(210)), *["/export"] * 2, "/export 200"
    )
    async with Client(server.ws) as ann:
        await ann.register("ann", PASSWORD)
        await Chat(ann, screen).run()
    first, second = sorted(folder.iterdir(), key=lambda path: len(path.name))
    lines = [json.loads(line) for line in first.read_text().splitlines()]
    for line in lines:
        assert_valid(line, schemas()["group"])
    assert [line["act"]["event"] for line in lines if line["line"] == "act"] == ["created", *["topic_changed"] * 210]
    assert [line["entry"]["seq"] for line in lines if line["line"] == "entry"] == list(range(1, 212))
    assert first.name == f"folkmoot-{lines[0]['group']}.jsonl"
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert second.read_text() == first.read_text()
    assert any(line.endswith(f"211 acts and 211 entries written to {first}") for line in screen.written)


class Patient(Notebook):
    """Ends the chat when a line with these words was written."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        self.came = asyncio.Event()

    async def read(self, prompt: str) -> str | None:
        await self.came.wait()
        return None

    def write(self, pieces: list[view.Piece]) -> None:
        super().write(pieces)
        if self.words in self.written[-1]:
            self.came.set()


async def test_what_one_is_told_is_shown_when_one_comes_back_and_is_read_then(server: RunningServer) -> None:
    async with Client(server.ws) as ann, Client(server.ws) as bob:
        await ann.register("ann", PASSWORD)
        group = (await ann.create_group("Fellows", join_mode=fm.JoinMode.OPEN)).id
        await bob.register("bob", PASSWORD)
        await bob.join(group)
        await bob.close()
        case = (await ann.run_command("/kick @bob bye", group)).data["case"]
    async with Client(server.ws) as back:
        await back.login("bob", PASSWORD)
        screen = Patient("You were removed from Fellows: bye")
        await Chat(back, screen).run()
        (told,) = (await back.notices()).notices
        assert any(line.startswith(f"{case}: ") for line in screen.written)
        assert (told.case, told.read_ts > 0) == (case, True)
        assert (await back.notices(unread=True)).notices == ()
