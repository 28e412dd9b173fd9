"""The promises of `Ledger` about a group's record, its outline, and the groups that are due for grading."""

import msgspec

from folkmoot_governance import account as a
from folkmoot_governance.account import CreditChanged
from folkmoot_governance.account_events import IdentityAttested, RenewalTold
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.group import events as e
from folkmoot_governance.platform_words import PlatformWord
from folkmoot_protocol.types import Author, Identity, Notify, Role
from folkmoot_server.storage.api import (
    ActFilter,
    ActivityRow,
    GroupSummary,
    IdentityRequest,
    IdentityRow,
    OpenFlag,
    Store,
)
from folkmoot_server.storage.change_set import ChangeSet, MemberSettings, Remove, Upsert
from folkmoot_server.storage.changes import (
    erasure,
    follow_row,
    has_left,
    identity_request_row,
    ignored_row,
    note_row,
    platform_word_row,
    read_mark_row,
    settings_row,
    token_row,
    verified_rows,
)
from folkmoot_server.storage.search.text import parse_query
from tests.builders.world import DAY, START, Group, World


async def recorded(store: Store, world: World) -> Group:
    """A group with a record: founding, topics, and acts that hit or name bob."""
    group = world.group()
    acts: list[e.Event] = [
        e.MemberJoined(at=START + 1, by="bob", user="bob", via="open"),
        e.TopicSet(at=START + 2, by="alice", topic='said "bob": "user":"bob"'),
        e.MemberMuted(at=START + 3, by="alice", user="bob", until_ms=START + DAY, reason="noise"),
        e.MutesEnded(at=START + DAY, by="", users=("bob",)),
        e.TopicSet(at=START + DAY, by="alice", topic="tea"),
    ]
    await store.commit([group.found(), *(group.act(event) for event in acts)])
    return group


async def versions(store: Store, group: Group, wanted: ActFilter, limit: int = 10) -> list[int]:
    return [one.version for one in await store.ledger.acts(f"group:{group.code}", wanted, limit)]


async def test_acts_come_newest_first_in_pages(store: Store, world: World) -> None:
    group = await recorded(store, world)
    assert await versions(store, group, ActFilter()) == [6, 5, 4, 3, 2, 1]
    assert await versions(store, group, ActFilter(), limit=2) == [6, 5]
    assert await versions(store, group, ActFilter(before=5), limit=2) == [4, 3]
    assert await versions(store, world.groups[0], ActFilter(before=1)) == []


async def test_acts_are_filtered(store: Store, world: World) -> None:
    group = await recorded(store, world)
    assert await versions(store, group, ActFilter(kinds=("muted", "joined"))) == [4, 2]
    assert await versions(store, group, ActFilter(since_ms=START + 3)) == [6, 5, 4]
    assert await versions(store, group, ActFilter(user="bob")) == [5, 4, 2]
    assert await versions(store, group, ActFilter(user="alice", kinds=("muted",))) == [4]
    assert await versions(store, group, ActFilter(user="b_b")) == []
    assert await versions(store, group, ActFilter(user="bo")) == []


async def test_an_outline_has_no_people(store: Store, world: World) -> None:
    group = await recorded(store, world)
    group_summary = await store.ledger.group_summary(group.code)
    assert isinstance(group_summary, GroupSummary)
    assert (group_summary.members, group_summary.state.members, group_summary.state.mutes) == (2, {}, {})
    assert (group_summary.state.topic, group_summary.state.version) == ("tea", 6)
    assert await store.ledger.group_summary("100000000000") is None


async def test_which_groups_are_due_for_grading(store: Store, world: World) -> None:
    old, young, closed, looked_at = (world.group() for _ in range(4))
    await store.commit([group.found() for group in (old, closed, looked_at)])
    await store.commit([young.found(at=START + DAY), closed.act(e.GroupClosed(at=START, by="alice", reason="r"))])
    followed = world.group()
    await store.commit([world.register("zoe"), followed.open("bob", at=START + DAY)])
    await store.commit([ChangeSet(rows=[follow_row("zoe", followed.code, START)])])
    activity = {"code": looked_at.code, "ts": START + DAY, "seq": 7, "entries_per_day": 5}
    await store.commit([ChangeSet(rows=[Upsert("activity", activity)])])
    first = ActivityRow(old.code, "general", "standard", 1, START, 0, 0)
    assert await store.ledger.due_for_grading(START + 1) == [first]
    due = await store.ledger.due_for_grading(START + DAY + 1)
    assert due == [
        first,
        ActivityRow(young.code, "general", "standard", 1, START + DAY, 0, 0),
        ActivityRow(looked_at.code, "general", "standard", 1, START + DAY, 7, 5),
        ActivityRow(followed.code, "general", "standard", 1, START + DAY, 0, 0, followers=1),
    ]
    assert await store.ledger.due_for_grading(START + DAY + 1, limit=1) == due[:1]
    assert await store.ledger.due_for_grading(START + DAY + 1, after=old.code) == due[1:]


