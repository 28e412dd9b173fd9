"""Normal forms whose cost grows with the text alone: what they are for usual texts, and what goes from others."""

import re
import sys
from pathlib import Path
from unicodedata import combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_protocol import normal
from folkmoot_protocol.normal import LONG_SIGNS, MARKS, compose, is_mark, make_compatible

MARKED = st.text(st.sampled_from("aá\u0301\u0316\u0344ﾞか\u0e48ก群 ㌖ﷺ½\U0001d165"), max_size=80)
EVERYTHING = [chr(code) for code in range(sys.maxunicode + 1)]


def test_marks_are_those_that_normalising_puts_in_order() -> None:
    found = {one for one in EVERYTHING if combining(normalize("NFKD", one)[0])}
    assert {one for one in EVERYTHING if is_mark(one)} == found
    assert all(normal._MAY_BE_MARKS.fullmatch(one * (MARKS + 1)) for one in found)


def test_characters_that_stand_for_many_are_known() -> None:
    found = {one for one in EVERYTHING if len(normalize("NFKC", one)) > 4}
    assert {one for one in EVERYTHING if normal._IS_LONG.match(one)} == found


@given(st.one_of(st.text(), MARKED))
def test_usual_texts_are_normalised_as_unicode_has_it(text: str) -> None:
    in_a_row = max(map(len, re.findall("m+", "".join("m" if is_mark(one) else "." for one in text))), default=0)
    if in_a_row <= MARKS:
        assert compose(text) == normalize("NFC", text)
        if len(normal._IS_LONG.findall(text)) <= LONG_SIGNS:
            assert make_compatible(text) == normalize("NFKC", text)
    assert len(make_compatible(text)) <= 4 * len(text) + 14 * LONG_SIGNS


@pytest.mark.parametrize("marks", ["\u0301", "\u0344\u0316", "\uff9e\u0316", "\u0f73\u0316"])
def test_marks_beyond_what_any_script_has_go(marks: str) -> None:
    text = f"so a{marks * 2000} it is"
    few = f"so a{(marks * 2000)[:MARKS]} it is"
    assert compose(text) == normalize("NFC", few)
    assert make_compatible(text) == normalize("NFKC", few)


@pytest.mark.parametrize("sign", ["\ufdfa", "\ufdfb", "\u3316"])
def test_a_few_signs_that_are_sentences_stay_and_many_go(sign: str) -> None:
    assert make_compatible(sign * LONG_SIGNS) == normalize("NFKC", sign * LONG_SIGNS)
    assert not make_compatible(sign * 4000).strip()


def test_nothing_else_normalises_what_strangers_typed() -> None:
    """Tables are made of one character each; passwords have a bound of their own, and nobody may change them."""
    packages = (Path(str(__import__(name).__file__)).parent for name in ("folkmoot_protocol", "folkmoot_governance"))
    server = Path(str(__import__("folkmoot_server").__file__)).parent
    files = (file for folder in (*packages, server) for file in folder.rglob("*.py"))
    found = {file.name for file in files if re.search(r"\bnormalize\(", file.read_text("utf-8"))}
    assert found == {"normal.py", "fold.py", "passwords.py"}
