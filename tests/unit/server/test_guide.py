"""What `/help` tells is true of the commands that there are: headings, examples, names in Chinese."""

import re
from collections import Counter

import pytest

from folkmoot_governance import Refusal
from folkmoot_server.common.i18n import translator
from folkmoot_server.slash.arguments import read_arguments
from folkmoot_server.slash.guide import ALSO, EXAMPLES, SECTIONS
from folkmoot_server.slash.line import Line, read_body
from folkmoot_server.slash.registry import BY_NAME, COMMANDS, find_slash
from folkmoot_server.slash.row import Slash


def test_every_command_stands_under_one_heading() -> None:
    assert Counter(name for section in SECTIONS for name in section.commands) == Counter(row.name for row in COMMANDS)


def test_no_heading_is_called_as_a_command_or_as_another() -> None:
    keys = [key for section in SECTIONS for key in (section.name, section.alias)]
    # The chapter of the account is found by another word: what it is about is a command itself.
    assert len(keys) == len(set(keys)) and not set(keys) & set(BY_NAME)


def test_what_takes_arguments_has_an_example() -> None:
    assert [row.name for row in COMMANDS if row.arguments and not EXAMPLES.get(row.name)] == []
    assert set(ALSO) | set(EXAMPLES) <= {row.name for row in COMMANDS}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_is_a_line_that_its_command_takes(line: str, language: str) -> None:
    read = read_body(translator(language)(line))
    assert isinstance(read, Line)
    row = find_slash(read.name)
    assert row is not None and line in EXAMPLES[row.name]
    assert not isinstance(read_arguments(row.arguments, read.text, None, row.usage), Refusal)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_every_command_has_a_name_in_chinese(row: Slash) -> None:
    assert row.aliases and all(re.fullmatch(r"[\u4e00-\u9fff]{1,6}", alias) for alias in row.aliases)


def test_no_two_commands_have_the_same_name() -> None:
    names = Counter(name for row in COMMANDS for name in (row.name, *row.aliases))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        ("/mute [@user] [duration] [reason…]", "/mute [@用户] [时长] [理由…]"),
        ("/report <seq|@user|group> <reason> [text…]", "/report <编号|@用户|group> <理由> [文字…]"),
        ("/invite @user|code [duration uses]", "/invite @用户|code [时长 次数]"),
        (
            "/verify [mobile|person|organisation|code|withdraw] [number]",
            "/verify [mobile|person|organisation|code|withdraw] [编号]",
        ),
        ("/joinmode [open|approval|question|invite|closed]", "/joinmode [open|approval|question|invite|closed]"),
        ("/question [question = answer | answer…|off]", "/question [question = answer | 答案…|off]"),
        ("/word [add|del|list|test] [refuse|hold|flag] <word>", "/word [add|del|list|test] [refuse|hold|flag] <词>"),
    ],
)
def test_a_usage_line_says_in_chinese_what_stands_for_something(usage: str, said: str) -> None:
    assert translator("zh-CN")("{usage}", {"usage": usage}) == said


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_a_usage_line_in_english_is_that_of_its_row(row: Slash) -> None:
    assert translator("en")("{usage}", {"usage": row.usage}) == row.usage
