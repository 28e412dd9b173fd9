"""A marker for texts that people see but that are translated elsewhere.

This package knows no language. A constant wrapped in `N_` is collected into the catalogue as an English
msgid; whoever shows it passes it through gettext and fills its `{name}` placeholders.
"""


def N_(text: str) -> str:
    """Return `text` unchanged, marked for extraction by the name that gettext's tools know."""
    return text
