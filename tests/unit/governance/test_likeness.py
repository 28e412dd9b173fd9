"""Which names could be taken for somebody else's."""

import pytest

from folkmoot_governance.content.characters import LOOK_ALIKES
from folkmoot_governance.group import commands as c
from folkmoot_governance.likeness import (
    Bearer,
    check_free_name,
    check_likeness,
    is_reserved,
    look,
    speaks_for_service,
)
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import ask, code_of, do, make_group


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "4dm1n",
        "Admin ✓",
        "The Admin",
        "support-team2",
        "аdmin",
        "ＡＤＭＩＮ",
        "a.d.m.i.n",
        "Ad\u200bmin",
        "A\u0336d\u0336m\u0336i\u0336n\u0336",
        "adrnin",
        "official_folkmoot",
        "folkmoot",
        "Sуstem",
        "service",
        "0wner",
        "Group Owner",
        "creator",
        "verified ✔",
        "管理员",
        "管理員",
        "管理员小王",
        "群主",
        "群 主",
        "副群主",
        "官方客服",
        "系統",
        "已认证",
        "平台",
    ],
)
def test_names_that_claim_a_role_are_reserved(name: str) -> None:
    assert is_reserved(name)
    refusal = check_free_name(name)
    assert refusal is not None
    assert (refusal.code, refusal.detail["rule"]) == (ErrorCode.BAD_NAME, "reserved_names")


CLAIMS = [
    "platform",
    "folkmoot",
    "system",
    "service",
    "server",
    "everyone",
    "all",
    "here",
    "notice",
    "security",
    "admin",
    "administrator",
    "sysadmin",
    "webmaster",
    "moderator",
    "mod",
    "staff",
    "support",
    "helpdesk",
    "official",
    "operator",
    "owner",
    "creator",
    "founder",
    "verified",
    "reviewer",
    "superadmin",
    "root",
]
CHINESE_CLAIMS = [
    "群主",
    "管理员",
    "创建者",
    "创始人",
    "版主",
    "站长",
    "已认证",
    "认证用户",
    "官方",
    "客服",
    "系统消息",
    "系统通知",
    "安全中心",
    "审核员",
    "超级管理",
]
CHINESE_ALONE = [
    "平台",
    "系统",
    "服务",
    "所有人",
    "全体成员",
    "管理",
    "认证",
    "公告",
    "运营",
]
COMPANY = [
    "the",
    "team",
    "real",
    "bot",
    "group",
    "my",
    "your",
    "dept",
    "desk",
    "center",
    "centre",
    "chat",
    "account",
    "of",
]


def test_each_reserved_name_is_by_itself_in_company_and_with_a_number() -> None:
    assert not [name for name in (*CLAIMS, *CHINESE_ALONE, *CHINESE_CLAIMS) if not is_reserved(name)]
    assert not [name for name in CLAIMS if not is_reserved(f"{name} 24") or not is_reserved(f"{name}7")]
    assert not [name for name in CHINESE_CLAIMS if not is_reserved(f"小王{name}小李")]
    assert not [name for name in CHINESE_ALONE if is_reserved(f"{name}粉丝")]
    assert not [name for name in COMPANY if is_reserved(name) or not is_reserved(f"{name} admin")]
    assert not [name for name in COMPANY if is_reserved(f"{name} fan admin")]


def test_who_speaks_for_the_service_is_in_one_list() -> None:
    assert [name for name in CLAIMS if speaks_for_service(name)] == CLAIMS[:10]


@pytest.mark.parametrize(
    "name",
    [
        "ann",
        "24",
        "7 24",
        "Wladimir",
        "李伟",
        "Owen",
        "service-dog",
        "modern",
        "bob.admin.fan",
        "直播平台粉",
        "🦊",
        "my group",
        "The Rock",
        "7",
    ],
)
def test_other_names_are_free(name: str) -> None:
    assert check_free_name(name) is None


def test_whom_only_the_service_speaks_for() -> None:
    assert all(map(speaks_for_service, ("platform", "f0lkmoot", "system", "everyone")))
    assert not any(map(speaks_for_service, ("admin", "root", "ann")))


MEMBERS = [Bearer("ann", ("Ann Lee", "李伟")), Bearer("olga", ("Olga",), answers=True), Bearer("fox", ("🦊",))]


@pytest.mark.parametrize(
    "name",
    [
        "Аnn Lee",
        "ann lee",
        "AnnLee",
        "Ann\u200b Lee",
        "A\u0301\u0302\u0303nn Lee",
        "Ａｎｎ　Ｌｅｅ",
        "李 伟",
        "李\u3164伟",
        "🦊\u200d",
        "Olga",
        "0lga",
        "OIga",
        "ann",
        "Ann",
        "fox",
    ],
)
def test_a_disguise_of_somebody_elses_name_is_refused(name: str) -> None:
    refusal = check_likeness(name, "eve", MEMBERS)
    assert refusal is not None
    assert (refusal.code, refusal.detail["rule"]) == (ErrorCode.BAD_NAME, "look_alike_names")


@pytest.mark.parametrize("name", ["Ann Lee", "李伟", "Eve", "Ann Li", "🐺", "🦊"])
def test_people_may_share_a_name(name: str) -> None:
    assert check_likeness(name, "eve", MEMBERS) is None


@pytest.mark.parametrize("name", ["ann lee", "Ann", "李 伟"])
def test_ones_own_name_can_be_written_otherwise(name: str) -> None:
    assert check_likeness(name, "ann", MEMBERS) is None


def test_ones_own_names_among_others_change_nothing() -> None:
    members = [Bearer("eve", ("Eve", "")), *MEMBERS]
    refusal = check_likeness("0lga", "eve", members)
    assert refusal is not None
    assert refusal.detail["other"] == "olga"
    assert check_likeness("\u200b", "eve", [Bearer("ann", ("",))]) is None, "who has no display name looks like nobody"


def test_every_look_alike_makes_a_disguise() -> None:
    for letter, others in LOOK_ALIKES.items():
        for other in others:
            # The lunate sigma is a sigma to Unicode (NFKC).
            assert other == "ϲ" or look(f"b{other}b") == look(f"b{letter}b"), other


@pytest.mark.parametrize("tag", ["owner", "Admin", "сreator", "VERIFIED", "群主", "管 理 员", "mоderator", "Official"])
def test_a_tag_claims_no_role(tag: str) -> None:
    state = make_group()
    assert code_of(ask(state, c.SetTag("mia", tag), "olga")) == ErrorCode.BAD_NAME
    do(state, c.SetTag("mia", "helpful"), "olga")
    do(state, c.SetTag("mia", ""), "olga")
