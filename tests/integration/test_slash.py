"""Every slash command over the wire: as a `command`, as a post, and under its other names."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import Struct

from folkmoot_governance import Permission
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.notices import TELLINGS
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Entry
from folkmoot_server.slash.guide import SECTIONS
from folkmoot_server.slash.registry import COMMANDS
from tests.integration.cast import Cast
from tests.integration.wire import refused

PUBLIC = {kind.__struct_config__.tag: telling.public for kind, telling in TELLINGS.items()}


class Case(Struct, frozen=True):
    """One use of a command: who types it after what, and what must be in the `data` of the answer.

    `data` without an `event` is that of a command which changes nothing.
    """

    name: str
    line: str
    who: str = "ann"
    before: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, object] = {}


MUTED = (("ann", "/mute @{bob} 10m noise"),)
BANNED = (("ann", "/ban @{bob} 1h spam"),)
ASKED = (("ann", "/joinmode approval"), ("dave", "/join {code}"))

ABOUT_CHANNELS = {"editors", "follow", "unfollow", "repost", "comments", "credentials"}
"""Commands that are for channels: see `test_comments`."""

CASES = (
    Case("help", "/help mute", data={"name": "mute"}),
    Case("create", "/create Second group general", "bob", data={"event": "created", "category": "general"}),
    Case("info", "/info"),
    Case("id", "/id", data={"group": "{code}"}),
    Case("rules", "/rules", data={"url": "/rules"}),
    Case("members", "/members owner", "bob", data={"total": 1, "members": [{"user": "{ann}", "role": "owner"}]}),
    Case("admins", "/admins", "bob", data={"admins": [{"user": "{ann}", "role": "owner"}]}),
    Case("whois", "/whois @{bob}", data={"role": "member"}),
    Case("join", "/join {shown}", "dave", data={"event": "joined", "user": "{dave}", "undo": "/leave {code}"}),
    Case("leave", "/leave", "bob", data={"event": "left", "user": "{bob}"}),
    Case("invite", "/invite @{dave}", "bob", data={"event": "invited", "user": "{dave}"}),
    Case("nick", "/nick Bobby Tables", "bob", data={"nick": "Bobby Tables"}),
    Case("notify", "/notify mentions", "bob", data={"notify": "mentions"}),
    Case("ignore", "/ignore @{bob}", "carol", data={"user": "{bob}", "ignored": True}),
    Case("me", "/me waves", "bob"),
    Case("search", "/search first WORDS", "bob", before=(("bob", "/me first words"),), data={"before": None}),
    Case("uptime", "/uptime", "bob"),
    Case("limits", "/limits", "bob", data={"members": {"current": 6, "limit": 500}}),
    Case("report", "/report {seq} fraud it is", "carol", data={"kind": "report", "state": "open", "reason": "fraud"}),
    Case("cases", "/cases", "dave", data={"items": []}),
    Case("proof", "/proof {code}-7", "bob", before=MUTED, data={"case": "{code}-7"}),
    Case("appeal", "/appeal {code}-7 not me", "bob", before=MUTED, data={"kind": "appeal", "state": "open"}),
    Case(
        "mediate", "/mediate @{ann} about that mute", "bob", data={"state": "open", "user": "{ann}", "group": "{code}"}
    ),
    Case("counter", "/counter", "bob", data={"items": []}),
    Case("apply", "/apply badge", "bob", data={"kind": "badge", "documents": [], "categories": []}),
    Case("credit", "/credit", "bob", data={"score": 100, "level": "standard", "items": []}),
    Case("notices", "/notices", "dave", data={"items": []}),
    Case("sanctions", "/sanctions", "dave", data={"items": []}),
    Case("verify", "/verify", "dave", data={"identity": "person", "asked": None}),
    Case("account", "/account close {dave}", "dave", data={"closed": "{dave}"}),
    Case("mydata", "/mydata", "dave", data={"mydata": "{dave}", "part": "account", "next": "acts:"}),
    Case("sessions", "/sessions", "dave"),
    Case("signins", "/signins", "dave"),
    Case("lang", "/lang zh-CN", "dave", data={"language": "zh-CN"}),
    Case("kick", "/kick @{bob} enough", data={"event": "kicked", "user": "{bob}", "reason": "enough"}),
    Case("ban", "/ban @{bob} no more", data={"event": "banned", "until_ms": FOREVER_MS, "reason": "no more"}),
    Case("bot", "/bot add robo-{code}", data={"event": "joined", "giver": "{ann}", "undo": "/bot remove robo-{code}"}),
    Case("webhook", "/webhook in hook-{code}", data={"event": "joined", "giver": "{ann}"}),
    Case("unban", "/unban @{bob}", before=BANNED, data={"event": "unbanned"}),
    Case("bans", "/bans", before=BANNED),
    Case("mute", "/mute @{bob} 10m noise", data={"event": "muted", "user": "{bob}", "undo": "/unmute @{bob}"}),
    Case("unmute", "/unmute @{bob}", before=MUTED, data={"event": "unmuted"}),
    Case("mutes", "/mutes", before=MUTED),
    Case(
        "warn", "/warn @{bob} rude", data={"event": "warned", "user": "{bob}", "count": 1, "undo": "/unwarn @{bob} 7"}
    ),
    Case("warns", "/warns", "carol", data={"items": []}),
    Case("unwarn", "/unwarn @{bob}", before=(("ann", "/warn @{bob}"),), data={"event": "unwarned", "user": "{bob}"}),
    Case("ladder", "/ladder 2 kick, 4 ban", data={"event": "ladder_changed", "ladder": "2 kick, 4 ban perm"}),
    Case("note", "/note @{bob} seen before", data={"event": "note_written", "user": "{bob}"}),
    Case("delete", "/delete {seq} rude", data={"event": "deleted", "user": "{bob}", "reason": "rude"}),
    Case("purge", "/purge @{bob} 1h confirm {seq}", data={"event": "purged", "count": 1}),
    Case("edit", "/edit {seq} something else", "bob"),
    Case("react", "/react {seq} 👍", "carol"),
    Case("pin", "/pin {seq}", data={"event": "pinned", "user": "{bob}"}),
    Case("unpin", "/unpin {seq}", before=(("ann", "/pin {seq}"),), data={"event": "unpinned"}),
    Case("pins", "/pins", "bob", before=(("ann", "/pin {seq}"),)),
    Case("links", "/links nomedia", data={"event": "links_changed", "links": "nomedia"}),
    Case("slow", "/slow 30s", data={"event": "slow_mode", "slow_ms": 30_000}),
    Case("lock", "/lock perm", data={"event": "locked", "until_ms": FOREVER_MS, "undo": "/unlock"}),
    Case("unlock", "/unlock", before=(("ann", "/lock 1h"),), data={"event": "unlocked"}),
    Case("topic", "/topic Tea", data={"event": "topic_changed", "topic": "Tea"}),
    Case("queue", "/queue", data={"items": []}),
    Case("requests", "/requests", before=ASKED),
    Case("approve", "/approve all", before=ASKED, data={"event": "joined", "user": "{dave}"}),
    Case("deny", "/deny @{dave} not now", before=ASKED, data={"event": "join_request_ended"}),
    Case("invites", "/invites", before=(("ann", "/invite @{dave}"),)),
    Case("uninvite", "/uninvite @{dave}", before=(("ann", "/invite @{dave}"),), data={"event": "invitation_revoked"}),
    Case("antiraid", "/antiraid on 10m", data={"event": "antiraid_on", "undo": "/antiraid off"}),
    Case("log", "/log @{bob} muted 1h", before=MUTED),
    Case("duty", "/duty", before=ASKED),
    Case("promote", "/promote @{bob} mute,delete", data={"event": "promoted", "permissions": ["delete", "mute"]}),
    Case("demote", "/demote @{bob}", before=(("ann", "/promote @{bob}"),), data={"event": "demoted"}),
    Case(
        "rights",
        "/rights @{bob} -mute",
        before=(("ann", "/promote @{bob} mute kick"),),
        data={"event": "rights_changed", "permissions": ["kick"]},
    ),
    Case("tag", "/tag @{bob} Tea maker", data={"event": "tagged", "tag": "Tea maker"}),
    Case("transfer", "/transfer @{bob}", data={"event": "transfer_offered", "undo": "/transfer cancel"}),
    Case("heir", "/heir @{bob}", data={"event": "heir_named", "user": "{bob}", "undo": "/heir off"}),
    Case("rename", "/rename Tea room", data={"event": "renamed", "name": "Tea room"}),
    Case("category", "/category general"),
    Case("joinmode", "/joinmode invite", data={"event": "join_mode_changed", "join_mode": "invite"}),
    Case("question", "/question Two and two? = 4 | four", data={"event": "question_set", "question": "Two and two?"}),
    Case("limit", "/limit 20", data={"event": "limit_changed", "limit": 20}),
    Case("word", "/word add hold some word", data={"event": "word_added", "undo": "/word del some word"}),
    Case(
        "setrules", "/setrules Be kind.", data={"event": "rules_changed", "rules": "Be kind.", "undo": "/setrules off"}
    ),
    Case("announce", "/announce Tea at five.", data={"event": "announcement_set", "undo": "/announce off"}),
    Case("infopage", "/infopage off", data={"event": "info_page_changed", "shown": "off"}),
    Case("export", "/export", data={"export": "{code}"}),
    Case("rectify", "/rectify", data={"open": False}),
    Case("dissolve", "/dissolve {shown}", data={"event": "dissolved"}),
)


def test_there_is_a_case_for_every_command() -> None:
    assert [case.name for case in CASES] == [row.name for row in COMMANDS if row.name not in ABOUT_CHANNELS]


def ways(case: Case) -> list[tuple[str, str]]:
    """Return (way, line) for each way of giving the command: its name both ways, then each of its other names."""
    row = next(row for row in COMMANDS if row.name == case.name)
    found = [("command", case.line), ("post", case.line)]
    for alias in row.aliases:
        found.append(("post", case.line.replace(f"/{case.name}", f"/{alias}", 1)))
    return found


def filled(cast: Cast, value: Any) -> Any:
    """Return expected data with names in it."""
    if isinstance(value, list):
        return [filled(cast, one) for one in value]
    if isinstance(value, dict):
        return {key: filled(cast, one) for key, one in value.items()}
    return cast.fill(value) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("case", "way", "line"),
    [pytest.param(case, way, line, id=f"{way}: {line}") for case in CASES for way, line in ways(case)],
)
async def test_command(cast: Cast, case: Case, way: str, line: str) -> None:
    await cast.says("bob", "something")
    for who, words in case.before:
        await cast.does(who, words)
    since = len(cast.carol.log)
    answer = await cast.does(case.who, line, way)
    expected = filled(cast, dict(case.data))
    assert {key: answer.data.get(key) for key in expected} == expected
    assert answer.text or case.name == "me"
    if "event" not in expected:
        return
    group = answer.data.get("code") if case.name == "create" else cast.code
    assert answer.data["case"].startswith(f"{group}-")
    assert answer.data["case"] in answer.text
    if case.name != "create":
        await check_notice(cast, case, answer.data, since)


async def check_notice(cast: Cast, case: Case, data: dict[str, Any], since: int) -> None:
    """A bystander reads a notice of the act, the same data in it; of what is not public, nothing."""
    event = data["event"]
    if PUBLIC[event]:
        await cast.carol.until(lambda: bool(told_of(cast, event, since)))
        (notice,) = told_of(cast, event, since)
        kinds = {"deleted": "redaction", "purged": "redaction", "announcement_set": "announcement"}
        assert notice.kind == kinds.get(event, "notice")
        assert notice.from_.user == getattr(cast, case.who).user
        assert notice.data == {key: value for key, value in data.items() if key not in ("undo", "help", "token", "url")}
    else:
        await cast.carol.seen(cast.code, await cast.says("ann", "and on"))
        assert told_of(cast, event, since) == []


def told_of(cast: Cast, event: str, since: int) -> list[Entry]:
    """Return the notices of an event that carol has heard."""
    heard = [frame.entry for frame in cast.carol.log[since:] if isinstance(frame, ev.EntryEvent)]
    return [entry for entry in heard if entry.data and entry.data.get("event") == event]


async def test_an_action_is_an_entry_of_its_own_kind(cast: Cast) -> None:
    answer = await cast.does("bob", "/me waves", "post")
    entry = (await cast.ann.seen(cast.code, answer.data["seq"]))[-1]
    assert (entry.kind, entry.body, entry.from_.user) == ("action", "waves", cast.bob.user)
    first = await cast.bob.ask(rq.Post, group=cast.code, body="/me waves", nonce="w")
    again = await cast.bob.ask(rq.Post, group=cast.code, body="/me waves", nonce="w")
    assert first.command.data == again.command.data


async def test_two_slashes_post_a_text_that_begins_with_one(cast: Cast) -> None:
    seq = await cast.says("bob", "//help is a command")
    assert (await cast.ann.seen(cast.code, seq))[-1].body == "/help is a command"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("/dance", "unknown_command"),
        ("/mutee @{bob}", "unknown_command"),
        ("／dance", "unknown_command"),
        (" /dance", "unknown_command"),
        ("/ban @{bob} spam for 7d", "bad_syntax"),
        ("/ban @{bob} 2 weeks of it", "bad_syntax"),
        ("/ban @{bob} @{carol} 7d", "bad_syntax"),
        ("/kick @{bob} 7d", "bad_syntax"),
        ("/kick @{bob} ＠{carol}", "bad_syntax"),
        ("/warn @{bob} 三天", "bad_syntax"),
        ("/delete 1 2 3", "bad_syntax"),
        ("/mute @{bob} until 2020-01-01T00:00:00.000Z", "bad_request"),
        ("/help dance", "unknown_command"),
        ("/kick", "bad_syntax"),
        ("/info now", "bad_syntax"),
        ("/mute @{bob}", "bad_syntax"),
        ("/mute @{bob} 10", "bad_syntax"),
        ("/ban @{bob} 10 spam", "bad_syntax"),
        ("/slow soon", "bad_syntax"),
        ("/delete first", "bad_syntax"),
        ("/members kings", "bad_syntax"),
        ("/joinmode question", "conflict"),
        ("/log chess", "bad_syntax"),
        ("/log 7", "bad_syntax"),
        ("/log before noon", "bad_syntax"),
        ("/export noon", "bad_syntax"),
        ("/infopage maybe", "bad_syntax"),
        ("/promote @{bob} fly", "bad_syntax"),
        ("/rights @{bob} +fly", "bad_syntax"),
        ("/limit many", "bad_syntax"),
        ("/unwarn @{bob} first", "bad_syntax"),
        ("/unwarn @{bob}", "conflict"),
        ("/ladder 3 mute 10", "bad_syntax"),
        ("/purge @{bob} 10", "bad_syntax"),
        ("/purge 5 1h confirm", "bad_syntax"),
        ("/purge @{bob}", "no_such_entry"),
        ("/pin 1", "forbidden"),
        ("/unpin 1", "conflict"),
        ("/links some", "bad_syntax"),
        ("/delete 999", "no_such_entry"),
        ("/delete 1", "forbidden"),
        ("/kick @nobody.here", "no_such_user"),
        ("/kick @{dave}", "no_such_user"),
        ("/whois @nobody.here", "no_such_user"),
        ("/join 1234", "no_such_group"),
        ("/unban @{bob}", "conflict"),
        ("/unmute @{bob}", "conflict"),
        ("/unlock", "conflict"),
        ("/transfer cancel", "conflict"),
        ("/demote @{bob}", "conflict"),
        ("/limit 1", "bad_request"),
        ("/limit 20001", "bad_request"),
        ("/slow 7h", "bad_request"),
        ("/category chess", "bad_request"),
        ("/rename \u202eevil", "bad_name"),
        ("/setrules Be \u202eevil", "bad_name"),
        ("/announce Tea \u202eat five", "bad_name"),
        ("/leave", "forbidden"),
        ("/dissolve", "confirm_required"),
        ("/dissolve {elsewhere}", "confirm_required"),
        ("/approve all", "no_such_user"),
        ("/deny @{dave}", "no_such_user"),
        ("/invite @{bob}", "already_member"),
    ],
)
async def test_refusals_to_an_owner(cast: Cast, line: str, code: str) -> None:
    line = line.replace("{elsewhere}", cast.elsewhere)
    last = (await cast.ann.group(cast.code)).last_seq
    as_command = await refused(cast.does("ann", line), code)
    as_post = await refused(cast.does("ann", line, "post"), code)
    assert (as_command.message, as_command.detail) == (as_post.message, as_post.detail)
    assert (await cast.ann.group(cast.code)).last_seq == last


OWNERS_ONLY = ("/promote @{carol}", "/tag @{carol} x", "/rename x", "/joinmode closed", "/limit 9", "/dissolve {code}")
OWNERS_ONLY += ("/setrules x", "/announce x", "/infopage off", "/export")
ADMINS_ONLY = {
    "/kick @{carol}": Permission.KICK,
    "/ban @{carol}": Permission.BAN,
    "/mute @{carol} 1m": Permission.MUTE,
    "/lock perm": Permission.LOCK,
    "/slow 1m": Permission.SLOW,
    "/warn @{carol}": Permission.WARN,
    "/note @{carol}": Permission.WARN,
    "/purge 3": Permission.DELETE,
    "/pin {seq}": Permission.PIN,
    "/topic x": Permission.TOPIC,
    "/deny @{dave}": Permission.JOINS,
    "/delete {seq}": Permission.DELETE,
}


@pytest.mark.parametrize("line", OWNERS_ONLY)
async def test_an_admin_is_no_owner(cast: Cast, line: str) -> None:
    await cast.does("ann", "/promote @{bob}")
    await refused(cast.does("bob", line), "forbidden", needed="owner", role="admin")


@pytest.mark.parametrize(("line", "permission"), ADMINS_ONLY.items())
async def test_a_member_may_not_and_an_admin_only_with_the_permission(
    cast: Cast, line: str, permission: Permission
) -> None:
    await cast.says("carol", "something")
    await refused(cast.does("bob", line), "forbidden", needed="admin", role="member")
    await cast.does("ann", f"/promote @{{bob}} {'mute' if permission != 'mute' else 'kick'}")
    await refused(cast.does("bob", line), "forbidden", permission=permission.value)


@pytest.mark.parametrize("line", ["/kick", "/ban", "/mute", "/kick @{ann}", "/ban @{ann}", "/mute @{ann} 1m"])
async def test_nobody_acts_on_an_equal_or_a_superior(cast: Cast, line: str) -> None:
    line = {"/kick": "/kick @{carol}", "/ban": "/ban @{carol}", "/mute": "/mute @{carol} 1m"}.get(line, line)
    for who in ("bob", "carol"):
        await cast.does("ann", f"/promote @{{{who}}}")
    await refused(cast.does("bob", line), "outranked")


async def test_a_reply_names_the_target(cast: Cast) -> None:
    seq = await cast.says("bob", "rubbish")
    muted = await cast.ann.ask(rq.Post, group=cast.code, body="/mute 10m rubbish", reply_to=seq)
    assert muted.command.data["user"] == cast.bob.user
    deleted = await cast.ann.ask(rq.Post, group=cast.code, body="/delete rubbish", reply_to=seq)
    assert (deleted.command.data["seq"], deleted.command.data["reason"]) == (seq, "rubbish")
    kicked = await cast.ann.ask(rq.Post, group=cast.code, body=f"/kick @{cast.carol.user}", reply_to=seq)
    assert kicked.command.data["user"] == cast.carol.user


async def test_commands_of_a_group_need_one(cast: Cast) -> None:
    assert (await cast.dave.run("/help")).data["commands"]
    for line in ("/info", "/kick @somebody", "/me waves", "/leave"):
        await refused(cast.dave.run(line), "bad_request")
    await refused(cast.dave.run("/info", cast.code), "not_a_member")
    assert (await cast.dave.run(f"/join {cast.code}")).data["event"] == "joined"


@pytest.mark.parametrize("name", ["topic", "setrules", "announce"])
async def test_a_text_is_shown_by_its_command_alone_and_taken_away_by_nothing_in_quotes(cast: Cast, name: str) -> None:
    await cast.does("ann", f"/{name} Be kind")
    for _ in range(2):
        shown = await cast.does("ann", f"/{name}")
        assert shown.text == "Be kind" and "event" not in shown.data
    assert "event" in (await cast.does("ann", f'/{name} ""')).data
    assert "Be kind" not in (await cast.does("ann", f"/{name}")).text


async def test_help_is_a_line_for_each_heading_and_tells_all_of_one_command(cast: Cast) -> None:
    assert len((await cast.does("ann", "/help")).text.splitlines()) <= len(SECTIONS) + 2
    one = (await cast.does("bob", "/help mute")).text
    for told in ("/mute @bob 10m off topic", "permission: mute", "below your own role", "Durations:", "may not use"):
        assert told in one
    assert "spam (Advertising, spam), " in (await cast.does("bob", "/help report")).text
    assert (await cast.does("ann", "/help order")).data["commands"][0] == "mute"


async def test_help_speaks_chinese_to_those_who_read_it(cast: Cast) -> None:
    await cast.does("bob", "/lang zh-CN")
    one = (await cast.does("bob", "／帮助 禁言")).text
    for told in ("/禁言 @bob 10分钟 跑题", "“禁言”权限", "/mute"):
        assert told in one
    muted = await cast.ann.run(f"／禁言 ＠{cast.bob.user} １分钟 刷屏", cast.code)
    assert (muted.data["user"], muted.data["reason"]) == (cast.bob.user, "刷屏")
    assert "维权）：/举报 /申诉" in (await cast.does("bob", "/help")).text


async def test_the_list_of_commands_says_what_one_may(cast: Cast) -> None:
    lists = {}
    for name in ("ann", "bob"):
        result = await getattr(cast, name).ask(rq.ListCommands, group=cast.code)
        assert [one.name for one in result.commands] == [row.name for row in COMMANDS]
        lists[name] = {one.name for one in result.commands if one.allowed}
    assert lists["ann"] == {row.name for row in COMMANDS} - {"editors", "comments"}
    assert {"help", "leave", "invite", "me", "delete"} <= lists["bob"]
    assert not lists["bob"] & {"kick", "ban", "mute", "dissolve", "promote", "rename"}
    assert {(one.name, one.allowed) for one in result.commands if bool(one.why) is one.allowed} == set()
    by_name = {one.name: one for one in result.commands}
    assert by_name["dissolve"].why == "This needs the role owner; your role here is member."
    assert "spam" in by_name["report"].arguments[1].choices
    outside = await cast.dave.ask(rq.ListCommands)
    assert {one.name for one in outside.commands if one.allowed} == {row.name for row in COMMANDS if not row.in_group}
    await refused(cast.dave.ask(rq.ListCommands, group=cast.code), "not_a_member")


async def test_the_language_changes_what_people_read_and_nothing_else(cast: Cast) -> None:
    before = await refused(cast.bob.run("/dance"), "unknown_command")
    english = (await cast.bob.run("/info", cast.code)).text
    await cast.bob.run("/lang zh-CN")
    after = await refused(cast.bob.run("/dance"), "unknown_command")
    assert before.detail == after.detail
    assert before.message != after.message
    chinese = (await cast.bob.run("/info", cast.code)).text
    assert "Members" in english
    assert "成员" in chinese
    again = await cast.bob.run("/lang en")
    assert "English" in again.text


async def test_the_server_says_how_long_it_has_run(cast: Cast) -> None:
    first = await cast.ann.run("/uptime")
    later = await cast.ann.run("/运行时间", cast.code)
    assert 0 <= first.data["uptime_ms"] <= later.data["uptime_ms"]
    assert re.fullmatch(r"The server has run for (\d+ \w+ ?)+\.", first.text)


SHOWN = {
    "topic": {"topic": "Tea"},
    "setrules": {"rules": "Be kind."},
    "announce": {"announcement": "Tea at five."},
    "slow": {"slow_ms": 30_000},
    "lock": {"until_ms": FOREVER_MS},
    "mute": {"help": "/notify"},
    "ban": {"items": []},
    "ladder": {"ladder": "2 kick", "own": True},
    "links": {"links": "nomedia"},
    "question": {"question": "Two?", "answers": ["2"]},
    "tag": {"items": [{"user": "{bob}", "tag": "Tea maker"}]},
    "tag @{carol}": {"items": []},
    "word": {"items": [{"word": "coffee", "verdict": "hold", "by": "{ann}"}]},
    "heir": {"user": "{bob}"},
    "transfer": {"user": "{bob}"},
    "joinmode": {"join_mode": "invite"},
    "limit": {"current": 6, "limit": 20},
    "category": {"category": "general", "known": ["general"]},
    "rename": {"name": "Tea room"},
    "infopage": {"shown": "off"},
    "antiraid": {"until_ms": 0},
    "nick": {"name": "Annie"},
    "notify": {"notify": "mentions"},
    "lang": {"language": "en"},
}
"""What commands that set something show when they stand alone, after these have set it."""

SETTING = (
    *("/topic Tea", "/setrules Be kind.", "/announce Tea at five.", "/slow 30s", "/lock perm", "/ladder 2 kick"),
    *("/links nomedia", "/question Two? = 2", "/tag @{bob} Tea maker", "/word add hold coffee", "/heir @{bob}"),
    *("/transfer @{bob}", "/joinmode invite", "/limit 20", "/rename Tea room", "/infopage off", "/nick Annie"),
    "/notify mentions",
)


async def test_bare_commands_show_what_is_in_force_and_change_nothing(cast: Cast) -> None:
    for line in SETTING:
        await cast.does("ann", line)
    version = (await cast.ann.group(cast.code)).last_seq
    for name, data in SHOWN.items():
        for _ in range(2):
            answer = await cast.does("ann", f"/{name}")
            assert {key: answer.data.get(key) for key in data} == filled(cast, data), name
            assert answer.text
    assert (await cast.ann.group(cast.code)).last_seq == version
    # What lets people in is for those alone who may set it, what is muted for those who may mute.
    assert (await cast.does("bob", "/question")).data == {"question": "Two?", "answers": []}
    assert "items" not in (await cast.does("bob", "/mute")).data
    await refused(cast.does("bob", "/ban"), "forbidden")


async def test_a_line_that_means_to_be_a_command_is_not_published(cast: Cast) -> None:
    last = (await cast.ann.group(cast.code)).last_seq
    for line in (" /slow 30s", "／slow off", "\ufeff\u3000、slow １０ｓ", "\u200b/慢速 三十秒", "／ｓｌｏｗ　ｏｆｆ"):
        assert (await cast.does("ann", line, "post")).data["event"] == "slow_mode"
    told = await cast.bob.history(cast.code)
    assert {entry.kind for entry in told if entry.seq > last} == {"notice"}
    error = await refused(cast.does("ann", "/msg nickserv identify secret", "post"), "unknown_command")
    assert "//msg" in error.message
    assert (await refused(cast.does("ann", "/ slow off", "post"), "unknown_command")).detail["help"] == "/slow"


@pytest.mark.parametrize("text", ["/etc/passwd", "/", "/ is full", "、然后呢", "//x/y"])
async def test_a_text_that_begins_with_a_slash_and_is_no_command_is_published(cast: Cast, text: str) -> None:
    seq = await cast.says("bob", text)
    assert (await cast.ann.seen(cast.code, seq))[-1].body == text.replace("//", "/")


@pytest.mark.parametrize(
    ("first", "then", "undo"),
    [
        ("/ban @{bob} perm", "/ban @{bob} {}2h", "/ban @{bob} replace perm"),
        ("/mute @{bob} perm", "/mute @{bob} {}10m", "/mute @{bob} replace perm"),
        ("/lock perm", "/lock {}10m", "/lock replace perm"),
        ("/antiraid on perm", "/antiraid on {}10m", "/antiraid on replace perm"),
    ],
)
async def test_a_measure_in_force_is_replaced_only_where_that_is_said(
    cast: Cast, first: str, then: str, undo: str
) -> None:
    await cast.does("ann", first)
    error = await refused(cast.does("ann", then.replace("{}", "")), "conflict", until_ms=FOREVER_MS)
    assert error.detail["help"] == cast.fill(then.replace("{}", "replace "))
    assert "permanently" in error.message
    replaced = await cast.does("ann", error.detail["help"])
    assert replaced.data["until_ms"] < FOREVER_MS
    if "undo" in replaced.data:
        assert replaced.data["undo"] == cast.fill(undo)


async def test_where_something_is_guessed_the_answer_says_what_and_how_to_say_the_other(cast: Cast) -> None:
    held = await cast.does("ann", "/word add hold the line")
    assert (held.data["word"], held.data["verdict"]) == ("the line", "hold")
    assert "/word add refuse hold the line" in held.text
    asked = await cast.does("ann", "/question 1 + 1 = what? = 2 | two")
    assert (asked.data["question"], "2 | two" in asked.text) == ("1 + 1 = what?", True)
    promoted = await cast.does("ann", "/promote @{bob}")
    assert "mute" in promoted.text
    error = await refused(cast.does("ann", "/rights @{bob} mute"), "bad_syntax")
    assert "+mute" in error.message
    changed = await cast.does("ann", "/rights @{bob} −mute")
    assert "mute" not in changed.text.rpartition("may now:")[2]


async def test_a_category_is_not_eaten_from_a_name(cast: Cast) -> None:
    for line, name in (
        ("/create Attorney general", "Attorney general"),
        ('/create "Attorney general" general', "Attorney general"),
        ('/create "Surgeon general"', "Surgeon general"),
    ):
        created = await cast.does("bob", line)
        assert (created.data["name"], created.data["category"]) == (name, "general")


async def test_whois_says_which_name_it_went_by(cast: Cast) -> None:
    await cast.does("bob", "/nick Bobby Tables")
    named = await cast.does("ann", "/whois Bobby Tables")
    assert named.data["account"]["user"] == cast.bob.user
    assert "Understood" in named.text
    for line in ("/whois {bob}", "/whois @{bob}"):
        assert "Understood" not in (await cast.does("ann", line)).text
    await refused(cast.does("ann", "/whois @Bobby"), "no_such_user")


async def test_a_name_in_a_reply_is_asked_about(cast: Cast) -> None:
    seq = await cast.says("bob", "rubbish")
    for body in (f"/kick {cast.carol.user}", f"/delete {seq + 1}", f"/mute {cast.carol.user} 10m"):
        await refused(cast.ann.ask(rq.Post, group=cast.code, body=body, reply_to=seq), "bad_syntax")
