import msgspec
import pytest

from folkmoot_governance import apply, replay
from folkmoot_governance.group import events as e
from folkmoot_governance.group.state import Invitation
from folkmoot_protocol.types import GroupStatus, JoinMode
from tests.builders.rules import NOW, SOON, make_group


def test_a_stream_begins_with_its_founding() -> None:
    with pytest.raises(AssertionError, match="founding"):
        replay([e.GroupUnlocked(at=NOW, by="olga")])


def test_expired_entries_are_forgotten_when_a_new_one_comes() -> None:
    """Else a group that lives long would carry every ban it ever gave."""
    later = SOON + 1
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="a", until_ms=SOON),
        e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON),
        e.JoinRequested(at=NOW, by="c", user="c", until_ms=SOON),
        e.Invited(at=NOW, by="olga", user="d", until_ms=SOON),
        e.MemberBanned(at=later, by="olga", user="A", until_ms=later + 9),
        e.MemberMuted(at=later, by="olga", user="max", until_ms=later + 9),
        e.JoinRequested(at=later, by="C", user="C", until_ms=later + 9),
        e.Invited(at=later, by="olga", user="D", until_ms=later + 9),
    )
    kept = [state.bans, state.mutes, state.requests, state.invitations]
    assert [list(one) for one in kept] == [["A"], ["max"], ["C"], ["D"]]


@pytest.mark.parametrize(
    "end",
    [
        e.MemberLeft(at=NOW, by="mia", user="mia"),
        e.MemberKicked(at=NOW, by="olga", user="mia"),
        e.MemberBanned(at=NOW, by="olga", user="mia", until_ms=SOON),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_heir_who_goes_is_no_longer_heir(end: e.Event) -> None:
    offered = e.TransferOffered(at=NOW, by="olga", user="mia", until_ms=SOON)
    state = make_group(offered, end)
    assert "mia" not in state.members
    assert (state.heir, state.heir_until_ms) == ("", 0)


def test_closing_empties_the_group_but_remembers_who_answered_for_it() -> None:
    state = make_group(
        e.JoinRequested(at=NOW, by="gus", user="gus", until_ms=SOON),
        e.Invited(at=NOW, by="olga", user="ida", until_ms=SOON),
        e.TransferOffered(at=NOW, by="olga", user="mia", until_ms=SOON),
        e.GroupDissolved(at=NOW, by="olga"),
    )
    assert (state.members, state.requests, state.invitations, state.heir) == ({}, {}, {}, "")
    assert (state.status, state.owner, state.version) == (GroupStatus.CLOSED, "olga", 9)


def test_simple_fields() -> None:
    state = make_group(
        e.GroupRenamed(at=NOW, by="olga", name="New"),
        e.TopicSet(at=NOW, by="olga", topic="tea"),
        e.CategorySet(at=NOW, by="olga", category="music"),
        e.JoinModeSet(at=NOW, by="olga", join_mode=JoinMode.INVITE),
        e.MemberLimitSet(at=NOW, by="olga", limit=9),
        e.SlowModeSet(at=NOW, by="olga", slow_ms=5),
    )
    assert (state.name, state.topic, state.category) == ("New", "tea", "music")
    assert (state.join_mode, state.member_limit, state.slow_ms) == (JoinMode.INVITE, 9, 5)


def test_events_come_back_from_json_as_what_they_were() -> None:
    event = e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=())
    assert msgspec.json.decode(msgspec.json.encode(event), type=e.GroupEvent) == event
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"event":"no such","at":1,"by":"x"}', type=e.GroupEvent)


