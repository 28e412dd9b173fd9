"""What a text says once its disguises are off."""

import unicodedata

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance.content import fold
from folkmoot_governance.content.characters import SIMPLIFIED, TRADITIONAL
from folkmoot_governance.content.fold import (
    BORDER,
    PAGE,
    PLAIN,
    SKELETON,
    SQUEEZED,
    Reading,
    Table,
    is_number,
    is_spaceless,
    plain_character,
    read,
    skeleton_character,
    squeeze,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Hello, World!", "hello, world!"),
        ("ｆｒｅｅ", "free"),
        ("𝐟𝓻𝖊𝚎 ⓕⓡⓔⓔ 🅵🆁🅴🅴 🇫🇷🇪🇪", "free free free free"),
        ("f\u200br\u2060e\ufeffe\u00ad", "free"),
        ("f\u0336r\u0336e\u0336e\u0336", "free"),
        ("免費領取", "免费领取"),
        ("one\ntwo\tthree\u3000four", "one two three four"),
        ("Straße", "strasse"),
        ("\u3164h\u2800i", "hi"),
        ("50 £, 20 %", "50 £, 20 %"),
    ],
)
def test_plain_text(text: str, plain: str) -> None:
    assert read(text).plain == plain


@pytest.mark.parametrize(
    "text",
    [
        "free",
        "FREE",
        "f.r.e.e",
        "f r e e",
        "fr33",
        "frее",
        "ƒгεе",
        "ꜰʀᴇᴇ",
        "f-r_e*e",
        "fre\u0301e",
        "f✨r💥e★e",
        "F|R|E|E",
    ],
)
def test_disguises_squeeze_to_the_same(text: str) -> None:
    assert squeeze(text) == "free"


def test_letters_that_look_alike_are_one() -> None:
    assert squeeze("lottery") == squeeze("Iottery") == squeeze("1ottery") == squeeze("Ӏоttеrу")
    assert squeeze("заработок") == squeeze("зapaбoтoк") == squeeze("3аработок".replace("3", "з"))


@pytest.mark.parametrize(
    ("sign", "letter"), [*zip("@$0134578", "asoieastb", strict=True), ("l", "i"), ("é", "e"), ("½", "i2")]
)
def test_signs_and_digits_stand_for_letters(sign: str, letter: str) -> None:
    assert skeleton_character(sign).replace(BORDER, "") == letter


def test_marks_of_other_scripts_are_no_borders() -> None:
    for mark in ("\u064e", "\u05b0", "\u093e"):
        assert skeleton_character(mark) == "", mark
    assert squeeze("s\u064eh\u064ei\u064et") == "shit" and read("मानसून").skeleton() == "मनसन"


def test_a_table_keeps_what_it_has_found_and_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def find(character: str) -> str:
        asked.append(character)
        return character.upper()

    monkeypatch.setattr(fold, "MAX_KEPT", 2)
    table = Table(find)
    assert "абвабв".translate(table) == "АБВАБВ"
    assert "".join(asked) == "абвв", "the third is looked for again"
    assert len(table) == 2


def test_every_letter_has_look_alikes() -> None:
    assert squeeze("аьсԁеғɡніјкӏмпορԛгѕтυѵѡхγᴢ") == "abcdefghijkimnopqrstuvwxyz"


def test_capitals_are_read_as_what_they_look_like() -> None:
    assert read("ΗΜΝΥВН").plain == "hmnybh"
    assert squeeze("ƄⲎϱՏ") == "bhps"


@pytest.mark.parametrize(
    ("first", "last"),
    [(0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F)],
)
def test_marks_that_lie_over_letters_go_a_block_at_a_time(first: int, last: int) -> None:
    around = [plain_character(chr(code)) != "" for code in (first - 1, first, last, last + 1)]
    assert around == [True, False, False, True]


@pytest.mark.parametrize("first", [0x1F150, 0x1F170, 0x1F1E6])
def test_boxed_alphabets_are_read(first: int) -> None:
    assert "".join(plain_character(chr(first + place)) for place in (0, 25)) == "az"
    assert plain_character(chr(first - 1)) != "{" != plain_character(chr(first + 26))


