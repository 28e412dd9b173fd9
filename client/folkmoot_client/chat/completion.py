"""Completion of a line: slash commands, what their arguments may be, names."""

import re
from collections.abc import Callable, Iterable, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

import folkmoot_protocol as fm
from folkmoot_protocol.marks import plain
from folkmoot_protocol.types import ArgumentKind, CommandArgument

from ..terminal import _
from .screen import Word

_NAME = re.compile(r"(?:^|\s)([@＠][^\s@＠]*)$")
_PART = re.compile(r"\[[^\]]*\]+|<[^>]*>|\S+")
DURATIONS = ("10m", "1h", "1d", "7d", "perm")
MOST_SEQS = 8


def fields_of(arguments: Iterable[CommandArgument]) -> tuple[CommandArgument, ...]:
    """Return arguments one by one: the name of some spells out several, as `[duration] [reason…]`."""
    return tuple(
        CommandArgument(name=part, kind=kind_of(part, one), choices=one.choices, rest=one.rest)
        for one in arguments
        for part in ([one.name] if one.choices or " | " in one.name else _PART.findall(one.name))
    )


def kind_of(part: str, argument: CommandArgument) -> ArgumentKind:
    """Return what is written at a part of an argument."""
    if re.match(r"\W*(duration|since)\b", part):
        return ArgumentKind.DURATION
    return ArgumentKind.TEXT if re.match(r"\W*reason\b", part) else argument.kind


def no_entries() -> Iterable[fm.Entry]:
    """Return the entries that are in sight where none are."""
    return ()


class LineCompleter(Completer):
    """Completes the first word of a line that begins with a slash, its arguments, and user names behind an @.

    `recent` gives the entries that are in sight, the latest first.
    """

    def __init__(
        self,
        words: Sequence[Word] = (),
        names: Sequence[str] = (),
        recent: Callable[[], Iterable[fm.Entry]] = no_entries,
    ) -> None:
        self.words = words
        self.names = names
        self.recent = recent

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        if text.startswith("/") and " " not in text:
            for one in self.words:
                if one.word.startswith(text):
                    yield Completion(one.word, start_position=-len(text), display_meta=one.summary)
        elif called := _NAME.search(text):
            yield from self._names(called[1])
        elif text.startswith("/"):
            first, *given = text.split(" ")
            yield from self._arguments(first, len(given) - 1, given[-1])

    def _names(self, typed: str) -> Iterable[Completion]:
        for name in self.names:
            if name.casefold().startswith(typed[1:].casefold()):
                yield Completion(f"@{name} ", start_position=-len(typed))

    def _arguments(self, word: str, number: int, typed: str) -> Iterable[Completion]:
        """Complete an argument by what it is."""
        fields = next((one.fields for one in self.words if one.word == word), ())
        if fields[number:]:
            field = fields[number]
        elif fields and fields[-1].rest and fields[-1].choices:
            field = fields[-1]  # as many of these as one wants
        else:
            return
        if field.kind is ArgumentKind.USER:
            for name in self.names if not typed else ():
                yield Completion(f"@{name} ")
        elif field.kind is ArgumentKind.SEQ:
            yield from self._seqs(typed)
        else:
            ready = DURATIONS if field.kind is ArgumentKind.DURATION else field.choices
            if re.match(r"\W*reason\b", field.name):
                ready = tuple(_("Advertising|Insults|Off topic|Flooding").split("|"))
            for choice in ready:
                if choice.casefold().startswith(typed.casefold()):
                    yield Completion(f"{choice} ", start_position=-len(typed))

    def _seqs(self, typed: str) -> Iterable[Completion]:
        found = 0
        for entry in self.recent():
            if entry.body and not entry.redacted and str(entry.seq).startswith(typed.lstrip("#")):
                said = plain(entry.body).partition("\n")[0]
                yield Completion(f"{entry.seq} ", start_position=-len(typed), display_meta=said)
                found += 1
            if found >= MOST_SEQS:
                return
