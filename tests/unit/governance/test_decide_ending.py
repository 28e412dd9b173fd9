from folkmoot_governance import SERVICE, GroupState, decide
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.decide_ending import MAX_AT_ONCE
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group, tell_event


def end(state: GroupState, now: int) -> list[e.Event]:
    return do(state, c.EndMeasures(), SERVICE.user, now)


def test_each_measure_ends_when_its_time_has_come_and_not_before() -> None:
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON),
        e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON),
        e.GroupLocked(at=NOW, by="olga", until_ms=SOON),
        e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="spam"),
        e.JoinRequested(at=NOW, by="ida", user="ida", until_ms=SOON),
        e.Invited(at=NOW, by="olga", user="ned", until_ms=SOON),
        e.TransferOffered(at=NOW, by="olga", user="adam", until_ms=SOON),
    )
    assert end(state, SOON - 1) == []
    assert {type(event) for event in end(state, SOON)} == {
        e.BansEnded,
        e.MutesEnded,
        e.LockEnded,
        e.SuspensionEnded,
        e.RequestsExpired,
        e.InvitationsExpired,
        e.TransferExpired,
    }
    assert (state.bans, state.mutes, state.requests, state.invitations) == ({}, {}, {}, {})
    assert (state.locked_until_ms, state.status, state.heir) == (0, GroupStatus.ACTIVE, "")
    assert end(state, SOON) == []


def test_what_is_permanent_or_was_prolonged_stays() -> None:
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=FOREVER_MS),
        e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON),
        e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON + 1),
    )
    assert end(state, SOON) == []


def test_many_ends_of_one_kind_are_one_event_and_bounded() -> None:
    users = [f"raider{number}" for number in range(MAX_AT_ONCE + 5)]
    state = make_group(*(e.MemberBanned(at=NOW, by="olga", user=user, until_ms=SOON) for user in users))
    (first,) = end(state, SOON)
    (rest,) = end(state, SOON)
    assert isinstance(first, e.BansEnded)
    assert isinstance(rest, e.BansEnded)
    assert (first.users, rest.users) == (tuple(users[:MAX_AT_ONCE]), tuple(users[MAX_AT_ONCE:]))
    assert tell_event(rest) == "Ban over: " + " ".join(f"@{user}" for user in users[MAX_AT_ONCE:])


def test_nobody_can_ask_for_it_and_a_closed_group_is_cleared_all_the_same() -> None:
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON), e.GroupDissolved(at=NOW, by="olga")
    )
    for who in ("olga", "mia", "stranger"):
        assert code_of(ask(state, c.EndMeasures(), who, SOON)) == ErrorCode.FORBIDDEN
    assert decide(state, c.EndMeasures(), SERVICE, SOON, POLICY) == [e.BansEnded(at=SOON, by="", users=("gus",))]


def test_warnings_end_when_their_time_has_come() -> None:
    warned = [e.MemberWarned(at=NOW, by="olga", user="mia", until_ms=SOON + more, count=1) for more in (0, 1)]
    state = make_group(*warned)
    first, second = state.warnings
    assert end(state, SOON - 1) == []
    assert end(state, SOON) == [e.WarningsExpired(at=SOON, by="", numbers=(first,))]
    assert list(state.warnings) == [second]


def test_many_warnings_end_in_acts_that_are_bounded() -> None:
    warned = e.MemberWarned(at=NOW, by="olga", user="mia", until_ms=SOON, count=1)
    state = make_group(*[warned] * (MAX_AT_ONCE + 1))
    assert [len(end(state, SOON)[0].numbers) for _ in range(2)] == [MAX_AT_ONCE, 1]  # type: ignore[attr-defined]


def test_what_is_not_in_force_does_not_end() -> None:
    state = make_group()
    assert end(state, 1) == end(state, 0) == []
