import msgspec
import pytest

from folkmoot_governance import Actor, GroupState, Policy, Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.notice_entry import is_told
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode
from tests.builders.rules import NOW, POLICY, SOON, ask, caps, code_of, do, make_group, tell_refusal

WEEK_ON = NOW + POLICY.request_ms


def waiting(*users: str, **founding: object) -> GroupState:
    """Return a group with join mode `approval` at whose door `users` wait."""
    requests = [e.JoinRequested(at=NOW, by=one, user=one, until_ms=WEEK_ON) for one in users]
    return make_group(*requests, join_mode=JoinMode.APPROVAL, **founding)


@pytest.mark.parametrize(
    ("mode", "invited", "outcome"),
    [
        (JoinMode.OPEN, False, "open"),
        (JoinMode.OPEN, True, "invitation"),
        (JoinMode.APPROVAL, False, e.JoinRequested),
        (JoinMode.APPROVAL, True, "invitation"),
        (JoinMode.INVITE, False, ErrorCode.JOIN_CLOSED),
        (JoinMode.INVITE, True, "invitation"),
        (JoinMode.QUESTION, False, ErrorCode.WRONG_ANSWER),
        (JoinMode.QUESTION, True, "invitation"),
        (JoinMode.CLOSED, False, ErrorCode.JOIN_CLOSED),
        (JoinMode.CLOSED, True, ErrorCode.JOIN_CLOSED),
    ],
)
def test_join_modes(mode: JoinMode, invited: bool, outcome: object) -> None:
    invitation = [e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON)] if invited else []
    decision = ask(make_group(*invitation, join_mode=mode), c.JoinGroup("please"), "gus")
    if isinstance(decision, Refusal):
        assert decision.code == outcome
        return
    (event,) = decision
    assert outcome == (event.via if isinstance(event, e.MemberJoined) else type(event))


def test_an_invitation_is_used_up_and_expires() -> None:
    state = make_group(join_mode=JoinMode.INVITE)
    do(state, c.Invite("gus"), "adam")
    assert code_of(ask(state, c.JoinGroup(), "gus", NOW + POLICY.invite_ms)) == ErrorCode.JOIN_CLOSED
    do(state, c.JoinGroup(), "gus", NOW + POLICY.invite_ms - 1)
    do(state, c.LeaveGroup(), "gus")
    assert code_of(ask(state, c.JoinGroup(), "gus")) == ErrorCode.JOIN_CLOSED


def test_who_cannot_come_in() -> None:
    assert code_of(ask(make_group(), c.JoinGroup(), "mia")) == ErrorCode.ALREADY_MEMBER
    assert code_of(ask(make_group(member_limit=4), c.JoinGroup(), "gus")) == ErrorCode.GROUP_FULL
    assert code_of(ask(make_group(member_limit=5), c.JoinGroup(), "gus")) is None
    policy = Policy(credit=caps(groups_joined=3))
    assert code_of(ask(make_group(), c.JoinGroup(), "gus", policy=policy, groups_joined=3)) == ErrorCode.JOIN_QUOTA
    assert code_of(ask(make_group(), c.JoinGroup(), "gus", policy=policy, groups_joined=2)) is None


def test_a_ban_keeps_out_until_its_end_even_the_invited() -> None:
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON),
        e.Invited(at=NOW, by="olga", user="gus", until_ms=WEEK_ON),
    )
    refusal = ask(state, c.JoinGroup(), "gus", SOON - 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.detail["until_ms"]) == (ErrorCode.BANNED, SOON)
    assert code_of(ask(state, c.JoinGroup(), "gus", SOON)) is None


def test_asking_twice_changes_nothing_and_asking_late_starts_anew() -> None:
    state = waiting("gus")
    assert ask(state, c.JoinGroup(), "gus", WEEK_ON - 1) == []
    (event,) = do(state, c.JoinGroup("again"), "gus", WEEK_ON)
    assert isinstance(event, e.JoinRequested)
    assert state.requests["gus"].answer == "again"