async def test_who_is_due_for_recovery(store: Store, world: World) -> None:
    lost = {"by": "", "cause": "penalty", "points": -5, "case": "r-1"}
    await store.commit(
        [
            world.change("alice", CreditChanged(at=START + 1, score=95, **lost)),
            world.change("bob", CreditChanged(at=START + DAY, score=95, **lost)),
            world.change("carol", CreditChanged(at=START, score=0, **lost)),
            world.change("dave", CreditChanged(at=START, score=100, **lost)),
        ]
    )
    assert await store.ledger.due_for_recovery(100, START + 1) == ["alice", "carol"]
    assert await store.ledger.due_for_recovery(100, START + 1, limit=1) == ["alice"]
    assert await store.ledger.due_for_recovery(100, START + 1, after="alice") == ["carol"]
    assert await store.ledger.due_for_recovery(95, START + DAY) == ["carol"]


async def test_numbers_are_kept_per_account_and_level_and_equals_found(store: Store, world: World) -> None:
    given = [("bob", "mobile", "x"), ("bob", "person", "y"), ("alice", "person", "y")]
    rows = [
        IdentityRow(user, identity, f"sealed {user}", blind, START + number)
        for number, (user, identity, blind) in enumerate(given)
    ]
    await store.commit([ChangeSet(rows=[Upsert("identities", msgspec.structs.asdict(row)) for row in rows])])
    assert await store.ledger.list_identities("bob") == rows[:2]
    assert await store.ledger.same_identity("y") == ["alice", "bob"]
    assert await store.ledger.same_identity("y", limit=1) == ["alice"]
    asked = IdentityRow("carol", "person", "sealed carol", "y", START)
    waiting = IdentityRequest(*msgspec.structs.astuple(asked), code="hash")
    await store.commit([ChangeSet(rows=[identity_request_row(asked, "hash")])])
    assert await store.ledger.identity_request("carol") == waiting
    assert await store.ledger.identity_request("bob") is None
    assert await store.ledger.same_identity("y") == ["alice", "bob", "carol"]
    await store.commit([ChangeSet(rows=verified_rows(waiting))])
    assert await store.ledger.identity_request("carol") is None
    assert await store.ledger.list_identities("carol") == [asked]
    await store.commit([ChangeSet(rows=[Remove("identities", {"user": "carol"})])])
    await store.commit([ChangeSet(rows=[Remove("identities", {"user": "bob", "identity": "person"})])])
    assert await store.ledger.same_identity("y") == ["alice"]


async def test_checks_of_identity_that_end_first_come_first(store: Store, world: World) -> None:
    for number, user in enumerate(("bob", "alice")):
        attested = IdentityAttested(at=START - number, by="staff", identity=Identity.PERSON, reason="seen")
        await store.commit([world.change(user, attested)])
    assert await store.ledger.due_for_renewal(0, 9) == [(START - 1, "alice"), (START, "bob")]
    told = RenewalTold(at=START, by="", stage=1, until_ms=START + DAY)
    await store.commit([world.change("alice", told)])
    assert await store.ledger.due_for_renewal(0, 9) == [(START, "bob")]
    assert await store.ledger.due_for_renewal(1, 9) == [(START - 1, "alice")]


async def test_who_waits_for_a_review_is_listed_by_name(store: Store, world: World) -> None:
    for user in ("dave", "bob", "carol"):
        asked = a.IdentityAsked(at=START + 5, by=user, identity=Identity.PERSON)
        await store.commit([world.change(user, asked)])
    rejected = a.IdentityRejected(at=START + 6, by="alice", identity=Identity.PERSON, reason="blurred")
    await store.commit([world.change("carol", rejected)])
    assert await store.ledger.list_asking() == [("bob", "person", START + 5), ("dave", "person", START + 5)]
    assert await store.ledger.list_asking("bob") == [("dave", "person", START + 5)]
    assert await store.ledger.list_asking(limit=1) == [("bob", "person", START + 5)]
    found = await store.ledger.load_account("bob")
    assert found is not None
    assert found.state == world.accounts["bob"]


