"""Groups over the wire: founding, coming and going, what members, devices and strangers get to see."""

from typing import Any

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.group_code import parse_group_code, show_group_code
from folkmoot_protocol.types import LeftReason
from tests.integration.cast import Cast
from tests.integration.server import Launch, Seat, Server, SignIn
from tests.integration.wire import Wire, bodies, plain, refused

OWN_FIELDS = {"last_seq", "role", "read_seq", "muted_until_ms"}


async def test_founding_a_group(cast: Cast, sign_in: SignIn) -> None:
    device = await sign_in(cast.seats[0], json=True)
    result = await cast.ann.ask(rq.CreateGroup, name="  Tea room ", topic="Tea", join_mode="approval")
    group = result.group
    assert parse_group_code(group.id) == group.id
    assert (group.name, group.topic, group.category, group.join_mode) == ("Tea room", "Tea", "general", "approval")
    assert (group.owner, group.creator, group.role, group.members) == (cast.ann.user, cast.ann.user, "owner", 1)
    assert (group.state, group.grade, group.last_seq) == ("active", "standard", 0)
    told = await device.event(ev.GroupEvent)
    assert told.group.id == group.id
    for wire in (cast.ann, device):
        (notice,) = await wire.seen(group.id, 1)
        assert (notice.kind, notice.data["event"] if notice.data else "") == ("notice", "created")
    assert group.id in {one.id for one in (await cast.ann.ask(rq.ListGroups)).groups}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "bad_name"),
        ({"name": "x" * 61}, "bad_name"),
        ({"name": "line\nbreak"}, "bad_name"),
        ({"name": "ok", "topic": "x" * 301}, "bad_name"),
        ({"name": "ok", "category": "chess"}, "bad_request"),
        ({"name": "ok", "join_mode": "question"}, "bad_request"),
    ],
)
async def test_founding_refused(cast: Cast, fields: dict[str, Any], code: str) -> None:
    await refused(cast.ann.ask(rq.CreateGroup, **fields), code)
    assert len((await cast.ann.ask(rq.ListGroups)).groups) == 1


async def test_a_stranger_sees_the_public_part_and_nothing_else(cast: Cast) -> None:
    inside, outside = plain(await cast.ann.group(cast.code)), plain(await cast.dave.group(cast.code))
    assert inside.keys() - outside.keys() == OWN_FIELDS
    assert outside == {key: value for key, value in inside.items() if key not in OWN_FIELDS}
    for request in (
        cast.dave.ask(rq.GetHistory, group=cast.code),
        cast.dave.ask(rq.ListMembers, group=cast.code),
        cast.dave.ask(rq.MarkRead, group=cast.code, seq=1),
        cast.dave.ask(rq.Typing, group=cast.code),
        cast.dave.post(cast.code, "let me in"),
        cast.dave.ask(rq.LeaveGroup, group=cast.code),
    ):
        await refused(request, "not_a_member")
    assert (await cast.dave.ask(rq.Sync, cursors={cast.code: 0})).groups == {}


async def test_codes_in_either_spelling_and_codes_of_nothing(cast: Cast) -> None:
    shown = show_group_code(cast.code)
    assert (await cast.ann.group(shown)).id == cast.code
    assert await cast.ann.post(shown, "in the long spelling")
    assert (await cast.dave.ask(rq.JoinGroup, group=shown)).state == "member"
    for code in ("", "1234", "100000000006", cast.code[:-1] + str((int(cast.code[-1]) + 1) % 10)):
        await refused(cast.ann.group(code), "no_such_group")
        await refused(cast.ann.post(code, "hello"), "no_such_group")
        await refused(cast.ann.ask(rq.JoinGroup, group=code), "no_such_group")