def test_the_queue_at_the_door_is_bounded() -> None:
    policy = Policy(requests_per_group=1)
    assert code_of(ask(waiting("gus"), c.JoinGroup(), "ida", policy=policy)) == ErrorCode.JOIN_CLOSED
    assert code_of(ask(waiting("gus"), c.JoinGroup(), "ida", WEEK_ON, policy)) is None


def test_leaving() -> None:
    state = waiting("gus")
    assert code_of(ask(state, c.LeaveGroup(), "olga")) == ErrorCode.FORBIDDEN
    later = NOW + POLICY.quiet_ms
    assert do(state, c.LeaveGroup(), "adam", later) == [e.MemberLeft(at=later, by="adam", user="adam")]
    assert do(state, c.LeaveGroup(), "gus") == [e.JoinRequestEnded(at=NOW, by="gus", user="gus")]
    assert code_of(ask(state, c.LeaveGroup(), "gus")) == ErrorCode.NOT_A_MEMBER


JOINED_TS = NOW - 9_000
"""When the members of the builders' group came in."""


@pytest.mark.parametrize(("stayed_ms", "quiet"), [(POLICY.quiet_ms - 1, True), (POLICY.quiet_ms, False)])
def test_who_goes_soon_after_coming_goes_without_a_notice(stayed_ms: int, quiet: bool) -> None:
    (event,) = do(make_group(), c.LeaveGroup(), "mia", JOINED_TS + stayed_ms)
    assert isinstance(event, e.MemberLeft)
    assert (event.quiet, is_told(event)) == (quiet, not quiet)
    (event,) = do(make_group(), c.LeaveGroup(), "mia", JOINED_TS + stayed_ms, Policy(quiet_ms=0))
    assert is_told(event)


@pytest.mark.parametrize("mode", [JoinMode.OPEN, JoinMode.QUESTION, JoinMode.INVITE])
@pytest.mark.parametrize(("away_ms", "quiet"), [(0, True), (POLICY.quiet_ms - 1, True), (POLICY.quiet_ms, False)])
def test_who_comes_back_soon_comes_without_a_notice(mode: JoinMode, away_ms: int, quiet: bool) -> None:
    invitation = e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON)
    state = make_group(*([invitation] if mode is JoinMode.INVITE else []), join_mode=mode)
    (event,) = (
        ask(state, c.JoinGroup("please", left_ts=NOW - away_ms), "gus")
        if mode is not JoinMode.QUESTION
        else ask(
            make_group(e.QuestionSet(at=NOW, by="olga", question="?", answers=("please",)), join_mode=mode),
            c.JoinGroup("please", left_ts=NOW - away_ms),
            "gus",
        )
    )
    assert isinstance(event, e.MemberJoined)
    assert (event.quiet, is_told(event)) == (quiet, not quiet)


def test_what_the_ledger_had_before_is_read_and_written_as_it_was() -> None:
    for old in (
        b'{"event":"joined","at":1,"by":"mia","user":"mia","via":"open"}',
        b'{"event":"left","at":1,"by":"mia","user":"mia"}',
    ):
        event = msgspec.json.decode(old, type=e.MemberJoined | e.MemberLeft)
        assert is_told(event)
        assert msgspec.json.encode(event) == old


def test_who_can_be_invited() -> None:
    state = make_group(e.MemberBanned(at=NOW, by="olga", user="bad", until_ms=SOON))
    assert code_of(ask(state, c.Invite("mia"), "max")) == ErrorCode.ALREADY_MEMBER
    assert code_of(ask(state, c.Invite("bad"), "max")) == ErrorCode.BANNED
    assert code_of(ask(state, c.Invite("bad"), "max", SOON)) is None
    assert code_of(ask(state, c.Invite("gus"), "max")) is None
    assert code_of(ask(make_group(join_mode=JoinMode.CLOSED), c.Invite("gus"), "olga")) == ErrorCode.JOIN_CLOSED


def test_open_invitations_are_bounded() -> None:
    policy = Policy(invitations_per_group=1)
    state = make_group(e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON))
    assert code_of(ask(state, c.Invite("ida"), "olga", policy=policy)) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.Invite("ida"), "olga", SOON, policy)) is None


