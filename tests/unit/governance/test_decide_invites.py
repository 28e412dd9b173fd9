"""Ways past a closed door: invitations, codes, an answer; and who has to wait before the next try."""

import pytest

from folkmoot_governance import GroupState, Policy, Refusal
from folkmoot_governance.duration import DAY_MS, MINUTE_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.admission import LONGEST_ANSWER, MAX_ANSWERS, accepts, code_id, normalise
from folkmoot_governance.notices import event_fields
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group

CODE = "k7f2m9qx3d"


@pytest.mark.parametrize("given", ["Four", "  four ", "ｆｏｕｒ", "FOUR", "4", "４", "two  plus\ttwo", "twoplus two"])
def test_answers_are_compared_without_case_width_and_spaces(given: str) -> None:
    assert accepts("\n".join(map(normalise, ["four", "4", "Two plus two"])), given)


@pytest.mark.parametrize("given", ["", " ", "fourth", "four\n4", "5"])
def test_other_answers_are_wrong(given: str) -> None:
    assert not accepts("four\n4", given)


def asking(*answers: str, **founding: object) -> GroupState:
    state = make_group(**founding)
    do(state, c.SetQuestion("Two and two?", answers or ("4", "Four")), "olga")
    do(state, c.SetJoinMode(JoinMode.QUESTION), "olga")
    return state


def test_the_right_answer_lets_in_and_a_wrong_one_tells_the_question() -> None:
    state = asking()
    for wrong in ("", "five"):
        refusal = ask(state, c.JoinGroup(wrong), "gus")
        assert isinstance(refusal, Refusal)
        assert (refusal.code, refusal.detail["question"]) == (ErrorCode.WRONG_ANSWER, "Two and two?")
    joined = e.MemberJoined(at=NOW, by="gus", user="gus", via="question", was_nothing=True)
    assert do(state, c.JoinGroup("ＦＯＵＲ"), "gus") == [joined]


def test_under_a_raid_the_answer_leads_to_the_queue_only() -> None:
    state = asking()
    do(state, c.SetAntiraid(), "adam")
    assert code_of(ask(state, c.JoinGroup("five"), "gus")) == ErrorCode.WRONG_ANSWER
    (event,) = do(state, c.JoinGroup("four"), "gus")
    assert isinstance(event, e.JoinRequested)


def test_no_question_no_mode_and_the_other_way_round() -> None:
    assert code_of(ask(make_group(), c.SetJoinMode(JoinMode.QUESTION), "olga")) == ErrorCode.CONFLICT
    assert code_of(ask(asking(), c.SetQuestion("", ()), "olga")) == ErrorCode.CONFLICT
    state = asking()
    do(state, c.SetJoinMode(JoinMode.APPROVAL), "olga")
    do(state, c.SetQuestion("", ()), "olga")
    assert (state.question, state.answers) == ("", "")


@pytest.mark.parametrize(
    ("question", "answers", "code"),
    [
        ("Two and two?", (), ErrorCode.BAD_REQUEST),
        ("Two and two?", (" ", ""), ErrorCode.BAD_REQUEST),
        ("", ("4",), ErrorCode.BAD_REQUEST),
        ("Which?", tuple(map(str, range(MAX_ANSWERS + 1))), ErrorCode.TOO_LONG),
        ("Which?", ("x" * (LONGEST_ANSWER + 1),), ErrorCode.TOO_LONG),
    ],
)
def test_questions_that_make_no_sense(question: str, answers: tuple[str, ...], code: ErrorCode) -> None:
    assert code_of(ask(make_group(), c.SetQuestion(question, answers), "olga")) == code


def test_the_group_reads_the_question_and_not_the_answers() -> None:
    (event,) = do(make_group(), c.SetQuestion("Two and two?", ("4",)), "olga")
    assert event_fields(event) == {"event": "question_set", "by": "olga", "question": "Two and two?"}


def with_code(mode: JoinMode = JoinMode.INVITE, uses: int = 1) -> GroupState:
    state = make_group(join_mode=mode)
    do(state, c.MakeInviteCode(code_id(CODE), DAY_MS, uses), "adam")
    return state


@pytest.mark.parametrize("mode", [JoinMode.INVITE, JoinMode.APPROVAL, JoinMode.OPEN])
def test_a_code_lets_in_once(mode: JoinMode) -> None:
    state = with_code(mode)
    joined, used = do(state, c.JoinGroup(" K7F2-m9qx-3d "), "gus")
    assert (joined.via, used.code_id) == ("code", code_id(CODE))
    assert state.invite_codes == {}
    again = ask(state, c.JoinGroup(CODE), "ida")
    assert isinstance(again, Refusal) or not any(isinstance(one, e.InviteCodeUsed) for one in again)


