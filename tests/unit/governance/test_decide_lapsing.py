"""What somebody has set in motion ends with what allowed it, in the same act."""

import pytest

from folkmoot_governance import SERVICE, Actor, GroupState, Permission, PlatformRole
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.admission import code_id
from folkmoot_governance.group.state import Invitation, InviteCode
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode
from tests.builders.rules import NOW, SOON, ask, code_of, do, make_group

CODE = "k7f2m9qx3d"
ABSENT = 40 * 86_400_000


def offering(giver: str = "adam", **founding: object) -> GroupState:
    """Return a group by invitation, into which somebody has invited gus and made a code; the owner invited hal."""
    return make_group(
        e.Invited(at=NOW, by=giver, user="gus", until_ms=SOON),
        e.InviteCodeMade(at=NOW, by=giver, code_id=code_id(CODE), until_ms=SOON, uses=3),
        e.Invited(at=NOW, by="olga", user="hal", until_ms=SOON),
        **{"join_mode": JoinMode.INVITE, **founding},
    )


TAKES_AWAY = [
    (c.Kick("adam"), "olga"),
    (c.BanMember("adam", duration_ms=SOON), "olga"),
    (c.Demote("adam"), "olga"),
    (c.SetPermissions("adam", frozenset({Permission.MUTE})), "olga"),
    (c.LeaveGroup(), "adam"),
    (c.Depart("adam"), SERVICE.user),
]


@pytest.mark.parametrize(("command", "by"), TAKES_AWAY, ids=lambda one: type(one).__name__)
def test_what_an_admin_has_given_ends_with_the_right_to_give_it(command: c.Command, by: str) -> None:
    state = offering()
    *_, lapsed = do(state, command, by)
    assert lapsed == e.InvitationsLapsed(at=NOW, by=by, user="adam", users=("gus",), code_ids=(code_id(CODE),))
    assert (list(state.invitations), state.invite_codes) == (["hal"], {})
    assert code_of(ask(state, c.JoinGroup(), "gus")) == ErrorCode.JOIN_CLOSED
    assert code_of(ask(state, c.JoinGroup(CODE), "ida")) == ErrorCode.JOIN_CLOSED
    assert do(state, c.JoinGroup(), "hal") == [e.MemberJoined(at=NOW, by="hal", user="hal", via="invitation")]


def test_who_keeps_the_right_keeps_what_was_given() -> None:
    state = offering()
    do(state, c.SetPermissions("adam", frozenset({Permission.INVITE})), "olga")
    do(state, c.Kick("mia"), "olga")
    assert (list(state.invitations), list(state.invite_codes)) == (["gus", "hal"], [code_id(CODE)])


def test_what_plain_members_have_given_ends_when_the_group_stops_being_open() -> None:
    state = offering("mia", join_mode=JoinMode.OPEN)
    *_, lapsed = do(state, c.SetJoinMode(JoinMode.APPROVAL), "olga")
    assert isinstance(lapsed, e.InvitationsLapsed)
    assert (lapsed.user, list(state.invitations)) == ("mia", ["hal"])
    (asked,) = do(state, c.JoinGroup(), "gus")
    assert isinstance(asked, e.JoinRequested)


def test_a_raid_holds_up_what_plain_members_have_given_and_ends_nothing() -> None:
    state = offering("mia", join_mode=JoinMode.OPEN)
    do(state, c.SetAntiraid(), "olga")
    do(state, c.Kick("max"), "olga")
    assert [type(one) for one in ask(state, c.JoinGroup(), "gus")] == [e.JoinRequested]
    do(state, c.EndAntiraid(), "olga")
    assert do(state, c.JoinGroup(), "gus") == [e.MemberJoined(at=NOW, by="gus", user="gus", via="invitation")]


def test_an_owner_who_is_replaced_has_given_nothing_any_more() -> None:
    state = offering("olga")
    command = c.Succeed("olga", NOW + ABSENT, (c.Candidate(Actor("adam"), 0),))
    *_, lapsed = do(state, command, SERVICE.user)
    assert isinstance(lapsed, e.InvitationsLapsed)
    assert (state.owner, state.invitations, state.invite_codes) == ("adam", {}, {})


def test_what_older_acts_have_left_over_opens_no_door() -> None:
    """The record of a server that did not end them yet: it is replayed to what it was, and nobody comes in by it."""
    state = offering()
    kicked = e.MemberKicked(at=NOW, by="olga", user="adam")
    state = make_group(
        e.Invited(at=NOW, by="adam", user="gus", until_ms=SOON),
        e.InviteCodeMade(at=NOW, by="adam", code_id=code_id(CODE), until_ms=SOON, uses=3),
        kicked,
        join_mode=JoinMode.INVITE,
    )
    assert state.invitations == {"gus": Invitation("gus", SOON, "adam")}
    assert state.invite_codes == {code_id(CODE): InviteCode(code_id(CODE), SOON, 3, "adam")}
    assert code_of(ask(state, c.JoinGroup(), "gus")) == ErrorCode.JOIN_CLOSED
    assert code_of(ask(state, c.JoinGroup(CODE), "ida")) == ErrorCode.JOIN_CLOSED


