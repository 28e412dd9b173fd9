"""What means to be a command is none of what is published, and what does not can be published."""

import pytest

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode
from folkmoot_server.slash.line import Line, read_body, read_command, unknown

MUTE = Line("mute", "@bob 10m")


@pytest.mark.parametrize("before", ["", " ", "\u3000", "\ufeff", "\u200b", " \ufeff\u3000\u2060", "\n"])
@pytest.mark.parametrize("sign", ["/", "／", "⁄", "∕", "⧸", "、"])
@pytest.mark.parametrize("name", ["mute", "MUTE", "ｍｕｔｅ", "m\u200bute", "\u200bmute"])
def test_a_command_is_one_however_its_slash_and_its_name_are_typed(before: str, sign: str, name: str) -> None:
    assert read_body(f"{before}{sign}{name} @bob 10m") == MUTE
    assert read_body(f"{before}{sign}{name}\u3000@bob 10m") == MUTE


@pytest.mark.parametrize("line", ["/mute@bob 10m", "／mute＠bob 10m", "、mute@bob 10m"])
def test_a_name_may_stand_close_to_its_at(line: str) -> None:
    assert read_body(line) == MUTE


def test_chinese_names_are_found_behind_each_sign() -> None:
    for sign in "/／、":
        assert read_body(f"{sign}禁言 @bob 三天") == Line("禁言", "@bob 三天")


# Lines of real rooms, as they stand in the transcripts.
TEXTS = (
    "/etc/apt/sources.list",
    "/etc/init.d/gdm restart",
    "/bin/sh: not found",
    "/dev/sda2 is full",
    "/www.chromestatus.com/feature/1",
    "/!\\ Attention",
    "/ is not getting mounted. so the other stuff /dev/ /sys/",
    "/ ",
    "/",
    "/.",
    "/O\\",
    "/\\ shawn",
    "1/2",
    "、",
    "、、、",
    "、然后呢",
    "、我觉得",
)


@pytest.mark.parametrize("text", TEXTS)
def test_real_lines_that_are_no_commands_are_published_as_they_stand(text: str) -> None:
    assert read_body(text) == text


LEAKED = (
    "/msg NickServ IDENTIFY secret",
    "\ufeff /msg ubottu etiquette",
    "／join  #ubuntu -cn",
    "/ns set password newpass",
    "/j #rubyonrails",
    "/joit",
    "/ nick",
    " / mute @bob 10m",
    "/help?",
    "、mtue @bob 10m",
)


@pytest.mark.parametrize("text", LEAKED)
def test_real_lines_that_were_meant_as_commands_are_not_published(text: str) -> None:
    assert isinstance(read_body(text), Line)


@pytest.mark.parametrize(
    ("text", "posted"),
    [("//help", "/help"), ("／／help", "／help"), (" //help", " /help"), ("///x", "//x"), ("、、mute", "、mute")],
)
def test_two_signs_are_a_text_that_begins_with_one(text: str, posted: str) -> None:
    assert read_body(text) == posted


@pytest.mark.parametrize(
    ("text", "near"),
    [("/mutee @bob", "mute"), ("/joit 4821", "join"), ("/禁盐 @bob", None), ("/拉黑小明", "拉黑"), ("/dance", None)],
)
def test_an_unknown_name_is_refused_with_what_comes_near_and_a_way_around(text: str, near: str | None) -> None:
    line = read_body(text)
    assert isinstance(line, Line)
    refusal = unknown(line)
    assert isinstance(refusal, Refusal)
    assert refusal.code is ErrorCode.UNKNOWN_COMMAND
    assert refusal.detail.get("near") == near
    assert "write two: //{name}" in refusal.text


def test_a_name_apart_from_its_slash_is_asked_about() -> None:
    line = read_body("/ mute @bob 10m")
    assert isinstance(line, Line)
    assert unknown(line).detail == {"name": "mute", "help": "/mute"}


@pytest.mark.parametrize("line", ["mute @bob 10m", "/mute @bob 10m", " ／mute　@bob 10m", "\ufeffmute @bob 10m"])
def test_in_a_command_request_everything_is_one(line: str) -> None:
    assert read_command(line) == MUTE
    assert read_command("/etc/passwd").name == "etc/passwd"
    assert read_command("").name == ""
