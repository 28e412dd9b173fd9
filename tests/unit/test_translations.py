"""Every text that a person sees is in the Chinese catalogues, translated, with the same placeholders."""

import string
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from folkmoot_client import terminal as client_terminal
from folkmoot_server.common.i18n import LANGUAGES, translator

KEYWORDS = {"_": None, "N_": None, "NN_": (1, 2)}


def folder(package: str) -> Path:
    return Path(str(files(package)))


ROWS = folder("folkmoot_protocol") / "admin"
"""The rows of administration: what they say is shown by the client alone."""


class Part(NamedTuple):
    """A catalogue: the package that has it, and the folders whose texts it translates."""

    home: str
    folders: tuple[Path, ...]


PARTS = (
    Part("folkmoot_server", tuple(map(folder, ("folkmoot_protocol", "folkmoot_governance", "folkmoot_server")))),
    Part("folkmoot_client", (ROWS, folder("folkmoot_client"))),
)


Text = str | tuple[str, str]
"""A text, or its forms for one and for many."""


def texts_of(part: Part) -> set[Text]:
    """Return the texts marked for translation in the code, as `make messages` finds them."""
    return {
        text if isinstance(text, str) else (text[0], text[1])
        for place in part.folders
        for file, _line, text, _comments, _context in extract_from_dir(place, keywords=KEYWORDS)
        if text and (place == ROWS or ROWS not in (place / file).parents)
    }


def catalogue_of(part: Part) -> Catalog:
    with (folder(part.home) / "locale" / "zh_CN" / "LC_MESSAGES" / "folkmoot.po").open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def messages_of(part: Part) -> list[Message]:
    return [message for message in catalogue_of(part) if message.id]


def forms(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.home)
def test_catalogue_has_exactly_the_texts_of_the_code(part: Part) -> None:
    texts, known = texts_of(part), {message.id for message in messages_of(part)}
    assert texts, "the texts were not found"
    assert texts - known == set(), "not in the catalogue: run `make messages` and translate"
    assert known - texts == set(), "no longer in the code: run `make messages`"
    assert not catalogue_of(part).obsolete


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.home)
def test_every_text_is_translated(part: Part) -> None:
    untranslated = [message.id for message in messages_of(part) if not all(forms(message.string)) or message.fuzzy]
    assert untranslated == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.home)
def test_translations_have_the_placeholders_of_their_texts(part: Part) -> None:
    different = [
        message.id
        for message in messages_of(part)
        if placeholders(forms(message.id)[-1]) != placeholders(forms(message.string)[0])
    ]
    assert different == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.home)
def test_translations_keep_the_commands_of_their_texts(part: Part) -> None:
    """A slash command in a text is what the reader has to type: it must not get lost on the way."""
    for message in messages_of(part):
        words, said = forms(message.id)[-1].split(), forms(message.string)[0]
        commands = {word.strip(".,:;") for word in words if word.startswith("/") and word[1:2].isalpha()}
        assert all(command in said for command in commands), message.id
        assert said == said.strip(), message.id


def test_both_sides_speak_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "zh-CN" in LANGUAGES
    assert translator("zh-CN")("@{user} joined", {"user": "ann"}) == "@ann 加入了本群"
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    one = next(iter(messages_of(PARTS[1])))
    assert client_terminal._(one.id) == one.string
