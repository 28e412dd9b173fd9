"""Grades of groups: three tiers, the highest counts; where growing stops; activity as one number."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance import SERVICE, Actor, GroupState, Policy, Refusal, decide, founded
from folkmoot_governance import classification as cl
from folkmoot_governance.classification import Grade
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.personal_notices import told_in_group
from folkmoot_governance.policy import IDENTITY_ORDER
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity
from tests.builders.rules import NOW, ask, channel_opened, code_of, do, make_group

GRADES = (
    Grade("small", 5, up_to_entries_per_day=100),
    Grade("middle", 50, up_to_entries_per_day=1000, categories=frozenset({"trade"}), info_page=True, least_admins=2),
    Grade("large", 500, categories=frozenset({"news"}), creator_identity=Identity.PERSON, info_page=True, review=True),
)
POLICY = Policy(grades=GRADES, categories=frozenset({"general", "trade", "news"}))


def joined(*users: str) -> list[e.Event]:
    return [e.MemberJoined(at=NOW, by=user, user=user, via="open") for user in users]


def group(*later: e.Event, limit: int = 5, grade: str = "small", **founding: object) -> GroupState:
    """The group of four of the kit, of grade `small`."""
    return make_group(*later, member_limit=limit, grade=grade, **founding)


@pytest.mark.parametrize(
    ("category", "members", "entries", "grade"),
    [
        ("general", 1, 0, "small"),
        ("general", 5, 100, "small"),
        ("general", 6, 0, "middle"),
        ("general", 1, 101, "middle"),
        ("trade", 1, 0, "middle"),
        ("news", 1, 0, "large"),
        ("trade", 1, 1001, "large"),
        ("general", 51, 0, "large"),
        ("general", 501, 10**6, "large"),
        ("unheard of", 1, 0, "small"),
    ],
)
def test_the_highest_of_three_tiers_is_the_grade(category: str, members: int, entries: int, grade: str) -> None:
    assert cl.classify(GRADES, category, members, entries).name == grade


def test_a_bound_of_nothing_lets_any_activity_in_and_what_is_over_all_bounds_is_of_the_last_grade() -> None:
    quiet, any_activity, busy = Grade("a", 9, 10), Grade("b", 9, 0), Grade("c", 9, 1000)
    assert cl.activity_tier((quiet, any_activity, busy), 500) == 1
    assert cl.activity_tier((quiet, busy), 5000) == 1


def test_of_grades_that_name_a_category_the_highest_counts() -> None:
    names = frozenset({"trade"})
    assert cl.category_tier((Grade("a"), Grade("b", categories=names), Grade("c", categories=names)), "trade") == 2


def test_the_grade_of_a_group_stays_until_it_is_graded_again() -> None:
    in_news = make_group(grade="small", category="news")
    assert cl.grade_in_force(GRADES, in_news).name == "small"
    in_news.grade = "given up by the operator"
    assert cl.grade_in_force(GRADES, in_news).name == "large"


@given(st.sampled_from(["general", "trade", "news"]), st.integers(1, 600), st.integers(0, 2000), st.integers(0, 600))
def test_more_never_leads_down(category: str, members: int, entries: int, more: int) -> None:
    places = [
        cl.place_of(GRADES, cl.classify(GRADES, category, members + extra, entries + another).name)
        for extra, another in ((0, 0), (more, 0), (0, more), (more, more))
    ]
    assert places[0] <= min(places[1:])
    assert places[3] == max(places)


def test_a_group_goes_up_with_the_member_who_crosses_the_border() -> None:
    state = group(limit=50)
    for user in ("ben", "cai"):
        do(state, c.Promote({"ben": "mia", "cai": "max"}[user], frozenset()), "olga", policy=POLICY)
    assert [type(event) for event in do(state, c.JoinGroup(), "ben", policy=POLICY)] == [e.MemberJoined]
    assert state.grade == "small"
    _, graded = do(state, c.JoinGroup(), "cai", policy=POLICY)
    assert graded == e.GroupGraded(at=NOW, by="", grade="middle", previous="small", entries_per_day=0)
    do(state, c.LeaveGroup(), "cai", policy=POLICY)
    assert state.grade == "middle"
    do(state, c.Regrade(0), SERVICE.user, policy=POLICY)
    assert state.grade == "small"


def test_growing_stops_where_admins_are_lacking_and_goes_on_when_they_are_there() -> None:
    state = group(*joined("ben"), limit=50)
    refusal = ask(state, c.JoinGroup(), "cai", policy=POLICY)
    assert code_of(refusal) == ErrorCode.GROUP_FULL
    assert refusal.detail == {
        "current": 5,
        "limit": 5,
        "needed": 2,
        "rule": "policy.grades.middle.least_admins",
        "help": "/promote",
    }
    assert cl.most_members(GRADES, state) == 5
    do(state, c.Promote("mia", frozenset()), "olga", policy=POLICY)
    assert cl.most_members(GRADES, state) == 50
    do(state, c.JoinGroup(), "cai", policy=POLICY)
    do(state, c.Demote("mia"), "olga", policy=POLICY)
    # The border lies behind it: what has been lost is for /duty to say, not a reason to lock the door.
    do(state, c.JoinGroup(), "dia", policy=POLICY)


def test_approving_stops_at_the_border_too() -> None:
    requests = [e.JoinRequested(at=NOW, by=user, user=user, until_ms=NOW + DAY_MS) for user in ("ben", "cai", "dia")]
    state = group(*requests, limit=50)
    applicants = tuple(Actor(user) for user in ("ben", "cai", "dia"))
    events = do(state, c.ApproveRequests(applicants), "olga", policy=POLICY)
    assert [event.user for event in events] == ["ben"]


def test_the_limit_asks_for_what_the_grade_asks_for() -> None:
    state = group()
    assert do(state, c.SetMemberLimit(50), "olga", policy=POLICY)[0].limit == 50
    assert code_of(ask(state, c.SetMemberLimit(501), "olga", policy=POLICY)) == ErrorCode.BAD_REQUEST
    refusal = ask(state, c.SetMemberLimit(51), "olga", policy=POLICY)
    assert code_of(refusal) == ErrorCode.IDENTITY_REQUIRED
    assert refusal.detail["rule"] == "policy.grades.large.creator_identity"
    (asked,) = do(state, c.SetMemberLimit(60), "olga", policy=POLICY, identity=Identity.PERSON)
    assert asked == e.LimitAsked(at=NOW, by="olga", limit=60, grade="large")
    assert (state.member_limit, state.asked_limit) == (50, 60)
    assert ask(state, c.SetMemberLimit(60), "olga", policy=POLICY, identity=Identity.PERSON) == []


@pytest.mark.parametrize(("answer", "limit"), [(c.GrantLimit("seen"), 60), (c.DenyLimit("no"), 50)])
def test_the_platform_answers_once(answer: c.Command, limit: int) -> None:
    state = group(e.LimitAsked(at=NOW, by="olga", limit=60, grade="large"), limit=50)
    assert code_of(ask(state, answer, "olga", policy=POLICY)) == ErrorCode.FORBIDDEN
    do(state, answer, "rita", policy=POLICY, platform="reviewer")
    assert (state.member_limit, state.asked_limit) == (limit, 0)
    assert code_of(ask(state, answer, "rita", policy=POLICY, platform="reviewer")) == ErrorCode.CONFLICT


def test_what_was_granted_may_be_moved_within_its_grade() -> None:
    state = group(limit=60)
    assert do(state, c.SetMemberLimit(70), "olga", policy=POLICY, identity=Identity.PERSON)[0].limit == 70


def test_an_owner_who_thinks_smaller_takes_the_question_back() -> None:
    state = group(e.LimitAsked(at=NOW, by="olga", limit=60, grade="large"), limit=50)
    do(state, c.SetMemberLimit(40), "olga", policy=POLICY)
    assert (state.member_limit, state.asked_limit) == (40, 0)
    large = group(e.LimitAsked(at=NOW, by="olga", limit=90, grade="large"), limit=60, grade="large")
    do(large, c.SetMemberLimit(60), "olga", policy=POLICY)
    assert (large.member_limit, large.asked_limit) == (60, 0), "to stay as large takes no identity"


def test_a_founder_of_what_staff_looks_at_is_alone_until_then() -> None:
    command = c.CreateGroup("482190673352", "Moot", "news")
    weak = ask_founding(command, Identity.MOBILE)
    assert code_of(weak) == ErrorCode.IDENTITY_REQUIRED
    created, asked = ask_founding(command, Identity.PERSON)
    assert (created.grade, created.member_limit) == ("large", 1)
    assert (asked.limit, asked.grade) == (500, "large")
    state = group(asked, category="news", limit=4, grade="large")
    assert code_of(ask(state, c.JoinGroup(), "ben", policy=POLICY)) == ErrorCode.GROUP_FULL
    do(state, c.GrantLimit("seen"), "rita", policy=POLICY, platform="reviewer")
    do(state, c.JoinGroup(), "ben", policy=POLICY)


def ask_founding(command: c.CreateGroup, identity: Identity) -> object:
    return decide(None, command, Actor("olga", identity=identity), NOW, POLICY)


def test_a_group_does_not_slip_into_a_reviewed_category() -> None:
    state = group()
    refusal = ask(state, c.SetCategory("news"), "olga", policy=POLICY, identity=Identity.PERSON)
    assert (code_of(refusal), refusal.detail["rule"]) == (
        ErrorCode.FORBIDDEN,
        "policy.grades.large.review_to_create",
    )
    category, graded = do(state, c.SetCategory("trade"), "olga", policy=POLICY)
    assert (category.category, graded.grade) == ("trade", "middle")


def test_the_new_owner_must_be_fit_for_the_grade() -> None:
    offer = e.TransferOffered(at=NOW, by="olga", user="adam", until_ms=NOW + DAY_MS)
    state = group(offer, grade="large", limit=500, category="news")
    assert code_of(ask(state, c.AcceptTransfer(), "adam", policy=POLICY)) == ErrorCode.IDENTITY_REQUIRED
    do(state, c.AcceptTransfer(), "adam", policy=POLICY, identity=Identity.PERSON)


def test_activity_moves_the_grade_and_the_same_grade_is_no_news() -> None:
    state = group()
    assert do(state, c.Regrade(100), SERVICE.user, policy=POLICY) == []
    (graded,) = do(state, c.Regrade(101), SERVICE.user, policy=POLICY)
    assert (graded.grade, graded.entries_per_day) == ("middle", 101)
    assert (state.grade, state.entries_per_day) == ("middle", 101)
    assert code_of(ask(state, c.Regrade(0), "olga", policy=POLICY)) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.Regrade(0), "mod", policy=POLICY, platform="moderator")) == ErrorCode.FORBIDDEN


BORDERS = (Grade("known", 5, up_to_followers=1000), Grade("famous", 50, categories=frozenset({"news"})))
FOLLOWED = Policy(grades=BORDERS, categories=frozenset({"general", "news"}))


def test_followers_lead_a_channel_up_and_are_told_of_once() -> None:
    state = founded(channel_opened(grade="known"))

    def regrade(followers: int, entries: int = 0) -> Sequence[e.Event]:
        decided = do(state, c.Regrade(entries, followers), SERVICE.user, policy=FOLLOWED)
        assert state.grade == cl.classify(BORDERS, state.category, 1, entries, followers).name
        return decided

    assert regrade(1000) == []
    (up,) = regrade(1001)
    assert up == e.GroupGraded(
        at=NOW, by="", grade="famous", previous="known", entries_per_day=0, followers=1001, first=True
    )
    assert state.most_followers == 1001
    (down,) = regrade(999)
    assert (down.grade, down.first) == ("known", False)
    (again,) = regrade(1001)
    assert (again.grade, again.first) == ("famous", False), "it has been there before"


def test_who_leads_a_channel_is_told_when_its_followers_lead_it_up_and_else_nobody() -> None:
    state = founded(channel_opened(grade="known"))
    first = e.GroupGraded(
        at=NOW, by="", grade="famous", previous="known", entries_per_day=0, followers=1001, first=True
    )
    (told,) = told_in_group(state, first, FOLLOWED)
    assert (told.user, told.kind, told.data["followers"], told.data["grade"]) == (
        state.owner,
        "graded",
        1001,
        "famous",
    )
    again = e.GroupGraded(at=NOW, by="", grade="famous", previous="known", entries_per_day=0, followers=1001)
    assert told_in_group(state, again, FOLLOWED) == []


def test_a_channel_that_its_category_has_led_up_is_not_told_of_followers() -> None:
    state = founded(channel_opened(grade="famous", category="news"))
    assert do(state, c.Regrade(0, 5000), SERVICE.user, policy=FOLLOWED) == []


def test_a_grade_that_the_operator_gave_up_is_found_anew() -> None:
    state = group(grade="bygone")
    assert cl.grade_in_force(GRADES, state).name == "small"
    do(state, c.Regrade(0), SERVICE.user, policy=POLICY)
    assert state.grade == "small"


def test_the_info_page_is_hidden_only_where_the_grade_lets_it() -> None:
    state = group()
    assert cl.shows_info_page(GRADES, state)
    assert ask(state, c.SetInfoPage(True), "olga", policy=POLICY) == []
    do(state, c.SetInfoPage(False), "olga", policy=POLICY)
    assert not cl.shows_info_page(GRADES, state)
    assert ask(state, c.SetInfoPage(False), "olga", policy=POLICY) == []
    do(state, c.Regrade(101), SERVICE.user, policy=POLICY)
    assert cl.shows_info_page(GRADES, state), "what the grade asks for comes before the owner's wish"
    do(state, c.SetInfoPage(True), "olga", policy=POLICY)
    refusal = ask(state, c.SetInfoPage(False), "olga", policy=POLICY)
    assert refusal.detail == {"grade": "middle", "rule": "policy.grades.middle.info_page", "help": "/duty"}


def test_rules_of_the_group() -> None:
    state = group()
    do(state, c.SetRules("Be kind."), "olga", policy=POLICY)
    assert state.rules == "Be kind."
    assert ask(state, c.SetRules("Be kind."), "olga", policy=POLICY) == []
    do(state, c.SetRules(""), "olga", policy=POLICY)
    assert state.rules == ""


def test_average_activity() -> None:
    steady = 0
    for _ in range(60):
        steady = cl.average(steady, 700, DAY_MS)
    assert 0 <= 700 - steady <= cl.WINDOW_DAYS + 1
    one_day = cl.average(steady, 0, DAY_MS)
    assert 0.8 * steady < one_day < steady
    for _ in range(60):
        steady = cl.average(steady, 0, DAY_MS)
    assert steady == 0
    assert cl.average(0, 7000, DAY_MS) == int(7000 * (1 - 0.8668778997501817))


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 400 * DAY_MS))
def test_an_average_lies_between_what_was_and_what_came(before: int, entries: int, elapsed: int) -> None:
    rate = entries / (max(elapsed, 1) / DAY_MS)
    assert min(before, rate) - 1 <= cl.average(before, entries, elapsed) <= max(before, rate) + 1


def test_identities_have_an_order() -> None:
    assert tuple(Identity) == IDENTITY_ORDER


def test_founding_is_graded_as_of_one_member_and_no_entry() -> None:
    policy = Policy(categories=frozenset({"general"}), grades=(Grade("tiny", 1, 0), Grade("small", 500, 0)))
    (event,) = decide(None, c.CreateGroup("1", "Moot", "general"), Actor("ana"), NOW, policy)
    assert isinstance(event, e.GroupCreated) and (event.grade, event.member_limit) == ("tiny", 1)
    quiet = Policy(categories=frozenset({"general"}), grades=(Grade("tiny", 9, 1), Grade("small", 500, 0)))
    (event,) = decide(None, c.CreateGroup("1", "Moot", "general"), Actor("ana"), NOW, quiet)
    assert isinstance(event, e.GroupCreated) and event.grade == "tiny"


def test_a_limit_that_one_has_already_is_no_act_unless_another_was_asked_for() -> None:
    state = group(limit=50, grade="middle")
    assert ask(state, c.SetMemberLimit(50), "olga", policy=POLICY) == []
    (event,) = ask(group(limit=40, grade="middle"), c.SetMemberLimit(50), "olga", policy=POLICY)  # type: ignore[misc]
    assert event == e.MemberLimitSet(at=NOW, by="olga", limit=50, was=40, was_free=True)


def test_a_grade_that_staff_has_looked_at_is_not_looked_at_again() -> None:
    person = {"identity": Identity.PERSON}
    large = group(limit=300, grade="large", category="news")
    (event,) = ask(large, c.SetMemberLimit(400), "olga", policy=POLICY, **person)  # type: ignore[misc]
    assert isinstance(event, e.MemberLimitSet)
    two = group(limit=2, grade="large", category="news")
    (event,) = ask(two, c.SetMemberLimit(400), "olga", policy=POLICY, **person)  # type: ignore[misc]
    assert isinstance(event, e.MemberLimitSet)
    alone = group(limit=1, grade="large", category="news")
    alone.members = {"olga": alone.members["olga"]}
    (event,) = ask(alone, c.SetMemberLimit(400), "olga", policy=POLICY, **person)  # type: ignore[misc]
    assert isinstance(event, e.LimitAsked), "one who is alone waits for the platform still"


def test_between_reviewed_categories_a_group_may_move_if_its_owner_is_fit() -> None:
    both = Grade("large", 500, categories=frozenset({"news", "press"}), creator_identity=Identity.PERSON, review=True)
    policy = Policy(grades=(Grade("small", 5), both), categories=frozenset({"news", "press"}))
    state = group(limit=300, grade="large", category="news")
    refused = code_of(ask(state, c.SetCategory("press"), "olga", policy=policy))
    assert refused == ErrorCode.IDENTITY_REQUIRED
    assert code_of(ask(state, c.SetCategory("press"), "olga", policy=policy, identity=Identity.PERSON)) is None


def test_a_closed_group_is_not_graded() -> None:
    state = group(e.GroupDissolved(at=NOW, by="olga"))
    decision = decide(state, c.Regrade(10**6), SERVICE, NOW, POLICY)
    assert decision == []


def test_the_stricter_of_two_identities_is_asked_for_and_says_whose_rule_it_is() -> None:
    strict = Policy(to_create_group=Identity.ORGANISATION, grades=(Grade(creator_identity=Identity.PERSON),))
    loose = Policy(to_create_group=Identity.MOBILE, grades=(Grade(creator_identity=Identity.PERSON),))
    refusals = [ask_founding_under(policy) for policy in (strict, loose)]
    assert [(refusal.detail["needed"], refusal.detail["rule"]) for refusal in refusals] == [
        (Identity.ORGANISATION, "policy.identity.to_create_group"),
        (Identity.PERSON, "policy.grades.standard.creator_identity"),
    ]


def ask_founding_under(policy: Policy) -> Refusal:
    decision = decide(None, c.CreateGroup("1", "Moot"), Actor("ana"), NOW, policy)
    assert isinstance(decision, Refusal)
    return decision
