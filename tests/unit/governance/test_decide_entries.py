import pytest
from msgspec.structs import replace

from folkmoot_governance import PlatformRole, Policy, Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.links import check_links
from folkmoot_governance.group.mentions import MAX_MENTIONS, find_mentions
from folkmoot_governance.notices import event_fields
from folkmoot_governance.personal_notices import told_in_group
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import EntryKind, LinkRule
from tests.builders.rules import NOW, ask, code_of, do, make_group, tell_refusal

FOUND = tuple(c.FoundEntry(seq, user) for seq, user in enumerate(("mia", "olga", "adam", "max", "gone"), 7))


def test_a_purge_says_what_would_go_before_it_goes() -> None:
    state = make_group()
    refusal = ask(state, c.Purge(FOUND, again="/purge 5 confirm 11"), "adam")
    assert isinstance(refusal, Refusal)
    assert refusal.code == ErrorCode.CONFIRM_REQUIRED
    assert tell_refusal(refusal) == "This deletes 4 entries, #7 to #11. To confirm, type: /purge 5 confirm 11"
    assert refusal.detail["left_out"] == 1


def test_a_purge_leaves_out_whom_the_actor_does_not_outrank() -> None:
    state = make_group(e.MemberPromoted(at=NOW, by="olga", user="max", permissions=()))
    (event,) = do(state, c.Purge(FOUND, confirmed=True), "adam")
    assert isinstance(event, e.EntriesPurged)
    assert (event.seqs, event.count) == ((7, 9, 11), 3)
    nothing = c.Purge((c.FoundEntry(8, "olga"),), confirmed=True)
    assert code_of(ask(state, nothing, "adam")) == ErrorCode.NO_SUCH_ENTRY


def test_what_is_deleted_is_no_longer_pinned() -> None:
    state = make_group(*(e.EntryPinned(at=NOW, by="olga", user="mia", seq=seq) for seq in (7, 8)))
    do(state, c.DeleteEntry("mia", seq=8, ts=NOW), "adam")
    assert list(state.pins) == [7]
    assert [type(one) for one in do(state, c.Purge(FOUND, confirmed=True), "adam")] == [
        e.EntriesPurged,
        e.EntryUnpinned,
    ]
    assert state.pins == {}


def test_pins_are_few_distinct_and_of_what_people_wrote() -> None:
    policy = Policy(pins_per_group=1)
    state = make_group()
    assert code_of(ask(state, c.Pin(7, "mia", EntryKind.NOTICE), "adam")) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.Pin(7, "mia", redacted=True), "adam")) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.Unpin(7), "adam")) == ErrorCode.CONFLICT
    do(state, c.Pin(7, "mia"), "adam", policy=policy)
    assert code_of(ask(state, c.Pin(7, "mia"), "adam")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.Pin(8, "mia"), "adam", policy=policy)) == ErrorCode.CONFLICT
    do(state, c.Unpin(7), "adam")
    assert state.pins == {}


def test_links_are_refused_to_members_as_the_group_has_set() -> None:
    pages = ["https://example.org/page", "discord.gg/x", "evil。com"]
    pictures = ["look: example.org/cat.JPG?x=1", "链接https://例子.cn/图.jpg", "(http://localhost/ａ.png)"]
    harmless = ["no link", "I agree.Me too", "ASP.NET", "main.cc", "v1.2.3, e.g. this, a.b", "cat.jpg"]
    for rule, refused in ((LinkRule.ON, []), (LinkRule.NOMEDIA, pictures), (LinkRule.OFF, [*pages, *pictures])):
        state = make_group(e.LinksSet(at=NOW, by="olga", links=rule))
        assert [body for body in [*pages, *pictures, *harmless] if check_links(state, "mia", body)] == refused
        assert not any(check_links(state, who, pictures[0]) for who in ("adam", "olga"))


@pytest.mark.parametrize("rule", [LinkRule.NOMEDIA, LinkRule.OFF])
def test_who_may_not_post_a_link_is_told_the_rule_and_who_may(rule: LinkRule) -> None:
    state = make_group(e.LinksSet(at=NOW, by="olga", links=rule))
    refusal = check_links(state, "mia", "example.org/cat.jpg")
    assert refusal is not None
    assert (refusal.code, refusal.detail) == (
        ErrorCode.CONTENT_REFUSED,
        {"rule": "links", "links": rule, "help": "/admins"},
    )
    assert tell_refusal(refusal)


def test_setting_the_same_rule_again_changes_nothing() -> None:
    state = make_group()
    assert ask(state, c.SetLinks(LinkRule.ON), "olga") == []
    do(state, c.SetLinks(LinkRule.OFF), "olga")
    assert state.links is LinkRule.OFF
    assert code_of(ask(state, c.SetLinks(LinkRule.ON), "adam")) == ErrorCode.FORBIDDEN


def test_mentions_are_members_called_by_name_once_each() -> None:
    members = {"ann", "bob.b", "cai"}
    assert find_mentions("@ANN, @bob.b. and @cai! @ann", members) == ("ann", "bob.b", "cai")
    assert find_mentions("@dee. and @dee.. and @ann-", {"dee.", "ann"}) == ("dee.", "ann"), "a name may end with a dot"
    assert find_mentions("mail me at x@cai or @@cai, @nobody", members) == ()
    many = {f"user{number}" for number in range(99)}
    assert len(find_mentions(" ".join(f"@{user}" for user in many), many)) == MAX_MENTIONS


