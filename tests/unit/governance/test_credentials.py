"""What is granted to channels: it counts until its end and never after; who may grant, and what takes it back."""

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance import Actor, PlatformRole, Policy, Refusal
from folkmoot_governance.case import commands as cc
from folkmoot_governance.case import state as s
from folkmoot_governance.case.application import check_documents, check_wish
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.events_application import ApplicationOpened, ApplicationReopened, Wish, WishKind
from folkmoot_governance.credentials import (
    Credential,
    CredentialKind,
    Credentials,
    Scope,
    allows,
    ended,
    in_force,
    next_end,
    with_one,
    without,
)
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.apply import founded, replay
from folkmoot_governance.group.decide import decide
from folkmoot_governance.group.publish import check_publish
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, Identity
from tests.builders.rules import NOW, channel_opened

ENDS = st.one_of(st.integers(NOW - 5, NOW + 5), st.just(FOREVER_MS))
CREDENTIALS = st.builds(
    Credential,
    st.sampled_from(CredentialKind),
    st.sampled_from(["a", "b"]),
    ENDS,
    st.just("q-1"),
    st.sampled_from(["", "news"]),
    st.sampled_from([None, *Scope]),
)
HELD = st.lists(CREDENTIALS, max_size=6).map(lambda some: tuple({one.slot: one for one in some}.values()))
STAFF = Actor("sue", platform=PlatformRole.SUPERADMIN)
NEWS = Policy(licences={"news": Scope.PUBLISH}, categories=frozenset({"general", "news"}))


@given(held=HELD, granted=CREDENTIALS, now=st.integers(NOW - 6, NOW + 6))
def test_what_is_granted_counts_until_its_end(held: Credentials, granted: Credential, now: int) -> None:
    assert {*in_force(held, now), *ended(held, now)} == {*held}
    assert not {*in_force(held, now)} & {*ended(held, now)}
    assert all(one.until_ms > now for one in in_force(held, now))
    after = with_one(held, granted)
    assert granted in after
    assert [one.slot for one in after].count(granted.slot) == 1
    assert without(after, (granted,)) == tuple(one for one in after if one != granted)
    soonest = next_end(held)
    assert not soonest or in_force(held, soonest - 1) != in_force(held, soonest)
    if allows(held, "news", Scope.PUBLISH, now):
        assert allows(held, "news", Scope.RELAY, now), "who may publish may repost"


@given(until=st.integers(NOW + 1, NOW + 10), now=st.integers(NOW, NOW + 12))
def test_a_licence_lets_post_until_it_ends(until: int, now: int) -> None:
    licence = Credential(CredentialKind.LICENCE, "7", until, "q-1", "news", Scope.PUBLISH)
    opening = channel_opened(by="olga", form=ChannelForm.PUBLIC, handle="news.daily", category="news")
    reviewed = e.ChannelReviewed(at=NOW, by="sue", case="q-1", reason="seen")
    granted = e.CredentialGranted(at=NOW, by="sue", credential=licence, reason="seen")
    state = replay([opening, reviewed, granted])
    refusal = check_publish(state, "olga", Identity.NONE, now, NEWS)
    assert (refusal is None) is (now < until)
    if refusal is not None:
        assert (refusal.code, refusal.detail["needed"]) == (ErrorCode.LICENCE_REQUIRED, "publish")
    # A rule that finds another category asks for that one as well.
    assert check_publish(state, "olga", Identity.NONE, now, NEWS, 0, {"general"}) is None
    found = decide(state, c.EndMeasures(), Actor(""), now, NEWS)
    assert bool(found) is (now >= until)


def test_a_pending_channel_opens_once_and_by_staff_alone() -> None:
    state = founded(channel_opened(by="olga", form=ChannelForm.PUBLIC, handle="news.daily"))
    refusal = check_publish(state, "olga", Identity.NONE, NOW, NEWS)
    assert refusal is not None
    assert refusal.code is ErrorCode.NOT_OPEN
    stranger = check_publish(state, "mia", Identity.NONE, NOW, NEWS)
    assert stranger is not None
    assert stranger.code is ErrorCode.NO_SUCH_GROUP
    command = c.ReviewChannel("q-1", "seen", Credential(CredentialKind.LABEL, "News", FOREVER_MS, "q-1"))
    assert isinstance(decide(state, command, Actor("olga"), NOW, NEWS), Refusal)
    events = decide(state, command, STAFF, NOW, NEWS)
    assert not isinstance(events, Refusal)
    opened = replay([channel_opened(by="olga", form=ChannelForm.PUBLIC, handle="news.daily"), *events])
    assert (opened.opened_ts, [one.name for one in opened.granted(NOW)]) == (NOW, ["News"])
    assert isinstance(decide(opened, command, STAFF, NOW, NEWS), Refusal)


def application(*events: s.CaseEvent) -> s.CaseState:
    wish = Wish(WishKind.BADGE, "The News")
    opening = ApplicationOpened(at=NOW, by="olga", number="q-1", wish=wish, due_ms=NOW + 9, code="482190673350")
    return s.replay_case([opening, *events])


def test_somebody_else_decides_and_somebody_else_again() -> None:
    approve = cc.DecideApplication(s.Outcome.APPROVED, "seen", frozenset({"ed"}))
    for who in ("olga", "ed"):
        assert isinstance(decide_case(application(), approve, Actor(who, platform=STAFF.platform), NOW, NEWS), Refusal)
    closed = decide_case(application(), approve, STAFF, NOW, NEWS)
    assert not isinstance(closed, Refusal)
    rejected = s.CaseClosed(at=NOW, by="sue", outcome=s.Outcome.REJECTED, reason="no")
    reopened = decide_case(application(rejected), cc.ReopenApplication("it was there"), Actor(""), NOW, NEWS)
    assert isinstance(reopened, list)
    assert isinstance(reopened[0], ApplicationReopened)
    again = application(rejected, *reopened)
    assert (again.is_open, again.decider) == (True, "sue")
    assert isinstance(decide_case(again, approve, STAFF, NOW, NEWS), Refusal)
    other = Actor("sam", platform=PlatformRole.REVIEWER)
    assert not isinstance(decide_case(again, approve, other, NOW, NEWS), Refusal)


def test_what_is_missing_is_named() -> None:
    policy = Policy(documents={"badge": ("identity", "authorisation")}, licences={"news": Scope.PUBLISH})
    refusal = check_documents(WishKind.BADGE, frozenset({"authorisation"}), policy)
    assert refusal is not None
    assert (refusal.code, refusal.detail["missing"]) == (ErrorCode.BAD_REQUEST, ["identity"])
    assert check_documents(WishKind.QUOTA, frozenset(), policy) is None
    assert check_wish(Wish(WishKind.LICENCE, "7", "sport", Scope.PUBLISH), policy) is not None
    assert check_wish(Wish(WishKind.LICENCE, "7", "news", Scope.PUBLISH), policy) is None