async def test_joining_and_leaving_reach_all_devices(cast: Cast, sign_in: SignIn, seats: list[Seat]) -> None:
    other = await sign_in(seats[3])
    await other.ask(rq.LeaveGroup, group=cast.code)
    device = await sign_in(seats[3], json=True)
    joined = await other.ask(rq.JoinGroup, group=cast.code)
    assert (joined.state, joined.group.role) == ("member", "member")
    assert (await device.event(ev.GroupEvent)).group.role == "member"
    # From the last_seq that joining gave, every device hears all: its own notice of joining first.
    seq = await cast.says("ann", "welcome")
    for wire in (other, device):
        heard = [entry for entry in await wire.seen(cast.code, seq) if entry.seq > joined.group.last_seq]
        assert [entry.seq for entry in heard] == list(range(joined.group.last_seq + 1, seq + 1))
    await refused(other.ask(rq.JoinGroup, group=cast.code), "already_member")
    since = len(device.log)
    await other.ask(rq.LeaveGroup, group=cast.code)
    for wire in (other, device):
        assert (await wire.event(ev.LeftEvent, since=since if wire is device else 0)).reason is LeftReason.LEFT
    last = await cast.says("ann", "gone?")
    await cast.bob.seen(cast.code, last)
    assert all(entry.seq < last for wire in (other, device) for entry in wire.entries(cast.code))
    assert cast.code not in {group.id for group in (await device.ask(rq.ListGroups)).groups}


async def test_join_modes(cast: Cast, sign_in: SignIn, shared: Server) -> None:
    erin = await sign_in(shared.take_outsider())
    for mode in ("invite", "closed"):
        await cast.does("ann", f"/joinmode {mode}")
        await refused(cast.dave.ask(rq.JoinGroup, group=cast.code), "join_closed", join_mode=mode)
    await refused(cast.does("ann", "/invite @{dave}"), "join_closed")
    await cast.does("ann", "/joinmode invite")
    await refused(cast.does("bob", "/invite @{dave}"), "forbidden")
    await cast.does("ann", "/invite @{dave}")
    assert (await cast.dave.ask(rq.JoinGroup, group=cast.code)).state == "member"

    await cast.does("ann", "/joinmode approval")
    for _ in range(2):
        pending = await erin.ask(rq.JoinGroup, group=cast.code, answer="I like tea")
        assert (pending.state, pending.group) == ("pending", None)
    waiting = (await cast.ann.run("/requests", cast.code)).data["items"]
    assert [(one["user"], one["answer"]) for one in waiting] == [(erin.user, "I like tea")]
    await refused(cast.does("bob", "/approve all"), "forbidden")
    await erin.ask(rq.LeaveGroup, group=cast.code)
    assert (await cast.ann.run("/requests", cast.code)).data["items"] == []
    await erin.ask(rq.JoinGroup, group=cast.code)
    await cast.ann.run(f"/approve @{erin.user}", cast.code)
    assert (await erin.event(ev.GroupEvent)).group.role == "member"
    await erin.post(cast.code, "thank you")


async def test_a_group_of_its_own_size(cast: Cast) -> None:
    await cast.does("ann", "/limit 6")
    await refused(cast.dave.ask(rq.JoinGroup, group=cast.code), "group_full", current=6, limit=6)
    await cast.bob.ask(rq.LeaveGroup, group=cast.code)
    assert (await cast.dave.ask(rq.JoinGroup, group=cast.code)).state == "member"


async def test_mute_lock_and_slow_mode_silence(cast: Cast, sign_in: SignIn, seats: list[Seat]) -> None:
    device = await sign_in(seats[1])
    muted = await cast.does("ann", "/mute @{bob} 10m noise")
    until, case = muted.data["until_ms"], muted.data["case"]
    for wire in (cast.bob, device):
        assert (await wire.event(ev.GroupEvent)).group.muted_until_ms == until
        await refused(wire.post(cast.code, "but"), "muted", until_ms=until, reason="noise", case=case)
    await refused(cast.bob.ask(rq.Typing, group=cast.code), "muted")
    # Leaving and coming back does not lift it.
    await cast.bob.ask(rq.LeaveGroup, group=cast.code)
    await cast.bob.ask(rq.JoinGroup, group=cast.code)
    await refused(cast.bob.post(cast.code, "but"), "muted")
    await cast.does("ann", "/unmute @{bob}")
    await cast.says("bob", "finally")

    await cast.does("ann", "/lock 1h")
    await refused(cast.bob.post(cast.code, "but"), "group_muted")
    await cast.says("ann", "listen")
    await cast.does("ann", "/unlock")
    await cast.does("ann", "/slow 6h")
    assert (await cast.bob.group(cast.code)).slow_ms == 6 * 3_600_000
    await cast.says("bob", "one")
    wait = await refused(cast.bob.post(cast.code, "two"), "slow_mode", slow_ms=6 * 3_600_000)
    assert 0 < wait.detail["retry_after_ms"] <= 6 * 3_600_000
    await cast.says("ann", "one")
    await cast.says("ann", "two")
    await cast.does("ann", "/slow off")
    await cast.says("bob", "two")


