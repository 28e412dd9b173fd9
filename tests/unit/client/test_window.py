"""The chat on a whole terminal: keys that act, history without end, secrets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

import folkmoot_protocol as fm
from folkmoot_client.chat import view
from folkmoot_client.chat.window import Shown, Window
from tests.builders.entries import make_author, make_entry

UP, PAGE_UP = "\x1b[A", "\x1b[5~"
SHIFT_UP = "\x1b[1;2A"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("TZ", "UTC")


@asynccontextmanager
async def terminal(*entries: fm.Entry) -> AsyncIterator[tuple[Window, PipeInput]]:
    """A terminal that shows entries of a group to ann."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        window = Window()
        window.user = "ann"
        async with window.shown():
            window.begin([("", "title")])
            for entry in entries:
                window.write(view.show_entry(entry), entry)
            yield window, pipe


def entries(*seqs: int) -> list[fm.Entry]:
    """Entries of ann's, where the seq is odd, and of bob's."""
    return [make_entry(seq, from_=make_author("ann" if seq % 2 else "bob")) for seq in seqs]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110  # the terminal tells nobody
            await asyncio.sleep(0.005)


async def test_lines_are_read_and_the_end_ends_it() -> None:
    async with terminal() as (window, pipe):
        pipe.send_text("hello\rthere\r")
        assert [await window.read("> "), await window.read("> ")] == ["hello", "there"]
        pipe.send_text("\x04")
        assert await window.read("> ") is None


async def test_what_is_chosen_is_answered_by_the_next_line_alone() -> None:
    async with terminal(*entries(3, 4, 5)) as (window, pipe):
        pipe.send_text(SHIFT_UP + UP + "r" + "indeed\rno\r")
        assert (await window.read("> "), window.reply_to) == ("indeed", 4)
        assert (await window.read("> "), window.reply_to) == ("no", None)
        pipe.send_text(SHIFT_UP + "r")
        await until(lambda: window._answering is not None)
        pipe.send_text("\x1b")
        await until(lambda: window._answering is None)


@pytest.mark.parametrize(
    ("key", "line"),
    [("e", "/react 4 "), ("d", "/delete 4 "), ("p", "/pin 4"), ("x", "/report 4 "), ("c", "/edit 4 entry 4")],
)
async def test_keys_write_the_command_that_acts(key: str, line: str) -> None:
    async with terminal(*entries(3, 4)) as (window, pipe):
        pipe.send_text(SHIFT_UP + key + "\r")
        assert await window.read("> ") == line


async def test_up_corrects_the_last_message_of_ones_own() -> None:
    async with terminal(*entries(3, 4)) as (window, pipe):
        pipe.send_text(UP + "!\r")
        assert await window.read("> ") == "/edit 3 entry 3!"


async def test_lines_of_a_message_stay_lines_when_it_is_corrected() -> None:
    (entry,) = entries(3)
    async with terminal(msgspec.structs.replace(entry, body="one\ntwo")) as (window, pipe):
        pipe.send_text(UP + "!\r")
        assert await window.read("> ") == "/edit 3 one\ntwo!"


async def test_scrolling_above_the_first_line_brings_older_ones() -> None:
    async with terminal(*entries(30, 31)) as (window, pipe):
        asked = asyncio.Event()

        async def older() -> None:
            window.put_before([(view.show_entry(one), one) for one in entries(28, 29)])
            asked.set()

        window.older = older
        pipe.send_text(PAGE_UP)
        async with asyncio.timeout(20):
            await asked.wait()
        window.older = None
        await until(lambda: window._loading is not None and window._loading.done())
        pipe.send_text("e\r")
        assert await window.read("> ") == "/react 28 ", "it goes on up"


async def test_the_day_that_goes_on_is_named_once() -> None:
    (entry,) = entries(31)
    async with terminal() as (window, _pipe):
        window.write(view.show_day(entry.ts))
        window.write(view.show_entry(entry), entry)
        (older,) = entries(30)
        window.put_before([(view.show_day(older.ts), None), (view.show_entry(older), older)])
        days = [line for line in window._log.lines if "——" in line.fragments[0][1]]
        assert (len(days), window._log.lines[2].entry) == (1, older)


async def test_a_secret_is_no_line_and_no_line_is_a_secret() -> None:
    async with terminal() as (window, pipe):
        pipe.send_text("typed ahead\r")
        await until(lambda: not window._given.empty())
        asking = asyncio.create_task(window.read_secret("Password: "))
        await until(lambda: window._secret is not None)
        pipe.send_text("hidden\r")
        assert await asking == "hidden"
        assert await window.read("> ") == "typed ahead"
        assert list(window._field.history.get_strings()) == ["typed ahead"], "no secret is in the history"


async def test_who_leaves_while_a_secret_is_asked_gives_none() -> None:
    async with terminal() as (window, pipe):
        asking = asyncio.create_task(window.read_secret("Password: "))
        await until(lambda: window._secret is not None)
        pipe.send_text("\x04")
        assert await asking == ""
        assert await window.read("> ") is None


async def test_a_long_log_is_kept_to_its_end() -> None:
    async with terminal() as (window, _pipe):
        for number in range(10_100):
            window.write([("", str(number))])
        assert len(window._log.lines) <= 10_000
        assert window._log.lines[-1] == Shown([("", "10099")], None)
