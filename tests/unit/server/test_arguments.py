"""How the words of a slash command become values, and what is said of those that don't fit."""

from collections.abc import Sequence
from typing import cast

import pytest

from folkmoot_governance import Permission, Refusal
from folkmoot_governance.access import WITHOUT_AGREEMENT
from folkmoot_governance.duration import DAY_MS, FOREVER_MS
from folkmoot_governance.group.commands import BanMember
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry
from folkmoot_server.slash import applying, joining, moderation, record
from folkmoot_server.slash.arguments import (
    DURATION,
    IN_CHINESE,
    REASON,
    SEQ,
    USER,
    Argument,
    SyntaxProblem,
    Term,
    choice,
    read_arguments,
    read_permissions,
    usage_of,
)
from folkmoot_server.slash.call import Call
from folkmoot_server.slash.line import Line, read_body
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
        ("@bob 10m spam and more", ["bob", Term(600_000), "spam and more"]),
        ("bob 10m", ["bob", Term(600_000), None]),
        ("@Bob perm", ["bob", Term(FOREVER_MS), None]),
        ("  @bob   2h   two  spaces ", ["bob", Term(7_200_000), "two  spaces"]),
        ("@bob 永久 刷屏", ["bob", Term(FOREVER_MS), "刷屏"]),
        ("@bob for 2 hours spam", ["bob", Term(7_200_000), "spam"]),
        ("@bob replace 10m spam", ["bob", Term(600_000, replaces=True), "spam"]),
        ("@ｂｏｂ １０ｍ spam", ["bob", Term(600_000), "spam"]),
        ("\u200b@bob\u2060 \ufeff10m", ["bob", Term(600_000), None]),
    ],
)
def test_words_are_read_in_order(text: str, values: list[object]) -> None:
    assert read(MUTE, text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10m rude", ["bob", Term(600_000), "rude"]),
        ("10m", ["bob", Term(600_000), None]),
        ("@carol 10m rude", ["carol", Term(600_000), "rude"]),
    ],
)
def test_a_reply_supplies_the_target_and_a_name_takes_precedence(text: str, values: list[object]) -> None:
    assert read(MUTE, text, ENTRY) == values


def test_a_reply_supplies_a_seq() -> None:
    assert read((SEQ, REASON), "rude", ENTRY) == [7, "rude"]
    assert read((SEQ, REASON), "#9 rude") == [9, "rude"]
    assert read((SEQ, REASON), "", ENTRY) == [7, None]


@pytest.mark.parametrize("text", ["", "@bob", "@bob 10", "@bob soon", "@bob 10x why", "@bob -5m", "@bob 10s10m"])
def test_what_does_not_fit_is_refused_with_the_usage(text: str) -> None:
    refusal = read(MUTE, text)
    assert isinstance(refusal, Refusal)
    assert refusal.code is ErrorCode.BAD_SYNTAX
    assert refusal.detail["usage"] == "/x"


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "9" * 16, "##1", ""])
def test_numbers_are_plain(text: str) -> None:
    assert isinstance(read((SEQ,), text), Refusal)


def test_a_word_in_a_reply_that_may_be_meant_for_something_else_is_asked_about() -> None:
    for text in ("carol 10m", "Carol 10m"):
        refusal = read_arguments(MUTE, text, ENTRY, "/x", {"bob", "carol"})
        assert isinstance(refusal, Refusal)
        assert (refusal.detail["user"], refusal.detail["author"]) == ("carol", "bob")
    assert read_arguments((USER, REASON), "rude to carol", ENTRY, "/x", {"carol"}) == ["bob", "rude to carol"]
    assert isinstance(read((SEQ, REASON), "12 rude", ENTRY), Refusal)
    assert isinstance(read((SEQ, REASON), "#12", ENTRY), Refusal)
    assert read((SEQ, REASON), "7 12 monkeys", ENTRY) == [7, "12 monkeys"]


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
        assert read_body(f"/{row.name.upper()} x") == Line(row.name, "x")
        assert find_slash(row.name) is row
    assert find_slash("dance") is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("＠bob　10m　刷屏", ["bob", Term(600_000), "刷屏"]),
        ("@bob\t10m\nspam\nand more", ["bob", Term(600_000), "spam\nand more"]),
    ],
)
def test_whatever_is_white_parts_words_and_a_wide_at_is_one(text: str, values: list[object]) -> None:
    assert read(MUTE, text) == values
    assert read(MUTE, text, ENTRY) == values


