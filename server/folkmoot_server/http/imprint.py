"""Who runs the service, under which licence, and who answers for its content: on every public page (I4, P5, W6)."""

from collections.abc import Sequence

from ..common.i18n import translator

Imprint = Sequence[tuple[str, str, str]]
"""Key, label and value: see `config.operator.Operator.imprint`."""


def imprint_rows(imprint: Imprint, language: str) -> list[tuple[str, str]]:
    """Return what stands at the foot of a page: `imprint.html` shows it."""
    say = translator(language)
    return [(say(label), value) for _key, label, value in imprint]


def imprint_data(imprint: Imprint) -> dict[str, str]:
    """Return the same for programs."""
    return {key: value for key, _label, value in imprint}
