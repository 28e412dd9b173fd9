"""Names that could be taken for those of somebody else: of the service, its staff, who answers for a group, a member.

Two names look alike when they are one once disguises are off (`content.fold`: case, width, marks, what is not seen,
letters of other scripts, digits put for letters) and so are `rn` and `m`, `vv` and `w`. Rules are asked when a name is
chosen; names that are there already stay. Why people may share a name: docs/decisions/0020-names-that-look-alike.md.
"""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .content.fold import BORDER, SKELETON, is_number, read
from .refusal import Refusal
from .text import N_

SERVICE_NAMES = ("platform", "folkmoot", "system", "service", "server", "everyone", "all", "here", "notice", "security")
"""Whom a reader would take for the server's own voice, or for everyone."""

STAFF_NAMES = (
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
)
ROLE_NAMES = ("owner", "creator", "founder", "verified", "reviewer", "superadmin", "root")

CHINESE_NAMES = (
    *(
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
    ),
    *("安全中心", "审核员", "超级管理"),
)
"""Found anywhere in a name: 管理员小王 is read as one of them."""

CHINESE_WHOLE = ("平台", "系统", "服务", "所有人", "全体成员", "管理", "认证", "公告", "运营")

FILLERS = (
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
)
"""Words that make no other name of a reserved one: `the-admin`, `Support Team`."""

_LIKE = str.maketrans("ニロ囗カエタトハヌー—工", "二口口力工夕卜八又一一工")


@lru_cache(1 << 15)
def look(name: str) -> str:
    """Return a name as it looks: two names that look alike give the same."""
    reading = read(name.translate(_LIKE))
    # Of a name of signs alone, as emoji are, these are what there is to be seen.
    seen = reading.squeezed or "".join(reading.plain.split())
    return seen.replace("rn", "m").replace("vv", "w")


_RESERVED = frozenset(map(look, (*SERVICE_NAMES, *STAFF_NAMES, *ROLE_NAMES, *CHINESE_WHOLE)))
_SERVICE = frozenset(map(look, SERVICE_NAMES))
_FILLERS = frozenset(map(look, FILLERS))
_ANYWHERE = tuple(map(look, CHINESE_NAMES))


@lru_cache(1 << 12)
def is_reserved(name: str) -> bool:
    """Say whether a name, or a tag, could be taken for the service, its staff, or a role in a group.

    `admin`, `4dm1n`, `The Admin`, `support-team2` are; `service-dog` and `Wladimir` are not.
    """
    seen = look(name)
    if seen in _RESERVED or any(one in seen for one in _ANYWHERE):
        return True
    plain = "".join(" " if one.translate(SKELETON) == BORDER else one for one in read(name).plain)
    words = [look(word.rstrip("0123456789") or word) for word in plain.split() if not is_number(word)]
    return any(word in _RESERVED for word in words) and all(word in _RESERVED | _FILLERS for word in words)


def speaks_for_service(name: str) -> bool:
    """Say whether a name could be taken for the server's own voice, or for everyone."""
    return look(name) in _SERVICE


def check_free_name(name: str) -> Refusal | None:
    """Refuse a name that could be taken for the service, its staff, or a role in a group."""
    if not is_reserved(name):
        return None
    text = N_("{name} could be taken for the service, its staff, or a role: choose another name.")
    return Refusal(ErrorCode.BAD_NAME, text, {"name": name, "rule": "reserved_names", "help": "docs/governance.md"})


class Bearer(Struct, frozen=True):
    """Somebody whose names others must not look like. `answers`: for a group, or as staff, so nobody may even share
    their names."""

    user: str
    names: tuple[str, ...]
    answers: bool = False


def check_likeness(name: str, user: str, bearers: Iterable[Bearer]) -> Refusal | None:
    """Refuse a display name for `user` that could be taken for one of somebody else.

    People may share a name, written alike; another name that only looks like it is a disguise.
    """
    seen = look(name)
    for one in bearers:
        if one.user == user:
            continue
        shared = () if one.answers else one.names
        if any(look(other) == seen and name not in shared for other in (one.user, *one.names) if other):
            text = N_("{name} looks like the name of @{other}: choose another one.")
            detail: dict[str, object] = {"name": name, "other": one.user, "rule": "look_alike_names", "help": "/nick"}
            return Refusal(ErrorCode.BAD_NAME, text, detail)
    return None
