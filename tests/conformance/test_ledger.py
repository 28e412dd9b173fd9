"""The promises of `Ledger`."""

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance import SERVICE, Actor, PlatformRole, Policy, Refusal, decide, replay, replay_account
from folkmoot_governance.account import (
    AccountEvent,
    AccountSuspended,
    CreditChanged,
    IdentityAttested,
    RoleEnded,
    RoleGranted,
)
from folkmoot_governance.account_events import (
    AccountClosing,
    AccountRestored,
    AccountRestricted,
    AccountRestrictionEnded,
    ClosingOverturned,
    SecondFactorSet,
    SecondFactorUsed,
)
from folkmoot_governance.classification import Grade
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.events import Event, GroupClosed, MemberJoined, MemberLeft, PinWas, TopicSet
from folkmoot_governance.group.removed_texts import GroupText
from folkmoot_governance.restrictions import Measure
from folkmoot_governance.roles import Permission
from folkmoot_protocol.types import CommentPolicy, Identity, JoinMode, LinkRule
from folkmoot_server.storage.api import SessionRow, StaffRow, Store
from folkmoot_server.storage.change_set import ChangeSet, Profile, Remove
from folkmoot_server.storage.changes import (
    language_row,
    note_row,
    password_row,
    profile_row,
    read_mark_row,
    remove_ended_reset_codes,
    remove_reset_code,
    reset_code_row,
    revoke_other_tokens,
    revoke_token,
    seen_row,
    token_row,
)
from tests.builders.world import DAY, START, World, code_of
from tests.profile import examples

USERS = ("alice", "bob", "carol", "dave")
INSPECTOR = PlatformRole.INSPECTOR


async def test_versions_count_from_one_in_each_stream(store: Store, world: World) -> None:
    one, other = world.group(), world.group()
    topics = [TopicSet(at=START, by="alice", topic=str(n)) for n in range(5)]
    await store.commit([one.found(), other.found(), one.act(*topics[:3]), other.act(topics[3]), one.act(topics[4])])
    events = await store.ledger.events(f"group:{one.code}")
    assert [one.version for one in events] == [1, 2, 3, 4, 5]
    assert [getattr(one.event, "topic", None) for one in events] == ["", "0", "1", "2", "4"]


async def test_events_come_in_pages(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(), *(group.act(TopicSet(at=START, by="alice", topic="t")) for _ in range(6))])
    stream = f"group:{group.code}"
    assert [one.version for one in await store.ledger.events(stream, limit=3)] == [1, 2, 3]
    assert [one.version for one in await store.ledger.events(stream, after=5, limit=3)] == [6, 7]
    assert await store.ledger.events(stream, after=7) == []


async def test_scan_goes_through_all_streams_in_the_order_of_commits(store: Store, world: World) -> None:
    one, other = world.group(), world.group()
    await store.commit([one.found(), other.found()])
    await store.commit([other.act(TopicSet(at=START, by="alice", topic="t"))])
    await store.commit([one.act(TopicSet(at=START, by="alice", topic="t"))])
    scanned = await store.ledger.scan()
    assert [entry.position for entry in scanned] == list(range(1, 9))
    assert [entry.stream for entry in scanned[4:]] == [f"group:{group.code}" for group in (one, other, other, one)]
    assert await store.ledger.scan(after=6, limit=1) == scanned[6:7]


async def test_heads_tell_where_groups_and_accounts_stand(store: Store, world: World) -> None:
    one, other, unknown = world.group(), world.group(), world.group()
    await store.commit([one.found(), one.post(), one.act(TopicSet(at=START, by="alice", topic="t")), other.found()])
    codes = [one.code, other.code, unknown.code]
    assert await store.ledger.heads(codes) == {one.code: (2, 3), other.code: (1, 1)}
    await store.commit([other.post()])
    assert await store.ledger.heads([other.code]) == {other.code: (1, 2)}
    assert await store.ledger.heads([]) == {}
    await store.commit(
        [world.change("bob", IdentityAttested(at=START, by="root", identity=Identity.PERSON, reason="r"))]
    )
    assert await store.ledger.account_versions(["alice", "bob", "nobody"]) == {"alice": 1, "bob": 2}


