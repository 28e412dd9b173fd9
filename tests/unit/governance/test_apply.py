import msgspec
import pytest

from folkmoot_governance import replay
from folkmoot_governance.group import events as e
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