@pytest.mark.parametrize("joiner", [("gus", ""), ("ida", CODE)], ids=["invited", "with a code"])
def test_what_a_suspended_account_has_given_opens_no_door(joiner: tuple[str, str]) -> None:
    user, answer = joiner
    assert code_of(ask(offering(), c.JoinGroup(answer, giver_absent=True), user)) == ErrorCode.JOIN_CLOSED
    assert code_of(ask(offering(), c.JoinGroup(answer), user)) is None


def test_what_a_suspended_account_has_offered_ends() -> None:
    state = offering()
    lapsed = e.InvitationsLapsed(at=NOW, by="", user="adam", users=("gus",), code_ids=(code_id(CODE),))
    assert do(state, c.WithdrawOffers("adam"), SERVICE.user) == [lapsed]
    assert do(state, c.WithdrawOffers("adam"), SERVICE.user) == []
    do(state, c.OfferTransfer("mia"), "olga")
    do(state, c.NameHeir("max"), "olga")
    *_, offer = do(state, c.WithdrawOffers("olga"), SERVICE.user)
    assert offer == e.TransferExpired(at=NOW, by="", user="mia")
    assert (state.invitations, state.heir, state.successor) == ({}, "", "max")
    assert code_of(ask(state, c.WithdrawOffers("olga"), "olga")) == ErrorCode.FORBIDDEN
    do(state, c.Dissolve(state.code), "olga")
    assert ask(state, c.WithdrawOffers("olga"), SERVICE.user) == []


def asking(*users: str) -> GroupState:
    state = make_group(join_mode=JoinMode.APPROVAL)
    for user in users:
        do(state, c.JoinGroup(), user)
    return state


def test_a_group_that_is_dissolved_names_those_who_asked_to_join() -> None:
    closed, dissolved = do(asking("gus", "hal"), c.Dissolve("482190673352"), "olga")
    assert closed == e.JoinRequestsClosed(at=NOW, by="olga", users=("gus", "hal"))
    assert isinstance(dissolved, e.GroupDissolved)


def test_a_group_that_the_platform_closes_does_so_with_its_reason() -> None:
    command, staff = c.CloseGroup("unlawful"), {"platform": PlatformRole.SUPERADMIN}
    state = asking("gus")
    closed, ended = do(state, command, "sue", **staff)
    assert (type(closed), state.requests, list(state.kept.requests)) == (e.GroupClosed, {}, ["gus"])  # type: ignore[union-attr]
    assert ended == e.JoinRequestsClosed(at=NOW, by="sue", users=("gus",), reason="unlawful")
    assert [type(one) for one in do(asking(), command, "sue", **staff)] == [e.GroupClosed]


def test_the_request_of_who_is_banned_is_answered() -> None:
    state = asking("gus")
    ended, banned = do(state, c.BanMember("gus", duration_ms=SOON, reason="a known spammer"), "olga")
    assert ended == e.JoinRequestEnded(at=NOW, by="olga", user="gus", reason="a known spammer")
    assert isinstance(banned, e.MemberBanned)
    assert state.requests == {}


def test_a_size_that_the_old_owner_asked_for_is_not_granted_to_the_new_one() -> None:
    state = make_group(e.LimitAsked(at=NOW, by="olga", limit=900, grade="large"))
    do(state, c.OfferTransfer("adam"), "olga")
    *_, withdrawn = do(state, c.AcceptTransfer(), "adam")
    assert withdrawn == e.LimitWithdrawn(at=NOW, by="adam", limit=900)
    assert state.asked_limit == 0
    assert code_of(ask(state, c.GrantLimit("seen"), "sue", platform=PlatformRole.SUPERADMIN)) == ErrorCode.CONFLICT


@pytest.mark.parametrize("kept", ["invitations", "invite_codes"])
def test_one_kind_of_offer_alone_lapses_as_well(kept: str) -> None:
    state = offering()
    for one in {"invitations", "invite_codes"} - {kept}:
        getattr(state, one).clear()
    *_, lapsed = do(state, c.Kick("adam"), "olga")
    assert isinstance(lapsed, e.InvitationsLapsed)
    assert (bool(lapsed.users), bool(lapsed.code_ids)) == (kept == "invitations", kept == "invite_codes")


def test_the_offer_of_a_group_ends_with_its_owner_alone() -> None:
    state = make_group()
    do(state, c.OfferTransfer("max"), "olga")
    assert do(state, c.WithdrawOffers("adam"), SERVICE.user) == []
    assert [type(one) for one in do(state, c.WithdrawOffers("olga"), SERVICE.user)] == [e.TransferExpired]
    assert do(state, c.WithdrawOffers("olga"), SERVICE.user) == []


def test_a_request_for_another_size_ends_with_the_owner_who_asked() -> None:
    state = make_group()
    state.asked_limit = 9000
    command = c.Succeed("olga", NOW + ABSENT, (c.Candidate(Actor("adam"), 0),))
    assert e.LimitWithdrawn(at=NOW, by="", limit=9000) in do(state, command, SERVICE.user)
    assert state.asked_limit == 0