async def test_heads_of_many_are_read_at_once(store: Store, world: World) -> None:
    groups = [world.group() for _ in range(1200)]
    await store.commit([group.found() for group in groups])
    assert await store.ledger.heads([group.code for group in groups]) == {group.code: (1, 1) for group in groups}


async def test_unknown_names_give_nothing(store: Store, world: World) -> None:
    assert await store.ledger.load_group(code_of(9)) is None
    assert await store.ledger.load_account("nobody") is None
    assert await store.ledger.events("account:nobody") == []
    assert await store.ledger.find_token("nothing") is None
    assert await store.ledger.find_session("nothing") is None


async def test_names_that_no_database_can_hold_give_nothing(store: Store, world: World) -> None:
    assert await store.ledger.load_group("\x00") is None
    assert await store.ledger.load_account("\x00") is None
    assert await store.ledger.find_token("\x00") is None
    assert await store.ledger.find_session("\x00") is None
    assert await store.ledger.list_members(code_of(9), after="\x00") == {}


async def test_an_account_comes_back_with_its_groups_and_read_marks(store: Store, world: World) -> None:
    kept, closed, others = world.group(), world.group(), world.group()
    joined = MemberJoined(at=START, by="alice", user="alice", via="open")
    await store.commit([kept.found(), closed.found(), others.found("bob"), others.act(joined)])
    await store.commit([closed.act(GroupClosed(at=START, by="root", reason="r"))])
    await store.commit([ChangeSet(rows=[read_mark_row(kept.code, "alice", 1)])])
    await store.commit([ChangeSet(rows=[read_mark_row(kept.code, "alice", 4)])])
    account = await store.ledger.load_account("alice")
    assert account is not None
    assert account.state == world.accounts["alice"]
    assert account.profile == Profile("alice", "Alice", "hash", "en")
    assert list(account.groups) == [kept.code, others.code]
    assert list(account.created) == [kept.code]
    assert account.read_seqs == {kept.code: 4}
    await store.commit([ChangeSet(rows=[token_row("h", "alice", START)])])
    assert await store.ledger.find_session("h") == account
    await store.commit([ChangeSet(rows=[revoke_token("h")])])
    assert await store.ledger.find_session("h") is None


async def test_an_account_equals_the_replay_of_its_stream(store: Store, world: World) -> None:
    changes: Sequence[AccountEvent] = [
        IdentityAttested(at=START, by="root", identity=Identity.PERSON, reason="papers"),
        AccountSuspended(at=START + 1, by="root", until_ms=START + DAY, reason="flood"),
        RoleGranted(at=START + 2, by="root", role=PlatformRole.REVIEWER, reason="hired"),
        CreditChanged(at=START + 3, by="", cause="penalty", points=-40, score=60, case="r-1", reason="fraud"),
        CreditChanged(at=START + 4, by="root", cause="set", points=-10, score=50, reason="bots"),
        CreditChanged(at=START + 5, by="", cause="restored", points=40, score=90, case="r-1", reason="wrong"),
    ]
    changes = [
        *changes,
        AccountClosing(at=START + 6, by="root", until_ms=START + 2 * DAY, reason="fraud"),
        ClosingOverturned(at=START + 7, by="", reason="wrong"),
        AccountRestricted(at=START + 8, by="root", measure=Measure.MUTE, until_ms=START + DAY, reason="spam"),
        AccountRestricted(at=START + 8, by="root", measure=Measure.MUTE, until_ms=START + 9 * DAY, reason="again"),
        AccountRestricted(at=START + 8, by="root", measure=Measure.MANAGE, until_ms=FOREVER_MS, reason="fraud"),
        AccountRestrictionEnded(at=START + 8, by="", measure=Measure.MUTE, case="@bob-11"),
        AccountRestrictionEnded(at=START + 8, by="root", measure=Measure.MANAGE, reason="has understood"),
        AccountSuspended(at=START + 8, by="root", until_ms=START + 2 * DAY, reason="r", was_until_ms=START + DAY),
        AccountRestored(at=START + 8, by="", reason="r", back_until_ms=START + DAY, back_reason="flood"),
        SecondFactorSet(at=START + 8, by="bob", step=7),
        SecondFactorUsed(at=START + 8, by="bob", step=9),
        AccountClosing(at=START + 8, by="root", until_ms=START + 3 * DAY, reason="fraud"),
        RoleGranted(
            at=START + 9, by="root", role=INSPECTOR, reason="letter", cases=("r-1", "a-2"), until_ms=START + 10
        ),
    ]
    for event in changes:
        await store.commit([world.change("bob", event)])
        account = await store.ledger.load_account("bob")
        assert account is not None
        events = [one.event for one in await store.ledger.events("account:bob")]
        assert account.state == replay_account(events) == world.accounts["bob"]  # type: ignore[arg-type]
    assert account is not None
    held, until = account.state.restrictions, START + 10
    staff = StaffRow("bob", "Bob", INSPECTOR, until, ("r-1", "a-2"), held)
    assert await store.ledger.list_staff() == [staff]
    assert await store.ledger.next_account_ends(9) == [(until, "bob")]
    await store.commit([world.change("bob", RoleEnded(at=until, by="", role=INSPECTOR))])
    account = await store.ledger.load_account("bob")
    assert account is not None
    assert account.state == world.accounts["bob"]
    assert await store.ledger.list_staff() == []
    assert await store.ledger.next_account_ends(9) == [(START + DAY, "bob")]


