"""Texts of groups that the platform removes: each hidden where it stood, and back as it was when that was wrong."""

import copy
from typing import get_args

import pytest

from folkmoot_governance import GroupState, PlatformRole
from folkmoot_governance.case.effects import Effect
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.removed_texts import (
    REMOVABLE_TEXTS,
    TELLS,
    GroupText,
    Removed,
    fields_with,
    kinds_with,
    text_in,
    without_text,
)
from folkmoot_governance.notices import event_fields, text_of
from folkmoot_governance.personal_notices import told_in_group
from folkmoot_governance.restrictions import Measure
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group, tell_event

SETTING: dict[GroupText, e.Event] = {
    GroupText.NAME: e.GroupRenamed(at=NOW, by="olga", name="bad", was="Moot"),
    GroupText.TOPIC: e.TopicSet(at=NOW, by="olga", topic="bad", was=""),
    GroupText.ANNOUNCEMENT: e.AnnouncementSet(at=NOW, by="olga", announcement="bad", was_announcement=""),
    GroupText.RULES: e.RulesSet(at=NOW, by="olga", rules="bad", was_rules=""),
    GroupText.QUESTION: e.QuestionSet(at=NOW, by="olga", question="bad", answers=("so",), was_question=""),
    GroupText.TAG: e.TagSet(at=NOW, by="olga", user="max", tag="bad", was_tag=""),
    GroupText.REASON: e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON, reason="bad"),
}
STAFF = {"platform": PlatformRole.MODERATOR}


def removal(what: GroupText, state: GroupState, **more: object) -> c.RemoveText:
    """Return the removal of what `SETTING` has set, whatever came of it by now."""
    whose, said = ("max" if what is GroupText.TAG else ""), stands(state, what) if what is GroupText.REASON else ""
    acts = (make_group(SETTING[what]).version,)
    return c.RemoveText(what.value, "vile", whose, text=said, **{"acts": acts, **more})  # type: ignore[arg-type]


def stands(state: GroupState, what: GroupText) -> str:
    """Return what is read of a text where it stands."""
    if what is GroupText.REASON:
        return state.mutes["mia"].reason
    return text_in(state, what, "max" if what is GroupText.TAG else "")


def overturn(state: GroupState, removed: e.TextRemoved, number: int) -> e.MeasureOverturned:
    command = c.Overturn("olga", number, "text_removed", restores=removed.seqs, pins=removed.was_pins, removed=removed)
    (event,) = do(state, command, "")
    assert isinstance(event, e.MeasureOverturned)
    return event


def test_each_text_has_a_row_and_an_act_that_sets_it() -> None:
    assert REMOVABLE_TEXTS.keys() == set(GroupText) == SETTING.keys()


@pytest.mark.parametrize("what", GroupText)
def test_a_text_goes_and_comes_back_with_its_pins(what: GroupText) -> None:
    setting = SETTING[what]
    pinned = e.EntryPinned(at=NOW, by="olga", user="mia", seq=7)
    state = make_group(setting, pinned)
    before = copy.deepcopy(state)
    for role in (None, PlatformRole.REVIEWER, PlatformRole.VIEWER):
        assert code_of(ask(state, removal(what, state), "mod", platform=role)) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, removal(what, state, rule="no such rule"), "mod", **STAFF)) == ErrorCode.BAD_REQUEST
    (event,) = do(state, removal(what, state, seqs=(7,), rule="other"), "mod", **STAFF)
    assert isinstance(event, e.TextRemoved)
    whose = "max" if what is GroupText.TAG else ""
    assert stands(state, what) == event.text == REMOVABLE_TEXTS[what].instead(state.code)
    assert (event.user, event.was_text, state.pins) == (whose, "bad", {})
    assert "bad" not in str(event_fields(event)), "what is told of it does not say it again"
    assert text_of(event) == REMOVABLE_TEXTS[what].told
    assert "mod" not in tell_event(event)
    assert code_of(ask(state, removal(what, state), "mod", **STAFF)) == ErrorCode.CONFLICT
    back = overturn(state, event, state.version)
    assert (back.effect, back.restored) == (Effect.RESTORED, (7,))
    before.version = state.version
    assert state == before


def test_a_text_that_was_set_meanwhile_stays() -> None:
    state = make_group(SETTING[GroupText.NAME], SETTING[GroupText.TAG])
    for what, later in ((GroupText.NAME, e.GroupRenamed(at=NOW, by="olga", name="Good")), (GroupText.TAG, None)):
        (removed,) = do(state, removal(what, state), "mod", **STAFF)
        assert isinstance(removed, e.TextRemoved)
        number = state.version
        if later is not None:
            do(state, c.Rename("Good"), "olga")
        else:
            do(state, c.Kick("max"), "olga")
        assert overturn(state, removed, number).effect == Effect.VOID
    assert (state.name, state.role_of("max")) == ("Good", None)


def test_a_tag_comes_back_in_a_group_that_is_closed_meanwhile() -> None:
    state = make_group(SETTING[GroupText.TAG])
    (removed,) = do(state, removal(GroupText.TAG, state), "mod", **STAFF)
    assert isinstance(removed, e.TextRemoved)
    number = state.version
    do(state, c.CloseGroup("r"), "sue", platform=PlatformRole.SUPERADMIN)
    assert overturn(state, removed, number).effect == Effect.RESTORED
    assert state.kept is not None and state.kept.members["max"].tag == "bad"


