"""Everybody asks everything of a channel: readers, those whom its editors silenced, editors with and without rights,
its owner, strangers, staff; of one that is open, and of one that waits for its review (P12, W6, W10.2).

What slash commands answer follows from the tables of the rules (`access`, `permissions`), what requests answer stands
here. The store takes nothing while they ask: what is allowed, and would change something, is `unavailable`. Verbs of
administration are tried in `test_separation`.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from msgspec import Struct

from folkmoot_governance import Actor, Permission, PlatformRole
from folkmoot_governance.access import FOR_READERS, OF_GROUPS, Need, lacks_of, refused_with
from folkmoot_governance.access import STATES as KNOWN
from folkmoot_governance.account_commands import GrantRole
from folkmoot_governance.group import commands as c
from folkmoot_governance.permissions import IN_CHANNELS_ALONE, IN_GROUPS_ALONE, READS, RULES
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, Repost, Role
from folkmoot_server.config.documents import load_documents
from folkmoot_server.slash.registry import find_slash
from tests.integration.lines import LINES, needs_of_line
from tests.integration.test_separation import NOT_FOR_WHO_ASKS
from tests.integration.wire import Refused, Wire, refused
from tests.unit.server.stores import Stage, config_of, opened, seated

in_one_loop = pytest.mark.asyncio(loop_scope="module")

LIMITS = (
    "requests_per_second",
    "posts_per_second",
    "acts_per_minute",
    "group_acts_per_minute",
    "connections_per_address",
)
SETTINGS: dict[str, object] = {
    **{f"limits__{name}": 0 for name in LIMITS},
    "policy__groups__tries_per_hour": 0,
    "limits__unknown_codes_per_minute": 100_000,
}
DONE = frozenset({"", ErrorCode.UNAVAILABLE})
"""What is answered to who may: nothing can be stored."""

READERS = ("reader", "follower", "muted", "banned")
EDITORS: dict[str, frozenset[Permission]] = {
    "hand": frozenset(),
    "writer": frozenset({Permission.PUBLISH}),
    "host": frozenset({Permission.COMMENTS, Permission.MUTE}),
}
OWNER = "owner"
STAFF = {f"staff, {role}": role for role in (PlatformRole.VIEWER, PlatformRole.REVIEWER, PlatformRole.SUPERADMIN)}
STRANGER = "stranger"
EVERYBODY = (*READERS, *EDITORS, OWNER, *STAFF, STRANGER)
INSIDE = frozenset({*EDITORS, OWNER})

CHANNEL_LINES: dict[str, type[c.Command] | str | None] = {
    "/editors": None,
    "/comments": None,
    "/comments closed": c.SetComments,
    "/comments closed {post}": c.SetComments,
    "/queue": "held",
}
PRIVATE = ("zqheldzq", "zqreasonzq", "zqtopicofdraftzq")
"""Texts that editors alone may read; the reason of a measure whom it hit, too."""


class Scene(Struct):
    """Who is there, by name; the open channel, a post of it by `writer`, a comment on that by `follower`; and the one
    that waits."""

    stage: Stage
    wires: dict[str, Wire]
    users: dict[str, str]
    code: str
    seq: int
    comment: int
    draft: str
    held: str

    async def ask(self, who: str, kind: type[rq.Request], **fields: Any) -> str:
        """Let somebody ask; return the code of the refusal, and see that nothing was told that is not for them."""
        wire = self.wires[who]
        since, code = len(wire.log), ""
        try:
            await wire.ask(kind, **fields)
        except Refused as refusal:
            code = str(refusal.code)
            if code == ErrorCode.RATE_LIMITED and who == STRANGER:
                self.wires[who] = await Wire.open(self.stage.url)
                return await self.ask(who, kind, **fields)
        if who not in INSIDE:
            told = msgspec.json.encode(wire.log[since:]).decode()
            hidden = [one for one in PRIVATE if one != "zqreasonzq" or who not in SILENCED]
            assert not [one for one in hidden if one in told], (who, kind, fields)
            assert self.users["writer"] not in told, (who, kind, fields)
        return code


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    place = tmp_path_factory.mktemp("channels")
    config = config_of(place, SETTINGS)
    seats = await seated(place, 1, len(EVERYBODY) - 1, load_documents(config.server.data_dir).agreement.version)
    async with opened(config, seats) as stage, contextlib.AsyncExitStack() as stack:
        wires = {}
        for name, seat in zip(EVERYBODY, seats[0], strict=False):
            wires[name] = await stage.connect(seat)
        users = {name: wire.user for name, wire in wires.items()}
        service, accounts = stage.node.app.account_service, stage.node.accounts
        machine = Actor("", platform=PlatformRole.SUPERADMIN)
        for name, role in STAFF.items():
            account = await accounts.load(users[name])
            assert account is not None
            assert await service.carry_out(account.state, GrantRole(role, "x"), machine) is None
        wires[STRANGER] = await stack.enter_async_context(await Wire.open(stage.url))
        scene = await set_up(stage, wires, users)
        stage.store.failures = 1 << 60
        try:
            yield scene
        finally:
            stage.store.failures = 0


async def set_up(stage: Stage, wires: dict[str, Wire], users: dict[str, str]) -> Scene:
    """Open a channel, and one that waits, with editors who have a few rights each; silence two of the readers."""
    owner, root, found = wires[OWNER], wires["staff, superadmin"], []
    for handle in ("open.news", "draft.news"):
        topic = "zqtopicofdraftzq" if handle == "draft.news" else ""
        given = {"form": ChannelForm.PUBLIC, "handle": handle, "name": "News", "category": "general", "topic": topic}
        code = (await owner.ask(rq.OpenChannel, **given)).group.id
        found.append(code)
    code, draft = found
    cases = (await root.ask(rq.Admin, noun="application", verb="list")).items
    case = next(one["case"] for one in cases if one["group"] == code)
    await root.ask(rq.Admin, noun="application", verb="approve", target=case, reason="in order")
    for name, rights in EDITORS.items():
        await owner.run(f"/invite @{users[name]}", code)
        await wires[name].run(f"/join {code}")
        await owner.run(f"/promote @{users[name]} {' '.join(sorted(rights)) or 'none'}", code)
    seq = await wires["writer"].post(code, "What do you think?")
    await wires["follower"].ask(rq.Follow, group=code)
    comment = await wires["follower"].post(code, "Well.", thread=seq)
    await owner.run("/word add hold zqheldzq", code)
    await refused(wires["reader"].post(code, "a zqheldzq thing", thread=seq), ErrorCode.CONTENT_HELD)
    held = (await owner.run("/queue", code)).data["items"][0]["number"]
    await owner.run(f"/mute @{users['muted']} 7d zqreasonzq", code)
    await owner.run(f"/ban @{users['banned']} 7d zqreasonzq", code)
    return Scene(stage, wires, users, code, seq, comment, draft, held)


ALL = dict.fromkeys((*READERS, *INSIDE, *STAFF), "")
NOBODY: dict[str, str] = dict.fromkeys(ALL, ErrorCode.FORBIDDEN)
TO_EDITORS = {**dict.fromkeys(ALL, ErrorCode.NOT_A_MEMBER), **dict.fromkeys(INSIDE, "")}
TO_PUBLISHERS = {**NOBODY, OWNER: "", "writer": ""}
SILENCED = {"muted": ErrorCode.MUTED, "banned": ErrorCode.BANNED}

REQUESTS: tuple[tuple[type[rq.Request], dict[str, Any], dict[str, str]], ...] = (
    (rq.GetChannel, {}, ALL),
    (rq.GetPosts, {}, ALL),
    (rq.GetThread, {"seq": "{seq}"}, ALL),
    (rq.GetReposts, {"seq": "{seq}"}, ALL),
    (rq.GetGroup, {}, ALL),
    (rq.Follow, {}, ALL),
    (rq.Unfollow, {}, ALL),
    (rq.Post, {"body": "news"}, TO_PUBLISHERS),
    (rq.Post, {"body": "", "repost": "{repost}"}, TO_PUBLISHERS),
    (rq.Post, {"body": "quite", "thread": "{seq}"}, ALL | SILENCED),
    (rq.Post, {"body": "quite", "thread": "{seq}", "reply_to": "{comment}"}, ALL | SILENCED),
    (rq.Report, {"seq": "{comment}", "reason": "spam"}, ALL | {"follower": ErrorCode.FORBIDDEN}),
    (rq.Report, {"reason": "spam"}, ALL | {OWNER: ErrorCode.FORBIDDEN}),
    (rq.GetHistory, {}, TO_EDITORS),
    (rq.ListMembers, {}, TO_EDITORS),
    (rq.Search, {"text": "think"}, TO_EDITORS),
    (rq.Typing, {}, TO_EDITORS),
    (rq.MarkRead, {"seq": 1}, TO_EDITORS),
    (rq.React, {"seq": "{seq}", "reaction": "👍"}, {**TO_EDITORS, **dict.fromkeys(INSIDE, ErrorCode.FORBIDDEN)}),
    (
        rq.Edit,
        {"seq": "{seq}", "body": "another"},
        {**TO_EDITORS, **dict.fromkeys(INSIDE, ErrorCode.FORBIDDEN), "writer": ""},
    ),
    (rq.Apply, {"what": "badge", "name": "News"}, {**NOBODY, OWNER: ""}),
)
"""What is asked of the open channel, and how each is answered; who is not signed in is told so."""


def fill(scene: Scene, fields: dict[str, Any]) -> dict[str, Any]:
    known = {"{seq}": scene.seq, "{comment}": scene.comment, "{repost}": Repost(scene.code, scene.seq)}
    return {name: known.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}


@in_one_loop
async def test_requests(scene: Scene) -> None:
    wrong = []
    for kind, fields, expected in REQUESTS:
        for who in EVERYBODY:
            code = await scene.ask(who, kind, group=scene.code, **fill(scene, fields))
            wanted = ErrorCode.NOT_AUTHENTICATED if who == STRANGER else expected[who]
            if code not in DONE if not wanted else code != wanted:
                wrong.append(f"{who}: {kind.__name__} {fields}: {code or 'allowed'} instead of {wanted or 'allowed'}")
    assert not wrong, "\n".join(wrong)


@in_one_loop
async def test_what_waits_for_its_review_is_there_for_its_owner_alone(scene: Scene) -> None:
    wrong = []
    for kind, fields, _ in REQUESTS:
        for who in EVERYBODY:
            code = await scene.ask(who, kind, group=scene.draft, **fill(scene, fields))
            wanted = ErrorCode.NOT_AUTHENTICATED if who == STRANGER else ErrorCode.NO_SUCH_GROUP
            if who == OWNER:
                is_right = code != ErrorCode.NO_SUCH_GROUP and (kind is not rq.Post or code == ErrorCode.NOT_OPEN)
            else:
                is_right = code == wanted
            if not is_right:
                wrong.append(f"{who}: {kind.__name__} {fields}: {code or 'allowed'}")
    assert not wrong, "\n".join(wrong)


def test_every_command_to_channels_has_a_line() -> None:
    assert {what for what in CHANNEL_LINES.values() if isinstance(what, type)} == IN_CHANNELS_ALONE


def lines() -> Iterator[tuple[str, Any]]:
    """Yield the lines that are about a group, and what they are to the rules."""
    for line, what in {**LINES, **CHANNEL_LINES}.items():
        row = find_slash(line.split()[0].removeprefix("/"))
        assert row is not None
        if row.in_group:
            yield line, what


OWN = {"edit": "writer", "delete": "follower"}
"""Whose entry is named where it matters."""
MODERATING = {OWNER, *(name for name, rights in EDITORS.items() if Permission.DELETE in rights)}


def outside_or_not(who: str) -> frozenset[str]:
    """Return how somebody is refused who may not."""
    return frozenset({ErrorCode.FORBIDDEN if who in INSIDE else ErrorCode.NOT_A_MEMBER})


def expected(who: str, line: str, what: Any) -> frozenset[str]:
    """Return the codes with one of which somebody is refused; none: who may."""
    name = line.split()[0].removeprefix("/")
    if who == STRANGER:
        return frozenset({ErrorCode.NOT_AUTHENTICATED})
    if name in OWN:
        return frozenset() if who == OWN[name] or (name == "delete" and who in MODERATING) else outside_or_not(who)
    if who not in INSIDE:
        readers = name in FOR_READERS and not isinstance(what, type)
        return frozenset() if readers else frozenset({ErrorCode.NOT_A_MEMBER})
    row = find_slash(name)
    if name in OF_GROUPS or (row is not None and row.act in IN_GROUPS_ALONE):
        return frozenset({ErrorCode.FORBIDDEN})
    rule = RULES.get(what) if isinstance(what, type) else READS.get(what) if isinstance(what, str) else None
    lacks = dict(lacks_of(Role.OWNER if who == OWNER else Role.ADMIN, KNOWN[0]))
    if rule is not None and rule.permission and who != OWNER and rule.permission not in EDITORS[who]:
        lacks[Need.PERMISSION] = ErrorCode.FORBIDDEN
    return frozenset(map(str, refused_with(needs_of_line(line, what, in_group=True), lacks)))


@in_one_loop
async def test_slash_commands(scene: Scene) -> None:
    targets: dict[str, Any] = dict.fromkeys(
        ("guest", "applicant", "victim", "deputy", "silenced", "banned"), scene.users["reader"]
    )
    targets |= {"deputy": scene.users["hand"], "victim": scene.users["follower"], "banned": scene.users["banned"]}
    targets |= {
        "held": scene.held,
        "post": scene.seq,
        "seq": scene.comment,
        "own": scene.seq,
        "code": scene.code,
        "text": "tea",
        "silenced": scene.users["muted"],
        "robot": "robo-none",
    }
    targets |= dict.fromkeys(("case", "report", "mediation", "invite_code"), "none-1")
    wrong = []
    for line, what in lines():
        for who in EVERYBODY:
            came = await scene.ask(who, rq.RunCommand, group=scene.code, line=line.format(**targets))
            wanted = expected(who, line, what)
            denied = (
                came in {ErrorCode.NOT_A_MEMBER, ErrorCode.NOT_AUTHENTICATED, ErrorCode.FORBIDDEN} - NOT_FOR_WHO_ASKS
            )
            if came not in wanted if wanted else denied:
                wrong.append(f"{who}: {line}: {came or 'allowed'} instead of {' '.join(sorted(wanted)) or 'allowed'}")
    assert not wrong, "\n".join(wrong)
