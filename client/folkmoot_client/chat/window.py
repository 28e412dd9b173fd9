"""The chat on a whole terminal: the log, which scrolls without end, a line of state, and a line to write in.

Writing and reading never wait for each other: what is typed while an answer is due is sent after it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Point
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.formatted_text.utils import split_lines
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    UIContent,
    UIControl,
    VSplit,
)
from prompt_toolkit.layout import Window as Pane
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import ConditionalProcessor, PasswordProcessor

import folkmoot_protocol as fm

from ..terminal import N_, _
from . import view
from .completion import LineCompleter
from .screen import Line, Screen, Word

KEPT = 5_000
"""Lines of the log that are kept, of the newest; older ones are read again when somebody scrolls up to them."""

HINT = N_("PgUp choose · Tab complete · Ctrl-K group · F2 members · Ctrl-D leave")
CHOSEN = N_("r reply · e react · c correct · d delete · p pin · x report · Esc back")

ACTS: dict[str, str] = {
    "e": "/react {seq} ",
    "c": "/edit {seq} {text}",
    "d": "/delete {seq} ",
    "p": "/pin {seq}",
    "x": "/report {seq} ",
}
"""Keys that act on the message that is chosen: each writes the command that does it, for one to see and to send."""


class Shown(NamedTuple):
    """A line of the terminal, and the entry that it is a part of, if any."""

    fragments: StyleAndTextTuples
    entry: fm.Entry | None


class LogControl(UIControl):
    """The lines of the log; the one that is chosen, or else the last, is kept in sight."""

    def __init__(self) -> None:
        self.lines: list[Shown] = []
        self.chosen: int | None = None

    def create_content(self, width: int, height: int) -> UIContent:
        at = len(self.lines) - 1 if self.chosen is None else self.chosen
        return UIContent(
            get_line=self._line,
            line_count=max(1, len(self.lines)),
            cursor_position=Point(0, max(0, at)),
            show_cursor=False,
        )

    def is_focusable(self) -> bool:
        return True

    def _line(self, number: int) -> StyleAndTextTuples:
        if number >= len(self.lines):
            return []
        shown = self.lines[number]
        chosen = self.entry
        if chosen is None or shown.entry is not chosen:
            return shown.fragments
        return [
            (f"{style} reverse" if "ZeroWidth" not in style else style, text) for style, text, *_ in shown.fragments
        ]

    @property
    def entry(self) -> fm.Entry | None:
        """The entry that is chosen."""
        return None if self.chosen is None else self.lines[self.chosen].entry

    def move(self, step: int) -> bool:
        """Choose another entry, so many further up (less than 0) or down; say whether there is one."""
        firsts = [
            number
            for number, line in enumerate(self.lines)
            if line.entry is not None and (number == 0 or self.lines[number - 1].entry is not line.entry)
        ]
        if not firsts:
            return False
        at = len(firsts) if self.chosen is None else sum(first <= self.chosen for first in firsts) - 1
        wanted = at + step
        if wanted >= len(firsts):
            self.chosen = None
            return False
        self.chosen = firsts[max(0, wanted)]
        return wanted >= 0


class Window(Screen):
    """A whole terminal. `older` is called when somebody scrolls above what is there."""

    is_one_page = True

    def __init__(self) -> None:
        self._log = LogControl()
        self._title: StyleAndTextTuples = []
        self._prompt = ""
        self._given: asyncio.Queue[str | None] = asyncio.Queue()
        self._replies: asyncio.Queue[int | None] = asyncio.Queue()
        self._secret: asyncio.Future[str] | None = None
        self._answering: fm.Entry | None = None
        self._loading: asyncio.Task[None] | None = None
        self._completer = LineCompleter(recent=self._recent)
        self._field = Buffer(
            completer=self._completer,
            complete_while_typing=True,
            history=InMemoryHistory(),
            multiline=False,
            accept_handler=self._accept,
        )
        self.older: Callable[[], Awaitable[None]] | None = None
        self._app: Application[None] = Application(
            layout=self._make_layout(),
            key_bindings=self._make_keys(),
            full_screen=True,
            enable_page_navigation_bindings=False,
        )

    # What the chat asks for

    async def read(self, prompt: str) -> str | None:
        self._prompt = prompt
        self._app.invalidate()
        line = await self._given.get()
        self.reply_to = await self._replies.get()
        return line

    async def read_secret(self, prompt: str) -> str | None:
        before, self._prompt = self._prompt, prompt
        self._field.reset()
        self._secret = asyncio.get_running_loop().create_future()
        self._app.invalidate()
        try:
            return await self._secret
        finally:
            self._secret, self._prompt = None, before

    def write(self, pieces: Line, entry: fm.Entry | None = None) -> None:
        self._log.lines += in_lines(pieces, entry)
        if self._log.chosen is None and len(self._log.lines) > 2 * KEPT:
            del self._log.lines[:-KEPT]
        self._app.invalidate()

    def begin(self, pieces: Line) -> None:
        self._log.lines = []
        self._back()
        self.write(pieces)

    def put_before(self, lines: Iterable[tuple[Line, fm.Entry | None]]) -> None:
        added = [one for pieces, entry in lines for one in in_lines(pieces, entry)]
        below = self._log.lines[1:]
        # The day that they end on is the one that goes on below.
        days = [one.fragments for one in added if one.entry is None]
        goes_on = bool(days and below and below[0] == Shown(days[-1], None))
        # The title of the group stays the first line.
        self._log.lines[1 : 1 + goes_on] = added
        if self._log.chosen is not None:
            self._log.chosen += len(added) - goes_on
        self._app.invalidate()

    def show_state(self, text: str) -> None:
        self._title = [("reverse", f" {text} ")]
        self._app.invalidate()

    def offer(self, words: Sequence[Word], names: Sequence[str] = ()) -> None:
        self._completer.words = sorted(words, key=lambda one: one.word)
        self._completer.names = sorted(names)

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Take the terminal, and give it back."""
        running = asyncio.create_task(self._app.run_async(handle_sigint=False))
        running.add_done_callback(lambda _task: self._give(None))
        try:
            yield
        finally:
            if self._app.is_running:
                self._app.exit()
            else:
                running.cancel()
            with suppress(EOFError, KeyboardInterrupt, asyncio.CancelledError):
                await running

    # What is typed

    def _accept(self, field: Buffer) -> bool:
        """Hand over what was written; the field is empty afterwards."""
        if self._secret is not None:
            if not self._secret.done():
                self._secret.set_result(field.text)
            field.reset()
            return True
        field.append_to_history()
        self._give(field.text, self._answering.seq if self._answering else None)
        self._answering = None
        self._log.chosen = None
        field.reset()
        return True

    def _give(self, line: str | None, reply_to: int | None = None) -> None:
        if line is None and self._secret is not None and not self._secret.done():
            self._secret.set_result("")
        self._given.put_nowait(line)
        self._replies.put_nowait(reply_to)

    # How it looks

    def _make_layout(self) -> Layout:
        hidden = ConditionalProcessor(PasswordProcessor(), Condition(lambda: self._secret is not None))
        self._writing = Pane(
            BufferControl(self._field, input_processors=[hidden]),
            height=Dimension(min=1, max=5),
            wrap_lines=True,
            dont_extend_height=True,
        )
        self._reading = Pane(self._log, wrap_lines=True, always_hide_cursor=True)
        answering = Pane(FormattedTextControl(self._say_answering), height=1)
        prompt = Pane(FormattedTextControl(lambda: self._prompt), dont_extend_width=True, dont_extend_height=True)
        root = HSplit(
            [
                Pane(FormattedTextControl(lambda: self._title), height=1, style="reverse"),
                self._reading,
                ConditionalContainer(answering, Condition(lambda: self._answering is not None)),
                VSplit([prompt, self._writing]),
                Pane(FormattedTextControl(self._say_hint), height=1),
            ]
        )
        menu = Float(CompletionsMenu(max_height=8, scroll_offset=1), xcursor=True, ycursor=True)
        return Layout(FloatContainer(root, [menu]), focused_element=self._writing)

    def _say_answering(self) -> StyleAndTextTuples:
        if self._answering is None:
            return []
        whom = view.clean(self._answering.from_.display_name)
        return [(view.DIM, _("Answers #{seq} by {name} (Esc: no)").format(seq=self._answering.seq, name=whom))]

    def _say_hint(self) -> StyleAndTextTuples:
        return [(view.DIM, _(HINT) if self._log.chosen is None else _(CHOSEN))]

    # Keys

    def _make_keys(self) -> KeyBindings:
        keys = KeyBindings()
        writing, reading = has_focus(self._field), has_focus(self._reading)
        is_empty = Condition(lambda: not self._field.text and self._secret is None)

        for name, step in (("pageup", -10), ("pagedown", 10), ("s-up", -1), ("s-down", 1)):
            keys.add(name)(self._moving(step))
        for name, step in (("up", -1), ("k", -1), ("down", 1), ("j", 1)):
            keys.add(name, filter=reading)(self._moving(step))
        keys.add("home", filter=reading)(self._moving(-KEPT))
        for name in ("escape", "end", "q", "i"):
            keys.add(name, filter=reading, eager=True)(lambda _event: self._back())
        keys.add("escape", filter=writing, eager=True)(lambda _event: self._forget_answering())
        keys.add("r", filter=reading)(lambda _event: self._answer())
        keys.add("enter", filter=reading)(lambda _event: self._answer())
        for name, command in ACTS.items():
            keys.add(name, filter=reading)(self._acting(command))
        keys.add("up", filter=writing & is_empty)(lambda _event: self._correct_last())
        keys.add("c-k")(lambda _event: self._write("/switch "))
        keys.add("f2")(lambda _event: self._give("/members"))
        for name in ("c-c", "c-d"):
            keys.add(name)(lambda event: event.app.exit())
        return keys

    def _moving(self, step: int) -> Callable[[KeyPressEvent], None]:
        def move(_event: KeyPressEvent) -> None:
            if self._secret is not None:
                return
            is_there = self._log.move(step)
            if self._log.chosen is None:
                self._back()
                return
            self._app.layout.focus(self._reading)
            if not is_there and step < 0:
                self._load_older(step)

        return move

    def _load_older(self, step: int) -> None:
        """Bring what is above the first line, then go on up."""
        if self.older is not None and (self._loading is None or self._loading.done()):
            self._loading = asyncio.ensure_future(self._load_and_move(self.older, step))

    async def _load_and_move(self, older: Callable[[], Awaitable[None]], step: int) -> None:
        await older()
        if self._log.chosen is not None:
            self._log.move(step)
            self._app.invalidate()

    def _back(self) -> None:
        """Go back to writing."""
        self._log.chosen = None
        self._app.layout.focus(self._field)

    def _forget_answering(self) -> None:
        if self._field.complete_state:
            self._field.cancel_completion()
        self._answering = None

    def _answer(self) -> None:
        self._answering = self._log.entry
        self._back()

    def _acting(self, command: str) -> Callable[[KeyPressEvent], None]:
        def act(_event: KeyPressEvent) -> None:
            entry = self._log.entry
            if entry is not None:
                self._write(command.format(seq=entry.seq, text=entry.body))

        return act

    def _recent(self) -> Iterable[fm.Entry]:
        """Return the messages of the log, the latest first."""
        entries = {line.entry.seq: line.entry for line in reversed(self._log.lines) if line.entry is not None}
        return (entry for entry in entries.values() if entry.kind is fm.EntryKind.TEXT)

    def _correct_last(self) -> None:
        """Write the command that corrects the last message of one's own."""
        last = next((one for one in self._recent() if one.from_.user == self.user), None)
        if last is not None and not last.redacted:
            self._write(ACTS["c"].format(seq=last.seq, text=last.body))

    def _write(self, text: str) -> None:
        """Have a text in the field, for one to go on with."""
        self._back()
        if self._secret is None:
            self._field.text = text
            self._field.cursor_position = len(self._field.text)


def in_lines(pieces: Line, entry: fm.Entry | None) -> list[Shown]:
    """Return what is written as lines of a terminal, each sign as wide as it is shown."""
    fragments = [one for style, text in pieces for one in view.joined(style, text)]
    return [Shown(list(line), entry) for line in split_lines(fragments)]
