"""Warnings of the platform with a time to mend something: warned, told, accepted or not, overturned (G11.1)."""

import pytest

from folkmoot_governance import SERVICE, GroupState, PlatformRole, Refusal, apply
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus
from tests.builders.rules import NOW, ask, code_of, do, make_group

STAFF = {"platform": PlatformRole.MODERATOR}


def warned() -> GroupState:
    group = make_group()
    do(group, c.WarnGroup(DAY_MS, "clean up"), "sue", **STAFF)
    return group


def test_a_warned_group_goes_on_and_shows_it() -> None:
    group = warned()
    assert (group.standing(NOW), group.rectify_until_ms) == (GroupStatus.WARNED, NOW + DAY_MS)
    assert group.standing(NOW + 9 * DAY_MS) is GroupStatus.WARNED, "staff closes it, not time"
    assert code_of(ask(group, c.JoinGroup(), "gus")) is None
    assert code_of(ask(group, c.WarnGroup(DAY_MS, "and more"), "sue", **STAFF)) == ErrorCode.CONFLICT


def test_the_owner_says_once_that_it_is_mended() -> None:
    group = warned()
    number = group.rectify_case
    assert code_of(ask(group, c.Rectify(number - 1, "done"), "olga")) == ErrorCode.CONFLICT
    assert code_of(ask(group, c.Rectify(number, "done"), "adam")) == ErrorCode.FORBIDDEN
    do(group, c.Rectify(number, "done"), "olga", NOW + 2 * DAY_MS)
    assert (group.rectified_ms, group.rectified_text) == (NOW + 2 * DAY_MS, "done")
    assert code_of(ask(group, c.Rectify(number, "done"), "olga")) == ErrorCode.CONFLICT


@pytest.mark.parametrize(("duration", "until"), [(None, NOW + DAY_MS), (HOUR_MS, NOW + HOUR_MS)])
def test_what_is_not_mended_stays_open(duration: int | None, until: int) -> None:
    group = warned()
    do(group, c.Rectify(group.rectify_case, "done"), "olga")
    do(group, c.RejectRectification("not all of it", duration), "sue", **STAFF)
    assert (group.rectified_ms, group.rectify_until_ms, group.rectify_reason) == (0, until, "not all of it")
    do(group, c.Rectify(group.rectify_case, "now it is"), "olga")
    do(group, c.AcceptRectification("seen"), "sue", **STAFF)
    assert (group.standing(NOW), group.rectify_case, group.rectified_text) == (GroupStatus.ACTIVE, 0, "")


@pytest.mark.parametrize("command", [c.WarnGroup(1, ""), c.AcceptRectification(""), c.RejectRectification("")])
def test_that_is_for_staff(command: c.Command) -> None:
    assert code_of(ask(warned(), command, "olga")) == ErrorCode.FORBIDDEN
    assert code_of(ask(warned(), command, "vic", platform=PlatformRole.VIEWER)) == ErrorCode.FORBIDDEN


@pytest.mark.parametrize("command", [c.AcceptRectification(""), c.RejectRectification("")])
def test_without_a_warning_there_is_nothing_to_close(command: c.Command) -> None:
    assert code_of(ask(make_group(), command, "sue", **STAFF)) == ErrorCode.CONFLICT
    assert code_of(ask(make_group(), c.Rectify(1), "olga")) == ErrorCode.CONFLICT


def test_a_suspension_comes_and_goes_and_the_warning_stays() -> None:
    group = warned()
    do(group, c.SuspendGroup(HOUR_MS, "worse"), "sue", **STAFF)
    assert group.standing(NOW) is GroupStatus.SUSPENDED
    assert group.standing(NOW + HOUR_MS) is GroupStatus.WARNED
    do(group, c.RestoreGroup("better"), "sue", **STAFF)
    assert group.standing(NOW) is GroupStatus.WARNED
    apply(group, e.GroupClosed(at=NOW, by="sue", reason="enough"))
    assert (group.standing(NOW), group.rectify_case) == (GroupStatus.CLOSED, 0)


def test_an_appeal_closes_the_warning() -> None:
    group = warned()
    do(group, c.Overturn("olga", group.rectify_case, "group_warned"), SERVICE.user)
    assert group.standing(NOW) is GroupStatus.ACTIVE


def test_nothing_is_mended_where_nothing_is_asked_for() -> None:
    assert code_of(ask(make_group(), c.Rectify(0, "done"), "olga")) == ErrorCode.CONFLICT


def test_who_has_said_so_is_told_of_which_warning() -> None:
    state = warned()
    do(state, c.Rectify(state.rectify_case, "done"), "olga")
    refusal = ask(state, c.Rectify(state.rectify_case, "done"), "olga")
    assert isinstance(refusal, Refusal) and refusal.detail["case"] == f"{state.code}-{state.rectify_case}"