def test_a_code_for_many_counts_down_and_expires() -> None:
    state = with_code(uses=2)
    do(state, c.JoinGroup(CODE), "gus")
    assert code_of(ask(state, c.JoinGroup(CODE), "ida", NOW + DAY_MS)) == ErrorCode.JOIN_CLOSED
    do(state, c.JoinGroup(CODE), "ida", NOW + DAY_MS - 1)
    refusal = ask(state, c.JoinGroup(CODE), "ken")
    assert isinstance(refusal, Refusal)
    assert (refusal.code, "invite code" in refusal.text) == (ErrorCode.JOIN_CLOSED, True)


def test_under_a_raid_a_code_opens_no_open_door() -> None:
    state = with_code(JoinMode.OPEN)
    do(state, c.SetAntiraid(), "adam")
    (event,) = do(state, c.JoinGroup(CODE), "gus")
    assert isinstance(event, e.JoinRequested)


def test_a_closed_group_makes_and_takes_no_codes() -> None:
    closed = make_group(join_mode=JoinMode.CLOSED)
    assert code_of(ask(closed, c.MakeInviteCode("id"), "adam")) == ErrorCode.JOIN_CLOSED
    state = with_code()
    do(state, c.SetJoinMode(JoinMode.CLOSED), "olga")
    assert code_of(ask(state, c.JoinGroup(CODE), "gus")) == ErrorCode.JOIN_CLOSED


def test_codes_are_bounded_and_old_ones_forgotten() -> None:
    state, policy = with_code(), Policy(invitations_per_group=1)
    another = c.MakeInviteCode("other")
    assert code_of(ask(state, another, "adam", policy=policy)) == ErrorCode.CONFLICT
    do(state, another, "adam", NOW + DAY_MS, policy)
    assert list(state.invite_codes) == ["other"]
    for uses in (0, 1001):
        assert code_of(ask(state, c.MakeInviteCode("id", None, uses), "adam")) == ErrorCode.BAD_REQUEST


def test_taking_back() -> None:
    state = with_code()
    do(state, c.Invite("gus"), "adam")
    do(state, c.RevokeInvitation("gus"), "adam")
    do(state, c.RevokeInviteCode(code_id(CODE)), "adam")
    assert (state.invitations, state.invite_codes) == ({}, {})
    assert code_of(ask(state, c.RevokeInvitation("gus"), "adam")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.RevokeInviteCode(code_id(CODE)), "adam")) == ErrorCode.CONFLICT


def waiting(*users: str) -> GroupState:
    requests = [e.JoinRequested(at=NOW, by=one, user=one, until_ms=SOON) for one in users]
    return make_group(*requests, join_mode=JoinMode.APPROVAL)


def test_who_was_turned_down_waits_before_asking_again_unless_invited() -> None:
    state = waiting("gus")
    do(state, c.DenyRequest("gus", "not now"), "adam")
    refusal = ask(state, c.JoinGroup(), "gus", NOW + POLICY.denial_wait_ms - 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.detail["reason"]) == (ErrorCode.JOIN_CLOSED, "not now")
    assert code_of(ask(state, c.JoinGroup(), "gus", NOW + POLICY.denial_wait_ms)) is None
    do(state, c.Invite("gus"), "adam")
    assert "gus" not in state.waits
    do(state, c.JoinGroup(), "gus")


def test_turning_all_down() -> None:
    state = waiting("a", "b")
    events = do(state, c.DenyAllRequests("a raid"), "adam")
    assert [type(one) for one in events] == [e.JoinRequestEnded, e.RejoinBarred] * 2
    assert (state.requests, set(state.waits)) == ({}, {"a", "b"})
    assert code_of(ask(state, c.DenyAllRequests(), "adam")) == ErrorCode.NO_SUCH_USER


def test_an_operator_may_want_no_waits() -> None:
    state, policy = waiting("gus"), Policy(kick_wait_ms=0, denial_wait_ms=0)
    assert len(do(state, c.DenyRequest("gus"), "adam", policy=policy)) == 1
    assert len(do(state, c.Kick("mia"), "adam", policy=policy)) == 1
    assert state.waits == {}


def test_waits_that_are_over_are_forgotten() -> None:
    state = make_group()
    do(state, c.Kick("mia"), "adam")
    do(state, c.Kick("max"), "adam", NOW + POLICY.kick_wait_ms + MINUTE_MS)
    assert list(state.waits) == ["max"]


