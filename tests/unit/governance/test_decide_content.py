"""Content in a group: what is recorded, what waits for review, the group's own words."""

import pytest

from folkmoot_governance import SERVICE, GroupState, Policy, Refusal
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.content.match import Verdict, held_by
from folkmoot_governance.content.rules import MAX_STEPS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group, tell_event


def verdict(action: Action, user: str = "mia", **more: object) -> c.RecordVerdict:
    return c.RecordVerdict(user, "rule", Severity.MEDIUM, action, **more)  # type: ignore[arg-type]


def hold(state: GroupState, user: str = "mia", now: int = NOW) -> int:
    """Let a post be held; return its number."""
    (event,) = do(state, verdict(Action.HOLD, user), SERVICE.user, now)
    assert isinstance(event, e.ContentHeld)
    return state.version


def test_only_the_service_records_verdicts() -> None:
    assert code_of(ask(make_group(), verdict(Action.REFUSE), "olga")) == ErrorCode.FORBIDDEN


def test_a_refused_post_is_for_the_record_alone() -> None:
    state = make_group()
    (event,) = do(state, verdict(Action.REFUSE), SERVICE.user)
    assert isinstance(event, e.ContentRefused) and event.user == "mia" and event.severity is Severity.MEDIUM
    assert not state.reviews


def test_a_held_post_waits_under_the_number_of_its_act() -> None:
    state = make_group()
    number = hold(state)
    review = state.reviews[number]
    assert (review.user, review.seq, review.until_ms) == ("mia", 0, NOW + POLICY.review_ms)
    (event,) = do(state, c.ApproveHeld(number), "adam")
    assert isinstance(event, e.HeldApproved) and event.user == "mia"
    assert not state.reviews
    assert code_of(ask(state, c.ApproveHeld(number), "adam")) == ErrorCode.NO_SUCH_ENTRY


def test_a_held_post_is_turned_down() -> None:
    state = make_group()
    (event,) = do(state, c.DenyHeld(hold(state), "spam"), "olga")
    assert isinstance(event, e.HeldDenied) and event.reason == "spam"
    assert not state.reviews


REVIEWER = {"platform": PlatformRole.REVIEWER}


def test_what_the_operator_holds_is_for_its_staff_and_for_nobody_else() -> None:
    state = make_group()
    do(state, verdict(Action.HOLD, staff=True), SERVICE.user)
    number = state.version
    for command in (c.ApproveHeld(number), c.DenyHeld(number)):
        assert code_of(ask(state, command, "olga")) == ErrorCode.FORBIDDEN
    for staff in (c.ReleaseHeld(number), c.RejectHeld(number, "r")):
        assert code_of(ask(state, staff, "olga")) == ErrorCode.FORBIDDEN
        assert code_of(ask(state, staff, "viv", platform=PlatformRole.VIEWER)) == ErrorCode.FORBIDDEN
        assert code_of(ask(state, staff, "mia", **REVIEWER)) == ErrorCode.FORBIDDEN
    muted = make_group()
    do(muted, verdict(Action.HOLD, staff=True), SERVICE.user)
    do(muted, c.MuteMember("mia", 60_000), "adam")
    assert code_of(ask(muted, c.ReleaseHeld(muted.version - 1), "rea", **REVIEWER)) == ErrorCode.MUTED
    (event,) = do(state, c.ReleaseHeld(number), "rea", **REVIEWER)
    assert isinstance(event, e.HeldReleased) and not event.to_admins and not state.reviews
    do(state, verdict(Action.HOLD, staff=True), SERVICE.user)
    (event,) = do(state, c.RejectHeld(state.version, "asks for money"), "rea", **REVIEWER)
    assert isinstance(event, e.HeldRejected) and (event.rule, event.reason) == ("rule", "asks for money")
    assert not state.reviews


def test_what_both_hold_goes_to_the_staff_and_then_to_the_admins() -> None:
    state = make_group()
    do(state, verdict(Action.HOLD, staff=True, own_rule="word:tea"), SERVICE.user)
    number = state.version
    do(state, c.SuspendGroup(60_000, "r"), "sue", platform=PlatformRole.SUPERADMIN)
    (event,) = do(state, c.ReleaseHeld(number), "rea", **REVIEWER)
    assert isinstance(event, e.HeldReleased) and event.to_admins
    assert (state.reviews[number].rule, state.reviews[number].staff) == ("word:tea", False)
    assert code_of(ask(state, c.ReleaseHeld(number), "rea", **REVIEWER)) == ErrorCode.NO_SUCH_ENTRY
    (event,) = do(state, c.ApproveHeld(number), "adam", SOON)
    assert isinstance(event, e.HeldApproved) and not state.reviews


def test_nothing_is_posted_by_staff_into_a_suspended_group() -> None:
    state = make_group()
    do(state, verdict(Action.HOLD, staff=True), SERVICE.user)
    number = state.version
    do(state, c.SuspendGroup(60_000, "r"), "sue", platform=PlatformRole.SUPERADMIN)
    assert code_of(ask(state, c.ReleaseHeld(number), "rea", **REVIEWER)) == ErrorCode.GROUP_SUSPENDED