async def test_accounts_whose_closing_is_due_are_found(store: Store, world: World) -> None:
    for user, until in (("carol", START + 2), ("bob", START + 1)):
        closing = AccountClosing(at=START, by="root", until_ms=until, reason="fraud")
        await store.commit([world.change(user, closing)])
    assert await store.ledger.closing_accounts(START) == []
    assert await store.ledger.closing_accounts(START + 1) == ["bob"]
    assert await store.ledger.closing_accounts(START + 2, limit=1) == ["bob"]
    assert await store.ledger.closing_accounts(START + 2, after="bob") == ["carol"]
    await store.commit([world.change("bob", ClosingOverturned(at=START, by="", reason="r"))])
    assert await store.ledger.closing_accounts(START + 9) == ["carol"]


async def test_what_ends_next_of_what_was_taken_from_accounts_is_found(store: Store, world: World) -> None:
    taken = {"at": START, "by": "root", "reason": "r"}
    assert await store.ledger.next_account_ends(9) == []
    for user, measure, until in (
        ("bob", Measure.MUTE, START + 3),
        ("bob", Measure.JOIN, START + 2),
        ("carol", Measure.MUTE, START + 1),
        ("dave", Measure.MANAGE, FOREVER_MS),
    ):
        await store.commit([world.change(user, AccountRestricted(**taken, measure=measure, until_ms=until))])  # type: ignore[arg-type]
    assert await store.ledger.next_account_ends(9) == [(START + 1, "carol"), (START + 2, "bob")]
    assert await store.ledger.next_account_ends(1) == [(START + 1, "carol")]
    await store.commit([world.change("bob", AccountRestrictionEnded(at=START, by="", measure=Measure.JOIN))])
    await store.commit([world.change("carol", AccountRestrictionEnded(at=START, by="", measure=Measure.MUTE))])
    assert await store.ledger.next_account_ends(9) == [(START + 3, "bob")]


async def test_a_profile_can_change(store: Store, world: World) -> None:
    await store.commit([ChangeSet(rows=[profile_row(Profile("bob", "Robert", "other", "zh-CN"))])])
    account = await store.ledger.load_account("bob")
    assert account is not None
    assert account.profile == Profile("bob", "Robert", "other", "zh-CN")


async def test_members_are_listed_by_name_with_what_they_are_called_now(store: Store, world: World) -> None:
    one, other = world.group(), world.group()
    joined = MemberJoined(at=START, by="bob", user="bob", via="open")
    await store.commit([one.found(), one.act(joined), other.found("bob")])
    await store.commit([ChangeSet(rows=[profile_row(Profile("bob", "Robert", "other", "zh-CN"))])])
    assert list((await store.ledger.list_members(one.code)).items()) == [("alice", "Alice"), ("bob", "Robert")]
    assert await store.ledger.list_members(one.code, limit=1) == {"alice": "Alice"}
    assert await store.ledger.list_members(one.code, after="alice") == {"bob": "Robert"}
    assert await store.ledger.list_members(other.code) == {"bob": "Robert"}
    assert await store.ledger.list_members(code_of(9)) == {}


