"""Completion of slash commands at the beginning of a line."""

from collections.abc import Iterable, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document


class SlashCompleter(Completer):
    """Completes the first word of a line that begins with a slash. `words` are commands and their summaries."""

    def __init__(self, words: Sequence[tuple[str, str]] = ()) -> None:
        self.words = words

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        if text.startswith("/") and " " not in text:
            for word, summary in self.words:
                if word.startswith(text):
                    yield Completion(word, start_position=-len(text), display_meta=summary)
