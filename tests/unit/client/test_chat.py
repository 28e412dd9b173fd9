"""What the chat shows, remembers and completes, and how it reads a terminal."""

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

import folkmoot_protocol as fm
from folkmoot_client.chat import view
from folkmoot_client.chat.chat import Chat
from folkmoot_client.chat.completion import LineCompleter, fields_of
from folkmoot_client.chat.saved import SavedSessions, Session, default_folder
from folkmoot_client.chat.screen import Line, Screen, Word
from folkmoot_client.sdk import Backoff, Client
from folkmoot_protocol.types import ArgumentKind, CommandArgument
from tests.builders.entries import CODE, make_author, make_entry, make_group_view
from tests.unit.client.fake_server import fake_server

SERVER = "ws://chat.example/ws"
CODES = {"Fellows": "4821-9067-3350", "Fell": "5918-2736-4505"}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("TZ", "UTC")


def shown(entry: fm.Entry) -> str:
    """Return an entry's line without its time."""
    return view.as_text(view.show_entry(entry)).partition(" ")[2]


def by_owner(**fields: Any) -> fm.Entry:
    author = make_author("ann", fm.Role.OWNER, ("creator",))
    return make_entry(7, **{"ts": 0, "from_": author, "body": "hi", **fields})


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (by_owner(), "#7 Ann @ann [owner] [creator]: hi"),
        (make_entry(3, "Bob"), "#3 Bob: entry 3"),
        (by_owner(kind=fm.EntryKind.ACTION, body="waves"), "#7 * Ann @ann [owner] [creator] waves"),
        (by_owner(kind=fm.EntryKind.NOTICE, body="Ann joined"), "#7 — Ann joined"),
        (by_owner(kind=fm.EntryKind.ANNOUNCEMENT), "#7 Ann @ann [owner] [creator]: hi"),
        (by_owner(redacted=True, body=""), "#7 Ann @ann [owner] [creator] (removed)"),
        (by_owner(kind=fm.EntryKind.EDIT, target=3), "#7 Ann @ann [owner] [creator] edited #3: hi"),
        (by_owner(kind=fm.EntryKind.REACTION, target=3, body="👍"), "#7 Ann @ann [owner] [creator] reacted to #3 👍"),
        (
            by_owner(kind=fm.EntryKind.REACTION, target=3, body="👍", data={"removed": True}),
            "#7 Ann @ann [owner] [creator] took back a reaction to #3 👍",
        ),
        (by_owner(reply_to=3), "#7 ↪#3 Ann @ann [owner] [creator]: hi"),
    ],
)
def test_entries_as_lines(entry: fm.Entry, line: str) -> None:
    assert shown(entry) == line


def test_nobody_controls_the_terminal() -> None:
    entry = by_owner(body="a\x1b[2Jb\r\nc\u202e", from_=fm.Author("eve", "E\x9bve", fm.Role.MEMBER, ("t\x07",)))
    text = view.as_text(view.show_entry(entry))
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "b\n      c" in text


def test_a_group_with_its_role_and_unread() -> None:
    group = make_group_view(role=fm.Role.OWNER, last_seq=9, read_seq=4)
    assert view.as_text(view.show_group(group, current=False)) == "  Fellows  4821-9067-3350 [owner] 5 unread"
    assert view.as_text(view.show_group(group, current=True)) == "→ Fellows  4821-9067-3350 [owner]"
    channel = make_group_view(role=fm.Role.OWNER, form=fm.ChannelForm.PERSONAL, handle="ann")
    assert view.as_text(view.show_group(channel, current=False)) == "  Fellows  @ann [owner]"


@pytest.mark.parametrize("reason", list(fm.LeftReason))
def test_leaving_is_said_with_its_reason(reason: fm.LeftReason) -> None:
    assert "Fellows" in view.as_text(view.show_left("Fellows", reason))


def test_a_session_is_remembered_per_server_for_its_owner_alone(tmp_path: Path) -> None:
    saved = SavedSessions(tmp_path / "folkmoot")
    assert saved.find(SERVER) is None
    saved.save(SERVER, Session("ann", "secret"))
    saved.save("ws://other.example/ws", Session("bob", "another"))
    assert saved.find(SERVER) == Session("ann", "secret")
    assert saved.find(SERVER, "ann") == Session("ann", "secret")
    assert saved.find(SERVER, "bob") is None
    saved.save(SERVER, Session("bob", "his"))
    found = [saved.find(SERVER, user) for user in (None, "ann", "bob")]
    assert found == [Session("bob", "his"), Session("ann", "secret"), Session("bob", "his")], "two in two windows"
    saved.forget(SERVER, "bob")
    assert saved.find(SERVER, "bob") is None
    saved.save(SERVER, Session("ann", "secret"))
    (file,) = (tmp_path / "folkmoot").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    saved.forget(SERVER)
    assert saved.find(SERVER) is None
    assert saved.find("ws://other.example/ws") is not None


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"ws://chat.example/ws": {"user": 1}}'])
def test_a_broken_file_counts_as_empty_and_is_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "sessions.json").write_text(text)
    saved = SavedSessions(tmp_path)
    assert saved.find(SERVER) is None
    saved.save(SERVER, Session("ann", "secret"))
    assert saved.find(SERVER) == Session("ann", "secret")


