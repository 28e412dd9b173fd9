"""Who may publish in a channel, who may comment, and how its editors decide that (P12, W10.2)."""

import random

from msgspec.structs import replace

from folkmoot_governance import Actor, GroupState, Permission, Policy, apply
from folkmoot_governance.actor import Emergency
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.apply import founded
from folkmoot_governance.group.decide_channel import MOST_THREADS
from folkmoot_governance.group.publish import STRICTER, Thread, check_comment, check_publish, is_held, policy_on
from folkmoot_governance.published import PUBLICATION, check_text
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, CommentPolicy, EntryKind, Identity, LinkRule
from tests.builders.rules import NOW, POLICY, SOON, ask, channel_opened, code_of, do, tell_refusal

POST = Thread(7)
YEAR = 365 * DAY_MS


def make_channel(*later: e.Event, permissions: tuple[Permission, ...] = ()) -> GroupState:
    """Return a channel of olga with the editor adam."""
    joined = e.MemberJoined(at=NOW, by="adam", user="adam", via="invited")
    promoted = e.MemberPromoted(at=NOW, by="olga", user="adam", permissions=permissions)
    state = founded(channel_opened())
    for event in (joined, promoted, *later):
        apply(state, event)
    return state


def comment(state: GroupState, user: str, thread: Thread = POST, now: int = NOW, last: int = 0) -> ErrorCode | None:
    refusal = check_comment(state, user, Identity.PERSON, now, POLICY, 0, last, thread)
    if refusal:
        tell_refusal(refusal)
    return code_of(refusal)


def publish(state: GroupState, user: str) -> ErrorCode | None:
    return code_of(check_publish(state, user, Identity.PERSON, NOW, POLICY))


def test_of_the_policies_of_channel_and_post_the_stricter_counts() -> None:
    for of_channel in CommentPolicy:
        for of_post in CommentPolicy:
            state = make_channel()
            do(state, c.SetComments(of_channel), "olga")
            do(state, c.SetComments(of_post, 7), "olga")
            assert policy_on(state, 7) is STRICTER[max(STRICTER.index(of_channel), STRICTER.index(of_post))]
            assert policy_on(state, 8) is of_channel
            assert (policy_on(state, 7) is CommentPolicy.APPROVAL) == is_held(state, "mia", POST)
            assert not is_held(state, "adam", POST)


def test_each_policy_has_its_own_error() -> None:
    follower = Thread(7, is_followed=True)
    expected = {
        CommentPolicy.OPEN: (None, None, None),
        CommentPolicy.FOLLOWERS: (ErrorCode.FOLLOWERS_ONLY, None, None),
        CommentPolicy.APPROVAL: (None, None, None),
        CommentPolicy.CLOSED: (ErrorCode.COMMENTS_CLOSED,) * 3,
    }
    for policy, codes in expected.items():
        state = make_channel()
        do(state, c.SetComments(policy), "olga")
        assert (comment(state, "mia"), comment(state, "mia", follower), comment(state, "adam")) == codes


def test_what_is_not_there_is_not_commented_on_and_who_is_silenced_is_told_first() -> None:
    state = make_channel()
    assert comment(state, "mia", Thread(7, is_there=False)) == ErrorCode.NO_SUCH_ENTRY
    do(state, c.MuteMember("mia", SOON), "olga")
    assert comment(state, "mia", Thread(7, is_there=False)) == ErrorCode.MUTED
    do(state, c.BanMember("max", SOON), "olga")
    assert comment(state, "max") == ErrorCode.BANNED


def test_slow_mode_keeps_readers_waiting_and_no_editor() -> None:
    state = make_channel(e.SlowModeSet(at=NOW, by="olga", slow_ms=1000))
    assert comment(state, "mia", last=NOW - 999) == ErrorCode.SLOW_MODE
    assert comment(state, "mia", last=NOW - 1000) is None
    assert comment(state, "adam", last=NOW - 1) is None


def test_a_verification_that_has_expired_counts_for_neither() -> None:
    """I6, P6, W7."""
    policy = Policy(to_post=Identity.MOBILE, reverify_ms=YEAR, reverify_grace_ms=DAY_MS)
    state = make_channel()
    for late, code in ((0, None), (1, ErrorCode.IDENTITY_REQUIRED)):
        now = NOW + YEAR + DAY_MS - 1 + late
        assert code_of(check_publish(state, "olga", Identity.PERSON, now, policy, NOW)) == code
        assert code_of(check_comment(state, "mia", Identity.PERSON, now, policy, NOW, 0, POST)) == code


def test_an_editor_publishes_with_the_permission() -> None:
    assert publish(make_channel(permissions=(Permission.PUBLISH,)), "adam") is None
    assert publish(make_channel(permissions=(Permission.COMMENTS,)), "adam") == ErrorCode.FORBIDDEN
    assert (publish(make_channel(), "olga"), publish(make_channel(), "mia")) == (None, ErrorCode.FORBIDDEN)