async def test_who_leaves_is_listed_with_the_places_that_are_left(store: Store, world: World) -> None:
    first, second, third, other = [world.group() for _ in range(4)]
    await store.commit([group.found() for group in (first, second, third, other)])
    joined = e.MemberJoined(at=START + 1, by="bob", user="bob", via="open")
    asked = e.JoinRequested(at=START + 1, by="bob", user="bob", until_ms=START + DAY)
    invited = e.Invited(at=START + 1, by="alice", user="bob", until_ms=START + DAY)
    await store.commit([first.act(joined), second.act(asked), third.act(invited)])
    await store.commit([ChangeSet(rows=[*erasure("bob", START), *erasure("dave", START)])])
    assert await store.ledger.list_leaving() == ["bob", "dave"]
    assert await store.ledger.list_leaving("bob") == ["dave"]
    assert await store.ledger.places_of("bob") == [first.code, second.code, third.code]
    departed = e.MemberDeparted(at=START + 2, by="", user="bob")
    await store.commit([group.act(departed) for group in (first, second, third)])
    assert await store.ledger.places_of("bob") == []
    await store.commit([ChangeSet(rows=[has_left("bob")])])
    assert await store.ledger.list_leaving() == ["dave"]


async def test_closing_erases_what_is_about_a_person(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    settings = MemberSettings("Nick", Notify.OFF)
    rows = [
        token_row("hash", "alice", START),
        read_mark_row(group.code, "alice", 1),
        settings_row(group.code, "alice", settings),
        ignored_row("alice", "bob", is_ignored=True),
        ignored_row("bob", "alice", is_ignored=True),
        note_row(group.state, e.NoteWritten(at=START, by="bob", user="alice"), "seen before"),
        Upsert("identities", {"user": "alice", "identity": "person", "sealed": "s", "blind": "b", "ts": START}),
    ]
    await store.commit([ChangeSet(rows=rows)])
    closed = world.change("alice", a.AccountClosed(at=START + 5, by="alice", author_tag="~1"))
    closed.rows = [*closed.rows, *erasure("alice", START + 5)]
    await store.commit([closed])
    found = await store.ledger.load_account("alice")
    assert found is not None
    assert found.state == world.accounts["alice"]
    assert (found.profile.display_name, found.profile.password_hash) == ("", "")
    assert (found.read_seqs, found.settings, found.ignored) == ({}, {}, frozenset())
    assert await store.ledger.find_token("hash") is None
    assert await store.ledger.list_identities("alice") == []
    assert await store.ledger.list_notes(group.code, "alice") == []
    other = await store.ledger.load_account("bob")
    assert other is not None
    assert other.ignored == frozenset()


async def test_entries_of_a_closed_account_are_from_its_tag(store: Store, world: World) -> None:
    group = world.group()
    joined = e.MemberJoined(at=START, by="bob", user="bob", via="open")
    await store.commit([group.found(), group.act(joined)])
    await store.commit([group.post("bob", body="good morning"), group.post("alice", body="good day")])
    await store.commit([world.change("bob", a.AccountClosed(at=START + 5, by="bob", author_tag="~b0b"))])
    page = await store.journal.page(group.code)
    assert [entry.from_.user for entry in page.entries] == ["alice", "~b0b", "~b0b", "alice"]
    query = parse_query("good morning")
    assert query is not None
    (entry,) = (await store.journal.search(group.code, query, before=99, limit=9)).entries
    assert entry == await store.journal.entry(group.code, 3)
    assert (entry.from_, entry.body) == (Author("~b0b", "~b0b", Role.MEMBER), "good morning")


async def test_flags_that_are_not_on_record_yet_come_oldest_first(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    post = group.post("alice", nonce="x")
    rows = [OpenFlag(group.code, "alice", nonce, "rule", "low", START + late) for nonce, late in (("x", 9), ("y", 5))]
    post.rows = [Upsert("open_flags", msgspec.structs.asdict(row)) for row in rows]
    await store.commit([post])
    assert await store.ledger.open_flags(START + 9, 9) == rows[1:]
    assert await store.ledger.open_flags(START + 10, 9) == rows[::-1]
    assert await store.ledger.open_flags(START + 10, 1) == rows[1:]


async def test_what_a_member_has_set_for_itself_is_read_with_the_account(store: Store, world: World) -> None:
    group = world.group()
    joined = e.MemberJoined(at=START, by="bob", user="bob", via="open")
    await store.commit([group.found(), group.act(joined)])
    for settings in (MemberSettings("Bobby", Notify.OFF), MemberSettings("Rob", Notify.MENTIONS)):
        await store.commit([ChangeSet(rows=[settings_row(group.code, "bob", settings)])])
        found = await store.ledger.load_account("bob")
        assert found is not None
        assert found.settings == {group.code: settings}
        assert await store.ledger.list_members(group.code) == {"alice": "Alice", "bob": settings.nick}
    await store.commit([ChangeSet(rows=[ignored_row("bob", whom, is_ignored=True) for whom in ("alice", "carol")])])
    await store.commit([ChangeSet(rows=[ignored_row("bob", "alice", is_ignored=False)])])
    found = await store.ledger.load_account("bob")
    assert found is not None
    assert found.ignored == {"carol"}


async def test_names_that_were_removed_are_shown_nowhere_until_they_are_given_back(store: Store, world: World) -> None:
    """In lists, pages, single entries and search, by index and without it; what is chosen or written later is shown."""
    group, at, query = world.group(), START + DAY, parse_query("tea")
    assert query is not None
    joined = e.MemberJoined(at=START, by="bob", user="bob", via="open")
    posts = [group.found(), group.act(joined), *(group.post("bob", ts=START, body="some tea") for _ in range(2))]
    await store.commit(
        [*posts, ChangeSet(rows=[settings_row(group.code, "bob", MemberSettings("Bank", nick_ts=START))])]
    )
    await store.commit([world.change("bob", a.NamesRemoved(at=at, by="root", reason="r"))])
    await store.commit([group.post("bob", ts=at + 1, body="more tea"), group.post("alice", ts=at + 1, body="tea?")])

    async def names() -> list[list[str]]:
        page = (await store.journal.page(group.code)).entries[-4:]
        found = await store.journal.search(group.code, query, before=99, limit=9)
        versions = await store.journal.versions(group.code, [one.seq for one in page])
        singles = [await store.journal.entry(group.code, one.seq) for one in page]
        places = (page, found.entries[::-1], [one.entry for one in versions.values()], filter(None, singles))
        return [[one.from_.display_name for one in place] for place in places]

    for _ in range(2):
        assert await names() == [["bob", "bob", "Bob", "Alice"]] * 4
        while await store.journal.index():
            pass
    assert await store.ledger.list_members(group.code) == {"alice": "Alice", "bob": "bob"}
    assert await store.ledger.members_called(group.code, "Bank") == []
    await store.commit([ChangeSet(rows=[settings_row(group.code, "bob", MemberSettings("Rob", nick_ts=at + 2))])])
    assert (await store.ledger.list_members(group.code))["bob"] == "Rob"
    await store.commit([world.change("bob", a.NamesRestored(at=at + 3, by="", measure=2, back_ms=0))])
    assert await names() == [["Bob", "Bob", "Bob", "Alice"]] * 4
    await store.commit([ChangeSet(rows=[settings_row(group.code, "bob", MemberSettings())])])
    assert (await store.ledger.list_members(group.code))["bob"] == "Bob"


async def test_words_of_the_platform_are_listed_in_order(store: Store, world: World) -> None:
    events = [
        a.PlatformWordSet(at=START + 1, by="alice", word=word, verdict=Action.HOLD, reason="why")
        for word in ("two", "one", "/t+hree/")
    ]
    events[0:0] = [a.PlatformWordSet(at=START, by="alice", word="one", verdict=Action.REFUSE, reason="why")]
    for event in (*events, a.PlatformWordDropped(at=START + 2, by="alice", word="two", reason="why not")):
        change_set, row = world.change("alice", event), platform_word_row(event)
        assert row is not None
        change_set.rows = [*change_set.rows, row]
        await store.commit([change_set])
    assert await store.ledger.platform_words() == [
        PlatformWord(word, Action.HOLD, "alice", START + 1) for word in ("/t+hree/", "one")
    ]
