"""Whoever shows one entry shows it as it stands, and every version to those who judge."""

from collections.abc import Iterator

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.integration.cast import Cast
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.wire import Wire, refused

OLD, NEW, NEWEST = "meet at noon, darling", "meet at one", "meet at two"


async def edited(cast: Cast) -> tuple[int, list[int]]:
    """Let bob post and edit that twice; return the seqs of the post and of its edits."""
    seq = await cast.says("bob", OLD)
    edits = [(await cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body=body)).seq for body in (NEW, NEWEST)]
    return seq, edits


async def test_pins_show_what_an_entry_says_now(cast: Cast) -> None:
    seq = await cast.says("bob", OLD)
    await cast.does("ann", f"/pin {seq}")
    await cast.bob.ask(rq.Edit, group=cast.code, seq=seq, body=NEW)
    listed = await cast.does("carol", "/pins")
    assert [(row["seq"], row["body"]) for row in listed.data["items"]] == [(seq, NEW)]
    assert OLD not in listed.text


async def test_search_finds_what_stands_under_the_entry_that_says_it(cast: Cast) -> None:
    seq, _edits = await edited(cast)
    for text in ("darling", '"meet at one"'):
        found: rs.SearchResult = await cast.carol.ask(rq.Search, group=cast.code, text=text)
        assert found.entries == ()
    (entry,) = (await cast.carol.ask(rq.Search, group=cast.code, text="meet at two")).entries
    assert (entry.seq, entry.kind, entry.body) == (seq, "text", NEWEST)
    assert (await cast.does("carol", "/search meet two")).text.startswith(f"#{seq} ")


async def test_a_number_of_an_edit_names_the_entry(cast: Cast) -> None:
    seq, (first, second) = await edited(cast)
    await cast.does("ann", f"/pin {first}")
    assert (await cast.carol.group(cast.code)).pins == (seq,)
    reply = await cast.ann.ask(rq.Post, group=cast.code, body="/unpin", reply_to=second)
    assert reply.command.data["seq"] == seq
    reported = await cast.does("carol", f"/report {second} spam")
    (case,) = (await cast.does("carol", "/cases")).data["items"]
    assert (case["case"], case["seq"]) == (reported.data["case"], seq)
    # It is one entry: who has reported it has reported its edits.
    again: rs.ReportResult = await cast.carol.ask(rq.Report, group=cast.code, seq=first, reason="spam")
    assert again.case == case["case"]
    await refused(cast.does("carol", f"/report {second + 500} spam"), "no_such_entry")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an administrator and a rule that flags."""
    place = tmp_path_factory.mktemp("judged")
    (place / "rules.toml").write_text(
        'format = 1\nname = "house"\nversion = "1"\n\n[[rules]]\nid = "mild"\nkind = "term"\n'
        'severity = "low"\nentries = "darn"\n\n[[rules]]\nid = "prize"\nkind = "term"\n'
        'severity = "medium"\nentries = "prize"\n',
        "utf-8",
    )
    rules = str(place / "rules.toml")
    with serving(place, groups=4, members=3, admin="root", policy__content__rule_files=rules) as server:
        yield server


async def test_evidence_has_every_version_as_it_was(judged: Server) -> None:
    seats = judged.seats.pop()
    ann, bob, carol = [await judged.connect(seat) for seat in seats]
    async with ann, bob, carol, await Wire.open(judged.url) as root:
        root.session = await root.ask(rq.Login, user="root", password=PASSWORD)
        code = seats[0].code
        seq = await bob.post(code, "you fool")
        edit: rs.EntryResult = await bob.ask(rq.Edit, group=code, seq=seq, body="you friend")
        case = (await carol.run(f"/report {edit.seq} insult", code)).data["case"]
        await ann.run(f"/delete {seq}", code)
        shown: rs.AdminResult = await root.ask(rq.Admin, noun="case", verb="show", target=case)
        subject = shown.items[0]["subject"]
        assert (subject["entry"]["seq"], subject["entry"]["body"]) == (seq, "you friend")
        assert [(one["seq"], one["body"]) for one in subject["versions"]] == [
            (seq, "you fool"),
            (edit.seq, "you friend"),
        ]


async def test_who_judges_sees_what_was_flagged_and_all_that_it_has_said(judged: Server) -> None:
    seats = judged.seats.pop()
    ann, bob, carol = [await judged.connect(seat) for seat in seats]
    async with ann, bob, carol:
        code = seats[0].code
        # A word of the group: what the operator's rules flag goes to the operator's staff.
        await ann.run("/word add flag heck", code)
        seq = await bob.post(code, "heck it")
        await bob.ask(rq.Edit, group=code, seq=seq, body="never mind")
        await ann.run("/word add hold raffle", code)
        held = await refused(bob.ask(rq.Edit, group=code, seq=seq, body="a raffle"), "content_held")
        queue = await ann.run("/queue", code)
        flagged, waiting = queue.data["items"]
        assert (flagged["seq"], flagged["body"]) == (seq, "never mind")
        assert [one["body"] for one in flagged["versions"]] == ["heck it", "never mind"]
        assert (waiting["number"], waiting["target"], waiting["body"]) == (held.detail["number"], seq, "a raffle")
        assert "never mind" in queue.text
        assert f"about entry #{seq}" in queue.text


async def test_a_trial_of_a_rule_judges_what_stands(judged: Server) -> None:
    seats = judged.seats.pop()
    ann, bob, carol = [await judged.connect(seat) for seat in seats]
    async with ann, bob, carol:
        code = seats[0].code
        away = await bob.post(code, "apples and plums")
        await bob.ask(rq.Edit, group=code, seq=away, body="pears")
        into = await bob.post(code, "pears only")
        await bob.ask(rq.Edit, group=code, seq=into, body="plums only")
        trial = (await ann.run("/word test plums", code)).data
        assert (trial["hits"], [(one["seq"], one["body"]) for one in trial["items"]]) == (1, [(into, "plums only")])
