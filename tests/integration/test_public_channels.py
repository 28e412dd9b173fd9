"""Public accounts, through the real server: applied for, reviewed, opened; caps, badges, licences (I7, P7, P8, W8)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import msgspec
import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, Document
from tests.cluster.polling import until
from tests.integration.planting import person
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.wire import Refused, Wire, refused

NEWS = {
    "policy__categories__general": "General",
    "policy__categories__news": "News",
    "policy__channels__licences__news": "publish",
}
CAPS = {"policy__channels__per_subject__person": 1, "policy__channels__per_subject__organisation": 2}
DOCUMENTS = {"policy__channels__badge_documents": "identity,authorisation"}
FEATURES = {"features__assessed": "comments,reposts"}
LIMITS = {
    f"limits__{name}": 0
    for name in ("acts_per_minute", "requests_per_second", "sign_ins_per_minute", "connections_per_address")
}

RULES = """
format = 1
name = "Categories"
version = "1"

[[rules]]
id = "bulletins"
kind = "term"
verdict = "allow"
category = "news"
entries = "bulletin"
"""


class SignIn(Protocol):
    async def __call__(self, user: str = "") -> Wire: ...


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("public")
    rules = place / "rules.toml"
    rules.write_text(RULES)
    with serving(
        place,
        policy__content__rule_files=str(rules),
        groups=1,
        members=2,
        admin="root",
        **NEWS,
        **CAPS,
        **DOCUMENTS,
        **FEATURES,
        **LIMITS,
    ) as server:
        server.names = iter(f"person{number}" for number in range(1000))  # type: ignore[attr-defined]
        yield server


@pytest.fixture
async def sign_in(governed: Server) -> AsyncIterator[SignIn]:
    """Signs in somebody new, or `root`."""
    async with AsyncExitStack() as stack:

        async def connect(user: str = "") -> Wire:
            wire = await stack.enter_async_context(await Wire.open(governed.url))
            if user:
                wire.session = await wire.ask(rq.Login, user=user, password=PASSWORD)
            else:
                await wire.register(next(governed.names))  # type: ignore[attr-defined]
            return wire

        yield connect


@pytest.fixture
async def root(sign_in: SignIn) -> Wire:
    return await sign_in("root")


async def admin(wire: Wire, line: str, target: str | None = None, **fields: Any) -> rs.AdminResult:
    noun, verb = line.split()
    result: rs.AdminResult = await wire.ask(rq.Admin, noun=noun, verb=verb, target=target, **fields)
    return result


async def open_public(wire: Wire, handle: str, **fields: Any) -> str:
    """Apply for a public account; return its code."""
    given = {"form": ChannelForm.PUBLIC, "handle": handle, "name": "The News", "category": "general", **fields}
    result: rs.GroupResult = await wire.ask(rq.OpenChannel, **given)
    return result.group.id


async def case_of(root: Wire, wire: Wire, kind: str = "channel") -> str:
    """Return the open application of somebody."""
    items = (await admin(root, "application list", limit=200)).items
    return str(next(one["case"] for one in items if one["by"] == wire.user and one["reason"] == kind))


async def verify(root: Wire, wire: Wire, number: str) -> None:
    """Verify an account with a number."""
    await wire.run(f"/verify person {number}")
    await admin(root, "identity approve", wire.user, reason="seen")


async def opened(root: Wire, wire: Wire, handle: str, **fields: Any) -> str:
    """Apply for a public account and have it approved."""
    code = await open_public(wire, handle, **fields)
    await admin(root, "application approve", await case_of(root, wire), reason="in order")
    return code


async def test_a_public_account_is_not_there_for_others_before_it_is_approved(root: Wire, sign_in: SignIn) -> None:
    editor, reader = await sign_in(), await sign_in()
    code = await open_public(editor, "daily.news")
    await refused(editor.post("@daily.news", "too soon"), ErrorCode.NOT_OPEN)
    assert (await editor.ask(rq.GetChannel, group=code)).channel.pending
    for group in (code, "@daily.news"):
        for kind in (rq.GetChannel, rq.Follow, rq.GetPosts, rq.GetGroup, rq.JoinGroup):
            await refused(reader.ask(kind, group=group), ErrorCode.NO_SUCH_GROUP)
        await refused(reader.post(group, "hello"), ErrorCode.NO_SUCH_GROUP)
        await refused(reader.run("/report group spam", group), ErrorCode.NO_SUCH_GROUP)
    case = await case_of(root, editor)
    shown = (await admin(root, "application show", case)).items[0]
    assert (shown["by"], shown["group"], shown["name"], shown["state"]) == (editor.user, code, "The News", "open")
    tried = await admin(root, "application approve", case, reason="in order", dry_run=True)
    assert tried.items[0]["state"] == "approved"
    await refused(reader.ask(rq.GetChannel, group=code), ErrorCode.NO_SUCH_GROUP)
    await admin(root, "application approve", case, reason="in order", options={"label": "Local news"})
    channel = (await reader.ask(rq.Follow, group="@daily.news")).channel
    assert [(one.kind, one.name) for one in channel.labels] == [("label", "Local news")]
    await editor.post("@daily.news", "first")
    page: rs.HomeResult = await reader.ask(rq.GetHome)
    assert [(post.entry.body, post.entry.from_.tags) for post in page.posts] == [("first", ("Local news",))]
    listed = (await admin(root, "channel list", limit=200)).items
    assert next(one for one in listed if one["code"] == code)["pending"] is False
    filed = (await admin(root, "filing export", limit=200, options={"what": "channels"})).items[0]
    row = next(one for one in msgspec.json.decode(filed["document"]) if one["code"] == code)
    assert (row["handle"], row["owner"], row["label"], row["subject"]) == (
        "daily.news",
        editor.user,
        "Local news",
        "none",
    )
    assert filed["signature"]
    table = (await admin(root, "filing export", limit=200, options={"form": "csv"})).items[0]["document"]
    assert "daily.news" in table
    kinds = [one.kind for one in (await editor.ask(rq.GetNotices)).notices]
    assert {"application_opened", "application_approved", "channel_opened"} <= set(kinds)


async def test_who_is_invited_to_one_that_waits_comes_in_and_nobody_else(root: Wire, sign_in: SignIn) -> None:
    owner, invited, stranger = [await sign_in() for _ in range(3)]
    code = await open_public(owner, "team.news")
    await owner.run(f"/invite @{invited.user}", code)
    await refused(stranger.ask(rq.JoinGroup, group=code), ErrorCode.NO_SUCH_GROUP)
    await invited.run(f"/join {code}")
    await owner.run(f"/promote @{invited.user} publish", code)
    await refused(invited.post(code, "too soon"), ErrorCode.NOT_OPEN)
    await admin(root, "application approve", await case_of(root, owner), reason="in order")
    await invited.post(code, "at last")


async def test_nobody_approves_their_own(root: Wire, sign_in: SignIn) -> None:
    editor = await sign_in()
    await open_public(editor, "own.news")
    await admin(root, "role create", editor.user, options={"role": "superadmin"}, reason="helps")
    case = await case_of(root, editor)
    for verb in ("approve", "reject"):
        await refused(admin(editor, f"application {verb}", case, reason="mine"), ErrorCode.FORBIDDEN, case=case)


async def test_a_rejection_is_told_and_appealed_to_somebody_else(root: Wire, sign_in: SignIn) -> None:
    editor, other = await sign_in(), await sign_in()
    await admin(root, "role create", other.user, options={"role": "superadmin"}, reason="helps")
    code = await open_public(editor, "second.try")
    case = await case_of(root, editor)
    await admin(root, "application reject", case, reason="no documents")
    told = next(one for one in (await editor.ask(rq.GetNotices)).notices if one.kind == "application_rejected")
    assert (told.case, told.data["reason"]) == (case, "no documents")
    assert told.data["appeal_until_ms"] > told.ts
    await refused(editor.post(code, "all the same"), ErrorCode.NOT_OPEN)
    appeal = (await editor.run(f"/appeal {case} they are there")).data["case"]
    await refused(admin(root, "appeal approve", appeal, reason="mine"), ErrorCode.FORBIDDEN)
    await admin(other, "appeal approve", appeal, reason="they are there")
    await refused(admin(root, "application approve", case, reason="hm"), ErrorCode.FORBIDDEN)
    await admin(other, "application approve", case, reason="they are there")
    await editor.post(code, "at last")


async def test_handles_and_user_names_are_one_set(governed: Server, sign_in: SignIn) -> None:
    editor, other = await sign_in(), await sign_in()
    await refused(open_public(editor, other.user), ErrorCode.NAME_TAKEN)
    await refused(open_public(editor, editor.user), ErrorCode.NAME_TAKEN)
    await open_public(editor, "one.set")
    await refused(open_public(other, "one.set"), ErrorCode.NAME_TAKEN)
    async with await Wire.open(governed.url) as newcomer:
        await refused(newcomer.register("one.set"), ErrorCode.NAME_TAKEN)


async def test_a_public_account_and_what_it_is_granted_have_names_like_any(sign_in: SignIn) -> None:
    wire = await sign_in()
    public = {"form": ChannelForm.PUBLIC, "handle": "named.paper"}
    for name in ("x" * 61, "turned \u202e round", "\u3164"):
        await refused(
            wire.run(
                f"/apply channel named.paper The {name}" if len(name) > 1 else "/apply channel named.paper " + name
            ),
            ErrorCode.BAD_NAME,
        )
        await refused(wire.ask(rq.OpenChannel, name=name, **public), ErrorCode.BAD_NAME)
    await refused(wire.ask(rq.OpenChannel, **public), ErrorCode.BAD_NAME)
    for handle in ("admin", "the-4dmin", "folkmoot"):
        await refused(open_public(wire, handle), ErrorCode.BAD_NAME, rule="reserved_names")
    code = await open_public(wire, "named.paper")
    for name in ("x" * 257, "turned \u202e round"):
        await refused(wire.run(f"/apply badge {code} {name}"), ErrorCode.BAD_NAME)


async def test_one_subject_opens_one_however_many_try_at_once(root: Wire, sign_in: SignIn) -> None:
    editors = [await sign_in(), await sign_in()]
    await verify(root, editors[0], person(1))
    await editors[1].run(f"/verify person {person(1)}")
    same = {"same_person": True}
    await admin(root, "identity approve", editors[1].user, reason="two accounts of one person", options=same)
    tries = [open_public(editors[number % 2], f"many{number}.news") for number in range(50)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    codes = [one for one in outcomes if isinstance(one, str)]
    assert len(codes) == 1
    for one in outcomes:
        if isinstance(one, Refused):
            assert (one.code, one.detail["have"], one.detail["limit"]) == ("channel_quota", 1, 1)
    shown = (await admin(root, "channel show", codes[0])).items[0]
    assert {shown["owner"], *shown["subject_accounts"]} == {wire.user for wire in editors}
    # Staff grants more, to the person and not to the account.
    case = (await editors[0].run("/apply quota 2 a second paper")).data["case"]
    assert (await admin(root, "application show", case)).items[0]["text"] == "a second paper"
    await admin(root, "application approve", case, reason="two papers")
    await open_public(editors[1], "second.paper")
    await refused(open_public(editors[1], "third.paper"), ErrorCode.CHANNEL_QUOTA, have=2, limit=2)


async def test_nobody_takes_over_more_than_they_may_open(root: Wire, sign_in: SignIn) -> None:
    owner, heir = await sign_in(), await sign_in()
    code = await opened(root, owner, "handed.news")
    own = await open_public(heir, "own.paper")
    await owner.run(f"/invite @{heir.user}", code)
    await heir.run(f"/join {code}")
    await owner.run(f"/transfer @{heir.user}", code)
    await refused(heir.run("/transfer accept", code), ErrorCode.CHANNEL_QUOTA, have=1, limit=1)
    await heir.run(f"/dissolve {own}", own)
    await heir.run("/transfer accept", code)


async def test_nobody_takes_over_two_at_once_of_which_they_may_have_one(root: Wire, sign_in: SignIn) -> None:
    heir, codes = await sign_in(), list[str]()
    for number in range(4):
        owner = await sign_in()
        codes.append(await opened(root, owner, f"handed{number}.paper"))
        await owner.run(f"/invite @{heir.user}", codes[-1])
        await heir.run(f"/join {codes[-1]}")
        await owner.run(f"/transfer @{heir.user}", codes[-1])
    tries = [heir.run("/transfer accept", code) for code in codes]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    refusals = [one for one in outcomes if isinstance(one, Refused)]
    assert len(refusals) == 3, outcomes
    assert {(one.code, one.detail["have"], one.detail["limit"]) for one in refusals} == {("channel_quota", 1, 1)}
    owners = [(await admin(root, "channel show", code)).items[0]["owner"] for code in codes]
    assert owners.count(heir.user) == 1


async def test_nobody_succeeds_to_more_than_they_may_open(root: Wire, sign_in: SignIn) -> None:
    owner, full, free = [await sign_in() for _ in range(3)]
    code = await opened(root, owner, "orphaned.paper")
    await open_public(full, "full.paper")
    for one in (full, free):
        await owner.run(f"/invite @{one.user}", code)
        await one.run(f"/join {code}")
        await owner.run(f"/promote @{one.user} publish", code)
    await admin(root, "user suspend", owner.user, reason="fraud", options={"duration": "perm"})

    async def is_replaced() -> bool:
        return bool((await admin(root, "channel show", code)).items[0]["owner"] != owner.user)

    await until(is_replaced)
    assert (await admin(root, "channel show", code)).items[0]["owner"] == free.user


async def test_a_licensed_category_takes_the_licence_while_it_lasts(root: Wire, sign_in: SignIn) -> None:
    editor, reader = await sign_in(), await sign_in()
    code = await opened(root, editor, "licensed.news")
    await editor.post(code, "of no category")
    await reader.ask(rq.Follow, group=code)
    news = {"category": "news", "needed": "publish"}
    before = len((await reader.ask(rq.GetPosts, group=code)).posts)
    await refused(editor.post(code, "an event", category="news"), ErrorCode.LICENCE_REQUIRED, **news)
    await refused(editor.post(code, "a bulletin, of no category it says"), ErrorCode.LICENCE_REQUIRED, **news)
    assert len((await reader.ask(rq.GetPosts, group=code)).posts) == before
    case = (await editor.run(f"/apply licence {code} news relay 10120170001")).data["case"]
    await admin(root, "application approve", case, reason="seen")
    await refused(editor.post(code, "an event", category="news"), ErrorCode.LICENCE_REQUIRED, **news)
    applied: rs.ReportResult = await editor.ask(
        rq.Apply, what="licence", group=code, name="10120170002", category="news", scope="publish"
    )
    await admin(root, "application approve", applied.case, reason="seen", options={"duration": "3s"})
    seq = await editor.post(code, "an event", category="news")
    post = (await reader.ask(rq.GetThread, group=code, seq=seq)).post
    assert post.from_.tags == ("General", "10120170002")
    assert post.data == {"category": "news"}
    # It ends by itself: that is told, and then it is nowhere.
    told = await editor.event(ev.CaseEvent, state="credential_ended")
    await refused(editor.post(code, "another", category="news"), ErrorCode.LICENCE_REQUIRED, **news)
    await refused(editor.ask(rq.Edit, group=code, seq=seq, body="another"), ErrorCode.LICENCE_REQUIRED, **news)
    assert [one.kind for one in (await reader.ask(rq.GetChannel, group=code)).channel.labels] == ["label"]
    assert (await reader.ask(rq.GetThread, group=code, seq=seq)).post.from_.tags == ("General",)
    assert told.notice and told.notice.data["credential"] == "10120170002"


async def test_what_was_held_is_not_let_through_past_a_measure_or_a_licence_that_ended(
    root: Wire, sign_in: SignIn
) -> None:
    owner, reader = await sign_in(), await sign_in()
    code = await opened(root, owner, "careful.paper")
    editor = await sign_in()
    await owner.run(f"/invite @{editor.user}", code)
    await editor.run(f"/join {code}")
    await owner.run(f"/promote @{editor.user} publish", code)
    post = await owner.post(code, "What do you think?")
    await owner.run("/comments approval", code)
    await admin(root, "feature assess", reason="done", options={"feature": "comments", "sha256": "ab" * 32})
    await refused(reader.ask(rq.Post, group=code, body="Well.", thread=post), ErrorCode.CONTENT_HELD)
    await owner.run("/word add hold scoop", code)
    await owner.run(f"/apply licence {code} news publish 4711")
    await admin(root, "application approve", await case_of(root, owner, "licence"), reason="in order")
    held = {"group": code, "body": "A scoop", "category": "news"}
    await refused(editor.ask(rq.Post, **held), ErrorCode.CONTENT_HELD)
    waiting = {one["user"]: one["number"] for one in (await owner.run("/queue", code)).data["items"]}
    await admin(root, "credential revoke", code, reason="ended", options={"kind": "licence"})
    limit = {"measure": "comments", "duration": "2h"}
    await admin(root, "sanction create", code, reason="a quarrel", options=limit)
    await refused(owner.run(f"/queue approve {waiting[reader.user]}", code), ErrorCode.FUNCTION_LIMITED)
    await refused(owner.run(f"/queue approve {waiting[editor.user]}", code), ErrorCode.LICENCE_REQUIRED)
    await admin(root, "feature stop", reason="once more", options={"feature": "comments"})


async def test_a_badge_takes_documents_and_goes_with_the_identity(root: Wire, sign_in: SignIn) -> None:
    editor, other = await sign_in(), await sign_in()
    await admin(root, "role create", other.user, options={"role": "superadmin"}, reason="helps")
    await verify(root, editor, person(2))
    code = await opened(root, editor, "badge.news")
    asked = await editor.run("/apply badge")
    assert asked.data["documents"] == ["identity", "authorisation"]
    badge = {"what": "badge", "group": code, "name": "The Daily News"}
    proof = Document(kind="authorisation", number="7")
    await refused(editor.ask(rq.Apply, **badge, documents=(proof,)), ErrorCode.BAD_REQUEST, missing=["identity"])
    wrong = Document(kind="identity", number=person(3))
    mismatch = editor.ask(rq.Apply, **badge, documents=(wrong, proof))
    await refused(mismatch, ErrorCode.CONFLICT, rule="badge.mismatch")
    line = f"/apply badge @badge.news The Daily News identity={person(2)} authorisation=7"
    case = (await editor.run(line)).data["case"]
    shown = (await admin(root, "application show", case)).items[0]
    assert [one["kind"] for one in shown["documents"]] == ["identity", "authorisation"]
    await admin(root, "application approve", case, reason="seen")
    labels = (await other.ask(rq.GetChannel, group=code)).channel.labels
    assert [(one.kind, one.name) for one in labels] == [("label", "General"), ("badge", "The Daily News")]
    # The same number again changes nothing; another one is somebody else.
    await verify(root, editor, person(2))
    assert len((await editor.run("/credentials", code)).data["items"]) == 2
    await verify(root, editor, person(4))
    labels = (await other.ask(rq.GetChannel, group=code)).channel.labels
    assert [one.kind for one in labels] == ["label"]
    told = next(one for one in (await editor.ask(rq.GetNotices)).notices if one.kind == "credential_revoked")
    assert told.data["credential"] == "The Daily News"
    appeal = (await editor.run(f"/appeal {told.case} my number was corrected")).data["case"]
    await admin(other, "appeal approve", appeal, reason="so it was")
    labels = (await other.ask(rq.GetChannel, group=code)).channel.labels
    assert [one.kind for one in labels] == ["label", "badge"]
    options = {"kind": "badge"}
    await admin(root, "credential revoke", code, reason="given back", options=options)
    await refused(admin(root, "credential revoke", code, reason="twice", options=options), ErrorCode.CONFLICT)


async def test_a_function_rests_until_its_assessment_is_on_record(root: Wire, sign_in: SignIn) -> None:
    writer = await sign_in()
    seq = await writer.post(f"@{writer.user}", "first")
    comment: dict[str, Any] = {"group": f"@{writer.user}", "body": "a comment", "thread": seq}
    off = {"feature": "comments", "rule": "features.assessed"}
    await refused(writer.ask(rq.Post, **comment), ErrorCode.FEATURE_OFF, **off)
    options: dict[str, Any] = {"feature": "comments", "sha256": "AB" * 32}
    await refused(admin(writer, "feature assess", reason="mine", options=options), ErrorCode.FORBIDDEN)
    await admin(root, "feature assess", reason="looked at", options=options, dry_run=True)
    await refused(writer.ask(rq.Post, **comment), ErrorCode.FEATURE_OFF, **off)
    await admin(root, "feature assess", reason="looked at", options=options)
    await writer.ask(rq.Post, **comment)
    listed = {one["feature"]: one for one in (await admin(root, "feature list")).items}
    told = listed["comments"]
    assert (told["state"], told["by"], told["sha256"]) == ("assessed", "root", "ab" * 32)
    assert told["at_ts"]
    assert (listed["channels"]["state"], listed["reposts"]["state"]) == ("on", "off")
    await admin(root, "feature stop", reason="a new risk", options={"feature": "comments"})
    await refused(writer.ask(rq.Post, **comment), ErrorCode.FEATURE_OFF, **off)