def test_an_announcement_stands_until_it_is_replaced_or_taken_down() -> None:
    state = make_group()
    assert ask(state, c.Announce(""), "olga") == [], "there is none to take down"
    do(state, c.Announce("Tea at five."), "olga")
    do(state, c.Announce("Tea at six."), "olga")
    assert state.announcement == "Tea at six."
    assert ask(state, c.Announce("Tea at six."), "olga") == []
    (cleared,) = do(state, c.Announce(""), "olga")
    assert isinstance(cleared, e.AnnouncementCleared)
    assert state.announcement == ""


def test_an_announcement_is_pinned_but_not_deleted() -> None:
    state = make_group()
    do(state, c.Pin(7, "olga", EntryKind.ANNOUNCEMENT), "adam")
    refusal = ask(state, c.DeleteEntry("olga", seq=7, ts=NOW, kind=EntryKind.ANNOUNCEMENT), "olga")
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.detail["help"]) == (ErrorCode.FORBIDDEN, "/announce off")


def test_a_purge_says_what_stays_and_whose_entries_go() -> None:
    entries = (c.FoundEntry(7, "olga"), c.FoundEntry(9, "mia"), c.FoundEntry(8, "max"))
    refusal = ask(make_group(), c.Purge(entries[:1], again="/purge"), "adam")
    assert isinstance(refusal, Refusal) and refusal.detail["left_out"] == 1
    (event,) = ask(make_group(), c.Purge(entries, confirmed=True), "adam")  # type: ignore[misc]
    assert isinstance(event, e.EntriesPurged)
    assert (event.seqs, event.users, event.count) == ((8, 9), ("max", "mia"), 2)


STAFF = {"platform": PlatformRole.MODERATOR}


def test_the_platform_removes_what_is_there_or_nothing_of_it() -> None:
    state = make_group(*(e.EntryPinned(at=NOW, by="olga", user="mia", seq=seq) for seq in (7, 20)))
    for role in (None, PlatformRole.REVIEWER, PlatformRole.VIEWER):
        refusal = ask(state, c.RemoveEntries(FOUND, "spam"), "mod", platform=role)
        assert code_of(refusal) == ErrorCode.FORBIDDEN
    gone, notice = c.FoundEntry(9, "mia", redacted=True), c.FoundEntry(9, "mia", EntryKind.NOTICE)
    for entries, rule, code in (
        ((*FOUND[:2], gone), "", ErrorCode.CONFLICT),
        ((*FOUND[:2], notice), "", ErrorCode.FORBIDDEN),
        ((), "", ErrorCode.NO_SUCH_ENTRY),
        (FOUND, "no such rule", ErrorCode.BAD_REQUEST),
    ):
        assert code_of(ask(state, c.RemoveEntries(entries, "spam", rule), "mod", **STAFF)) == code
    (event,) = do(state, c.RemoveEntries(FOUND, "spam", "other"), "mod", **STAFF)
    assert isinstance(event, e.EntriesRemoved)
    assert (event.seqs, event.count) == ((7, 8, 9, 10, 11), 5)
    assert event.users == ("adam", "gone", "max", "mia", "olga")
    assert list(state.pins) == [20]
    assert "by" not in event_fields(event) and "was_pins" not in event_fields(event)


def test_each_author_is_told_which_of_theirs_were_removed() -> None:
    """*They were told that something was*, and by whom it was written of what a measure removed at once is kept."""
    state = make_group()
    found = (*FOUND, c.FoundEntry(12, "mia"))
    removed = ask(state, c.RemoveEntries(found, "spam"), "mod", **STAFF)
    for events in (removed, ask(state, c.Purge(found, confirmed=True), "olga")):
        assert not isinstance(events, Refusal)
        told = {one.user: one.data for one in told_in_group(state, events[0], Policy())}
        assert told["mia"]["seqs"] == [7, 12]
        assert told["max"]["entry"] == f"{state.code}:10"
        assert "was_by" not in event_fields(events[0])
        assert not {"seqs", "entry"} & told_in_group(state, replace(events[0], was_by=()), Policy())[0].data.keys()


def test_whose_appeal_succeeds_has_entries_and_pins_back_as_they_were() -> None:
    state = make_group(*(e.EntryPinned(at=NOW, by="olga", user="mia", seq=seq) for seq in (7, 8, 20)))
    before = dict(state.pins)
    (removed,) = do(state, c.RemoveEntries(FOUND, "spam"), "mod", **STAFF)
    assert isinstance(removed, e.EntriesRemoved)
    kind, pins = "entries_removed", removed.was_pins
    (event,) = do(state, c.Overturn("mia", state.version, kind, restores=(7, 8), pins=pins), "")
    assert isinstance(event, e.MeasureOverturned)
    assert event.restored == (7, 8)
    assert state.pins == before
    do(state, c.DeleteEntry("mia", seq=8, ts=NOW), "adam")
    do(state, c.Overturn("mia", 99, "deleted", restores=(8,), pins=(e.PinWas(8, "olga", NOW),)), "")
    assert state.pins == before
    full = make_group(e.EntryPinned(at=NOW, by="olga", user="mia", seq=20))
    policy = Policy(pins_per_group=1)
    (event,) = do(full, c.Overturn("mia", 99, kind, restores=(7, 8), pins=pins), "", policy=policy)
    assert list(full.pins) == [20], "no more than a group may have"
