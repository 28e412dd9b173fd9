"""Never is a group without somebody who answers for it."""

import pytest

from folkmoot_governance import SERVICE, Actor, GroupState, Policy
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.decide_succession import in_line
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus, Identity, Role
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group, roles

LONG = NOW + POLICY.absence_ms


def candidates(*users: str, **facts: object) -> tuple[c.Candidate, ...]:
    return tuple(c.Candidate(Actor(user, **facts), 0) for user in users)


def succeed(state: GroupState, *line: c.Candidate, until: int = LONG, policy: Policy = POLICY) -> list[e.Event]:
    return do(state, c.Succeed(state.owner, until, line), SERVICE.user, policy=policy)


def test_the_first_in_line_takes_over_and_the_old_owner_has_no_rights_left() -> None:
    state = make_group()
    (event,) = succeed(state, *candidates("adam"))
    assert isinstance(event, e.OwnerReplaced)
    assert (event.user, event.previous, event.was_role) == ("adam", "olga", Role.ADMIN)
    assert state.owner == "adam"
    assert roles(state)["adam"] is Role.OWNER
    assert (state.members["olga"].role, state.members["olga"].permissions) == (Role.MEMBER, frozenset())


def test_the_line() -> None:
    promoted = e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=())
    state = make_group(promoted)
    assert in_line(state, {"adam": SOON, "mia": NOW}) == ["mia", "adam"]
    assert in_line(state, {"adam": NOW, "mia": SOON}) == ["adam", "mia"]
    do(state, c.NameHeir("max"), "olga")
    assert in_line(state, {"adam": NOW, "mia": SOON}) == ["max", "adam", "mia"]
    do(state, c.NameHeir("mia"), "olga")
    assert in_line(state, {"adam": NOW, "mia": SOON}) == ["mia", "adam"]


def test_who_has_as_many_as_they_may_have_is_passed_over() -> None:
    for limit, owner in ((2, "mia"), (3, "adam"), (0, "adam")):
        state = make_group(e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=()))
        (event,) = succeed(state, c.Candidate(Actor("adam"), 0, have=2, limit=limit), *candidates("mia"))
        assert event.user == owner


def test_a_short_absence_changes_nothing() -> None:
    assert succeed(make_group(), *candidates("adam"), until=LONG - 1) == []


def test_who_is_shut_out_or_unverified_or_not_in_line_is_passed_over() -> None:
    policy = Policy(to_create_group=Identity.PERSON)
    shut_out = c.Candidate(Actor("adam", identity=Identity.PERSON), NOW + 1)
    state = make_group(e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=()))
    line = (shut_out, *candidates("max", identity=Identity.PERSON), *candidates("mia", identity=Identity.MOBILE))
    assert succeed(state, *line, policy=policy) == [e.OwnerMissing(at=NOW, by="", user="olga")]
    state = make_group(e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=()))
    (event,) = succeed(state, *line, *candidates("mia", identity=Identity.PERSON), policy=policy)
    assert event.user == "mia"


def test_with_nobody_fit_the_group_is_locked_once_and_keeps_its_owner() -> None:
    state = make_group()
    succeed(state)
    assert (state.owner, state.locked_until_ms) == ("olga", FOREVER_MS)
    assert succeed(state) == []
    (event,) = succeed(state, *candidates("adam"))
    assert isinstance(event, e.OwnerReplaced)
    do(state, c.Unlock(), "adam")


def test_a_closed_owner_alone_takes_the_group_along() -> None:
    alone = make_group(*(e.MemberLeft(at=NOW, by=one, user=one) for one in ("adam", "mia", "max")))
    assert isinstance(succeed(alone)[0], e.OwnerMissing), "one who is suspended may come back"
    (event,) = do(alone, c.Succeed("olga", LONG, (), closed=True), SERVICE.user)
    assert (type(event), event.by) == (e.GroupDissolved, "olga")
    assert alone.status is GroupStatus.CLOSED
    (event,) = do(make_group(), c.Succeed("olga", LONG, (), closed=True), SERVICE.user)
    assert isinstance(event, e.OwnerMissing), "there are others in it"


