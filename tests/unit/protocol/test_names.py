from collections.abc import Callable

import pytest

from folkmoot_protocol import check_display_name, check_group_name, check_topic, check_user_name, names

FREE_TEXT = (check_display_name, check_group_name, check_topic)
Check = Callable[[str], str]


@pytest.mark.parametrize("name", ["bob", "0x1", "a_.-", "a" * 32])
def test_a_user_name_is_taken_as_it_is(name: str) -> None:
    assert check_user_name(name) == name


@pytest.mark.parametrize("name", ["", "ab", "a" * 33, "Bob", "_bob", "bo b", "böb", "bob\n", "鲍勃鲍勃", "b٣b"])
def test_a_user_name_out_of_shape_is_refused(name: str) -> None:
    with pytest.raises(ValueError) as refused:
        check_user_name(name)
    assert str(refused.value) == names.BAD_USER_NAME


@pytest.mark.parametrize("check", FREE_TEXT)
def test_free_text_is_stored_composed_and_stripped(check: Check) -> None:
    assert check("  Zoe\u0308 \u3000") == "Zoë"


@pytest.mark.parametrize("check", FREE_TEXT)
@pytest.mark.parametrize("text", ["鲍勃", "👩\u200d🚀", "می\u200cخواهم", "O'Brien <3"])
def test_the_worlds_scripts_are_welcome(check: Check, text: str) -> None:
    assert check(text) == text


@pytest.mark.parametrize("check", FREE_TEXT)
@pytest.mark.parametrize("char", ["\0", "\n", "\t", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
def test_control_characters_are_refused(check: Check, char: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(f"a{char}b")
    assert str(refused.value) == names.CONTROL_CHARACTER


@pytest.mark.parametrize("check", FREE_TEXT)
@pytest.mark.parametrize("char", ["\u200e", "\u200f", "\u061c", "\u202a", "\u202e", "\u2066", "\u2069"])
def test_characters_that_turn_the_text_around_are_refused(check: Check, char: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(f"a{char}b")
    assert str(refused.value) == names.BIDI_CHARACTER


@pytest.mark.parametrize("check", [check_display_name, check_group_name])
@pytest.mark.parametrize("text", ["", "   ", "\u3000", "\u200b", "\u200d\u200d", "\u3164", "\u2800", "\ufe0f"])
def test_a_name_that_nobody_can_see_is_refused(check: Check, text: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(text)
    assert str(refused.value) == names.EMPTY_NAME


def test_a_topic_may_be_empty() -> None:
    assert check_topic("") == ""


BLANK = {
    "zero width": "\u200b\u200c\ufeff\u2060",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "Braille": "\u2800",
    "spaces": " \u00a0\u1680\u2000\u2009\u202f\u205f\u3000",
    "marks alone": "\u0301\u0e31\u20dd\u093e",
    "variation selectors": "\ufe0f\U000e0100\u180b",
    "tags": "\U000e0041\U000e007f",
    "soft hyphen, joiner": "\u00ad\u034f",
    "ignorable, unassigned": "\u2065\ufff0\U000e0002",
    "a note without a head": "\U0001d159",
}


@pytest.mark.parametrize("text", BLANK.values(), ids=BLANK)
def test_a_text_in_which_there_is_nothing_to_see_is_blank(text: str) -> None:
    assert names.is_blank(text)
    assert all(map(names.is_blank, text))
    assert not names.is_blank(f"{text}x{text}")


SEEN = ["a", "好", "e\u0301", ".", "👍", "❤\ufe0f", "1\ufe0f\u20e3", "\u06dd", "한", "\u0e33", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]


@pytest.mark.parametrize("text", SEEN)
def test_whatever_is_seen_is_not_blank(text: str) -> None:
    assert not names.is_blank(text)


@pytest.mark.parametrize("check", [check_topic, names.check_rules, names.check_announcement])
@pytest.mark.parametrize("text", ["\u200b", "\u3164", "\u2800", "\u00ad \u2060"])
def test_what_may_be_empty_may_not_look_so(check: Check, text: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(text)
    assert str(refused.value) == names.BLANK_TEXT


@pytest.mark.parametrize(
    ("check", "longest", "message"),
    [
        (check_display_name, 32, names.LONG_DISPLAY_NAME),
        (check_group_name, 60, names.LONG_GROUP_NAME),
        (check_topic, 300, names.LONG_TOPIC),
        (names.check_rules, 2000, names.LONG_RULES),
    ],
)
def test_the_length_is_counted_in_composed_characters(check: Check, longest: int, message: str) -> None:
    assert len(check("e\u0301" * longest)) == longest
    for too_long in ("字" * (longest + 1), "字" * 100_000):
        with pytest.raises(ValueError) as refused:
            check(too_long)
        assert str(refused.value) == message


def test_rules_have_lines() -> None:
    assert names.check_rules(" \nBe kind. \r\n\r\nBe brief.\n") == "Be kind.\n\nBe brief."
    for bad in ("a\x00b", "a\n\u202eb"):
        with pytest.raises(ValueError, match="not allowed"):
            names.check_rules(bad)
    with pytest.raises(ValueError, match="2000"):
        names.check_rules("\n".join(["字" * 1001] * 2))
