"""What accounts are told by themselves: whom each act concerns, and that no measure goes untold."""

import string
from enum import Enum
from typing import Any, get_args

import msgspec
import pytest

from folkmoot_governance import GroupState, Policy, announcement, personal_notices
from folkmoot_governance import account_events as a
from folkmoot_governance.case import state as s
from folkmoot_governance.case.measures import account_measure_of, measure_of
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.credentials import Credential, CredentialKind
from folkmoot_governance.group import events as e
from folkmoot_governance.group.responses import Response
from folkmoot_governance.personal_notices import (
    HOOK_ENDED,
    KEPT,
    TEXTS,
    TO_REPORTERS,
    TOLD,
    PersonalNotice,
    told_in_group,
    told_of_case,
    told_to_account,
    told_to_reporters,
)
from folkmoot_governance.restrictions import Measure
from folkmoot_protocol.types import Identity
from tests.builders.rules import NOW, SOON, make_account, make_group

TOLD_OTHERWISE = {TO_REPORTERS, HOOK_ENDED, announcement.KIND, *Response}
"""What no event tells of by its kind: reporters of an overturned measure, what the platform tells everybody, and what
others do in channels, and that a webhook has ended."""
POLICY = Policy(cases=CaseRules(appeal_ms=1000, platform_appeal_ms=2000))
PLAIN: dict[Any, Any] = {int: 3, str: "mia", bool: False, tuple[str, ...]: ("mia",), tuple[int, ...]: (3,)}
PLAIN[Credential] = Credential(CredentialKind.BADGE, "The News", SOON, "q-1")


