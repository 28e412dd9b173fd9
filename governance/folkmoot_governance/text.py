"""Marking texts for translation only: the shell knows the reader's language, the rules do not."""


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name, which message extractors look for
    """Return `text` unchanged; mark it for the message catalogue."""
    return text
