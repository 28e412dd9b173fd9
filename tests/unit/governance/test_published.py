"""What others read, by the table of texts: who may say it, command by command."""

from typing import Any

import pytest
from msgspec import structs

from folkmoot_governance import Policy, Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.admission import code_id
from folkmoot_governance.published import IN_COMMANDS, JOIN_ANSWER, TEXTS, WORD, Text, check_text, texts_of
from folkmoot_governance.restrictions import Measure, Restriction
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity, JoinMode, Role
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, make_group, tell_refusal

KNOWN = structs.replace(POLICY, to_post=Identity.MOBILE)
MUTED = (Restriction(Measure.MUTE, "@adam-2", SOON, "r"),)
CHECKED = [(kind, name) for kind, fields in IN_COMMANDS.items() for name, row in fields.items() if row.identity]


def make(kind: type[c.Command], name: str, said: str = "some words") -> c.Command:
    """Return a command with a text in one of its fields."""
    usual: dict[str, Any] = {
        "user": "mia",
        "duration_ms": 60_000,
        "code": "482190673352",
        "name": "",
        "ts": NOW,
        "seq": 1,
        "number": 1,
        "answers": ("four",),
        "entries": (c.FoundEntry(1, "mia"),),
        "confirmed": True,
        "topic": "",
    }
    needed = {one.encode_name for one in structs.fields(kind)} & usual.keys()
    return kind(**{**{field: usual[field] for field in needed}, name: said})


def answer(command: c.Command, policy: Policy = KNOWN, *later: e.Event, by: str = "olga", **actor: Any) -> object:
    """Return what is said to a command by the owner, or by somebody else."""
    mode = JoinMode.APPROVAL if isinstance(command, c.JoinGroup) else JoinMode.OPEN
    state = make_group(e.JoinModeSet(at=NOW, by="olga", join_mode=mode, was=JoinMode.OPEN), *later)
    return code_of(ask(state, command, "zoe" if isinstance(command, c.JoinGroup) else by, policy=policy, **actor))


@pytest.mark.parametrize(("kind", "name"), CHECKED, ids=lambda one: getattr(one, "__name__", one))
def test_no_text_without_the_identity_that_posting_takes(kind: type[c.Command], name: str) -> None:
    if issubclass(kind, c.CreateGroup):
        return
    command = make(kind, name)
    assert answer(command) == ErrorCode.IDENTITY_REQUIRED
    assert answer(command, identity=Identity.MOBILE) != ErrorCode.IDENTITY_REQUIRED
    assert answer(command, POLICY) != ErrorCode.IDENTITY_REQUIRED


@pytest.mark.parametrize(("kind", "name"), CHECKED, ids=lambda one: getattr(one, "__name__", one))
def test_nothing_is_said_by_who_is_muted(kind: type[c.Command], name: str) -> None:
    if issubclass(kind, c.CreateGroup):
        return
    command = make(kind, name)
    assert answer(command, POLICY, restrictions=MUTED) == ErrorCode.MUTED
    if kind is not c.JoinGroup:
        # By the group: owners are not muted, so this is asked of the text.
        row = IN_COMMANDS[kind][name]
        state = make_group(e.MemberMuted(at=NOW, by="olga", user="adam", until_ms=SOON))
        assert code_of(say(row, state, "adam")) == ErrorCode.MUTED


def say(row: Text, state: Any, user: str) -> Refusal | None:
    refusal = check_text(row, "some words", user, Identity.NONE, (), state, NOW, POLICY)
    if refusal is not None:
        tell_refusal(refusal)
    return refusal


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row.name)
def test_a_suspended_group_puts_up_no_text_but_is_moderated(row: Text) -> None:
    state = make_group(e.GroupSuspended(at=NOW, by="s", until_ms=SOON, reason=""))
    assert code_of(say(row, state, "olga")) == (ErrorCode.GROUP_SUSPENDED if row.standing else None)


def test_to_found_a_group_is_to_say_its_name() -> None:
    for actor, wanted in (
        ({}, ErrorCode.IDENTITY_REQUIRED),
        ({"identity": Identity.MOBILE, "restrictions": MUTED}, ErrorCode.MUTED),
        ({"identity": Identity.MOBILE}, None),
    ):
        refusal = ask_new(c.CreateGroup("482190673352", "Moot"), **actor)
        assert code_of(refusal) == wanted
        assert wanted is None or (isinstance(refusal, Refusal) and refusal.detail["field"] == "name")


def ask_new(command: c.CreateGroup, **actor: Any) -> object:
    return ask(None, command, "olga", policy=KNOWN, **actor)  # type: ignore[arg-type]  # a group that is not there yet


@pytest.mark.parametrize("command", [c.SetTopic(""), c.Announce(""), c.SetRules(""), c.SetTag("mia", "")])
def test_what_takes_a_text_away_says_nothing(command: c.Command) -> None:
    assert texts_of(command, make_group(), NOW) == []
    assert answer(command) is None


def test_an_act_without_its_reason_needs_no_identity() -> None:
    state = make_group()
    for command in (c.Kick("mia"), c.MuteMember("max", 60_000)):
        assert texts_of(command, state, NOW) == []


def test_an_answer_at_the_door_is_a_text_where_somebody_reads_it() -> None:
    command = c.JoinGroup("let me in")
    for mode in JoinMode:
        state = make_group(e.JoinModeSet(at=NOW, by="olga", join_mode=mode, was=JoinMode.OPEN))
        expected = [(JOIN_ANSWER, "let me in")] if mode is JoinMode.APPROVAL else []
        assert list(texts_of(command, state, NOW)) == expected
    raided = make_group(e.AntiraidSet(at=NOW, by="olga", until_ms=SOON, newcomers_ms=NOW))
    assert list(texts_of(command, raided, NOW)) == [(JOIN_ANSWER, "let me in")]
    made = e.InviteCodeMade(at=NOW, by="olga", code_id=code_id("let me in"), until_ms=SOON, uses=1)
    coded = make_group(e.JoinModeSet(at=NOW, by="olga", join_mode=JoinMode.APPROVAL, was=JoinMode.OPEN), made)
    assert list(texts_of(command, coded, NOW)) == []


def test_every_row_says_how_its_text_goes_away_and_why_it_lacks_a_check() -> None:
    assert len({row.name for row in TEXTS}) == len(TEXTS)
    for row in TEXTS:
        assert row.enters and row.removal
        assert row.why or (row.identity and row.mute and row.standing and row.is_judged), row.name


def test_every_text_of_a_command_of_members_is_in_the_table() -> None:
    """Fields of commands that are strings are texts, or names of something that there is."""
    names = {"user", "code", "code_id", "category", "ladder", "confirm", "again", "rule", "mark", "join_mode", "links"}
    names |= {"handle", "policy"}
    for kind, fields in IN_COMMANDS.items():
        strings = {one.encode_name for one in structs.fields(kind) if one.type is str}
        assert strings - names == set(fields), kind
    from folkmoot_governance.permissions import RULES

    for kind in RULES:
        strings = {one.encode_name for one in structs.fields(kind) if one.type is str}
        assert strings - names == set(IN_COMMANDS.get(kind, {})), kind
    assert WORD in IN_COMMANDS[c.AddWord].values() and Role.OWNER
