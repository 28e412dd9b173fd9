"""No command without a row and a decider, no event without an applier and a sentence."""

import string
from typing import get_args

import pytest

from folkmoot_governance import (
    account,
    account_access,
    announcement,
    emergency,
    features,
    filing,
    holds,
    permissions,
    platform_words,
    reading,
    store_acts,
)
from folkmoot_governance.account_events import AnyAccountEvent
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.case import export
from folkmoot_governance.case.checks import OPEN
from folkmoot_governance.case.state import AnyCaseEvent
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.apply import APPLIERS
from folkmoot_governance.group.commands_base import MeasureCommand
from folkmoot_governance.group.decide import DECIDERS
from folkmoot_governance.measures import MEASURES
from folkmoot_governance.notices import TELLINGS
from folkmoot_governance.roles import RANK, Permission, outranks
from folkmoot_protocol.types import Role

ABSTRACT = {c.Command, c.TargetedCommand, MeasureCommand, e.Event, e.MemberEvent, e.PlatformMeasure}


def kinds(module: object, base: type) -> set[type]:
    return {one for one in vars(module).values() if isinstance(one, type) and issubclass(one, base)} - ABSTRACT


COMMANDS = kinds(c, c.Command) - {c.CreateGroup, c.OpenChannel}
EVENTS = kinds(e, e.Event)


def test_every_command_has_one_row_and_a_decider() -> None:
    tables = [permissions.RULES.keys(), permissions.PLATFORM_ACTS.keys(), permissions.SERVICE_ACTS]
    assert set().union(*tables) == COMMANDS
    assert sum(map(len, tables)) == len(COMMANDS)
    assert DECIDERS.keys() == COMMANDS


def test_every_event_has_an_applier_and_a_telling() -> None:
    assert APPLIERS.keys() == EVENTS - {e.GroupCreated, e.ChannelOpened}
    assert TELLINGS.keys() == EVENTS
    assert set(get_args(e.GroupEvent)) == EVENTS


def test_event_tags_are_unique_and_told_apart_by_the_ledger() -> None:
    tags = [
        kind.__struct_config__.tag
        for kind in EVENTS.union(*map(get_args, (AnyAccountEvent, AnyCaseEvent, store_acts.AnyStoreEvent)))
    ]
    assert len(set(tags)) == len(tags)


def test_every_staff_act_names_a_row() -> None:
    acts = {*permissions.PLATFORM_ACTS.values(), *account.STAFF_ACTS.values()}
    acts |= {row.act for row in MEASURES}
    acts |= {"read", "read_case", OPEN, "review_case", "review_appeal", platform_words.ACT, store_acts.ACT, filing.ACT}
    acts |= {account_access.END_SESSIONS, reading.ACT, reading.READ_ACCESS, holds.ACT}
    acts |= {emergency.ACT, announcement.ACT, export.ACT, features.ACT}
    acts.add(account_access.END_SESSIONS)
    assert acts == permissions.PLATFORM_RULES.keys()


def test_a_row_that_outranks_has_a_target() -> None:
    rules = permissions.RULES.items()
    assert all(issubclass(command, c.TargetedCommand) for command, rule in rules if rule.outranks)


def test_only_rows_of_admins_name_a_permission_and_all_are_used() -> None:
    rows = permissions.RULES.values()
    assert all((row.permission is not None) == (row.least is Role.ADMIN) for row in rows)
    asked_by_itself = {Permission.PUBLISH}
    assert {row.permission for row in rows} - {None} == set(Permission) - asked_by_itself


@pytest.mark.parametrize("kind", sorted(EVENTS, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_a_telling_uses_only_fields_of_its_event(kind: type[e.Event]) -> None:
    fields = set(kind.__struct_fields__)
    fields |= {name.removesuffix("_ms") for name in fields}
    fields |= {"names"} if "users" in fields else set()
    telling = TELLINGS[kind]
    texts = (telling.text, telling.unset)
    used = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    assert used <= fields
    assert not telling.field or telling.field in fields


def test_ranks() -> None:
    order = [None, Role.MEMBER, Role.ADMIN, Role.OWNER]
    assert sorted(RANK, key=RANK.__getitem__) == order
    for low, one in enumerate(order):
        for high, other in enumerate(order):
            assert outranks(other, one) == (high > low)


@pytest.mark.parametrize(
    ("act", "may"),
    [
        ("read", set(PlatformRole) - {PlatformRole.INSPECTOR}),
        ("read_case", set(PlatformRole)),
        ("close_group", {PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
        ("attest_identity", {PlatformRole.REVIEWER, PlatformRole.SUPERADMIN}),
        ("grant_role", {PlatformRole.SUPERADMIN}),
    ],
)
def test_duties_of_staff(act: str, may: set[PlatformRole]) -> None:
    assert {role for role in PlatformRole if permissions.may_on_platform(role, act)} == may
    assert not permissions.may_on_platform(None, act)