async def test_a_revoked_token_is_not_found(store: Store, world: World) -> None:
    rows = [token_row("h1", "alice", START), token_row("h2", "alice", START), token_row("h3", "alice", START)]
    await store.commit([ChangeSet(rows=[*rows, token_row("h4", "bob", START)])])
    assert await store.ledger.find_token("h1") == "alice"
    await store.commit([ChangeSet(rows=[revoke_token("h1")])])
    assert [await store.ledger.find_token(hash) for hash in ("h1", "h2")] == [None, "alice"]
    await store.commit([ChangeSet(rows=[Remove("tokens", {"user": "alice"})])])
    found = [await store.ledger.find_token(hash) for hash in ("h1", "h2", "h3", "h4")]
    assert found == [None, None, None, "bob"]


async def test_a_token_holds_while_it_is_used(store: Store, world: World) -> None:
    rows = [token_row(f"h{number}", "alice", START + number, "phone", "192.0.2.0/24") for number in (1, 2)]
    await store.commit([ChangeSet(rows=rows)])
    assert await store.ledger.find_token("h1", START + 1) == "alice"
    assert await store.ledger.find_token("h1", START + 2) is None
    assert await store.ledger.find_session("h1", START + 2) is None
    seen = [seen_row("h1", START + 9, "2001:db8::/48"), seen_row("gone", START + 9, "")]
    await store.commit([ChangeSet(rows=seen)])
    assert await store.ledger.find_token("h1", START + 9) == "alice"
    assert await store.ledger.find_token("gone") is None
    assert await store.ledger.list_sessions("alice") == [
        SessionRow("h1", START + 1, START + 9, "phone", "2001:db8::/48"),
        SessionRow("h2", START + 2, START + 2, "phone", "192.0.2.0/24"),
    ]
    assert await store.ledger.ended_tokens(START + 3, 10) == ["h2"]
    assert await store.ledger.ended_tokens(START + 2, 10) == []
    asked = ["h1", "h2", "nobody's", "\x00", *map(str, range(300))]
    assert await store.ledger.tokens_in_use(asked, START + 2) == {"h1", "h2"}
    assert await store.ledger.tokens_in_use(asked, START + 3) == {"h1"}
    assert await store.ledger.tokens_in_use([], START) == set()


async def test_a_reset_code_holds_until_its_time_is_over(store: Store, world: World) -> None:
    await store.commit([ChangeSet(rows=[reset_code_row("alice", "first", START), reset_code_row("bob", "b", START)])])
    await store.commit([ChangeSet(rows=[reset_code_row("alice", "second", START + 9)])])
    assert await store.ledger.find_reset_code("alice", START + 8) == "second"
    assert await store.ledger.find_reset_code("alice", START + 9) is None
    assert await store.ledger.find_reset_code("\x00", START) is None
    await store.commit([ChangeSet(rows=[remove_reset_code("alice"), remove_ended_reset_codes(START)])])
    assert await store.ledger.find_reset_code("alice", START) is None
    assert await store.ledger.find_reset_code("bob", 0) is None


async def test_all_tokens_but_one_are_revoked(store: Store, world: World) -> None:
    """Those too that are stored in the same batch, before or after."""
    rows = [token_row(f"h{number}", "alice", START) for number in (1, 2)]
    await store.commit([ChangeSet(rows=[*rows, token_row("h3", "bob", START)])])
    change = ChangeSet(rows=[password_row("alice", "other"), revoke_other_tokens("alice", "h2")])
    before, after = (ChangeSet(rows=[token_row(token, "alice", START)]) for token in ("h4", "h5"))
    await store.commit([before, change, after])
    found = [await store.ledger.find_token(f"h{number}") for number in range(1, 6)]
    assert found == [None, "alice", "bob", None, "alice"]
    account = await store.ledger.load_account("alice")
    assert account is not None
    assert account.profile.password_hash == "other"
    assert account.profile.display_name == "Alice"
    await store.commit([ChangeSet(rows=[language_row("alice", "zh-CN")])])
    account = await store.ledger.load_account("alice")
    assert account is not None
    assert (account.profile.password_hash, account.profile.language) == ("other", "zh-CN")