@pytest.mark.parametrize("what", GroupText)
def test_a_closed_group_has_its_texts_removed_too(what: GroupText) -> None:
    """Its info page still shows them, and an appeal may bring the group back."""
    state = make_group(SETTING[what])
    do(state, c.CloseGroup("r"), "sue", platform=PlatformRole.SUPERADMIN)
    command = removal(what, state)
    told = {one.user for event in ask(state, command, "mod", **STAFF) for one in told_in_group(state, event, POLICY)}
    assert told >= {"olga", "adam"}
    (removed,) = do(state, command, "mod", **STAFF)
    assert isinstance(removed, e.TextRemoved)
    assert stands(state, what) == removed.text
    assert overturn(state, removed, state.version).effect == Effect.RESTORED
    assert stands(state, what) == "bad"


def test_nobody_has_a_tag_removed_who_has_none() -> None:
    state = make_group()
    assert code_of(ask(state, removal(GroupText.TAG, state), "mod", **STAFF)) == ErrorCode.CONFLICT
    command = c.RemoveText("tag", "vile", "zoe")
    assert code_of(ask(state, command, "mod", **STAFF)) == ErrorCode.NO_SUCH_USER
    assert state.role_of("max") is Role.MEMBER


@pytest.mark.parametrize("what", GroupText)
def test_the_acts_that_have_a_text_are_shown_without_it(what: GroupText) -> None:
    removed = Removed(what.value, "max" if what is GroupText.TAG else "", "bad")
    setting = SETTING[what]
    assert setting.__struct_config__.tag in kinds_with(what)
    assert "bad" not in str(without_text(setting, removed))
    other = Removed(what.value, removed.user, "good")
    assert without_text(setting, other) == setting
    brought = e.MeasureOverturned(
        at=NOW,
        by="",
        user="olga",
        number=3,
        kind="text_removed",
        measure="m",
        what=what,
        whose=removed.user,
        text="bad",
    )
    assert fields_with(brought, removed) == ["text"]


def test_it_is_hidden_in_what_was_before_as_well_and_a_tag_by_whose_it_is() -> None:
    later = e.TopicSet(at=NOW, by="olga", topic="good", was="bad")
    assert fields_with(later, Removed("topic", "", "bad")) == ["was"]
    his = e.TagSet(at=NOW, by="olga", user="mia", tag="bad", was_tag="")
    assert fields_with(his, Removed("tag", "max", "bad")) == []


def words_of(state: GroupState) -> list[str]:
    """Return the words of acts that a group's state has."""
    place = state.kept or state
    held = (*state.bans.values(), *state.mutes.values(), *state.warnings.values(), *place.waits.values())
    return [one.reason for one in (*held, *state.restrictions)] + [place.rectify_reason, place.rectified_text]


def remove_reason(state: GroupState, number: int, **more: object) -> e.TextRemoved:
    command = c.RemoveText("reason", "vile", acts=(number,), text="bad", **more)  # type: ignore[arg-type]
    (removed,) = do(state, command, "mod", **STAFF)
    assert isinstance(removed, e.TextRemoved)
    return removed


REASONED: dict[str, tuple[c.Command, str]] = {
    "ban": (c.BanMember("max", 60_000, "bad"), "olga"),
    "mute": (c.MuteMember("max", 60_000, "bad"), "olga"),
    "warning": (c.Warn("max", "bad"), "olga"),
    "platform": (c.RestrictGroup(Measure.JOIN, 60_000, "bad"), "mod"),
    "group_warned": (c.WarnGroup(60_000, "bad"), "mod"),
}


@pytest.mark.parametrize("name", REASONED)
@pytest.mark.parametrize("is_closed", [False, True])
def test_the_words_of_an_act_go_wherever_they_stand_and_come_back(name: str, is_closed: bool) -> None:
    state, (command, by) = make_group(), REASONED[name]
    do(state, command, by, platform=PlatformRole.MODERATOR if by == "mod" else None)
    number = state.version
    if is_closed:
        do(state, c.CloseGroup("r"), "sue", platform=PlatformRole.SUPERADMIN)
    before = copy.deepcopy(state)
    assert "bad" in words_of(state)
    removed = remove_reason(state, number)
    assert "bad" not in words_of(state)
    back = overturn(state, removed, state.version)
    assert (back.effect, back.acts) == (Effect.RESTORED, (number,))
    before.version = state.version
    assert state == before


def test_what_the_owner_said_is_mended_goes_by_itself() -> None:
    state = make_group()
    do(state, c.WarnGroup(60_000, "why"), "mod", **STAFF)
    do(state, c.Rectify(state.version, "bad"), "olga")
    removed = remove_reason(state, state.version)
    assert (state.rectify_reason, state.rectified_text) == ("why", "")
    overturn(state, removed, state.version)
    assert (state.rectify_reason, state.rectified_text) == ("why", "bad")


def test_the_reason_of_another_act_stays() -> None:
    state = make_group()
    do(state, c.MuteMember("max", 60_000, "bad"), "olga")
    number = state.version
    do(state, c.BanMember("zoe", 60_000, "bad"), "olga")
    remove_reason(state, number)
    assert (state.mutes["max"].reason, state.bans["zoe"].reason) == ("", "bad")


def test_every_act_with_words_is_shown_without_them() -> None:
    """Whatever kind of act is added: what it says for a reason can be taken away."""
    for kind in get_args(e.GroupEvent):
        names = {"reason", "was_reason"} & set(kind.__struct_fields__)
        assert names <= TELLS.get(kind, {}).keys(), kind
    later = e.MuteLifted(at=NOW, by="olga", user="mia", was_until_ms=SOON, was_reason="bad")
    removed = Removed("reason", "", "bad")
    assert fields_with(later, removed) == ["was_reason"]
    assert "bad" not in str(without_text(later, removed))