def test_an_empty_answer_is_none_and_spaces_between_letters_do_not_count() -> None:
    assert not accepts("four\n", "") and not accepts("\n", " ")
    assert accepts("fo ur", "four")


def test_a_group_remembers_sixteen_signs_of_a_code_however_it_is_typed() -> None:
    assert code_id("K7F2-M9QX 3D") == code_id(CODE) != code_id("k7f2m9qx3e")
    assert len(code_id(CODE)) == 16


def test_what_has_run_out_cannot_be_revoked() -> None:
    state = make_group(
        e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON),
        e.InviteCodeMade(at=NOW, by="olga", code_id="g", until_ms=SOON, uses=1),
    )
    for command in (c.RevokeInvitation("gus"), c.RevokeInviteCode("g")):
        assert code_of(ask(state, command, "olga", SOON - 1)) is None
        assert code_of(ask(state, command, "olga", SOON)) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.RevokeInvitation("ida"), "olga")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.RevokeInviteCode("h"), "olga")) == ErrorCode.CONFLICT


def test_answers_are_so_many_and_so_long() -> None:
    many = tuple(str(number) for number in range(MAX_ANSWERS))
    for answers, fits in (
        (many, True),
        ((*many, "x"), False),
        (("x" * LONGEST_ANSWER,), True),
        (("x" * (LONGEST_ANSWER + 1),), False),
    ):
        refused = code_of(ask(make_group(), c.SetQuestion("Why?", answers), "olga"))
        assert refused == (None if fits else ErrorCode.TOO_LONG)


def test_the_question_may_be_changed_but_not_taken_away_while_people_come_in_by_it() -> None:
    state = asking()
    assert code_of(ask(state, c.SetQuestion("", ()), "olga")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.SetQuestion("Three?", ("3",)), "olga")) is None
    do(state, c.SetJoinMode(JoinMode.OPEN), "olga")
    assert code_of(ask(state, c.SetQuestion("", ()), "olga")) is None


def test_what_one_is_told_at_a_closed_door() -> None:
    def told(state: GroupState, answer: str) -> str:
        refusal = ask(state, c.JoinGroup(answer), "gus")
        assert isinstance(refusal, Refusal)
        return refusal.text.split(" ", 3)[0]

    assert [told(asking(), answer) for answer in ("", "five")] == ["Answer", "That"]
    assert [told(make_group(join_mode=JoinMode.INVITE), answer) for answer in ("", CODE)] == ["Here,", "This"]
    refusals = [ask(make_group(join_mode=JoinMode.INVITE), c.JoinGroup(answer), "gus") for answer in ("", CODE)]
    assert ["invite code" in refusal.text for refusal in refusals if isinstance(refusal, Refusal)] == [False, True]
    closed = ask(make_group(join_mode=JoinMode.CLOSED), c.JoinGroup(CODE), "gus")
    assert isinstance(closed, Refusal) and "invite code" not in closed.text


def test_no_answer_is_no_code() -> None:
    made = e.InviteCodeMade(at=NOW, by="olga", code_id=code_id(""), until_ms=SOON, uses=1)
    assert code_of(ask(make_group(made, join_mode=JoinMode.INVITE), c.JoinGroup(""), "gus")) == ErrorCode.JOIN_CLOSED


def test_a_raid_changes_nothing_for_those_who_need_an_invitation() -> None:
    raided = e.AntiraidSet(at=NOW, by="olga", newcomers_ms=NOW, until_ms=SOON)
    made = e.InviteCodeMade(at=NOW, by="olga", code_id=code_id(CODE), until_ms=SOON, uses=1)
    assert code_of(ask(make_group(raided, join_mode=JoinMode.CLOSED), c.JoinGroup(), "gus")) == ErrorCode.JOIN_CLOSED
    joined, _ = ask(make_group(raided, made, join_mode=JoinMode.INVITE), c.JoinGroup(CODE), "gus")  # type: ignore[misc]
    assert isinstance(joined, e.MemberJoined)


def test_who_has_to_wait_is_told_by_which_act() -> None:
    state = make_group(e.RejoinBarred(at=NOW, by="olga", user="gus", until_ms=SOON, reason="spam"))
    refusal = ask(state, c.JoinGroup(), "gus")
    assert isinstance(refusal, Refusal)
    assert (refusal.detail["case"], refusal.detail["reason"]) == (f"{state.code}-{state.version}", "spam")