def test_files_go_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "folkmoot"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")  # to be ignored, says the specification
    assert default_folder() == Path.home() / ".config" / "folkmoot"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        *(
            ("/", ["/help", "/links", "/mute", "/promote", "/delete"]),
            ("/l", ["/links"]),
            ("/x", []),
            ("links", []),
            ("", []),
        ),
        *(("/links ", ["any ", "none "]), ("/links n", ["none "]), ("/links none ", []), ("/help ", [])),
        *(("/mute ", ["@ann ", "@bob "]), ("/mute @bob ", ["10m ", "1h ", "1d ", "7d ", "perm "])),
        *(("/mute @bob 1", ["10m ", "1h ", "1d "]), ("/mute @bob 1h o", ["Off topic "]), ("/mute @bob 1h x y", [])),
        *(("/promote @bob pin ", ["pin ", "mute "]), ("/promote @bob pin m", ["mute "])),
        *(("/delete ", ["12 ", "7 "]), ("/delete #1", ["12 "]), ("/delete 7", ["7 "])),
        *(("@B", ["@bob "]), ("/links @", ["@ann ", "@bob "]), ("mail ann@b", []), ("hello @an", ["@ann "])),
    ],
)
def test_commands_their_arguments_and_names_are_completed(typed: str, words: list[str]) -> None:
    kinds = ArgumentKind
    arguments = {
        "/help": (),
        "/links": (CommandArgument(name="links", kind=kinds.CHOICE, choices=("any", "none")),),
        "/mute": (
            CommandArgument(name="@user", kind=kinds.USER),
            CommandArgument(name="[duration] [reason…]", kind=kinds.TEXT, optional=True, rest=True),
        ),
        "/promote": (
            CommandArgument(name="@user", kind=kinds.USER),
            CommandArgument(name="permissions…", kind=kinds.CHOICE, choices=("pin", "mute"), rest=True),
        ),
        "/delete": (CommandArgument(name="seq", kind=kinds.SEQ),),
    }
    commands = [Word(name, "What it is for", fields_of(taken)) for name, taken in arguments.items()]
    entries = [make_entry(12), make_entry(7)]
    completer = LineCompleter(commands, ["ann", "bob"], lambda: entries)
    found = list(completer.get_completions(Document(typed), CompleteEvent()))
    assert [completion.text for completion in found] == words


class Notebook(Screen):
    """Types what the test says and notes what is written."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.written: list[str] = []
        self.offered: list[str] = []

    async def read(self, prompt: str) -> str | None:
        return self.lines.pop(0) if self.lines else None

    def write(self, pieces: Line, entry: fm.Entry | None = None) -> None:
        self.written.append(view.as_text(pieces))

    def offer(self, words: Sequence[Word], names: Sequence[str] = ()) -> None:
        self.offered = [one.word for one in words]


async def chat(*lines: str, others: tuple[fm.Group, ...] = ()) -> tuple[Chat, Notebook, list[str]]:
    """Run a chat in the fake server's group and `others`; return it, its screen, and what the group holds then."""
    async with fake_server(others) as server, Client(server.url, token="t", backoff=Backoff(0.001, 0.001)) as client:
        screen = Notebook(*lines)
        running = Chat(client, screen)
        await running.run()
        return running, screen, [entry.body for entry in server.log[3:]]


async def test_the_only_group_is_entered_with_its_history() -> None:
    _, screen, _ = await chat()
    assert any("— Fellows — 4821-9067-3350" in line for line in screen.written)
    assert [line.split()[1] for line in screen.written if " #" in line] == ["#1", "#2", "#3"]


async def test_lines_are_posted_in_order_and_shown_once() -> None:
    _, screen, log = await chat("one", "  ", "two")
    assert log == ["one", "two"]
    assert [line.rpartition(" ")[2] for line in screen.written if " #" in line][-2:] == ["one", "two"]


async def test_quit_ends_the_chat_and_logout_is_noted() -> None:
    left, _, log = await chat("one", "/quit", "two")
    assert (left.signed_out, log) == (False, ["one"])
    out, _, _ = await chat("/logout")
    assert out.signed_out


