"""What owner and admins are told to see to: each duty when it is one, nothing when there is none."""

import pytest

from folkmoot_governance import GroupState, Policy
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.classification import Grade
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.duty import Duty, duties
from folkmoot_governance.group import events as e
from tests.builders.rules import NOW, make_group, readable

GRADES = (Grade("small", 10), Grade("middle", 20, info_page=True, least_admins=2), Grade("large", 40))
POLICY = Policy(grades=GRADES)


def group(members: int, *later: e.Event, limit: int = 30, grade: str = "small") -> GroupState:
    """A group of the kit's four (one of them an admin) and others, `members` in all."""
    joined = [e.MemberJoined(at=NOW, by=f"u{at}", user=f"u{at}", via="open") for at in range(members - 4)]
    return make_group(*joined, *later, member_limit=limit, grade=grade)


def found(state: GroupState, now: int = NOW, *cases: CaseState) -> dict[str, Duty]:
    duty = {one.kind: one for one in duties(state, now, POLICY, cases)}
    for one in duty.values():
        assert one.text.format(**readable(one.detail), due="")
    return duty


def test_nothing_to_do() -> None:
    assert found(group(4)) == {}


@pytest.mark.parametrize(("members", "limit", "full"), [(8, 9, False), (9, 9, True), (9, 10, True), (8, 10, False)])
def test_nearly_full(members: int, limit: int, full: bool) -> None:
    assert ("full" in found(group(members, limit=limit))) == full


def test_what_makes_room_depends_on_what_is_in_the_way() -> None:
    assert found(group(10, limit=10))["full"].help == "/limit"
    lacking = found(group(10, limit=30))["full"]
    assert (lacking.help, lacking.detail) == ("/promote", {"current": 10, "limit": 10, "needed": 2})
    assert found(group(40, limit=40, grade="large"))["full"].help == ""


def test_the_next_grade_is_announced_before_it_comes() -> None:
    two = e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=())
    assert "next_grade" not in found(group(8, two))
    coming = found(group(9, two))["next_grade"]
    assert coming.detail == {"current": 9, "border": 10, "grade": "middle"}
    assert "info page" in coming.text
    assert "next_grade" not in found(group(11, two, grade="middle")), "it has come"
    assert "next_grade" not in found(group(9, two, limit=10)), "it cannot come"
    assert "next_grade" not in found(group(9, two, grade="middle")), "the grade is as high already"
    assert "next_grade" not in found(group(9, two, grade="large")), "the grade is higher already"
    last = found(group(18, two, limit=40, grade="middle"))["next_grade"]
    assert last.detail == {"current": 18, "border": 20, "grade": "large"}
    assert "info page" not in last.text


def test_too_few_admins() -> None:
    state = group(11, grade="middle")
    assert found(state)["admins"].detail == {"grade": "middle", "needed": 2, "current": 1}
    two = e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=())
    assert "admins" not in found(group(11, two, grade="middle"))


def test_open_requests_age() -> None:
    asked = [
        e.JoinRequested(at=NOW - age * HOUR_MS, by=user, user=user, until_ms=NOW + DAY_MS - age * HOUR_MS)
        for user, age in (("ben", 20), ("cai", 2))
    ]
    state = group(4, *asked)
    assert found(state)["requests"].detail == {"count": 2, "age_ms": 20 * HOUR_MS, "until_ms": NOW + 4 * HOUR_MS}
    assert found(state, NOW + 4 * HOUR_MS)["requests"].detail["count"] == 1, "the first is void from then on"
    assert "requests" not in found(state, NOW + 2 * DAY_MS)


def test_what_the_platform_did_or_has_still_to_do() -> None:
    suspended = e.GroupSuspended(at=NOW, by="sue", until_ms=NOW + HOUR_MS, reason="")
    asked = e.LimitAsked(at=NOW, by="olga", limit=40, grade="large")
    offered = e.TransferOffered(at=NOW, by="olga", user="adam", until_ms=NOW + HOUR_MS)
    state = group(4, suspended, asked, offered)
    assert set(found(state)) == {"suspended", "review", "transfer"}
    assert set(found(state, NOW + HOUR_MS)) == {"review"}


def test_a_public_page_without_rules() -> None:
    two = e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=())
    assert {kind: one.detail for kind, one in found(group(11, two, grade="middle")).items()} == {
        "rules": {"grade": "middle"}
    }
    assert found(group(11, two, e.RulesSet(at=NOW, by="olga", rules="Be kind."), grade="middle")) == {}


def test_what_the_platform_asks_to_be_mended() -> None:
    warned = e.GroupWarned(at=NOW, by="sue", until_ms=NOW + DAY_MS, reason="clean up")
    state = group(4, warned)
    duty = found(state)["rectify"]
    case = f"482190673352-{state.rectify_case}"
    assert duty.help == f"/rectify {case}"
    assert duty.detail == {"case": case, "reason": "clean up", "until_ms": NOW + DAY_MS}
    late = found(state, NOW + DAY_MS)["rectify"]
    assert (late.help, "over" in late.text) == (duty.help, True)
    told = group(4, warned, e.RectificationTold(at=NOW, by="olga", number=state.rectify_case, text="done"))
    assert found(told)["rectify"].help == ""


def test_open_reports_and_appeals() -> None:
    def case(kind: CaseKind, due: int) -> CaseState:
        return CaseState(f"{kind}{due}", kind, "mia", NOW, NOW + due, "spam")

    cases = [case(CaseKind.REPORT, 9), case(CaseKind.REPORT, 7), case(CaseKind.APPEAL, 8)]
    duty = found(group(4), NOW, *cases)
    assert duty["reports"].detail == {"count": 2, "due_ts": NOW + 7}
    assert duty["appeals"].detail == {"count": 1, "due_ts": NOW + 8}
    assert duty["appeals"].help == duty["reports"].help == "/queue"


def test_posts_that_wait_for_review() -> None:
    held = [
        e.ContentHeld(at=NOW + at, by="", user="mia", rule="r", severity=Severity.LOW, until_ms=NOW + DAY_MS + at)
        for at in (0, HOUR_MS)
    ]
    duty = found(group(4, *held), NOW + 2 * HOUR_MS)["queue"]
    assert duty.detail == {"count": 2, "age_ms": 2 * HOUR_MS, "until_ms": NOW + DAY_MS}
    assert found(group(4, *held), NOW + DAY_MS)["queue"].detail["count"] == 1, "the first is void from then on"
    assert "queue" not in found(group(4, *held), NOW + 2 * DAY_MS)
