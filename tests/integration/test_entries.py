"""Edits, reactions, mentions, links, purges: what entries say about each other, as every member gets it."""

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Entry
from tests.integration.cast import Cast
from tests.integration.wire import Refused, refused


async def last_of(cast: Cast, seq: int) -> Entry:
    """Return the entry that carol heard last, when `seq` has come."""
    return next(entry for entry in await cast.carol.seen(cast.code, seq) if entry.seq == seq)


async def test_an_edit_is_an_entry_and_what_it_replaces_stays(cast: Cast) -> None:
    seq = await cast.says("bob", "first")
    edit = await cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body=f"@{cast.ann.user} second", nonce="e")
    again = await cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body=f"@{cast.ann.user} second", nonce="e")
    assert again == edit
    entry = await last_of(cast, edit.seq)
    assert (entry.kind, entry.target, entry.from_.user) == ("edit", seq, cast.bob.user)
    assert entry.data == {"mentions": [cast.ann.user]}
    history = await cast.ann.history(cast.code)
    assert [one.body for one in history[-2:]] == ["first", entry.body]
    await refused(cast.ann.ask(rq.Edit, group=cast.code, seq=seq, body="mine"), "forbidden", help="/delete")
    await refused(cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body=""), "bad_request", rule="blank")
    await refused(cast.bob.ask(rq.Edit, group=cast.code, seq=edit.seq + 1, body="x"), "no_such_entry")
    await refused(cast.bob.ask(rq.Edit, group=cast.code, seq=edit.seq, body="x"), "forbidden")
    await refused(cast.dave.ask(rq.Edit, group=cast.code, seq=seq, body="x"), "not_a_member")


async def test_what_is_deleted_is_deleted_with_its_edits(cast: Cast) -> None:
    seq = await cast.says("bob", "first")
    edit = await cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body="second")
    deleted = await cast.does("ann", f"/delete {edit.seq}")
    assert deleted.data["seq"] == seq
    history = {entry.seq: entry for entry in await cast.carol.history(cast.code)}
    assert [(history[one].body, history[one].redacted) for one in (seq, edit.seq)] == [("", True)] * 2
    await refused(cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body="third"), "conflict")
    await refused(cast.bob.ask(rq.React, group=cast.code, seq=seq, reaction="👍"), "conflict")


async def test_reactions_come_and_go(cast: Cast) -> None:
    seq = await cast.says("bob", "first")
    put = await cast.carol.ask(rq.React, group=cast.code, seq=seq, reaction="👍")
    taken = await cast.carol.ask(rq.React, group=cast.code, seq=seq, reaction="👍", remove=True)
    entries = [await last_of(cast, one.seq) for one in (put, taken)]
    assert [(one.kind, one.target, one.body, one.data) for one in entries] == [
        ("reaction", seq, "👍", None),
        ("reaction", seq, "👍", {"removed": True}),
    ]
    await refused(cast.carol.ask(rq.React, group=cast.code, seq=seq, reaction="words"), "bad_request")
    await refused(cast.carol.ask(rq.React, group=cast.code, seq=1, reaction="👍"), "forbidden")


async def test_the_muted_neither_edit_nor_react_and_slow_mode_counts_posts_alone(cast: Cast) -> None:
    await cast.does("ann", "/slow 1h")
    seq = await cast.says("bob", "first")
    await cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body="second")
    await refused(cast.bob.ask(rq.Post, group=cast.code, body="too soon"), "slow_mode")
    await cast.does("ann", "/mute @{bob} 1h")
    await refused(cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body="third"), "muted")
    await refused(cast.bob.ask(rq.React, group=cast.code, seq=seq, reaction="👍"), "muted")


async def test_links_are_refused_in_posts_and_edits_alike(cast: Cast) -> None:
    seq = await cast.says("bob", "see example dot org")
    await cast.does("ann", "/links off")
    group = await cast.bob.group(cast.code)
    assert group.links == "off"
    await refused(cast.bob.ask(rq.Post, group=cast.code, body="https://example.org"), "content_refused", rule="links")
    edit = cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body="see example.org")
    await refused(edit, "content_refused", rule="links")
    assert await cast.says("ann", "https://example.org")


async def test_a_purge_shows_then_removes_what_it_has_shown(cast: Cast) -> None:
    first, second = [await cast.says("bob", text) for text in ("one", "two")]
    preview = await refused(cast.does("ann", "/purge @{bob}"), "confirm_required", count=2, first=first, last=second)
    third = await cast.says("bob", "said after the preview")
    await cast.ann.run(str(preview.detail["help"]), cast.code)
    history = {entry.seq: entry for entry in await cast.carol.history(cast.code)}
    assert [history[seq].redacted for seq in (first, second, third)] == [True, True, False]
    assert (history[third + 1].kind, history[third + 1].data["seqs"]) == ("redaction", [first, second])