async def test_kick_and_ban_put_out(cast: Cast) -> None:
    await cast.does("ann", "/kick @{bob}")
    assert (await cast.bob.event(ev.LeftEvent)).reason is LeftReason.KICKED
    await refused(cast.bob.post(cast.code, "but"), "not_a_member")
    await cast.bob.ask(rq.JoinGroup, group=cast.code)
    since = len(cast.bob.log)
    banned = await cast.does("ann", "/ban @{bob} 1h spam")
    assert (await cast.bob.event(ev.LeftEvent, since=since)).reason is LeftReason.BANNED
    case = banned.data["case"]
    await refused(cast.bob.ask(rq.JoinGroup, group=cast.code), "banned", case=case, reason="spam")
    await refused(cast.does("ann", "/invite @{bob}"), "banned")
    (one,) = (await cast.ann.run("/bans", cast.code)).data["items"]
    assert (one["user"], one["case"], one["by"]) == (cast.bob.user, case, cast.ann.user)
    await cast.does("ann", "/unban @{bob}")
    assert (await cast.bob.ask(rq.JoinGroup, group=cast.code)).state == "member"


async def test_a_deleted_entry_keeps_its_place_and_loses_its_text(cast: Cast) -> None:
    seq = await cast.says("bob", "secret")
    await cast.says("carol", "reply", reply_to=seq)
    await cast.does("ann", f"/delete {seq} private")
    (redaction,) = [entry for entry in await cast.carol.seen(cast.code, seq + 2) if entry.kind == "redaction"]
    assert redaction.target == seq
    entries = await cast.carol.history(cast.code)
    assert [entry.seq for entry in entries] == list(range(1, redaction.seq + 1))
    assert (entries[seq - 1].body, entries[seq - 1].redacted) == ("", True)
    assert entries[seq].reply_to == seq
    assert "secret" not in str(plain(entries))
    await refused(cast.does("ann", f"/delete {seq}"), "conflict")
    own = await cast.says("bob", "oops")
    await cast.does("bob", f"/delete {own}")
    await refused(cast.does("bob", f"/delete {redaction.seq - 1}"), "forbidden")


async def test_roles_and_tags_are_on_entries_and_members(cast: Cast) -> None:
    await cast.says("ann", "hello")
    await cast.does("ann", "/promote @{bob} mute")
    await cast.does("ann", "/tag @{bob} Tea maker")
    seq = await cast.says("bob", "hello")
    await cast.does("ann", "/demote @{bob}")
    last = await cast.says("bob", "hello")
    entries = {entry.seq: entry for entry in await cast.carol.seen(cast.code, last)}
    assert (entries[seq].from_.role, entries[seq].from_.tags) == ("admin", ("Tea maker",))
    assert (entries[last].from_.role, entries[last].from_.tags) == ("member", ("Tea maker",))
    hello = next(entry for entry in entries.values() if entry.body == "hello")
    assert (hello.from_.role, hello.from_.tags) == ("owner", ("creator",))
    # What was said as an admin stays said as an admin.
    assert [entry for entry in await cast.carol.history(cast.code) if entry.seq >= hello.seq] == list(entries.values())


