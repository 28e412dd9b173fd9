"""Every measure of the platform, from the act to the end of the appeal, through a real server.

The scenario is made from the table (`folkmoot_governance.measures`): a new row is played as soon as it is there, and
fails where it lacks a notice, an appeal or a way back.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from folkmoot_governance.case.effects import DONE, Effect
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.measures import MEASURES, Row, row_for
from folkmoot_governance.measures_table import UNDONE
from folkmoot_governance.restrictions import Measure, Power, Subject
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Repost
from folkmoot_server.common.i18n import translator
from tests.builders.measuring import GRADES, LINES, Hit, asked_for, is_shut_out
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.wire import Refused, Wire, refused

REASON = "seen in ten groups"
LANGUAGES = ("en", "zh-CN")
GOVERNED = (
    *(
        "accounts",
        "groups",
        "members",
        "bans",
        "mutes",
        "warnings",
        "pins",
        "refutations",
        "join_requests",
        "join_waits",
    ),
    *("invitations", "invite_codes", "reviews", "words", "redactions", "kept"),
)
COUNTED = {"version", "credit_ts"}
"""What counts acts, or says when the last one was, is never as before."""


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two administrators: who takes a measure does not decide on the appeal against it."""
    place = tmp_path_factory.mktemp("measures")
    limits = {f"limits__{name}": 0 for name in ("sign_ins_per_minute", "acts_per_minute", "connections_per_address")}
    with serving(place, admin="root", **limits, **GRADES) as server:
        assert server.terminate() == 0
        made = server.run("init", "--user", "judge", input=f"{PASSWORD}\n")
        assert made.returncode == 0, made.stderr
        server.start()
        yield server
        assert server.terminate() == 0
        checked = server.run("db", "verify")
        assert checked.returncode == 0, checked.stdout + checked.stderr


async def login(server: Server, user: str) -> Wire:
    wire = await Wire.open(server.url)
    try:
        wire.session = await wire.ask(rq.Login, user=user, password=PASSWORD)
    except BaseException:
        await wire.close()
        raise
    return wire


async def admin(wire: Wire, noun: str, verb: str, target: str | None = None, **fields: Any) -> rs.AdminResult:
    result: rs.AdminResult = await wire.ask(rq.Admin, noun=noun, verb=verb, target=target, **fields)
    return result


class Scene:
    """`sam` owns the group `code`, in which an entry of sam's is pinned, and knows another group, `elsewhere`.

    Whatever a measure is against, sam is whom it hits: as account, as owner, as author.
    """

    def __init__(self, server: Server, sam: Wire, friend: Wire, root: Wire, judge: Wire) -> None:
        self.server = server
        self.sam = sam
        self.friend = friend
        self.root = root
        self.judge = judge
        self.user = sam.user
        self.code = self.elsewhere = self.case = self.act = ""
        self.seq = 0

    async def prepare(self, row: Row, language: str) -> None:
        self.code, self.elsewhere = await self.sam.create("Sam's"), await self.friend.create("Elsewhere")
        if row.of_channels or row.measure is Measure.REVOKE:
            await self.sam.post(f"@{self.user}", "Welcome")
            self.code = (await self.sam.ask(rq.GetChannel, group=f"@{self.user}")).channel.id
        self.seq = await self.sam.post(self.code, "buy this")
        await self.sam.run(f"/pin {self.seq}", self.code)
        if row.measure is Measure.REVOKE:
            asked = await self.sam.ask(rq.Apply, what="badge", group=self.code, name="Sam & Co.")
            await admin(self.root, "application", "approve", asked.case, reason="seen")
        if row.name in LINES:
            line = LINES[row.name].format(user=self.user, friend=self.friend.user)
            self.act = str((await self.sam.run(line, self.code)).data.get("case", ""))
        if row.measure is Measure.UNVERIFY:
            seen = {"reason": "seen", "options": {"identity": "person"}}
            await admin(self.judge, "user", "verify", self.user, **seen)
        if row.measure is Measure.STAFF:
            await admin(self.root, "role", "create", self.user, reason="hired", options={"role": "viewer"})
        await self.sam.run(f"/lang {language}")

    async def take(self, row: Row) -> rs.AdminResult:
        """Take a measure as staff does."""
        asked = asked_for(row, Hit(self.user, self.code, self.seq, self.act))
        return await admin(self.root, asked.noun, asked.verb, asked.target, reason=REASON, options=asked.options)

    def picture(self) -> dict[str, list[dict[str, object]]]:
        """Return all that is stored of what is governed, but for what counts acts."""
        seen = {}
        database = self.server.data / "folkmoot.sqlite3"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
            store.row_factory = sqlite3.Row
            for table in GOVERNED:
                columns = {one["name"] for one in store.execute(f"PRAGMA table_info({table})")}
                by = "code" if "code" in columns else "user"
                query = f"SELECT * FROM {table} WHERE {by} = ?"
                rows = store.execute(query, (self.code if by == "code" else self.user,))
                seen[table] = [{name: one[name] for name in columns - COUNTED} for one in rows]
        return seen