def something(kind: Any) -> Any:
    """Return a value of a field's type."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    first, *_ = get_args(kind)
    return something(first) if isinstance(first, type) else first


def example(kind: type[Any], **given: Any) -> Any:
    """Return an event of a kind by adam (staff, of an account), with something in each field that must be there."""
    fields: dict[str, Any] = {"at": NOW, "by": "adam"}
    for field in msgspec.structs.fields(kind):
        if field.name not in fields and field.required:
            fields[field.name] = something(field.type)
    return kind(**fields | given)


GIVEN: dict[type, dict[str, Any]] = {e.EntriesPurged: {"users": ("mia", "adam")}, e.TextRemoved: {"what": "name"}}
GIVEN[e.GroupRestricted] = {"measure": Measure.JOIN}


def test_every_measure_in_a_group_is_told_to_whom_it_hits_and_says_until_when_one_may_appeal() -> None:
    state, measures = make_group(), 0
    for kind in get_args(e.GroupEvent):
        event = example(kind, **GIVEN.get(kind, {}))
        measure = measure_of(event, "case", state.code, state.owner, "mia")
        told = told_in_group(state, event, POLICY)
        may_appeal = [one.user for one in told if "appeal_until_ms" in one.data]
        if measure is None:
            assert may_appeal == [], kind
            continue
        measures += 1
        assert measure.user in may_appeal, kind
        window = 1000 if measure.code else 2000
        assert all(one.data["appeal_until_ms"] == NOW + window for one in told)
        assert all(one.case == f"{state.code}-{state.version + 1}" for one in told)
    assert measures >= 10


def test_every_measure_against_an_account_is_told_to_it() -> None:
    state, measures = make_account(user="mia"), 0
    for kind in get_args(a.AnyAccountEvent):
        given = {"points": -3, "cause": "penalty"} if kind is a.CreditChanged else {}
        event = example(kind, **given | ({"measure": Measure.MUTE} if kind is a.AccountRestricted else {}))
        told = told_to_account(state, event, POLICY)
        is_measure = account_measure_of(event, "case", "mia", "") is not None
        measures += is_measure
        assert any("appeal_until_ms" in one.data for one in told) is is_measure, kind
        assert {one.user for one in told} <= {"mia"}
    assert measures == 6


def test_a_verification_that_is_withdrawn_is_told_as_a_measure_and_one_given_is_not() -> None:
    state = make_account(user="mia")
    person, mobile = Identity.PERSON, Identity.MOBILE
    for identity, was, measure, kinds in (
        (mobile, person, 0, ["verification_withdrawn"]),
        (person, mobile, 0, ["verified"]),
        (person, None, 0, ["verified"]),
        (person, mobile, 3, []),
    ):
        event = a.IdentityAttested(at=NOW, by="rea", identity=identity, reason="r", was=was, measure=measure)
        told = told_to_account(state, event, POLICY)
        assert [one.kind for one in told] == kinds
        is_measure = account_measure_of(event, "case", "mia", "") is not None
        assert is_measure is (kinds == ["verification_withdrawn"])
        assert all(("appeal_until_ms" in one.data) is is_measure for one in told)


def test_whose_tag_is_removed_is_told_beside_the_owner_who_may_appeal() -> None:
    event = e.TextRemoved(at=NOW, by="sue", what="tag", text="", reason="vile", user="mia", was_text="bad")
    told = {one.user: one for one in told_in_group(make_group(), event, POLICY)}
    assert (told["mia"].kind, told["olga"].kind) == ("own_tag_removed", "tag_removed")
    assert ["appeal_until_ms" in told[user].data for user in ("mia", "olga")] == [False, True]
    assert "bad" not in str(told)


REPORT = s.ReportOpened(at=NOW, by="mia", number="r-1", reason="fraud", severity=Severity.HIGH, due_ms=SOON)
JOINED = [
    s.ReportJoined(at=NOW, by=user, reason="spam", severity=Severity.LOW, due_ms=SOON) for user in ("max", "#0a1b2c")
]
APPEAL = s.AppealOpened(at=NOW, by="mia", number="a-1-2", measure="1-2", reason="muted", decider="adam", due_ms=SOON)
PROPOSED = (s.Outcome.TAKEN, s.Outcome.REFUSED, s.Outcome.LAPSED)
OF_APPLICATIONS = (s.Outcome.APPROVED, s.Outcome.REJECTED)
OF_REPORTS = (s.Outcome.UPHELD, s.Outcome.DISMISSED, s.Outcome.BAD_FAITH)


def closing(outcome: s.Outcome, *before: s.CaseEvent, **fields: Any) -> list[PersonalNotice]:
    """Return what is told when a case that events have made is closed and settled."""
    state = s.replay_case(before)
    event = s.CaseClosed(at=SOON, by="rea", outcome=outcome, reason="seen", **fields)
    told = told_of_case(state, event, POLICY)
    s.apply_case(state, event)
    return told + told_of_case(state, s.CaseSettled(at=SOON, by="", effect="lifted"), POLICY)


@pytest.mark.parametrize("outcome", list(s.Outcome))
def test_every_outcome_of_a_case_is_told_to_who_opened_it(outcome: s.Outcome) -> None:
    (told,) = closing(outcome, REPORT if outcome in OF_REPORTS else APPEAL)
    more: dict[str, Any] = {"measure": "muted", "effect": "lifted"} if outcome is s.Outcome.OVERTURNED else {}
    if outcome in (s.Outcome.DISMISSED, s.Outcome.BAD_FAITH, s.Outcome.REJECTED):
        more = {"appeal_until_ms": SOON + 2000}
    case = "r-1" if outcome in OF_REPORTS else "a-1-2"
    kind = f"measure_{outcome}" if outcome in PROPOSED else outcome.value
    kind = f"application_{outcome}" if outcome in OF_APPLICATIONS else kind
    assert told == PersonalNotice("mia", SOON, kind, case, data={"reason": "seen", **more})


@pytest.mark.parametrize("outcome", OF_REPORTS)
def test_all_who_reported_and_have_an_account_are_told(outcome: s.Outcome) -> None:
    told = closing(outcome, REPORT, *JOINED)
    assert [(one.user, one.kind) for one in told] == [("mia", outcome.value), ("max", outcome.value)]


def test_bad_faith_is_told_to_those_who_were_and_the_others_that_it_was_dismissed() -> None:
    told = closing(s.Outcome.BAD_FAITH, REPORT, *JOINED, bad_faith=("max",))
    assert {(one.user, one.kind) for one in told} == {("mia", "dismissed"), ("max", "bad_faith")}


def test_the_one_reported_is_told_what_was_upheld() -> None:
    about = msgspec.structs.replace(REPORT, user="bob", code="482190673352", seq=7)
    told = [one for one in closing(s.Outcome.UPHELD, about) if one.user == "bob"]
    assert [(one.kind, one.data["seq"], one.code) for one in told] == [("found_against_entry", 7, "482190673352")]
    (told_of_account,) = [
        one for one in closing(s.Outcome.UPHELD, msgspec.structs.replace(REPORT, user="bob")) if one.user == "bob"
    ]
    assert told_of_account.kind == "found_against"
    assert [one.user for one in closing(s.Outcome.DISMISSED, about)] == ["mia"]


def test_reporters_are_told_when_what_followed_is_overturned() -> None:
    opened = s.ReportOpened(at=NOW, by="mia", number="r-1", reason="fraud", severity=Severity.HIGH, due_ms=SOON)
    (told,) = told_to_reporters([s.opened(opened)], "wrong", SOON)
    assert (told.user, told.kind, told.case, told.data) == ("mia", "report_overturned", "r-1", {"reason": "wrong"})


def test_a_group_that_is_opened_again_tells_who_led_it_and_who_asked_to_join() -> None:
    asked = e.JoinRequested(at=NOW, by="zoe", user="zoe", until_ms=SOON)
    state = make_group(asked, e.GroupClosed(at=NOW, by="sue", reason="fraud", kept_until_ms=SOON))
    fields = {"at": NOW, "by": "", "user": "olga", "number": state.version, "kind": "closed", "measure": "x"}
    told = told_in_group(state, e.MeasureOverturned(**fields, reopens=True), POLICY)
    assert {(one.user, one.kind) for one in told} == {("adam", "group_reopened"), ("zoe", "reopened")}
    assert told_in_group(state, e.MeasureOverturned(**fields), POLICY) == []


def test_owner_and_admins_are_told_of_what_ends_the_group() -> None:
    state = make_group()
    leaders = {one.user for one in state.members.values() if one.role != "member"}
    told = told_in_group(state, e.GroupClosed(at=NOW, by="sue", reason="fraud"), POLICY)
    assert {one.user for one in told} == leaders
    assert len(leaders) > 1
    assert all(one.data["name"] == state.name and one.code == state.code for one in told)


@pytest.mark.parametrize(
    "event",
    [
        e.EntryDeleted(at=NOW, by="mia", user="mia", seq=3),
        e.EntriesPurged(at=NOW, by="mia", seqs=(3,), count=1, users=("mia",)),
        e.JoinRequestEnded(at=NOW, by="mia", user="mia"),
        e.MemberJoined(at=NOW, by="mia", user="mia", via="open"),
        e.MemberLeft(at=NOW, by="mia", user="mia"),
        e.NoteWritten(at=NOW, by="adam", user="mia"),
    ],
)
def test_nobody_is_told_of_acts_of_their_own_nor_of_what_leaders_keep_among_themselves(event: e.Event) -> None:
    assert told_in_group(make_group(), event, POLICY) == []


def test_what_is_earned_by_time_is_not_told_and_what_is_given_back_is() -> None:
    state = make_account(user="mia")
    earned = a.CreditChanged(at=NOW, by="", cause="recovered", points=1, score=81)
    given = a.CreditChanged(at=NOW, by="", cause="restored", points=20, score=100, case="r-1", reason="wrong")
    assert told_to_account(state, earned, POLICY) == []
    (told,) = told_to_account(state, given, POLICY)
    assert told.kind == "credit_raised"
    assert told.data == {"reason": "wrong", "points": 20, "score": 100, "report": "r-1"}
    assert "appeal_until_ms" not in told.data


def test_who_did_it_is_not_kept() -> None:
    state: GroupState = make_group()
    found = [one for kind in get_args(e.GroupEvent) for one in told_in_group(state, example(kind, by="adam"), POLICY)]
    assert found
    assert not any("adam" in str(one.data) for one in found)


def test_ids_are_one_for_each_and_in_the_order_of_time() -> None:
    first, second = PersonalNotice("mia", 999, "kicked", "c-1"), PersonalNotice("mia", 1000, "banned", "c-2")
    assert first.id < second.id
    assert first.id != PersonalNotice("mia", 999, "banned", "c-1").id
    about = [PersonalNotice("mia", 999, "commented", code=code, data={"seq": seq}) for code in "12" for seq in (3, 4)]
    assert len({one.id for one in about}) == 4


def test_sentences_are_filled_by_what_is_kept() -> None:
    kinds = [row.kind for rows in TOLD.values() for row in rows]
    assert len(kinds) == len(set(kinds)) == len(TEXTS.keys() - TOLD_OTHERWISE)
    known = {*KEPT, "credential", "text", "until", "name", "case", "group", "cases", "by", "post"}
    for kind, text in TEXTS.items():
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= known, kind
    assert personal_notices.__doc__