async def test_one_hears_of_ones_own_role(cast: Cast, sign_in: SignIn, seats: list[Seat]) -> None:
    device = await sign_in(seats[1])
    await cast.does("ann", "/promote @{bob} mute")
    for wire in (cast.bob, device):
        assert (await wire.event(ev.GroupEvent)).group.role == "admin"
    assert not [frame for frame in cast.carol.log if isinstance(frame, ev.GroupEvent)]


async def test_settings_reach_everyone(cast: Cast) -> None:
    for line, name, value in (
        ("/rename Tea room", "name", "Tea room"),
        ("/topic Tea", "topic", "Tea"),
        ("/joinmode invite", "join_mode", "invite"),
        ("/slow 30s", "slow_ms", 30_000),
        ("/limit 50", "member_limit", 50),
    ):
        since = len(cast.carol.log)
        await cast.does("ann", line)
        told = await cast.carol.event(ev.GroupEvent, since=since)
        assert getattr(told.group, name) == value
        assert getattr(await cast.carol.group(cast.code), name) == value


async def test_ownership_passes_in_two_steps(cast: Cast) -> None:
    await refused(cast.does("bob", "/transfer accept"), "conflict")
    await cast.does("ann", "/transfer @{bob}")
    await cast.does("ann", "/transfer cancel")
    await refused(cast.does("bob", "/transfer accept"), "conflict")
    await cast.does("ann", "/transfer @{bob}")
    await refused(cast.does("carol", "/transfer accept"), "conflict")
    await cast.does("bob", "/transfer accept")
    members = {member.user: member for member in (await cast.bob.ask(rq.ListMembers, group=cast.code)).members}
    assert members[cast.bob.user].role == "owner"
    assert members[cast.ann.user].role == "admin"
    assert "creator" in members[cast.ann.user].tags
    group = await cast.carol.group(cast.code)
    assert (group.owner, group.creator) == (cast.bob.user, cast.ann.user)
    await refused(cast.does("ann", "/rename Mine"), "forbidden")
    await cast.does("bob", "/rename Mine")


async def test_a_dissolved_group_is_closed_for_good(cast: Cast) -> None:
    refusal = await refused(cast.does("ann", "/dissolve"), "confirm_required", code=cast.code)
    assert cast.code in refusal.message
    await cast.does("ann", "/dissolve {code}")
    for wire in (cast.ann, cast.bob, cast.carol):
        # The notice comes before the news that one is out.
        left = await wire.event(ev.LeftEvent)
        notice = wire.entries(cast.code)[-1]
        assert (left.reason, notice.data and notice.data["event"]) == (LeftReason.CLOSED, "dissolved")
        assert cast.code not in {group.id for group in (await wire.ask(rq.ListGroups)).groups}
    assert (await cast.ann.group(cast.code)).state == "closed"
    await refused(cast.ann.post(cast.code, "anyone?"), "group_closed")
    await refused(cast.dave.ask(rq.JoinGroup, group=cast.code), "group_closed")


async def test_members_come_in_pages(cast: Cast) -> None:
    users = sorted(seat.user for seat in cast.seats)
    seen: list[str] = []
    more = True
    while more:
        page = await cast.bob.ask(rq.ListMembers, group=cast.code, after=seen[-1] if seen else None, limit=4)
        assert len(page.members) <= 4
        seen += [member.user for member in page.members]
        more = page.more
    assert seen == users


async def test_members_mutes_and_permissions_are_for_those_who_moderate(cast: Cast) -> None:
    await cast.does("ann", "/mute @{bob} 10m")
    await cast.does("ann", "/promote @{carol} kick")

    async def look(wire: Wire) -> dict[str, Any]:
        return {member.user: member for member in (await wire.ask(rq.ListMembers, group=cast.code)).members}

    as_owner, as_muted = await look(cast.ann), await look(cast.bob)
    as_other = await look(await _other(cast))
    assert as_owner[cast.bob.user].muted_until_ms
    assert as_owner[cast.carol.user].permissions == ("kick",)
    assert as_muted[cast.bob.user].muted_until_ms
    assert as_muted[cast.carol.user].permissions is None
    assert as_other[cast.bob.user].muted_until_ms is None
    assert as_owner[cast.ann.user].display_name == cast.ann.user.capitalize()