async def test_the_older_tokens_of_an_account_are_told(store: Store, world: World) -> None:
    rows = [token_row(f"h{number}", "alice", START + number) for number in (3, 1, 4, 2)]
    await store.commit([ChangeSet(rows=[*rows, token_row("h0", "bob", START)])])
    assert await store.ledger.older_tokens("alice", 2) == ["h2", "h1"]
    assert await store.ledger.older_tokens("alice", 4) == []
    assert await store.ledger.older_tokens("nobody", 0) == []


async def test_groups_are_listed_by_code(store: Store, world: World) -> None:
    groups = [world.group() for _ in range(5)]
    await store.commit([group.found(name=f"G{number}") for number, group in enumerate(groups)])
    joined = MemberJoined(at=START, by="bob", user="bob", via="open")
    await store.commit([groups[3].act(joined), groups[4].act(GroupClosed(at=START, by="root", reason="r"))])
    first = await store.ledger.list_groups(limit=3)
    rest = await store.ledger.list_groups(after=first[-1].code, limit=3)
    assert [row.code for row in [*first, *rest]] == [group.code for group in groups]
    assert [(row.name, row.members, row.status) for row in rest] == [("G3", 2, "active"), ("G4", 0, "closed")]
    assert all(row.owner == "alice" and row.created_ts == START for row in first)


async def test_accounts_are_listed_by_name(store: Store, world: World) -> None:
    suspended = AccountSuspended(at=START, by="root", until_ms=START + DAY, reason="flood")
    await store.commit([world.change("dave", suspended)])
    rows = await store.ledger.list_accounts(after="alice", limit=2)
    assert [row.user for row in rows] == ["bob", "carol"]
    (dave,) = await store.ledger.list_accounts(after="carol")
    assert (dave.display_name, dave.identity, dave.platform) == ("Dave", "none", None)
    assert dave.suspended_until_ms == START + DAY


async def test_what_ends_next_comes_first_and_what_never_ends_not_at_all(store: Store, world: World) -> None:
    one, other = world.group(), world.group()
    begun = {"at": START, "by": "alice"}
    await store.commit([one.found(), other.found()])
    assert await store.ledger.next_ends(9) == []
    acts = [
        e.MemberBanned(**begun, user="bob", until_ms=START + 7),
        e.MemberBanned(**begun, user="carol", until_ms=FOREVER_MS),
        e.JoinRequested(**begun, user="bob", until_ms=START + 4),
        e.Invited(**begun, user="bob", until_ms=START + 3),
        e.GroupLocked(**begun, until_ms=START + 6),
        e.GroupSuspended(**begun, until_ms=START + 5, reason="r"),
        e.MemberJoined(**begun, user="dave", via="open"),
        e.TransferOffered(**begun, user="dave", until_ms=START + 2),
        e.GroupRestricted(**begun, measure=Measure.JOIN, until_ms=START + 8, reason="r"),
    ]
    await store.commit([one.act(*acts), other.act(e.MemberMuted(**begun, user="bob", until_ms=START + 1))])
    ends = [(START + 1, other.code), *((START + number, one.code) for number in range(2, 9))]
    assert await store.ledger.next_ends(9) == ends
    assert await store.ledger.next_ends(3) == ends[:3]
    await store.commit([other.act(e.MutesEnded(at=START + 1, by="", users=("bob",)))])
    assert await store.ledger.next_ends(1) == ends[1:2]