def approve(state: GroupState, *applicants: Actor) -> object:
    decision = ask(state, c.ApproveRequests(applicants), "adam", policy=Policy(credit=caps(groups_joined=3)))
    return decision.code if isinstance(decision, Refusal) else [event.user for event in decision]


def test_approving_many_lets_in_who_fits() -> None:
    state = waiting("a", "b", "busy", "d", member_limit=6)
    many = [Actor("a"), Actor("nobody"), Actor("busy", groups_joined=3), Actor("b"), Actor("b"), Actor("d")]
    assert approve(state, *many) == ["a", "b"]


def test_approving_is_refused_when_not_one_could_come_in() -> None:
    assert approve(waiting("a")) == ErrorCode.NO_SUCH_USER
    assert approve(waiting("a"), Actor("nobody")) == ErrorCode.NO_SUCH_USER
    assert approve(waiting("a"), Actor("a", groups_joined=3)) == ErrorCode.JOIN_QUOTA
    assert approve(waiting("a", member_limit=4), Actor("a")) == ErrorCode.GROUP_FULL


def test_an_approved_applicant_waits_no_longer() -> None:
    state = waiting("gus")
    (event,) = do(state, c.ApproveRequests((Actor("gus"),)), "adam")
    assert event == e.MemberJoined(at=NOW, by="adam", user="gus", via="approval")
    assert "gus" in state.members
    assert state.requests == {}


def test_denying() -> None:
    state = waiting("gus")
    do(state, c.DenyRequest("gus", reason="no"), "adam")
    assert state.requests == {}
    refusal = ask(state, c.DenyRequest("gus"), "adam")
    assert isinstance(refusal, Refusal)
    assert tell_refusal(refusal) == "@gus has no open request to join."


def test_kicking() -> None:
    state = make_group()
    do(state, c.Kick("mia", reason="rude"), "adam")
    assert "mia" not in state.members
    assert code_of(ask(state, c.Kick("mia"), "adam")) == ErrorCode.NO_SUCH_USER
    back = NOW + POLICY.kick_wait_ms
    refusal = ask(state, c.JoinGroup(), "mia", back - 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.detail["until_ms"], refusal.detail["reason"]) == (ErrorCode.JOIN_CLOSED, back, "rude")
    do(state, c.JoinGroup(), "mia", back)
    assert "mia" in state.members
    assert state.waits == {}


def test_who_has_run_out_of_time_at_the_door_is_not_turned_down() -> None:
    state = waiting("gus", "ida")
    do(state, c.DenyRequest("ida"), "olga")
    assert code_of(ask(state, c.DenyAllRequests(), "olga", WEEK_ON)) == ErrorCode.NO_SUCH_USER
    later = make_group(
        e.JoinRequested(at=NOW, by="gus", user="gus", until_ms=SOON + 1),
        e.JoinRequested(at=NOW, by="ida", user="ida", until_ms=SOON),
        join_mode=JoinMode.APPROVAL,
    )
    denied = [one for one in do(later, c.DenyAllRequests(), "olga", SOON) if isinstance(one, e.JoinRequestEnded)]
    assert [one.user for one in denied] == ["gus"]


def test_of_many_who_cannot_come_in_the_last_reason_is_told() -> None:
    refusal = ask(waiting("gus"), c.ApproveRequests((Actor("ida"), Actor("gus", groups_joined=10**6))), "olga")
    assert isinstance(refusal, Refusal) and refusal.code == ErrorCode.JOIN_QUOTA


def test_with_as_many_waiting_as_may_the_next_is_told_how_many() -> None:
    policy = Policy(requests_per_group=2)
    refusal = ask(waiting("gus", "ida"), c.JoinGroup(), "ned", policy=policy)
    assert isinstance(refusal, Refusal) and refusal.detail["limit"] == 2


def test_a_ban_is_told_with_its_case() -> None:
    state = make_group(e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON, reason="spam"))
    refusal = ask(state, c.JoinGroup(), "gus")
    assert isinstance(refusal, Refusal)
    assert (refusal.detail["case"], refusal.detail["until_ms"]) == (f"{state.code}-{state.version}", SOON)
