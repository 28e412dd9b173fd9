"""What a group had that the platform closed: kept, brought back, let go."""

import copy

import pytest

from folkmoot_governance import SERVICE, GroupState, PlatformRole, Policy, replay
from folkmoot_governance.account_events import IdentityRejected
from folkmoot_governance.case.effects import DONE, VOID, Effect, overturned_text
from folkmoot_governance.case.measures import (
    APPLICATION_REJECTED,
    BAD_FAITH,
    DISMISSED,
    MEASURE_NAMES,
    OF_GROUPS,
    OF_REVIEWERS,
    OF_RULES,
    OF_THE_PLATFORM,
)
from folkmoot_governance.duration import DAY_MS, MINUTE_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.state import case_number
from folkmoot_governance.measures import MEASURES as ROWS
from folkmoot_protocol.types import GroupStatus
from tests.builders.rules import NOW, SOON, do, make_group

TERM_MS = Policy().cases.platform_appeal_ms + MINUTE_MS


def closed(*events: e.Event) -> tuple[GroupState, GroupState]:
    """Return a group as it was, and closed by the platform."""
    state = make_group(*events)
    before = copy.deepcopy(state)
    do(state, c.CloseGroup("unlawful"), "sue", platform=PlatformRole.SUPERADMIN)
    return before, state


def overturn(state: GroupState, number: int, kind: str, user: str = "olga", until_ms: int = 0) -> e.MeasureOverturned:
    (event,) = do(state, c.Overturn(user, number, kind, until_ms, "no"), SERVICE.user)
    assert isinstance(event, e.MeasureOverturned)
    return event


def test_what_is_kept_comes_back_as_it_was() -> None:
    before, state = closed(
        e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON),
        e.JoinRequested(at=NOW, by="hal", user="hal", until_ms=SOON),
        e.GroupWarned(at=NOW, by="sue", until_ms=SOON, reason="clean up"),
        e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="r"),
    )
    number = before.version + 1
    assert (state.status, state.members, state.requests, state.rectify_case) == (GroupStatus.CLOSED, {}, {}, 0)
    event = overturn(state, number, "closed")
    assert (event.reopens, event.effect) == (True, Effect.REOPENED)
    before.version = state.version
    assert state == before


def test_a_closing_of_before_stays_and_so_does_another_act() -> None:
    old = make_group(e.GroupClosed(at=NOW, by="sue", reason="r"))
    assert old.kept is None
    event = overturn(old, old.version, "closed")
    assert (event.reopens, event.effect, old.status) == (False, Effect.VOID, GroupStatus.CLOSED)
    before, state = closed()
    assert not overturn(state, before.version, "closed").reopens
    assert not overturn(state, before.version + 1, "suspended").reopens
    assert state.kept is not None


def test_it_is_let_go_when_the_term_is_over_and_not_while_an_appeal_waits() -> None:
    _, state = closed()
    assert do(state, c.EndMeasures(appealed=True), SERVICE.user, NOW + TERM_MS - 1) == []
    (longer,) = do(state, c.EndMeasures(appealed=True), SERVICE.user, NOW + TERM_MS)
    assert longer == e.KeptLonger(at=NOW + TERM_MS, by="", until_ms=NOW + TERM_MS + DAY_MS)
    assert do(state, c.EndMeasures(), SERVICE.user, NOW + TERM_MS) == []
    (gone,) = do(state, c.EndMeasures(), SERVICE.user, NOW + TERM_MS + DAY_MS)
    assert isinstance(gone, e.KeptLetGo)
    assert state.kept is None


def test_it_is_let_go_at_once_when_the_appeal_is_turned_down() -> None:
    _, state = closed()
    assert [type(one) for one in do(state, c.EndMeasures(final=True), SERVICE.user)] == [e.KeptLetGo]
    assert do(state, c.EndMeasures(final=True), SERVICE.user) == []


def test_who_closes_the_account_meanwhile_does_not_come_back() -> None:
    before, state = closed(e.HeirNamed(at=NOW, by="olga", user="adam"))
    shared = copy.copy(state)
    assert [type(one) for one in do(state, c.Depart("adam"), SERVICE.user)] == [e.MemberDeparted]
    assert shared.kept is not None
    assert "adam" in shared.kept.members, "a copy shares nothing that changes"
    assert do(state, c.Depart("adam"), SERVICE.user) == []
    assert do(state, c.Depart("olga"), SERVICE.user) == [], "an owner stays by name"
    overturn(state, before.version + 1, "closed")
    assert ("adam" in state.members, state.successor, state.owner) == (False, "", "olga")


def test_other_measures_are_undone_in_what_is_kept() -> None:
    kicked = e.MemberKicked(at=NOW, by="olga", user="mia")
    before, state = closed(
        kicked,
        e.GroupWarned(at=NOW, by="sue", until_ms=SOON, reason="r"),
        e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="r"),
    )
    number = before.version + 1
    assert overturn(state, before.rectify_case, "group_warned").effect == Effect.LIFTED
    assert overturn(state, before.version, "suspended", until_ms=SOON).effect == Effect.LIFTED
    assert overturn(state, before.rectify_case - 1, "kicked", user="mia").effect == Effect.INVITED
    assert (state.status, state.invitations) == (GroupStatus.CLOSED, {})
    overturn(state, number, "closed")
    assert (state.status, state.rectify_case, list(state.invitations)) == (GroupStatus.ACTIVE, 0, ["mia"])


def test_an_old_stream_replays_to_the_same_state() -> None:
    old = make_group()
    created = e.GroupCreated(
        at=NOW,
        by="olga",
        code=old.code,
        name=old.name,
        topic="",
        category="general",
        join_mode=old.join_mode,
        member_limit=9,
    )
    state = replay([created, e.GroupClosed(at=NOW, by="sue", reason="r")])
    assert (state.status, state.members, state.kept) == (GroupStatus.CLOSED, {}, None)


OTHERS = (IdentityRejected,)
MEASURES = tuple(
    dict.fromkeys(
        [*OF_GROUPS, *OF_THE_PLATFORM, e.EntriesPurged, *OF_RULES, *OF_REVIEWERS, *OTHERS, *(row.event for row in ROWS)]
    )
)


@pytest.mark.parametrize("kind", MEASURES, ids=lambda kind: kind.__name__)
def test_each_measure_says_what_is_so_when_it_is_void(kind: type) -> None:
    text = overturned_text(Effect.VOID, str(kind.__struct_config__.tag))  # type: ignore[attr-defined]
    assert "lifted" not in text
    assert "{case}" in text


def test_there_is_a_sentence_for_each_effect_and_none_for_what_is_no_measure() -> None:
    assert DONE.keys() | {Effect.VOID} == set(Effect)
    assert VOID.keys() == MEASURE_NAMES.keys()
    assert VOID.keys() == {str(kind.__struct_config__.tag) for kind in MEASURES} | {
        BAD_FAITH,
        DISMISSED,
        APPLICATION_REJECTED,
    }


def test_only_what_is_in_force_is_lifted() -> None:
    state = make_group(e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON))
    number = state.version
    later = copy.deepcopy(state)
    assert overturn(state, number, "muted", user="mia").effect == Effect.LIFTED
    assert state.mutes == {}
    assert overturn(state, number, "muted", user="mia").effect == Effect.VOID
    assert later.mutes["mia"].case == case_number(later.code, number)
    (event,) = do(later, c.Overturn("mia", number, "muted", 0, "no"), SERVICE.user, SOON)
    assert isinstance(event, e.MeasureOverturned)
    assert event.effect == Effect.VOID, "it was over"