@pytest.mark.parametrize("words", ["1", CODE, "4821-9067-3350", "fellows", "fel"])
async def test_a_group_is_found_by_number_code_and_name(words: str) -> None:
    _, screen, _ = await chat(f"/switch {words}")
    assert sum("— Fellows —" in line for line in screen.written) == 2


@pytest.mark.parametrize(("words", "found"), [("fell", "Fell"), ("FELL", "Fell"), ("fello", "Fellows"), ("2", "Fell")])
async def test_a_whole_name_comes_before_the_beginning_of_another(words: str, found: str) -> None:
    _, screen, _ = await chat(f"/switch {words}", others=(make_group_view("591827364505", name="Fell", last_seq=3),))
    assert [line for line in screen.written if line.startswith("— ")] == [f"— {found} — {CODES[found]}"]


async def test_a_beginning_that_several_names_have_is_not_guessed() -> None:
    for words, name in (("f", "Fell"), ("2", "2")):
        other = make_group_view("591827364505", name=name, last_seq=3)
        more = make_group_view("300000000001", name="third", last_seq=3) if name == "2" else None
        _, screen, _ = await chat(f"/switch {words}", others=tuple(one for one in (more, other) if one))
        assert not [line for line in screen.written if line.startswith("— ")]
        assert any("Several of your groups" in line for line in screen.written)


async def test_a_bare_switch_lists_ones_groups() -> None:
    _, screen, _ = await chat("/switch")
    assert sum("4821-9067-3350" in line and "1 " in line for line in screen.written) == 2


async def test_each_day_is_named_once() -> None:
    _, screen, _ = await chat("one", "two")
    assert sum(line.startswith("—— ") for line in screen.written) == 1


def test_joined_emoji_are_one_sign() -> None:
    pieces = view.joined("s", view.clean("a \U0001f468\u200d\U0001f469\u200d\U0001f467 family"))
    joined = ("[ZeroWidthEscape]", "\u200d\U0001f469\u200d\U0001f467")
    assert pieces == [("s", "a \U0001f468"), joined, ("s", " family")]
    assert view.joined("s", "plain") == [("s", "plain")]
    assert view.joined("s", "\u200d[2J") == [("s", "\u200d[2J")], "only signs are joined"


@pytest.mark.parametrize("words", ["2", "0", "fellowship", "591827364505"])
async def test_a_group_that_one_is_not_in_is_not_found(words: str) -> None:
    _, screen, _ = await chat(f"/switch {words}")
    assert sum("— Fellows —" in line for line in screen.written) == 1
    assert any("None of your groups" in line for line in screen.written)


async def test_the_chats_own_commands_are_offered() -> None:
    _, screen, _ = await chat()
    assert {"/switch", "/groups", "/quit", "/logout"} <= set(screen.offered)


def test_a_terminal_shows_marks_as_styles_and_where_a_link_leads() -> None:
    pieces = view.show_text("**be** `kind`\n> she *said*\n- [rules](https://example.org)\n```\na\x1b[2J\n```")
    assert ("bold", "be") in pieces
    assert ("fg:ansigreen", "kind") in pieces
    assert ("italic", "said") in pieces
    assert (view.DIM, " (https://example.org)") in pieces
    indent = "\n" + " " * 6
    assert view.as_text(pieces) == f"be kind{indent}│ she said{indent}• rules (https://example.org){indent}  a\ufffd[2J"


def test_a_terminal_says_what_an_entry_shows() -> None:
    media = [{"id": "m1", "type": "image/webp", "alt": "a round\x1b thing"}, {"id": "m2", "type": "video/mp4"}]
    entry = msgspec.structs.replace(make_entry(7), data={"media": media})
    assert view.as_text(view.show_entry(entry)).endswith(" [picture: a round\ufffd thing] [film]")


def test_what_the_log_tells_an_answer_does_not_tell_again() -> None:
    muted = {"event": "muted", "case": "4821-5"}
    text = "@ann muted @bob: rude\nCase 4821-5. To undo: /unmute @bob"
    both = fm.CommandResult(f"{text}\n@ann warned @bob: rude\nCase 4821-6.\nThe next is a ban.", {})
    assert view.beyond_the_log(fm.CommandResult(text, muted)) == "Case 4821-5. To undo: /unmute @bob"
    acts = {**muted, "acts": [muted, {"event": "warned", "case": "4821-6"}]}
    told = view.beyond_the_log(fm.CommandResult(both.text, acts))
    assert told == "Case 4821-5. To undo: /unmute @bob\nCase 4821-6.\nThe next is a ban."
    for alone in ({"event": "join_request_ended", "case": "4821-7"}, {"event": "created", "case": "4821-1"}, {}):
        assert view.beyond_the_log(fm.CommandResult(text, alone)) == text