async def post(scene: Scene, sam: Wire) -> object:
    return await sam.post(scene.code, "hello")


async def join(scene: Scene, sam: Wire) -> object:
    return await sam.run(f"/join {scene.elsewhere}")


async def join_here(scene: Scene, sam: Wire) -> object:
    return await scene.friend.run(f"/join {scene.code}")


async def comment(scene: Scene, sam: Wire) -> object:
    return await scene.friend.post(scene.code, "hello", thread=scene.seq)


async def repost(scene: Scene, sam: Wire) -> object:
    return await sam.post(scene.code, "", repost=Repost(scene.code, scene.seq))


async def follow(scene: Scene, sam: Wire) -> object:
    await scene.friend.ask(rq.Unfollow, group=scene.code)
    return await scene.friend.ask(rq.Follow, group=scene.code)


async def register(scene: Scene, sam: Wire) -> object:
    return await sam.run("/verify organisation 91350100M000100Y43 sure")


async def create(scene: Scene, sam: Wire) -> object:
    return await sam.create("Another")


async def manage(scene: Scene, sam: Wire) -> object:
    return await sam.run("/slow 2s", scene.code)


Probe = Callable[[Scene, Wire], Awaitable[object]]
PROBES: dict[Subject, dict[Power, Probe]] = {
    Subject.ACCOUNT: {
        Power.POST: post,
        Power.JOIN: join,
        Power.CREATE: create,
        Power.MANAGE: manage,
        Power.REGISTER: register,
    },
    Subject.GROUP: {Power.POST: post, Power.JOIN: join_here, Power.MANAGE: manage},
    Subject.ENTRY: {},
    Subject.TEXT: {},
}
OF_CHANNELS: dict[Power, Probe] = {
    Power.PUBLISH: post,
    Power.COMMENT: comment,
    Power.REPOST: repost,
    Power.FOLLOW: follow,
}
"""How one sees whether a power is there. Signing in is seen by signing in."""


async def work(scene: Scene, sam: Wire) -> object:
    return await admin(sam, "role", "list")


def probes_of(row: Row) -> dict[Power, Probe]:
    """Return the probes of a measure's subject; who has a role on the platform has one more to lose."""
    if row.of_channels or row.measure is Measure.REVOKE:
        return OF_CHANNELS
    return PROBES[row.subject] | ({Power.WORK: work} if row.measure is Measure.STAFF else {})


STANDING = {Measure.SUSPEND: ("group_suspended",), Measure.CLOSE: ("group_closed", "not_a_member")}
"""What a group refuses with that is suspended or closed as a whole."""


@pytest.fixture
async def wires(staffed: Server) -> AsyncIterator[list[Wire]]:
    """Connections that end with the test."""
    opened: list[Wire] = []
    yield opened
    for wire in opened:
        await wire.close()