async def _other(cast: Cast) -> Wire:
    """Let dave in, a member who is nobody in particular."""
    await cast.dave.ask(rq.JoinGroup, group=cast.code)
    return cast.dave


async def test_read_marks_go_forward_only(cast: Cast, sign_in: SignIn, seats: list[Seat]) -> None:
    last = await cast.says("ann", "read me")
    for seq, expected in ((3, 3), (2, 3), (10**9, last)):
        await cast.bob.ask(rq.MarkRead, group=cast.code, seq=seq)
        assert (await cast.bob.group(cast.code)).read_seq == expected
    device = await sign_in(seats[1])
    assert device.session.groups[0].read_seq == last
    assert (await cast.carol.group(cast.code)).read_seq == 0


async def test_typing_reaches_the_others(cast: Cast) -> None:
    await cast.bob.ask(rq.Typing, group=cast.code)
    for wire in (cast.ann, cast.carol):
        await wire.event(ev.TypingEvent, group=cast.code, user=cast.bob.user)
    await cast.bob.seen(cast.code, await cast.says("ann", "yes?"))
    assert not [frame for frame in cast.bob.log if isinstance(frame, ev.TypingEvent)]


async def test_history_in_pages_both_ways(cast: Cast) -> None:
    for number in range(20):
        await cast.says("ann", f"line {number}")
    whole = await cast.bob.history(cast.code)
    assert bodies(whole) == [f"line {number}" for number in range(20)]
    newest = await cast.bob.ask(rq.GetHistory, group=cast.code, limit=5)
    assert (list(newest.entries), newest.more) == (whole[-5:], True)
    before = await cast.bob.ask(rq.GetHistory, group=cast.code, before=whole[-5].seq, limit=5)
    assert (list(before.entries), before.more) == (whole[-10:-5], True)
    first = await cast.bob.ask(rq.GetHistory, group=cast.code, before=4, limit=5)
    assert (list(first.entries), first.more) == (whole[:3], False)
    after = await cast.bob.ask(rq.GetHistory, group=cast.code, after=whole[-3].seq)
    assert (list(after.entries), after.more) == (whole[-2:], False)
    beyond = await cast.bob.ask(rq.GetHistory, group=cast.code, after=10**9)
    assert (beyond.entries, beyond.more) == ((), False)


async def test_sync_gives_each_group_what_came_after_its_cursor(cast: Cast) -> None:
    code = await cast.bob.create("Another")
    for _ in range(60):
        last = await cast.says("ann", "line")
    whole = await cast.bob.history(cast.code)
    cursors = {cast.code: last - 55, code: 1, cast.elsewhere: 0, "1234": 0}
    groups = (await cast.bob.ask(rq.Sync, cursors=cursors)).groups
    assert groups.keys() == {cast.code, code}
    assert (groups[code].entries, groups[code].last_seq, groups[code].more) == ((), 1, False)
    synced = groups[cast.code]
    assert list(synced.entries) == whole[last - 55 : last - 55 + len(synced.entries)]
    assert synced.last_seq == last
    assert synced.more == (len(synced.entries) < 55)


async def test_a_reply_must_have_something_to_reply_to(cast: Cast) -> None:
    seq = await cast.says("ann", "question")
    reply = await cast.says("bob", "answer", reply_to=seq)
    assert (await cast.carol.seen(cast.code, reply))[-1].reply_to == seq
    await refused(cast.bob.post(cast.code, "what?", reply_to=reply + 1), "no_such_entry")


async def test_identity_comes_before_posting_where_the_operator_says_so(launch: Launch) -> None:
    server = launch(policy__identity__to_post="mobile", policy__identity__to_create_group="person")
    async with await server.connect() as wire:
        await wire.register("newcomer")
        await refused(wire.create("Mine"), "identity_required", needed="person")
