"""Which texts begin with a slash sign, for all that is not seen before it, and how to post such a text."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_protocol.line import as_text, begins_plainly, split_line, starts_command, strip_blanks
from folkmoot_protocol.names import is_blank
from folkmoot_server.slash.line import read_body

UNSEEN = ["", " ", "\t", "\u3000", "\ufeff", "\u200b", "\u2060\u00ad", "\ufeff \u200b\u3000", "\u3164", "\u2800", "\n"]


@pytest.mark.parametrize("unseen", UNSEEN)
@pytest.mark.parametrize("sign", ["/", "／", "⁄", "∕", "⧸", "、"])
def test_a_slash_counts_behind_all_that_is_not_seen(unseen: str, sign: str) -> None:
    assert split_line(f"{unseen}{sign}mute @bob") == (unseen, sign, "mute @bob")
    assert starts_command(f"{unseen}{sign}mute @bob")
    assert not starts_command(f"{unseen}{sign}{sign}mute @bob")


@pytest.mark.parametrize("text", ["", " ", "hello", "你好", "1/2", "\u200b", "a /b", "ㅤ", "@bob /mute"])
def test_other_texts_begin_with_none(text: str) -> None:
    assert split_line(text) is None


def test_texts_are_told_by_their_first_character_only_where_it_is_no_sign_and_is_seen() -> None:
    for first in map(chr, range(sys.maxunicode + 1)):
        if begins_plainly(first):
            assert (split_line(f"{first}/x"), is_blank(first)) == (None, False)
    assert all(begins_plainly(text) for text in ("hello", "@bob", "!", "42", "你好"))


def test_what_is_not_seen_is_stripped_before_a_text() -> None:
    assert strip_blanks("\ufeff \u3000\u200bhello \u200b world  ") == "hello \u200b world"


@given(st.text() | st.text(st.sampled_from("/／、 \ufeff\u200bmute禁言")))
def test_any_text_can_be_posted_as_it_stands(text: str) -> None:
    assert read_body(as_text(text)) == text