def test_what_has_ended_at_this_instant_is_forgotten_as_well() -> None:
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="a", until_ms=SOON),
        e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON),
        e.JoinRequested(at=NOW, by="c", user="c", until_ms=SOON),
        e.Invited(at=NOW, by="olga", user="d", until_ms=SOON),
        e.RejoinBarred(at=NOW, by="olga", user="f", until_ms=SOON),
        e.InviteCodeMade(at=NOW, by="olga", code_id="g", until_ms=SOON, uses=1),
        e.MemberBanned(at=SOON, by="olga", user="A", until_ms=SOON + 9),
        e.MemberMuted(at=SOON, by="olga", user="max", until_ms=SOON + 9),
        e.JoinRequested(at=SOON, by="C", user="C", until_ms=SOON + 9),
        e.Invited(at=SOON, by="olga", user="D", until_ms=SOON + 9),
        e.RejoinBarred(at=SOON, by="olga", user="F", until_ms=SOON + 9),
        e.InviteCodeMade(at=SOON, by="olga", code_id="G", until_ms=SOON + 9, uses=1),
    )
    kept = [state.bans, state.mutes, state.requests, state.invitations, state.waits, state.invite_codes]
    assert [list(one) for one in kept] == [["A"], ["max"], ["C"], ["D"], ["F"], ["G"]]


def test_an_invite_code_counts_down_and_goes_with_its_last_use() -> None:
    state = make_group(e.InviteCodeMade(at=NOW, by="olga", code_id="g", until_ms=SOON, uses=3))
    used = e.InviteCodeUsed(at=NOW, by="gus", user="gus", code_id="g")
    left = []
    for _ in range(3):
        apply(state, used)
        left.append(state.invite_codes["g"].uses if state.invite_codes else 0)
    assert left == [2, 1, 0]


def test_what_held_off_a_raid_begins_anew_when_it_was_over() -> None:
    first = e.AntiraidSet(at=NOW, by="olga", newcomers_ms=NOW - 9, until_ms=SOON)
    prolonged = e.AntiraidSet(at=SOON - 1, by="olga", newcomers_ms=SOON - 10, until_ms=SOON + 5)
    again = e.AntiraidSet(at=SOON + 5, by="olga", newcomers_ms=SOON, until_ms=SOON + 99)
    state = make_group(first, prolonged)
    assert (state.antiraid_from_ms, state.antiraid_since_ms, state.antiraid_until_ms) == (NOW - 9, NOW, SOON + 5)
    apply(state, again)
    assert (state.antiraid_from_ms, state.antiraid_since_ms, state.antiraid_until_ms) == (SOON, SOON + 5, SOON + 99)
    apply(state, e.AntiraidEnded(at=SOON + 6, by="olga"))
    assert (state.antiraid_from_ms, state.antiraid_since_ms, state.antiraid_until_ms) == (0, SOON + 6, 0)


@pytest.mark.parametrize(
    "end",
    [
        e.GroupRestored(at=NOW, by="sue", reason=""),
        e.SuspensionEnded(at=NOW, by=""),
        e.GroupClosed(at=NOW, by="sue", reason=""),
        e.MeasureOverturned(at=NOW, by="", user="olga", number=9, kind="suspended", measure="x", lifts_suspension=True),
    ],
    ids=lambda event: type(event).__name__,
)
def test_with_a_suspension_its_end_goes(end: e.Event) -> None:
    assert make_group(e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason=""), end).status_until_ms == 0


def test_who_is_invited_back_on_appeal_need_not_wait() -> None:
    barred = e.RejoinBarred(at=NOW, by="olga", user="gus", until_ms=SOON)
    back = e.MeasureOverturned(
        at=NOW, by="", user="gus", number=6, kind="kicked", measure="x", invited_until_ms=SOON + 1
    )
    state = make_group(barred, back)
    assert (state.waits, state.invitations) == ({}, {"gus": Invitation("gus", SOON + 1, "")})


def test_warnings_that_have_run_out_are_forgotten() -> None:
    warned = e.MemberWarned(at=NOW, by="olga", user="mia", until_ms=SOON, count=1)
    state = make_group(warned, warned, warned)
    first, second, third = state.warnings
    apply(state, e.WarningsExpired(at=NOW, by="", numbers=(first, third)))
    assert list(state.warnings) == [second]