def test_a_closed_account_departs_unless_it_owns_the_group() -> None:
    state = make_group(
        e.HeirNamed(at=NOW, by="olga", user="mia"),
        e.JoinRequested(at=NOW, by="gus", user="gus", until_ms=SOON),
        e.Invited(at=NOW, by="olga", user="ben", until_ms=SOON),
    )
    for user in ("mia", "gus", "ben"):
        (event,) = do(state, c.Depart(user), SERVICE.user)
        assert isinstance(event, e.MemberDeparted)
        assert do(state, c.Depart(user), SERVICE.user) == []
    assert (state.successor, state.requests, state.invitations) == ("", {}, {})
    assert set(state.members) == {"olga", "adam", "max"}
    assert do(state, c.Depart("olga"), SERVICE.user) == []
    assert code_of(ask(state, c.Depart("max"), "olga")) == ErrorCode.FORBIDDEN


def test_what_was_overtaken_or_is_closed_is_left_alone() -> None:
    assert do(make_group(), c.Succeed("adam", LONG, candidates("adam")), SERVICE.user) == []
    closed = make_group(e.GroupDissolved(at=NOW, by="olga"))
    assert closed.status is GroupStatus.CLOSED
    assert succeed(closed, *candidates("adam")) == []


def test_nobody_asks_for_it() -> None:
    assert code_of(ask(make_group(), c.Succeed("olga", LONG, candidates("adam")), "adam")) == ErrorCode.FORBIDDEN


def test_naming_an_heir() -> None:
    state = make_group()
    do(state, c.NameHeir("mia"), "olga")
    assert ask(state, c.NameHeir("mia"), "olga") == []
    assert code_of(ask(state, c.NameHeir("gus"), "olga")) == ErrorCode.NO_SUCH_USER
    assert code_of(ask(state, c.NameHeir("olga"), "olga")) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.NameHeir("max"), "adam")) == ErrorCode.FORBIDDEN
    do(state, c.DropHeir(), "olga")
    assert state.successor == ""
    assert code_of(ask(state, c.DropHeir(), "olga")) == ErrorCode.CONFLICT


@pytest.mark.parametrize(
    "end",
    [
        e.MemberLeft(at=NOW, by="mia", user="mia"),
        e.MemberBanned(at=NOW, by="olga", user="mia", until_ms=SOON),
        e.OwnershipTransferred(at=NOW, by="adam", user="adam", previous="olga"),
        e.OwnershipTransferred(at=NOW, by="mia", user="mia", previous="olga"),
        e.OwnerReplaced(at=NOW, by="", user="mia", previous="olga"),
        e.GroupDissolved(at=NOW, by="olga"),
    ],
    ids=lambda event: f"{type(event).__name__} {getattr(event, 'user', '')}",
)
def test_an_heir_is_one_owners_heir(end: e.Event) -> None:
    assert make_group(e.HeirNamed(at=NOW, by="olga", user="mia"), end).successor == ""


def test_of_admins_of_one_day_the_first_member_is_first_in_line_and_then_the_first_name() -> None:
    joined = [
        e.MemberJoined(at=NOW + at, by=user, user=user, via="open") for user, at in (("zoe", 1), ("ben", 2), ("amy", 2))
    ]
    promoted = [e.MemberPromoted(at=NOW + 9, by="olga", user=user, permissions=()) for user in ("ben", "amy", "zoe")]
    state = make_group(*joined, *promoted)
    assert in_line(state, dict.fromkeys(("ben", "amy", "zoe"), NOW + 9)) == ["adam", "zoe", "amy", "ben"]


def test_who_is_back_at_this_instant_is_fit() -> None:
    state = make_group()
    (event,) = succeed(state, c.Candidate(Actor("adam"), NOW))
    assert isinstance(event, e.OwnerReplaced)