def test_permissions_are_those_of_channels() -> None:
    state = make_channel()
    for odd in (Permission.LOCK, Permission.JOINS):
        assert code_of(ask(state, c.SetPermissions("adam", frozenset({odd})), "olga")) == ErrorCode.BAD_REQUEST
    do(state, c.SetPermissions("adam", state.permissions), "olga")
    assert {Permission.PUBLISH, Permission.COMMENTS} < state.permissions


def test_so_many_posts_have_a_policy_of_their_own_and_open_frees_one() -> None:
    state = make_channel()
    for seq in range(1, MOST_THREADS + 1):
        do(state, c.SetComments(CommentPolicy.CLOSED, seq), "olga")
    more = c.SetComments(CommentPolicy.CLOSED, MOST_THREADS + 1)
    assert code_of(ask(state, more, "olga")) == ErrorCode.CONFLICT
    do(state, c.SetComments(CommentPolicy.OPEN, 1), "olga")
    do(state, more, "olga")
    assert ask(state, more, "olga") == []
    odd = c.SetComments(CommentPolicy.OPEN, 7, EntryKind.COMMENT)
    assert code_of(ask(state, odd, "olga")) == ErrorCode.NO_SUCH_ENTRY


def test_no_comment_by_whom_an_editor_silences() -> None:
    """Whatever editors do in whatever order: as long as a mute or a ban is in force its bearer says nothing, and as
    long as none is, and comments are open, anybody may."""
    chance = random.Random(1)
    state, now = make_channel(permissions=tuple(Permission)), NOW
    for _ in range(10_000):
        now += chance.randrange(40)
        user, span = chance.choice(["mia", "max"]), chance.randrange(1, 200)
        command = chance.choice(
            [
                c.MuteMember(user, span, replaces=True),
                c.Unmute(user),
                c.BanMember(user, span, replaces=True),
                c.Unban(user),
                c.Warn(user),
            ]
        )
        decision = ask(state, command, chance.choice(["olga", "adam"]), now)
        for event in decision if isinstance(decision, list) else ():
            apply(state, event)
        for one in ("mia", "max"):
            silenced = state.ban_of(one, now) or state.mute_of(one, now)
            assert (comment(state, one, now=now) is None) == (silenced is None)


def test_links_by_readers() -> None:
    from folkmoot_governance.group.links import check_links

    state = make_channel(e.LinksSet(at=NOW, by="olga", links=LinkRule.OFF))
    assert code_of(check_links(state, "mia", "https://example.org/")) == ErrorCode.CONTENT_REFUSED
    assert check_links(state, "adam", "https://example.org/") is None


def test_nobody_else_comes_to_own_a_persons_own_channel() -> None:
    offered = e.TransferOffered(at=NOW, by="olga", user="adam", until_ms=NOW + YEAR, was_nothing=True)
    state = make_channel()
    assert code_of(ask(state, c.OfferTransfer("adam"), "olga")) is ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.NameHeir("adam"), "olga")) is ErrorCode.FORBIDDEN
    assert code_of(ask(make_channel(offered), c.AcceptTransfer(), "adam")) is ErrorCode.FORBIDDEN
    absent = c.Succeed("olga", NOW + YEAR, (c.Candidate(Actor("adam", identity=Identity.PERSON), 0),))
    (missing,) = ask(state, absent, "")
    assert isinstance(missing, e.OwnerMissing)
    (ended,) = ask(state, replace(absent, closed=True), "")
    assert isinstance(ended, e.GroupDissolved)


def test_readers_comment_no_more_while_nobody_answers_for_the_channel() -> None:
    state = make_channel()
    assert comment(state, "mia") is None
    state.members["adam"] = replace(state.members["adam"], permissions=frozenset({Permission.PUBLISH}))
    assert publish(state, "adam") is None
    apply(state, e.OwnerMissing(at=NOW, by="", user="olga"))
    assert comment(state, "mia") is ErrorCode.COMMENTS_CLOSED
    # Nobody publishes under the name of who is shut out; a public account is not one person's.
    assert publish(state, "adam") is ErrorCode.FORBIDDEN
    assert publish(replace(state, form=ChannelForm.PUBLIC), "adam") is None
    assert comment(state, "adam") is None


def test_an_emergency_in_a_category_stops_what_is_declared_to_be_of_it() -> None:
    state = make_channel()
    halt = Emergency("m-1", "category:news", "read_only", NOW + DAY_MS, "an earthquake")

    def said(*categories: str) -> ErrorCode | None:
        author = "It shook.", "olga", Identity.PERSON, (), state
        return code_of(check_text(PUBLICATION, *author, NOW, POLICY, emergencies=(halt,), categories=categories))

    assert state.category != "news"
    assert said() is None
    assert said(state.category, "news") is ErrorCode.EMERGENCY
