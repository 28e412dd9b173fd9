"""How the words of a slash command become values, and what is said of those that don't fit."""

from collections.abc import Sequence
from typing import cast

import pytest

from folkmoot_governance import Permission, Refusal
from folkmoot_governance.duration import DAY_MS, FOREVER_MS
from folkmoot_governance.group.commands import BanMember
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry
from folkmoot_server.slash import joining, moderation, record
from folkmoot_server.slash.agreed import WITHOUT_AGREEMENT
from folkmoot_server.slash.arguments import (
    DURATION,
    REASON,
    SEQ,
    USER,
    Argument,
    choice,
    read_arguments,
    read_permissions,
    usage_of,
)
from folkmoot_server.slash.call import Call
from folkmoot_server.slash.registry import COMMANDS, find_slash
from folkmoot_server.slash.row import optional
from tests.builders.entries import make_entry

MUTE = (USER, DURATION, REASON)
RIGHTS = Argument("permissions…", read_permissions, optional=True, rest=True)
NOBODY = cast(Call, None)
"""For functions that look at their arguments alone."""

ENTRY = make_entry(7, "bob")


def read(arguments: Sequence[Argument], text: str, replied: Entry | None = None) -> list[object] | Refusal:
    return read_arguments(tuple(arguments), text, replied, "/x")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("@bob 10m spam and more", ["bob", 600_000, "spam and more"]),
        ("bob 10m", ["bob", 600_000, None]),
        ("@Bob perm", ["bob", FOREVER_MS, None]),
        ("  @bob   2h   two  spaces ", ["bob", 7_200_000, "two  spaces"]),
        ("@bob 永久 刷屏", ["bob", FOREVER_MS, "刷屏"]),
    ],
)
def test_words_are_read_in_order(text: str, values: list[object]) -> None:
    assert read(MUTE, text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10m rude", ["bob", 600_000, "rude"]),
        ("10m", ["bob", 600_000, None]),
        ("@carol 10m rude", ["carol", 600_000, "rude"]),
    ],
)
def test_a_reply_supplies_the_target_and_a_name_takes_precedence(text: str, values: list[object]) -> None:
    assert read(MUTE, text, ENTRY) == values


def test_a_reply_supplies_a_seq() -> None:
    assert read((SEQ, REASON), "rude", ENTRY) == [7, "rude"]
    assert read((SEQ, REASON), "#9 rude") == [9, "rude"]
    assert read((SEQ, REASON), "", ENTRY) == [7, None]


@pytest.mark.parametrize("text", ["", "@bob", "@bob 10", "@bob soon", "@bob 10x why", "@bob -5m", "@bob 10m10s"])
def test_what_does_not_fit_is_refused_with_the_usage(text: str) -> None:
    refusal = read(MUTE, text)
    assert isinstance(refusal, Refusal)
    assert refusal.code is ErrorCode.BAD_SYNTAX
    assert refusal.detail["usage"] == "/x"


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "１２", "9" * 16, "##1", ""])
def test_numbers_are_plain(text: str) -> None:
    assert isinstance(read((SEQ,), text), Refusal)


def test_words_left_over_are_refused() -> None:
    assert isinstance(read((USER,), "@bob and more"), Refusal)
    assert isinstance(read((), "anything"), Refusal)
    assert read((), "   ") == []


def test_optional_arguments_may_be_left_out_from_the_end() -> None:
    arguments = (optional(USER), optional(DURATION), REASON)
    assert read(arguments, "") == [None, None, None]
    assert read(arguments, "@bob") == ["bob", None, None]


def test_permissions_by_spaces_or_commas() -> None:
    assert read((RIGHTS,), "mute, kick delete") == [frozenset({Permission.MUTE, Permission.KICK, Permission.DELETE})]
    assert read((RIGHTS,), "") == [None]
    refusal = read((RIGHTS,), "mute fly")
    assert isinstance(refusal, Refusal)
    assert (refusal.detail["word"], str(refusal.detail["choices"]).split()) == ("fly", list(Permission))


def test_choices_in_either_case() -> None:
    one = Argument("a|b", choice("a", "b"))
    assert read((one,), "A") == ["a"]
    assert isinstance(read((one,), "c"), Refusal)


def test_usage_lines() -> None:
    assert usage_of("mute", MUTE) == "/mute @user <duration> [reason…]"
    assert usage_of("x", (optional(USER), Argument("<a> [b]"))) == "/x [@user] <a> [b]"


def test_names_are_unique_and_found_in_either_case() -> None:
    names = [name for row in COMMANDS for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))
    for row in COMMANDS:
        assert find_slash(row.name.upper()) is row
    assert find_slash("dance") is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("＠bob　10m　刷屏", ["bob", 600_000, "刷屏"]),
        ("@bob\t10m\nspam\nand more", ["bob", 600_000, "spam\nand more"]),
    ],
)
def test_whatever_is_white_parts_words_and_a_wide_at_is_one(text: str, values: list[object]) -> None:
    assert read(MUTE, text) == values
    assert read(MUTE, text, ENTRY) == values


@pytest.mark.parametrize("word", ["10", "１０", "7days", "10x", "-5m", "1.5h", "200y", "0s"])
async def test_a_ban_with_a_duration_gone_wrong_is_not_forever(word: str) -> None:
    refusal = await moderation.ban(NOBODY, "bob", f"{word} spam")
    assert isinstance(refusal, Refusal)
    assert refusal.detail["word"] == word


@pytest.mark.parametrize(
    ("more", "duration", "reason"),
    [
        (None, FOREVER_MS, ""),
        ("spam again", FOREVER_MS, "spam again"),
        ("2h spam", 7_200_000, "spam"),
        ("perm 3rd time", FOREVER_MS, "3rd time"),
    ],
)
async def test_a_ban_without_a_duration_is_for_good(more: str | None, duration: int, reason: str) -> None:
    assert await moderation.ban(NOBODY, "bob", more) == BanMember("bob", duration, reason)


@pytest.mark.parametrize(
    ("text", "terms"),
    [("", (None, 1)), ("5", (None, 5)), ("2d 10", (2 * DAY_MS, 10)), ("10 2d", (2 * DAY_MS, 10)), ("0", (None, 0))],
)
def test_terms_of_an_invite_code(text: str, terms: object) -> None:
    assert joining.read_terms(text) == terms


@pytest.mark.parametrize("text", ["1h 2h", "5 5", "x", "9999999", "1h 2 3"])
def test_terms_of_an_invite_code_are_given_once(text: str) -> None:
    assert isinstance(joining.read_terms(text), Refusal)


def test_what_log_shows_next_keeps_the_filter() -> None:
    assert record.older("@beforehand muted 7d before 90", 40) == "/log @beforehand muted 7d before 40"
    assert record.older("", 40) == "/log before 40"


def test_what_new_terms_do_not_hold_up_are_commands() -> None:
    assert {row.name for row in COMMANDS} >= WITHOUT_AGREEMENT
