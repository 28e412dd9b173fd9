"""Completion of a line: slash commands, what their arguments may be, names."""

import re
from collections.abc import Iterable, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from .screen import Word

_NAME = re.compile(r"(?:^|\s)(@[^\s@]*)$")


class LineCompleter(Completer):
    """Completes the first word of a line that begins with a slash, its arguments, and user names behind an @."""

    def __init__(self, words: Sequence[Word] = (), names: Sequence[str] = ()) -> None:
        self.words = words
        self.names = names

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        if text.startswith("/") and " " not in text:
            for one in self.words:
                if one.word.startswith(text):
                    yield Completion(one.word, start_position=-len(text), display_meta=one.summary)
        elif called := _NAME.search(text):
            typed = called[1][1:].casefold()
            for name in self.names:
                if name.casefold().startswith(typed):
                    yield Completion(f"@{name} ", start_position=-len(called[1]))
        elif text.startswith("/"):
            first, *given = text.split(" ")
            typed = given[-1]
            for choice in self._choices(first, len(given) - 1):
                if choice.startswith(typed):
                    yield Completion(f"{choice} ", start_position=-len(typed))

    def _choices(self, first: str, number: int) -> tuple[str, ...]:
        found = next((one.choices for one in self.words if one.word == first), ())
        return found[number] if number < len(found) else ()