async def set_up(staffed: Server, wires: list[Wire], row: Row, name: str, language: str) -> Scene:
    for user in (f"sam.{name}", f"friend.{name}"):
        wire = await Wire.open(staffed.url)
        wires.append(wire)
        await wire.register(user[:32], PASSWORD)
    for user in ("root", "judge"):
        wires.append(await login(staffed, user))
    scene = Scene(staffed, *wires)
    await scene.prepare(row, language)
    return scene


async def told_online(scene: Scene, row: Row, language: str) -> str:
    """Expect the notice of a measure that has just been taken; return its case."""
    event = await scene.sam.event(ev.CaseEvent, state=row.notice)
    assert event.notice is not None
    check_notice(scene, row, event.case, event.text, event.notice.data, language)
    return event.case


def check_notice(scene: Scene, row: Row, case: str, text: str, data: dict[str, Any], language: str) -> None:
    """Expect that a notice says what it is, why, by which rule, about which entry, until when, and how to appeal."""
    assert text.startswith(translator(language)(row.text, data)), text
    for part in (REASON, translator(language)(REASON_NAMES["fraud"]), f"/appeal {case} …"):
        assert part in text
    assert data["appeal_until_ms"]
    assert bool(row.longest_ms or (row.measure is Measure.CLOSE and row.subject is Subject.ACCOUNT)) == (
        "until_ms" in data
    )
    if row.measure is not Measure.REFUTE:
        # The post is in the sentence there.
        assert data["entry"] == f"{scene.code}:{scene.seq}"
    assert f":{scene.seq}" in text or f"#{scene.seq}" in text
    assert (language == "zh-CN") == any("一" <= char <= "鿿" for char in text.replace(REASON, ""))
    assert "root" not in str(data) + text


async def comes_back(scene: Scene, row: Row, case: str, language: str, wires: list[Wire]) -> Wire | None:
    """Sign in later: be told again, and read it. Who is shut out is told why, and reads it by password."""
    await scene.sam.close()
    if is_shut_out(row):
        async with await Wire.open(scene.server.url) as sam:
            who = {"user": scene.user, "password": PASSWORD}
            await refused(sam.ask(rq.Login, **who), "account_suspended", case=case, reason=REASON)
            found: rs.NoticesResult = await sam.ask(rq.GetNotices, **who)
        notice = next(one for one in found.notices if one.kind == row.notice)
        check_notice(scene, row, notice.case, notice.text, notice.data, language)
        return None
    sam = await login(scene.server, scene.user)
    wires.append(sam)
    event = await sam.event(ev.CaseEvent, state=row.notice)
    assert event.notice is not None
    check_notice(scene, row, event.case, event.text, event.notice.data, language)
    return sam


async def appeal(scene: Scene, case: str, sam: Wire | None) -> str:
    if sam is not None:
        return str((await sam.run(f"/appeal {case} it was a quotation")).data["case"])
    async with await Wire.open(scene.server.url) as wire:
        fields = {"user": scene.user, "password": PASSWORD, "text": "it was a quotation"}
        opened: rs.ReportResult = await wire.ask(rq.Appeal, **fields)
        return opened.case


async def is_stopped(scene: Scene, row: Row, sam: Wire | None) -> None:
    """Expect that the measure stops all that its row says, each with a reason that one can look up."""
    for power in row.stops - {Power.SIGN_IN} if sam is not None else ():
        probe = probes_of(row)[power]
        with pytest.raises(Refused) as raised:
            await probe(scene, sam)
        refusal = raised.value
        assert refusal.code in ((row.code,) if row.refused else STANDING[row.measure])
        if row.refused:
            assert refusal.detail["case"]
            assert refusal.detail["until_ms"]


