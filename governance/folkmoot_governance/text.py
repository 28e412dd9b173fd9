"""Marking texts for translation only: the shell knows the reader's language, the rules do not."""


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name, which message extractors look for
    """Return `text` unchanged; mark it for the message catalogue."""
    return text


class Counted(str):
    """A text with a number in it: the text itself is for many, `one` for one; `number` names its placeholder."""

    one: str
    number: str


def NN_(one: str, many: str, number: str) -> Counted:  # noqa: N802 - as N_
    """Mark a text for the message catalogue in two forms, for one and for many of the placeholder `number`."""
    text = Counted(many)
    text.one, text.number = one, number
    return text