@pytest.mark.parametrize("unseen", ["\a", "\u200e", "\ud800", "\ue000"])
def test_what_has_no_shape_goes(unseen: str) -> None:
    assert plain_character(unseen) == ""


@pytest.mark.parametrize("space", ["\u1680", "\u2028", "\u2029", "\n"])
def test_every_space_is_one(space: str) -> None:
    assert plain_character(space) == " "


def test_borders() -> None:
    reading = read("see fr.ee, now")
    assert reading.skeleton().replace(BORDER, "|") == "see fr|ee| now"
    assert reading.squeezed == "seefreenow"


def test_accents_are_no_borders() -> None:
    assert read("Café, crème; ữ ǻ").skeleton().replace(BORDER, "|") == "cafe| creme| u a"


PAGED = PAGE.rstrip("\ufffe")


@given(st.text(st.characters(max_codepoint=127)) | st.text(st.sampled_from(PAGED)))
def test_the_short_way_leads_to_the_same(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text).translate(PLAIN)
    squeezed = plain.translate(SKELETON).replace(BORDER, "").replace(" ", "")
    assert read(text) == Reading(plain, squeezed, text)


def test_one_page_has_what_folds_to_itself() -> None:
    """A character whose folding is not on the page, or is more than one, would be lost on the short way."""
    for one in PAGED:
        plain = one.translate(PLAIN)
        squeezed = plain.translate(SQUEEZED)
        assert len(plain) <= 1 and plain in PAGED, one
        assert len(squeezed) <= 1 and squeezed in PAGED, one
        assert read(one + one) == Reading(plain * 2, squeezed * 2, one + one)


@given(st.text())
def test_any_text_can_be_folded_and_has_no_disguise_left(text: str) -> None:
    reading = read(text)
    assert squeeze(reading.squeezed) == reading.squeezed
    assert all(one.isalnum() for one in reading.squeezed)


@given(st.text(), st.sampled_from("\u200b\u200d\u2060\ufeff\u00ad\u3164"), st.integers(0, 50))
def test_what_is_not_seen_changes_nothing(text: str, unseen: str, at: int) -> None:
    changed = text[:at] + unseen + text[at:]
    # A character of no width can keep a mark from the letter before it.
    assert squeeze(changed) == squeeze(text)


@given(st.text(st.characters() | st.sampled_from("\n\r\u2028\x0b a1")))
def test_line_ends_are_kept_where_they_matter(text: str) -> None:
    reading = read(text)
    assert reading.lines().translate(SQUEEZED) == reading.squeezed
    assert read("one\r\ntwo\n\nthree\u2028Four").lines() == "one\ntwo\n\nthree\nfour"


@pytest.mark.parametrize(
    ("word", "is_one"),
    [("455", True), ("7-1-7", True), ("$45", True), ("a55", False), ("5h1t", False), ("$$", False), ("٣٤", True)],
)
def test_digits_alone_are_a_number(word: str, is_one: bool) -> None:
    assert is_number(word) is is_one


def test_the_table_is_what_opencc_says() -> None:
    converter = opencc.OpenCC("t2s")
    found = {}
    for code in range(0x3400, 0xA000):
        simplified = converter.convert(chr(code))
        if simplified != chr(code) and len(simplified) == 1 and ord(simplified) < 0x10000:
            found[chr(code)] = simplified
    assert found == dict(zip(TRADITIONAL, SIMPLIFIED, strict=True))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0x0E00, 0x0EFF),
        (0x1000, 0x109F),
        (0x1780, 0x17FF),
        (0x2E80, 0xA4CF),
        (0xF900, 0xFAFF),
        (0x1F000, 0x3FFFF),
    ],
    ids=["Thai, Lao", "Burmese", "Khmer", "Chinese, Japanese, Yi", "compatible", "rare Chinese"],
)
def test_blocks_of_scripts_without_spaces(first: int, last: int) -> None:
    assert [is_spaceless(chr(code)) for code in (first - 1, first, last, last + 1)] == [False, True, True, False]


def test_scripts_without_spaces() -> None:
    assert is_spaceless("免费") and is_spaceless("free 免费") and not is_spaceless("free бесплатно")
