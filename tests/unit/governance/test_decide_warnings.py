from folkmoot_governance import GroupState, Permission, Policy, Refusal
from folkmoot_governance.duration import HOUR_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.ladder import MAX_STEPS
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group


def warn(state: GroupState, times: int = 1, policy: Policy = POLICY) -> list[type[e.Event]]:
    """Warn mia so often; return what the last one brought."""
    events: list[e.Event] = []
    for _ in range(times):
        events = do(state, c.Warn("mia", reason="loud"), "adam", policy=policy)
    return [type(event) for event in events]


def test_a_warning_counts_and_has_a_number_and_an_end() -> None:
    state = make_group()
    (event,) = do(state, c.Warn("mia", reason="loud"), "adam")
    assert isinstance(event, e.MemberWarned)
    assert (event.count, event.until_ms, event.reason) == (1, NOW + POLICY.warning_ms, "loud")
    (warned,) = state.warnings_of("mia", NOW)
    assert (warned.number, warned.by) == (state.version, "adam")
    assert state.warnings_of("mia", event.until_ms) == []


def test_the_ladder_takes_its_measures_and_repeats_the_last() -> None:
    state = make_group(e.LadderSet(at=NOW, by="olga", ladder="2 mute 1h, 3 ban 1d", steps=""))
    assert warn(state) == [e.MemberWarned]
    assert warn(state) == [e.MemberWarned, e.MemberMuted]
    assert state.mutes["mia"].until_ms == NOW + HOUR_MS
    assert warn(state) == [e.MemberWarned, e.MemberBanned]
    do(state, c.Unban("mia"), "adam")
    do(state, c.JoinGroup(), "mia")
    assert warn(state) == [e.MemberWarned, e.MemberBanned]


def test_the_operators_ladder_holds_until_the_group_sets_its_own() -> None:
    policy = Policy(ladder="1 kick", kick_wait_ms=0)
    assert warn(make_group(), policy=policy) == [e.MemberWarned, e.MemberKicked]
    state = make_group()
    do(state, c.SetLadder("off"), "olga", policy=policy)
    assert warn(state, 5, policy) == [e.MemberWarned]
    do(state, c.SetLadder(""), "olga", policy=policy)
    assert (state.ladder, ask(state, c.SetLadder(""), "olga", policy=policy)) == ("", [])
    assert warn(state, policy=policy) == [e.MemberWarned, e.MemberKicked]


def test_a_longer_mute_in_force_is_not_shortened() -> None:
    state = make_group(e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=NOW + 2 * HOUR_MS))
    assert warn(state, 3) == [e.MemberWarned]
    assert state.mutes["mia"].until_ms == NOW + 2 * HOUR_MS


def test_a_mute_that_ends_when_the_new_one_would_is_not_set_again() -> None:
    in_force = e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=NOW + HOUR_MS)
    policy = Policy(ladder="1 mute 1h")
    assert warn(make_group(in_force), policy=policy) == [e.MemberWarned]
    shorter = e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=NOW + HOUR_MS - 1)
    assert warn(make_group(shorter), policy=policy) == [e.MemberWarned, e.MemberMuted]


def test_where_no_more_bans_fit_the_ladder_removes() -> None:
    policy = Policy(ladder="1 ban 1d", bans_per_group=1, kick_wait_ms=0)
    state = make_group(e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON))
    assert warn(state, policy=policy) == [e.MemberWarned, e.MemberKicked]


def test_warnings_that_ran_out_no_longer_count() -> None:
    state = make_group()
    warn(state, 2)
    later = NOW + POLICY.warning_ms
    (event,) = do(state, c.Warn("mia"), "adam", later)
    assert isinstance(event, e.MemberWarned)
    assert event.count == 1


def test_warnings_are_bounded_and_need_a_member() -> None:
    policy = Policy(ladder="off", warnings_per_member=2)
    state = make_group()
    warn(state, 2, policy)
    assert code_of(ask(state, c.Warn("mia"), "adam", policy=policy)) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.Warn("gus"), "adam")) == ErrorCode.NO_SUCH_USER
    assert code_of(ask(make_group(permissions=(Permission.MUTE,)), c.Warn("mia"), "adam")) == ErrorCode.FORBIDDEN


def test_the_latest_warning_or_the_one_named_is_taken_back() -> None:
    state = make_group()
    warn(state, 3)
    first, second, third = state.warnings
    do(state, c.Unwarn("mia"), "adam")
    assert list(state.warnings) == [first, second]
    do(state, c.Unwarn("mia", number=first), "adam")
    assert list(state.warnings) == [second]
    assert code_of(ask(state, c.Unwarn("mia", number=third), "adam")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.Unwarn("max"), "adam")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.Unwarn("mia"), "mia")) == ErrorCode.FORBIDDEN


def test_a_ladder_must_be_one() -> None:
    assert code_of(ask(make_group(), c.SetLadder("3 mute 10"), "olga")) == ErrorCode.BAD_SYNTAX
    assert code_of(ask(make_group(), c.SetLadder("3 kick"), "adam")) == ErrorCode.FORBIDDEN


def test_of_a_note_the_ledger_has_no_text() -> None:
    (event,) = do(make_group(), c.WriteNote("mia", text="seen before"), "adam")
    assert event == e.NoteWritten(at=NOW, by="adam", user="mia")
    assert code_of(ask(make_group(), c.WriteNote("olga", text="x"), "adam")) == ErrorCode.OUTRANKED
    assert code_of(ask(make_group(), c.WriteNote("max", text="x"), "mia")) == ErrorCode.FORBIDDEN


def test_what_the_ladder_does_is_done_for_the_reason_of_the_warning() -> None:
    for steps, kinds in (
        ("1 mute 1h", [e.MemberWarned, e.MemberMuted]),
        ("1 kick", [e.MemberWarned, e.MemberKicked, e.RejoinBarred]),
        ("1 ban 1d", [e.MemberWarned, e.MemberBanned]),
    ):
        events = do(make_group(), c.Warn("mia", reason="loud"), "adam", policy=Policy(ladder=steps))
        assert [type(event) for event in events] == kinds
        assert {event.reason for event in events} == {"loud"}  # type: ignore[attr-defined]


def test_who_is_removed_by_the_ladder_where_no_ban_fits_has_to_wait() -> None:
    policy = Policy(ladder="1 ban 1d", bans_per_group=0, kick_wait_ms=5000)
    kinds = [type(event) for event in do(make_group(), c.Warn("mia"), "adam", policy=policy)]
    assert kinds == [e.MemberWarned, e.MemberKicked, e.RejoinBarred]


def test_setting_a_ladder_tells_the_steps_that_are_in_force_then() -> None:
    policy = Policy(ladder="2 kick")
    state = make_group()
    told = [
        do(state, c.SetLadder(text), "olga", policy=policy)[0].steps  # type: ignore[attr-defined]
        for text in ("3 mute 1h", "off", "")
    ]
    assert told == ["3 mute 1h", "off", "2 kick"]


def test_a_ladder_that_is_none_is_refused_with_its_bound() -> None:
    refusal = ask(make_group(), c.SetLadder("3 mute 10"), "olga")
    assert isinstance(refusal, Refusal) and refusal.detail["limit"] == MAX_STEPS


def test_clearing_notes_is_recorded() -> None:
    assert do(make_group(), c.ClearNotes("mia"), "adam") == [e.NotesCleared(at=NOW, by="adam", user="mia")]
