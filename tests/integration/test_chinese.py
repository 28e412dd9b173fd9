"""Whoever reads Chinese reads it: no value of the protocol stands in an answer but where it is to be typed."""

import re

from folkmoot_governance import Permission
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_protocol.types import CommentPolicy, GroupStatus, Identity, JoinMode, LinkRule, Role
from tests.integration.cast import Cast
from tests.integration.wire import refused

ENUMS = (Role, JoinMode, GroupStatus, Identity, LinkRule, CommentPolicy, Permission, Severity, Action)
VALUES = {value.value for enum in ENUMS for value in enum} | set(REASON_NAMES) | {"standard", "general"}
TYPED = re.compile(r"/[^\s（）：，；。]+( [^（）：，；。]+)?|@\S+|[<\[][^>\]]*\|[^>\]]*[>\]]|可选：.*")
"""What is to be typed: commands, names, choices."""

ACTS = (
    "/promote @{carol} delete mute",
    "/rights @{carol} -mute",
    "/joinmode approval",
    "/links nomedia",
    "/word add hold 彩票",
    "/word add flag 头奖",
    "/infopage off",
    "/slow 150s",
    "/mute @{bob} 90m 广告",
    "/report @{bob} spam",
)
ANSWERS = (
    *(
        "/info",
        "/members",
        "/admins",
        "/whois @{carol}",
        "/limits",
        "/credit",
        "/verify",
        "/rights",
        "/rights @{carol}",
    ),
    *("/joinmode", "/links", "/category", "/word list", "/infopage", "/slow", "/mutes", "/cases", "/queue", "/duty"),
    *("/log", "/notices", "/sanctions", "/antiraid"),
)


async def test_no_value_of_the_protocol_stands_in_an_answer_in_chinese(cast: Cast) -> None:
    await cast.does("ann", "/lang zh-CN")
    found = {}
    for line in (*ACTS, *ANSWERS):
        said = TYPED.sub(" ", (await cast.does("ann", line)).text)
        if words := VALUES & set(re.findall(r"[a-z_]+", said)):
            found[line] = words, said
    assert found == {}


async def test_refusals_in_chinese_have_none_either(cast: Cast) -> None:
    await cast.does("bob", "/lang zh-CN")
    for line in ("/mute @{ann} 1h", "/topic 电影", "/joinmode open", "/promote @{carol}"):
        error = (await refused(cast.does("bob", line), "forbidden")).message
        assert "群" in error and not VALUES & set(re.findall(r"[a-z_]+", TYPED.sub(" ", error)))