async def test_pins_are_told_and_shown_to_members(cast: Cast) -> None:
    seqs = [await cast.says("bob", text) for text in ("one", "two")]
    for seq in seqs:
        await cast.does("ann", f"/pin {seq}")
    assert (await cast.carol.group(cast.code)).pins == (seqs[1], seqs[0])
    assert (await cast.dave.group(cast.code)).pins == ()
    listed = await cast.does("bob", "/pins")
    assert [row["body"] for row in listed.data["items"]] == ["two", "one"]
    await cast.does("ann", f"/delete {seqs[1]}")
    assert (await cast.carol.group(cast.code)).pins == (seqs[0],)


async def test_notes_are_for_admins_and_can_be_erased(cast: Cast) -> None:
    await cast.does("ann", "/note @{bob} seen before")
    read = await cast.does("ann", "/note @{bob}")
    assert [row["text"] for row in read.data["items"]] == ["seen before"]
    await refused(cast.does("carol", "/note @{bob}"), "forbidden")
    await refused(cast.does("bob", "/note @{bob}"), "forbidden")
    await cast.does("ann", "/note @{bob} clear")
    assert (await cast.does("ann", "/note @{bob}")).data["items"] == []


async def test_the_third_warning_mutes(cast: Cast) -> None:
    for _ in range(2):
        assert "acts" not in (await cast.does("ann", "/warn @{bob} loud")).data
    third = await cast.does("ann", "/warn @{bob} loud")
    assert [act["event"] for act in third.data["acts"]] == ["warned", "muted"]
    assert (await cast.does("bob", "/warns")).data["items"][0]["reason"] == "loud"
    await refused(cast.bob.ask(rq.Post, group=cast.code, body="?"), "muted")
    await refused(cast.does("carol", "/warns @{bob}"), "forbidden")


BLANK = ("", " ", "\u200b", "\u3164\u115f", "\u2800", "\u3000\u00a0\n", "\u0301", "\u00ad\u2060\ufeff", "\U000e0020")


async def test_a_text_in_which_there_is_nothing_to_see_is_refused_wherever_somebody_sets_one(cast: Cast) -> None:
    seq = await cast.says("bob", "first")
    for text in BLANK:
        await refused(cast.bob.ask(rq.Post, group=cast.code, body=text), "bad_request", rule="blank")
        await refused(cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body=text), "bad_request", rule="blank")
    assert await last_of(cast, seq)
    for line in (
        f"/edit {seq} \u200b",
        "/me \u3164",
        "/topic \u2800",
        "/announce \u2060",
        "/setrules \u3164",
        "/tag @{bob} \u200b",
        "/note @{bob} \u2800",
        "/warn @{bob} \u200b",
        "/rename \u115f",
        "/nick \u2800",
        "/question \u3164",
        "/report @{bob} spam \u200b",
    ):
        with pytest.raises(Refused) as refusal:
            await cast.does("ann", line)
        assert refusal.value.code in ("bad_syntax", "bad_name", "bad_request"), line
    for field in ("name", "topic"):
        values = {"name": "A name", field: "\u2800"}
        await refused(cast.ann.ask(rq.CreateGroup, **values), "bad_name")
    blank = cast.ann.ask(rq.Report, user=cast.bob.user, reason="spam", text="\u200b")
    await refused(blank, "bad_request", field="text")


async def test_an_admin_removes_a_reaction_of_somebody_else_and_the_record_has_it(cast: Cast) -> None:
    seq = await cast.says("ann", "my news")
    react = {"group": cast.code, "seq": seq, "reaction": "🤡"}
    # Twice, as a client may that forgot: the second alone would not be all.
    put = [(await cast.bob.ask(rq.React, **react)).seq for _ in range(2)]
    also = (await cast.carol.ask(rq.React, **react)).seq
    await refused(cast.does("carol", f"/react {seq} 🤡 off @{{bob}}"), "forbidden")
    await cast.does("ann", f"/react {seq} 🤡 off @{{bob}}")
    history = {entry.seq: entry for entry in await cast.carol.history(cast.code)}
    assert [(history[one].body, history[one].redacted) for one in put] == [("", True)] * 2
    assert not history[also].redacted
    (act,) = (await cast.does("ann", "/log purged")).data["acts"]
    assert act["seqs"] == put
    await cast.does("ann", f"/react {seq} 🤡 off all")
    assert next(one for one in await cast.bob.history(cast.code) if one.seq == also).redacted
    await refused(cast.does("ann", f"/react {seq} 🤡 off all"), "no_such_entry")
    # A number of a reaction will do, too, and one's own is taken away by oneself.
    again = (await cast.bob.ask(rq.React, **react)).seq
    await refused(cast.does("carol", f"/delete {again}"), "forbidden")
    await cast.does("ann", f"/delete {again}")
    assert (await cast.carol.ask(rq.React, **react, remove=True)).seq > again
    await refused(cast.bob.ask(rq.React, group=cast.code, seq=seq, reaction="🤡🤡"), "bad_request", rule="reaction")


async def test_reactions_are_whole_sequences_over_the_wire(cast: Cast) -> None:
    seq = await cast.says("bob", "first")
    for emoji in ("👩🏻‍❤️‍💋‍👨🏿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇨🇳", "#️⃣"):
        put = await cast.carol.ask(rq.React, group=cast.code, seq=seq, reaction=emoji)
        assert (await last_of(cast, put.seq)).body == emoji