@pytest.mark.parametrize(
    ("operator", "own", "expected"),
    [
        (None, None, None),
        (Action.FLAG, None, (Action.FLAG, True, "")),
        (Action.FLAG, Action.FLAG, (Action.FLAG, True, "own")),
        (None, Action.FLAG, (Action.FLAG, False, "")),
        (Action.HOLD, None, (Action.HOLD, True, "")),
        (Action.HOLD, Action.FLAG, (Action.HOLD, True, "")),
        (Action.HOLD, Action.HOLD, (Action.HOLD, True, "own")),
        (Action.HOLD, Action.REFUSE, (Action.REFUSE, False, "")),
        (Action.FLAG, Action.HOLD, (Action.HOLD, False, "")),
        (None, Action.HOLD, (Action.HOLD, False, "")),
        (Action.REFUSE, Action.HOLD, (Action.REFUSE, False, "")),
    ],
)
def test_who_holds_a_post(operator: Action | None, own: Action | None, expected: object) -> None:
    said = [Verdict(name, Severity.MEDIUM, one) if one else None for name, one in (("op", operator), ("own", own))]
    found = held_by(*said)
    assert expected == (found and (found.action, found.staff, found.own_rule))


def test_what_waits_too_long_is_over_and_forgotten_with_the_next() -> None:
    state = make_group()
    number, end = hold(state), NOW + POLICY.review_ms
    assert code_of(ask(state, c.DenyHeld(number), "olga", end)) == ErrorCode.NO_SUCH_ENTRY
    later = hold(state, now=end)
    assert list(state.reviews) == [later]


def test_who_may_not_post_any_more_is_not_posted_for() -> None:
    state = make_group()
    number = hold(state)
    do(state, c.MuteMember("mia", 60_000), "adam")
    assert code_of(ask(state, c.ApproveHeld(number), "adam")) == ErrorCode.MUTED
    assert ask(state, c.ApproveHeld(number), "adam", SOON)
    do(state, c.Kick("mia"), "adam")
    assert code_of(ask(state, c.ApproveHeld(number), "adam", SOON)) == ErrorCode.NO_SUCH_USER


def test_nobody_approves_an_own_post() -> None:
    state = make_group()
    number = hold(state, "adam")
    assert code_of(ask(state, c.ApproveHeld(number), "adam")) == ErrorCode.FORBIDDEN
    assert ask(state, c.ApproveHeld(number), "olga")


@pytest.mark.parametrize("users", [("mia",), ("mia", "max", "adam", "olga")])
def test_with_a_full_queue_posts_are_refused(users: tuple[str, ...]) -> None:
    state = make_group()
    most = POLICY.reviews_per_member if len(users) == 1 else POLICY.reviews_per_group
    outcomes = [do(state, verdict(Action.HOLD, users[n % len(users)]), SERVICE.user)[0] for n in range(most + 1)]
    held = [one for one in outcomes if isinstance(one, e.ContentHeld)]
    assert len(held) == min(most, POLICY.reviews_per_member * len(users))
    assert isinstance(outcomes[-1], e.ContentRefused)


def test_a_flagged_entry_stands_and_can_be_let_stand() -> None:
    state = make_group()
    (event,) = do(state, verdict(Action.FLAG, seq=7), SERVICE.user)
    assert isinstance(event, e.ContentFlagged) and event.queued
    number = state.version
    assert state.reviews[number].seq == 7
    refusal = ask(state, c.DenyHeld(number), "adam")
    assert code_of(refusal) == ErrorCode.CONFLICT
    (cleared,) = do(state, c.ApproveHeld(number), "adam")
    assert isinstance(cleared, e.FlagCleared)
    assert not state.reviews


@pytest.mark.parametrize("own_rule", ["", "word:one"])
def test_what_a_rule_of_the_operators_flags_its_staff_looks_at(own_rule: str) -> None:
    state = make_group()
    do(state, verdict(Action.FLAG, seq=7, staff=True, own_rule=own_rule), SERVICE.user)
    number = state.version
    assert code_of(ask(state, c.ApproveHeld(number), "olga")) == ErrorCode.FORBIDDEN
    refusal = ask(state, c.RejectHeld(number, "r"), "rev", platform=PlatformRole.REVIEWER)
    assert code_of(refusal) == ErrorCode.CONFLICT
    assert isinstance(refusal, Refusal) and refusal.detail["help"] == f"entry remove {state.code} 7"
    (passed,) = do(state, c.ReleaseHeld(number), "rev", platform=PlatformRole.REVIEWER)
    assert isinstance(passed, e.HeldReleased) and (passed.seq, passed.to_admins) == (7, bool(own_rule))
    assert "rev" not in tell_event(passed)
    waiting = [(one.seq, one.rule, one.staff) for one in state.reviews.values()]
    assert waiting == ([(7, own_rule, False)] if own_rule else [])