async def play(scene: Scene, row: Row, language: str, wires: list[Wire]) -> tuple[str, Wire | None]:
    """Take a measure, let it be heard now and later, and appealed against; return the appeal."""
    assert (await scene.take(row)).changed
    case = scene.case = await told_online(scene, row, language)
    (filing,) = (await admin(scene.root, "filing", "show", case)).items
    assert (filing["state"], filing["measure"]) == ("draft", row.name)
    assert filing["statement"]["decision_facts"] == REASON
    assert scene.user not in str(filing["statement"])
    sam = await comes_back(scene, row, case, language, wires)
    await is_stopped(scene, row, sam)
    if sam is not None:
        found = await sam.run("/sanctions")
        listed = [*found.data["items"], *found.data.get("credit", ())]
        assert case in [one["case"] for one in listed]
        assert case in found.text and REASON in found.text
    number = await appeal(scene, case, sam)
    await refused(admin(scene.root, "appeal", "approve", number, reason="so there"), "forbidden")
    return number, sam


@pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.name)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_overturned_measure_leaves_nothing(
    staffed: Server, wires: list[Wire], row: Row, language: str
) -> None:
    scene = await set_up(staffed, wires, row, f"{row.name}.{language[:2]}", language)
    before = scene.picture()
    number, sam = await play(scene, row, language, wires)
    assert scene.picture() != before
    await admin(scene.judge, "appeal", "approve", number, reason="it was")
    (correction,) = (await admin(scene.root, "filing", "show", f"c-{scene.case}")).items
    assert (correction["corrects"], correction["measure"], correction["state"]) == (scene.case, row.name, "draft")
    assert correction["statement"]["overturned_explanation"] == "it was"
    assert scene.user not in str(correction["statement"])
    if sam is None:
        sam = await login(staffed, scene.user)
        wires.append(sam)
    told = await sam.event(ev.CaseEvent, state="overturned")
    expected = DONE[UNDONE.get(row.name, Effect.LIFTED)]
    assert told.text.startswith(translator(language)(expected, {"case": number}))
    assert scene.picture() == before
    assert not (await sam.run("/sanctions")).data["items"]
    for probe in probes_of(row).values():
        await probe(scene, sam)


@pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.name)
async def test_a_confirmed_measure_stays_as_it_was(staffed: Server, wires: list[Wire], row: Row) -> None:
    scene = await set_up(staffed, wires, row, f"{row.name}.stays", "en")
    number, sam = await play(scene, row, "en", wires)
    during = scene.picture()
    await admin(scene.judge, "appeal", "reject", number, reason="it was not")
    await refused(admin(scene.root, "filing", "show", f"c-{scene.case}"), "no_such_entry")
    if row.measure is Measure.CLOSE:
        # It is final: what was kept for the appeal is let go, the account erased.
        assert scene.picture()["kept"] == []
        if row.subject is Subject.ACCOUNT:
            assert scene.picture()["accounts"][0]["closed_ts"]
            return
    else:
        assert scene.picture() == during
    if sam is not None:
        assert (await sam.event(ev.CaseEvent, state="confirmed")).case == number
    await is_stopped(scene, row, sam)


async def test_a_function_is_taken_alone_and_comes_back_by_itself(staffed: Server, wires: list[Wire]) -> None:
    """W10.2, P12: while comments are off posts go on, and the end that was set is the end."""
    row = row_for(Subject.GROUP, Measure.COMMENTS)
    assert row is not None
    scene = await set_up(staffed, wires, row, "for.a.moment", "en")
    asked = asked_for(row, Hit(scene.user, scene.code, scene.seq), duration="2s")
    await admin(scene.root, asked.noun, asked.verb, asked.target, reason=REASON, options=asked.options)
    limited = await refused(comment(scene, scene.sam), "function_limited", reason=REASON)
    await post(scene, scene.sam)
    await follow(scene, scene.sam)
    told = await scene.sam.event(ev.CaseEvent, state="comments_allowed")
    assert told.notice is not None and told.notice.ts < limited.detail["until_ms"] + 2_000
    await comment(scene, scene.sam)
    group = await scene.friend.create("No channel")
    entry = {"measure": "comments", "duration": "2h"}
    await refused(admin(scene.root, "sanction", "create", group, reason=REASON, options=entry), "bad_request")