@pytest.mark.parametrize("word", ["10", "１０", "10x", "-5m", "1.5h", "200y", "0s", "2 weeks of", "三天两头", "a week"])
async def test_a_ban_with_a_duration_gone_wrong_is_not_forever(word: str) -> None:
    with pytest.raises(SyntaxProblem) as problem:
        await moderation.ban(NOBODY, "bob", f"{word} spam")
    assert word.startswith(str(problem.value.detail["word"]))


@pytest.mark.parametrize("reason", ["spam 7d", "spamming for 7d", "刷屏三天", "spam, 2 weeks", "no posts for a week"])
async def test_a_ban_with_a_duration_in_its_reason_is_asked_about(reason: str) -> None:
    refusal = await moderation.ban(NOBODY, "bob", reason)
    assert isinstance(refusal, Refusal)
    assert refusal.detail["word"] in reason
    assert await moderation.ban(NOBODY, "bob", f"perm {reason}") == BanMember("bob", FOREVER_MS, reason)


@pytest.mark.parametrize(
    "more",
    ["三天 spam", "for 3d spam", '"3d" spam', "３ｄ　spam", "3 days, spam", "3天 spam", "72小时 spam", "72h spam"],
)
async def test_a_ban_reads_durations_as_people_write_them(more: str) -> None:
    assert await moderation.ban(NOBODY, "bob", more) == BanMember("bob", 3 * DAY_MS, "spam")


async def test_another_ban_takes_the_place_of_one_where_that_is_said() -> None:
    wanted = BanMember("bob", 3 * DAY_MS, "spam", replaces=True)
    assert await moderation.ban(NOBODY, "bob", "replace 3d spam") == wanted
    assert await moderation.ban(NOBODY, "bob", "改为 三天 spam") == wanted
    assert await moderation.ban(NOBODY, "bob", "replaced our names") == BanMember(
        "bob", FOREVER_MS, "replaced our names"
    )


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
    [
        ("", (None, 1)),
        ("2 weeks １０", (14 * DAY_MS, 10)),
        ("三天", (3 * DAY_MS, 1)),
        ("5", (None, 5)),
        ("2d 10", (2 * DAY_MS, 10)),
        ("10 2d", (2 * DAY_MS, 10)),
        ("0", (None, 0)),
    ],
)
def test_terms_of_an_invite_code(text: str, terms: object) -> None:
    assert joining.read_terms(text) == terms


@pytest.mark.parametrize("text", ["1h 2h", "5 5", "x", "9999999", "1h 2 3"])
def test_terms_of_an_invite_code_are_given_once(text: str) -> None:
    try:
        assert isinstance(joining.read_terms(text), Refusal)
    except SyntaxProblem as problem:
        assert problem.detail["word"]


def test_what_log_shows_next_keeps_the_filter() -> None:
    assert record.older("@beforehand muted 7d before 90", 40) == "/log @beforehand muted 7d before 40"
    assert record.older("", 40) == "/log before 40"


def test_what_new_terms_do_not_hold_up_are_commands() -> None:
    assert {row.name for row in COMMANDS} >= WITHOUT_AGREEMENT


@pytest.mark.parametrize(
    ("words", "typed", "value"),
    [
        (("on", "off"), "开", "on"),
        (("on", "off"), "关闭", "off"),
        (("open", "approval", "closed"), "关闭", "closed"),
        (("open", "approval", "closed"), "审批", "approval"),
        (("approve", "deny"), "同意", "approve"),
        (("en", "zh-cn"), "中文", "zh-cn"),
    ],
)
def test_a_choice_is_typed_in_chinese_as_well(words: tuple[str, ...], typed: str, value: str) -> None:
    assert choice(*words)(typed) == value


@pytest.mark.parametrize("typed", ["审批", "开着"])
def test_chinese_for_what_is_not_there_to_choose_is_none(typed: str) -> None:
    with pytest.raises(SyntaxProblem):
        choice("on", "off")(typed)


def test_whatever_one_may_choose_can_be_typed_in_chinese() -> None:
    """But for kinds of applications and of links, which nobody types twice."""
    given = {value for values in IN_CHINESE.values() for value in values}
    choices = {one.lower() for row in COMMANDS for argument in row.arguments for one in argument.choices}
    assert choices - given <= {"nomedia", *applying.KINDS}