def test_a_flag_on_what_is_no_entry_is_for_the_record_alone() -> None:
    state = make_group()
    for _ in range(2):
        (event,) = do(state, verdict(Action.FLAG, text="topic"), SERVICE.user)
        assert isinstance(event, e.ContentFlagged)
        assert (event.text, event.seq, event.queued) == ("topic", 0, False)
        assert "topic" in tell_event(event)
    assert not state.reviews


def test_nothing_is_recorded_in_a_group_that_is_closed() -> None:
    state = make_group()
    do(state, c.Dissolve(state.code), "olga")
    assert ask(state, verdict(Action.HOLD), SERVICE.user) == []


def test_words() -> None:
    state = make_group()
    do(state, c.AddWord("casino", Action.REFUSE), "olga")
    assert ask(state, c.AddWord("casino", Action.REFUSE), "olga") == []
    do(state, c.AddWord("casino", Action.HOLD), "olga")
    assert [(one.word, one.verdict, one.by) for one in state.words.values()] == [("casino", Action.HOLD, "olga")]
    do(state, c.RemoveWord("casino"), "olga")
    assert not state.words
    assert code_of(ask(state, c.RemoveWord("casino"), "olga")) == ErrorCode.NO_SUCH_ENTRY


def test_words_are_bounded() -> None:
    state = make_group()
    for number in range(POLICY.words_per_group):
        do(state, c.AddWord(f"word{number}", Action.REFUSE), "olga")
    assert code_of(ask(state, c.AddWord("more", Action.REFUSE), "olga")) == ErrorCode.CONFLICT
    assert ask(state, c.AddWord("word0", Action.FLAG), "olga")


def test_patterns_together_are_bounded_by_what_they_cost() -> None:
    state = make_group()
    do(state, c.AddWord("/[ab].{50}c/", Action.REFUSE), "olga")
    do(state, c.AddWord("/加.{0,5}微.{0,5}信/", Action.REFUSE), "olga")
    refusal = ask(state, c.AddWord("/[cd].{70}e/", Action.REFUSE), "olga")
    assert code_of(refusal) == ErrorCode.CONFLICT
    assert isinstance(refusal, Refusal) and refusal.detail["limit"] == MAX_STEPS
    assert ask(state, c.AddWord("[cd].{70}e", Action.REFUSE), "olga"), "what is no pattern costs nothing"
    do(state, c.RemoveWord("/[ab].{50}c/"), "olga")
    assert ask(state, c.AddWord("/[cd].{70}e/", Action.REFUSE), "olga")


def test_an_entry_is_flagged_once() -> None:
    state = make_group()
    assert len(do(state, verdict(Action.FLAG, seq=7), SERVICE.user)) == 1
    assert do(state, verdict(Action.FLAG, seq=7), SERVICE.user) == []
    assert len(do(state, verdict(Action.FLAG, seq=8), SERVICE.user)) == 1


@pytest.mark.parametrize("users", [("mia",), ("mia", "max", "adam", "olga")])
def test_the_queue_is_as_long_as_the_operator_says(users: tuple[str, ...]) -> None:
    policy = Policy(reviews_per_group=4, reviews_per_member=3)
    state = make_group()
    outcomes = [
        type(do(state, verdict(Action.HOLD, users[number % len(users)]), SERVICE.user, policy=policy)[0])
        for number in range(5)
    ]
    assert outcomes.count(e.ContentHeld) == (3 if len(users) == 1 else 4)
    (flagged,) = do(state, verdict(Action.FLAG, "mia", seq=7), SERVICE.user, policy=policy)
    assert isinstance(flagged, e.ContentFlagged) and not flagged.queued


def test_what_waits_no_more_takes_no_place_in_the_queue() -> None:
    policy = Policy(reviews_per_group=1, reviews_per_member=9, review_ms=1000)
    state = make_group()
    do(state, verdict(Action.HOLD), SERVICE.user, policy=policy)
    (event,) = ask(state, verdict(Action.HOLD), SERVICE.user, NOW + 999, policy)  # type: ignore[misc]
    assert isinstance(event, e.ContentRefused)
    (event,) = ask(state, verdict(Action.HOLD), SERVICE.user, NOW + 1000, policy)  # type: ignore[misc]
    assert isinstance(event, e.ContentHeld)


def test_a_held_post_is_known_again_by_its_mark() -> None:
    state = make_group()
    do(state, verdict(Action.HOLD, mark="m"), SERVICE.user)
    assert [review.mark for review in state.reviews.values()] == ["m"]


def test_a_known_word_may_be_given_another_verdict_where_no_more_words_fit() -> None:
    policy = Policy(words_per_group=1)
    state = make_group()
    do(state, c.AddWord("casino", Action.REFUSE), "olga", policy=policy)
    assert code_of(ask(state, c.AddWord("more", Action.REFUSE), "olga", policy=policy)) == ErrorCode.CONFLICT
    assert len(do(state, c.AddWord("casino", Action.HOLD), "olga", policy=policy)) == 1