async def test_notes_are_kept_beside_the_ledger_and_can_be_erased(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    for text in ("first", "second"):
        written = e.NoteWritten(at=START, by="alice", user="bob")
        change_set = group.act(written)
        change_set.rows = [*change_set.rows, note_row(group.state, written, text)]
        await store.commit([change_set])
    assert [note.text for note in await store.ledger.list_notes(group.code, "bob")] == ["second", "first"]
    assert await store.ledger.list_notes(group.code, "carol") == []
    assert await store.ledger.load_group(group.code) == group.state
    await store.commit([group.act(e.NotesCleared(at=START, by="alice", user="bob"))])
    assert await store.ledger.list_notes(group.code, "bob") == []


async def test_groups_whose_owner_is_shut_out_are_found(store: Store, world: World) -> None:
    one, other, closed = sorted((world.group() for _ in range(3)), key=lambda group: group.code)
    await store.commit([one.found("alice"), other.found("alice"), closed.found("alice")])
    await store.commit([closed.act(e.GroupDissolved(at=START, by="alice"))])
    assert await store.ledger.absent_owners(START) == []
    await store.commit([world.change("alice", AccountSuspended(at=START, by="s", until_ms=START + 9, reason="r"))])
    found = [(one.code, "alice", START + 9), (other.code, "alice", START + 9)]
    assert await store.ledger.absent_owners(START + 9) == found
    assert await store.ledger.absent_owners(START + 10) == []
    assert await store.ledger.absent_owners(START, limit=1) == found[:1]
    assert await store.ledger.absent_owners(START, after=one.code) == found[1:]


async def test_what_suspended_accounts_have_offered_is_found(store: Store, world: World) -> None:
    one, other = sorted((world.group() for _ in range(2)), key=lambda group: group.code)
    invited = e.Invited(at=START, by="alice", user="bob", until_ms=START + DAY)
    made = e.InviteCodeMade(at=START, by="carol", code_id="x", until_ms=START + DAY, uses=1)
    joined = MemberJoined(at=START, by="bob", user="bob", via="invitation")
    offered = e.TransferOffered(at=START, by="alice", user="bob", until_ms=START + DAY)
    await store.commit([one.found("alice"), one.act(invited), one.act(made)])
    await store.commit([other.found("alice"), other.act(joined), other.act(offered)])
    assert await store.ledger.offers_of_suspended(START) == []
    for user in ("alice", "carol"):
        await store.commit([world.change(user, AccountSuspended(at=START, by="s", until_ms=START + 9, reason="r"))])
    found = [(one.code, "alice"), (one.code, "carol"), (other.code, "alice")]
    assert await store.ledger.offers_of_suspended(START) == found
    assert await store.ledger.offers_of_suspended(START, limit=2) == found[:2]
    assert await store.ledger.offers_of_suspended(START, after=found[0]) == found[1:]
    assert await store.ledger.offers_of_suspended(START + 9) == []


async def test_members_who_left_are_gone_from_both_sides(store: Store, world: World) -> None:
    group = world.group()
    joined = MemberJoined(at=START, by="bob", user="bob", via="open")
    await store.commit([group.found(), group.act(joined), group.act(MemberLeft(at=START, by="bob", user="bob"))])
    account = await store.ledger.load_account("bob")
    assert account is not None
    assert list(account.groups) == []
    assert await store.ledger.load_group(group.code) == group.state


def text_removed(what: GroupText, user: str) -> e.TextRemoved:
    whose = user if what is GroupText.TAG else ""
    acts = tuple(range(1, 25)) if what is GroupText.REASON else ()
    return e.TextRemoved(
        at=START, by="root", what=what.value, text="", reason="r", user=whose, was_text="back", acts=acts
    )


user = st.sampled_from(USERS)
durations = st.integers(1, 3 * DAY)
found = st.builds(c.FoundEntry, st.integers(1, 3), user)
commands = st.one_of(
    st.builds(c.JoinGroup),
    st.builds(c.LeaveGroup),
    st.builds(c.Invite, user=user),
    st.builds(c.MakeInviteCode, code_id=st.sampled_from(["one", "two"])),
    st.builds(c.WithdrawOffers, user=user),
    st.builds(c.AddBot, user=user),
    st.builds(c.TakeBot, user=user),
    st.builds(c.RemoveBot, user=user),
    st.builds(c.Kick, user=user),
    st.builds(c.BanMember, user=user, duration_ms=durations, reason=st.just("r")),
    st.builds(c.Unban, user=user),
    st.builds(c.MuteMember, user=user, duration_ms=durations, reason=st.just("r")),
    st.builds(c.Unmute, user=user),
    st.builds(c.Promote, user=user, permissions=st.frozensets(st.sampled_from(Permission))),
    st.builds(c.Demote, user=user),
    st.builds(c.SetTag, user=user, tag=st.sampled_from(["", "tag"])),
    st.builds(c.OfferTransfer, user=user),
    st.builds(c.AcceptTransfer),
    st.builds(c.SetJoinMode, join_mode=st.sampled_from([JoinMode.OPEN, JoinMode.APPROVAL])),
    st.builds(c.DenyRequest, user=user),
    st.builds(lambda name: c.ApproveRequests((Actor(name),)), user),
    st.builds(c.Lock, duration_ms=durations),
    st.builds(c.SetSlow, slow_ms=st.just(1000)),
    st.builds(c.SuspendGroup, duration_ms=durations, reason=st.just("r")),
    st.builds(c.RestoreGroup, reason=st.just("r")),
    st.builds(
        c.RestrictGroup,
        measure=st.just(Measure.JOIN),
        duration_ms=durations,
        reason=st.just("r"),
        replaces=st.booleans(),
    ),
    st.builds(c.FreeGroup, measure=st.just(Measure.JOIN), reason=st.just("r")),
    st.builds(c.CloseGroup, reason=st.just("r")),
    st.builds(c.EndMeasures, appealed=st.booleans(), final=st.booleans()),
    st.builds(c.Depart, user=user),
    st.builds(c.ReturnOwnership, user=user, previous=user, successor=user),
    st.builds(c.Overturn, st.just("alice"), st.integers(2, 25), st.just("closed")),
    st.builds(c.Warn, user=user, reason=st.just("r")),
    st.builds(c.Unwarn, user=user),
    st.builds(c.SetLadder, ladder=st.sampled_from(["2 mute 1h, 3 ban 1d", "off", ""])),
    st.builds(c.Pin, seq=st.integers(1, 3), user=user),
    st.builds(c.Unpin, seq=st.integers(1, 3)),
    st.builds(c.DeleteEntry, user=user, seq=st.integers(1, 3), ts=st.just(START)),
    st.builds(c.SetComments, policy=st.sampled_from(CommentPolicy), seq=st.sampled_from([0, 2])),
    st.builds(c.SetLinks, links=st.sampled_from(LinkRule)),
    st.builds(c.AddWord, word=st.sampled_from(["one", "two"]), verdict=st.sampled_from([Action.HOLD, Action.REFUSE])),
    st.builds(c.RemoveWord, word=st.sampled_from(["one", "two"])),
    st.builds(
        c.RecordVerdict,
        *(user, st.just("rule"), st.sampled_from(Severity), st.sampled_from(Action)),
        staff=st.booleans(),
        own_rule=st.sampled_from(["", "word:one"]),
    ),
    st.builds(c.ReleaseHeld, number=st.integers(1, 9)),
    st.builds(c.RejectHeld, number=st.integers(1, 9), reason=st.just("r")),
    st.builds(c.ApproveHeld, number=st.integers(1, 9)),
    st.builds(c.DenyHeld, number=st.integers(1, 9)),
    st.builds(c.SetRules, rules=st.sampled_from(["", "Be kind."])),
    st.builds(c.SetInfoPage, shown=st.booleans()),
    st.builds(c.SetMemberLimit, limit=st.integers(1, 30)),
    st.builds(c.GrantLimit, reason=st.just("r")),
    st.builds(c.Regrade, entries_per_day=st.sampled_from([0, 200]), followers=st.sampled_from([0, 2000])),
    st.builds(c.WarnGroup, duration_ms=durations, reason=st.just("r")),
    st.builds(c.Rectify, number=st.integers(1, 9), text=st.just("mended")),
    st.builds(c.AcceptRectification, reason=st.just("r")),
    st.builds(c.RejectRectification, reason=st.just("r"), duration_ms=st.none() | durations),
    st.builds(
        c.RemoveText,
        *(st.sampled_from(GroupText).map(str), st.just("r"), user),
        acts=st.just(tuple(range(1, 25))),
        text=st.just("r"),
    ),
    st.builds(
        c.Overturn,
        st.just("alice"),
        st.integers(1, 9),
        st.just("text_removed"),
        removed=st.builds(text_removed, st.sampled_from([GroupText.TOPIC, GroupText.TAG, GroupText.REASON]), user),
    ),
    st.builds(c.RemoveEntries, entries=st.lists(found, min_size=1, max_size=3).map(tuple), reason=st.just("r")),
    st.builds(
        c.Overturn,
        user,
        st.integers(1, 9),
        st.sampled_from(["kicked", "banned", "muted", "warned", "entries_removed"]),
        restores=st.frozensets(st.integers(1, 3)).map(tuple),
        pins=st.lists(st.builds(PinWas, st.integers(1, 3), user, st.just(START)), max_size=2).map(tuple),
    ),
)
POLICY = Policy(grades=(Grade("small", 10, up_to_entries_per_day=100), Grade("large", 20, review=True)))


@given(steps=st.lists(st.tuples(user, commands, st.integers(0, DAY)), max_size=25))
@examples(60, keep_fixtures=True)
async def test_a_group_equals_the_replay_of_its_stream(
    store: Store, world: World, steps: list[tuple[str, c.Command, int]]
) -> None:
    group = world.group()
    change_sets = [group.found()]
    now = START
    for name, command, later in steps:
        now += later
        if isinstance(command, c.DeleteEntry) and command.seq > group.seq:
            continue  # The shell refuses what names no entry.
        change_sets += decided(group, command, actor_of(name, command), now)
    assert await store.commit(change_sets) == frozenset()
    events: list[Any] = [one.event for one in await store.ledger.events(f"group:{group.code}")]
    assert await store.ledger.load_group(group.code) == group.state == replay(events)


async def test_a_closed_group_that_is_opened_again_is_as_it_was(store: Store, world: World) -> None:
    group = world.group()
    steps = [
        ("bob", c.JoinGroup()),
        ("dave", c.JoinGroup()),
        ("alice", c.Promote("bob", frozenset({Permission.MUTE}))),
        ("alice", c.SetTag("bob", "tag")),
        ("alice", c.MuteMember("dave", DAY, "r")),
        ("alice", c.OfferTransfer("bob")),
        ("alice", c.NameHeir("bob")),
        ("alice", c.SetJoinMode(JoinMode.APPROVAL)),
        ("carol", c.JoinGroup()),
        ("alice", c.MakeInviteCode("code")),
        ("", c.RecordVerdict("dave", "rule", Severity.LOW, Action.HOLD)),
        ("root", c.WarnGroup(DAY, "r")),
        ("alice", c.Rectify(15, "mended")),
        ("root", c.SuspendGroup(DAY, "r")),
    ]
    change_sets = [group.found()]
    for name, command in steps:
        change_sets += decided(group, command, actor_of(name, command), START)
    before = copy.deepcopy(group.state)
    assert before.heir, before.rectify_case
    number = before.version + 1
    change_sets += decided(group, c.CloseGroup("r"), actor_of("root", c.CloseGroup("r")), START)
    assert await store.commit(change_sets) == frozenset()
    closed = await store.ledger.load_group(group.code)
    assert closed == group.state
    assert closed is not None
    assert (closed.members, closed.requests) == ({}, {})
    assert (START + 30 * DAY + 60_000, group.code) in await store.ledger.next_ends(9)
    assert [await store.ledger.places_of(user) for user in ("bob", "carol", "eve")] == [[group.code], [group.code], []]
    account = await store.ledger.load_account("alice")
    assert account is not None
    assert (list(account.groups), list(account.created)) == ([], [])
    await store.commit(decided(group, c.Overturn("alice", number, "closed"), SERVICE, START + 1))
    before.version = group.state.version
    assert await store.ledger.load_group(group.code) == group.state == before
    assert all(until < START + 30 * DAY for until, _ in await store.ledger.next_ends(9))
    account = await store.ledger.load_account("alice")
    assert account is not None
    assert (list(account.groups), list(account.created)) == ([group.code], [group.code])


def actor_of(name: str, command: c.Command) -> Actor:
    return (
        SERVICE
        if isinstance(
            command,
            c.Depart | c.ReturnOwnership | c.EndMeasures | c.RecordVerdict | c.Regrade | c.Overturn | c.WithdrawOffers,
        )
        else Actor(name, platform=PlatformRole.SUPERADMIN)
    )


def decided(group: Any, command: c.Command, actor: Actor, now: int) -> list[ChangeSet]:
    """Return the change set of a command, none if it is refused."""
    decision: Sequence[Event] | Refusal = decide(group.state, command, actor, now, POLICY)
    return [] if isinstance(decision, Refusal) or not decision else [group.act(*decision)]
