"""The command line speaks the terminal's language."""

import pytest

from folkmoot_server.common import i18n
from folkmoot_server.common.terminal import VARIABLES, _, terminal_language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh-CN"),
        ({"LC_ALL": "en_GB.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh-CN"),
    ],
)
def test_first_variable_set_decides(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == language


class Shouting:
    """A catalogue that answers in capitals."""

    def gettext(self, text: str) -> str:
        return text.upper()


def test_texts_come_from_the_catalogue_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "catalogue", {"zh-CN": Shouting()}.__getitem__)
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    assert _("a string") == "A STRING"
    monkeypatch.setenv("LANGUAGE", "en")
    assert _("a string") == "a string"
