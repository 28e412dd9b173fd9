import pytest

from folkmoot_governance import GroupState, Policy, Refusal, check_post
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity
from tests.builders.rules import NOW, POLICY, SOON, code_of, make_group, tell_refusal

EVERYONE = ("olga", "adam", "mia", "gus")
OK, OUT = None, ErrorCode.NOT_A_MEMBER


def post(state: GroupState, user: str, now: int = NOW, last: int = 0, policy: Policy = POLICY) -> ErrorCode | None:
    refusal = check_post(state, user, Identity.MOBILE, now, last, policy)
    if refusal:
        tell_refusal(refusal)
    return code_of(refusal)


@pytest.mark.parametrize(
    ("event", "answers"),
    [
        (e.TopicSet(at=NOW, by="olga", topic="tea"), [OK, OK, OK, OUT]),
        (e.GroupSuspended(at=NOW, by="s", until_ms=SOON, reason=""), [ErrorCode.GROUP_SUSPENDED] * 4),
        (e.GroupLocked(at=NOW, by="olga", until_ms=SOON), [OK, OK, ErrorCode.GROUP_MUTED, OUT]),
        (e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON), [OK, OK, ErrorCode.MUTED, OUT]),
        (e.MemberMuted(at=NOW, by="olga", user="adam", until_ms=SOON), [OK, ErrorCode.MUTED, OK, OUT]),
        (e.MemberMuted(at=NOW, by="olga", user="gus", until_ms=SOON), [OK, OK, OK, OUT]),
    ],
    ids=["nothing", "suspended", "locked", "muted member", "muted admin", "muted stranger"],
)
def test_who_may_post(event: e.Event, answers: list[ErrorCode | None]) -> None:
    state = make_group(event)
    assert [post(state, user, SOON - 1) for user in EVERYONE] == answers
    assert [post(state, user, SOON) for user in EVERYONE] == [OK, OK, OK, OUT]


def test_nobody_posts_in_a_closed_group() -> None:
    state = make_group(e.GroupDissolved(at=NOW, by="olga"))
    assert [post(state, user) for user in EVERYONE] == [ErrorCode.GROUP_CLOSED] * 4


def test_slow_mode_holds_members_back_between_posts() -> None:
    state = make_group(e.SlowModeSet(at=NOW, by="olga", slow_ms=5_000))
    assert post(state, "mia", NOW, last=0) is None
    assert post(state, "mia", NOW, last=NOW - 4_999) == ErrorCode.SLOW_MODE
    assert post(state, "mia", NOW, last=NOW - 5_000) is None
    assert post(state, "adam", NOW, last=NOW) is None
    refusal = check_post(state, "mia", Identity.NONE, NOW, NOW - 3_000, POLICY)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == {"retry_after_ms": 2_000, "slow_ms": 5_000}


def test_posting_takes_the_identity_that_the_operator_asks_for() -> None:
    assert post(make_group(), "olga", policy=Policy(to_post=Identity.MOBILE)) is None
    assert post(make_group(), "olga", policy=Policy(to_post=Identity.PERSON)) == ErrorCode.IDENTITY_REQUIRED
