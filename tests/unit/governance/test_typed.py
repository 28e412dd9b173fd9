"""Texts as they are typed after a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance.typed import OFF, read_text, write_text

TYPED = [
    ("Tea at five", "Tea at five"),
    ("off", ""),
    (" OFF ", ""),
    ("ｏｆｆ", ""),
    ('"off"', "off"),
    ('"Off"', "Off"),
    ('""off""', '"off"'),
    ('"Tea" at five', '"Tea" at five'),
    ('"Tea"', '"Tea"'),
    ('" two blanks "', " two blanks "),
    ('"', '"'),
    ('""', ""),
    (" “” ", ""),
    ('""""', '""'),
    ('"a', '"a'),
    ('a"', 'a"'),
    ('" "', " "),
    ("office", "office"),
]


@pytest.mark.parametrize(("typed", "text"), TYPED)
def test_off_is_no_text_unless_it_stands_in_quotes(typed: str, text: str) -> None:
    assert read_text(typed) == text


def test_no_text_is_typed_as_off() -> None:
    assert write_text("") == OFF


@given(st.text(alphabet='of "”\u3000O｜ｆx', max_size=8))
def test_what_is_written_reads_as_what_it_was(text: str) -> None:
    assert read_text(write_text(text)) == text
