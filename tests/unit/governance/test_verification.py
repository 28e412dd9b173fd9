"""Identity is verified again after a time: what is told on the way, and what counts afterwards (W7)."""

import pytest

from folkmoot_governance import SERVICE, Actor, Policy, Refusal, apply_account, check_post, decide, decide_account
from folkmoot_governance import account_commands as a
from folkmoot_governance.account_events import IdentityAttested, RenewalTold
from folkmoot_governance.classification import Grade
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.personal_notices import told_to_account
from folkmoot_governance.verification import Stage, next_stage_ms, stages
from folkmoot_protocol.types import Identity, JoinMode
from tests.builders.rules import NOW, make_account, make_group

YEAR = 365 * DAY_MS
POLICY = Policy(
    to_post=Identity.MOBILE,
    to_create_group=Identity.PERSON,
    reverify_ms=YEAR,
    reverify_grace_ms=14 * DAY_MS,
    grades=(Grade(),),
)
VERIFIED = IdentityAttested(at=NOW, by="staff", identity=Identity.PERSON, reason="seen")


def posts(later: int, policy: Policy = POLICY) -> Refusal | None:
    account, group = make_account(VERIFIED), make_group()
    return check_post(group, group.owner, account.identity, NOW + later, 0, policy, account.verified_ts)


def owns(later: int, policy: Policy = POLICY) -> Refusal | None:
    command = c.CreateGroup("482190673350", "Film", "general", "", JoinMode.OPEN)
    actor = Actor("mia", identity=Identity.PERSON, verified_ts=NOW)
    decision = decide(None, command, actor, NOW + later, policy)
    return decision if isinstance(decision, Refusal) else None


@pytest.mark.parametrize("publish", [posts, owns])
def test_who_was_verified_three_years_ago_cannot_publish_and_reads_how_to_renew(publish) -> None:  # type: ignore[no-untyped-def]
    lapse = YEAR + 14 * DAY_MS
    assert publish(lapse - 1) is None
    for later in (lapse, 3 * YEAR):
        refusal = publish(later)
        assert (refusal.code, refusal.detail["rule"]) == ("identity_required", "policy.identity.reverify_days")
        assert "/verify mobile|person|organisation" in refusal.text
        assert refusal.detail["ended_ms"] == NOW + YEAR


def test_never_is_never_and_nothing_needed_needs_no_renewal() -> None:
    assert posts(100 * YEAR, Policy(to_post=Identity.MOBILE)) is None
    assert posts(100 * YEAR, Policy(reverify_ms=YEAR)) is None


def test_what_was_verified_before_re_verification_began_counts_from_that_day() -> None:
    policy = Policy(to_post=Identity.MOBILE, reverify_ms=YEAR, reverify_grace_ms=0, reverify_from_ms=NOW + 5 * YEAR)
    assert posts(6 * YEAR - 1, policy) is None
    assert posts(6 * YEAR, policy) is not None


def test_it_is_told_30_and_7_days_before_at_the_end_and_when_the_grace_is_over() -> None:
    account, told = make_account(VERIFIED), []
    for day in range(400):
        now = NOW + day * DAY_MS
        decision = decide_account(account, a.TellRenewal(), SERVICE, now, POLICY)
        assert not isinstance(decision, Refusal)
        due = next_stage_ms(account.verified_ts, account.renewal_told, POLICY)
        assert bool(decision) == (due is not None and due <= now)
        for event in decision:
            (notice,) = told_to_account(account, event, POLICY)
            told.append((day, notice.kind, (notice.data["until_ms"] - NOW) // DAY_MS))
            apply_account(account, event)
    assert told == [
        (335, "renewal_due", 365),
        (358, "renewal_due", 365),
        (365, "renewal_late", 379),
        (379, "renewal_missed", 379),
    ]


def test_of_several_stages_that_were_missed_the_last_is_told() -> None:
    (event,) = decide_account(make_account(VERIFIED), a.TellRenewal(), SERVICE, NOW + 2 * YEAR, POLICY)
    assert isinstance(event, RenewalTold)
    assert event.stage == Stage.LAPSED


def test_a_reminder_does_not_come_before_the_check() -> None:
    assert stages(Policy(reverify_ms=20 * DAY_MS, reverify_grace_ms=0)) == {
        Stage.SECOND: 13 * DAY_MS,
        Stage.ENDED: 20 * DAY_MS,
        Stage.LAPSED: 20 * DAY_MS,
    }


def test_the_old_identity_holds_until_the_new_one_is_decided_and_then_counts_anew() -> None:
    account = make_account(VERIFIED)
    later = NOW + YEAR

    def do(command: a.AccountCommand, actor: Actor) -> None:
        decision = decide_account(account, command, actor, later, POLICY)
        assert not isinstance(decision, Refusal)
        for event in decision:
            apply_account(account, event)

    do(a.TellRenewal(), SERVICE)
    do(a.AskIdentity(Identity.PERSON), Actor("mia"))
    assert (account.identity, account.asked, account.verified_ts) == (Identity.PERSON, Identity.PERSON, NOW)
    do(a.RejectIdentity("blurred"), Actor("staff", platform="superadmin"))  # type: ignore[arg-type]  # as it is stored
    assert (account.identity, account.asked) == (Identity.PERSON, Identity.NONE)
    do(a.AskIdentity(Identity.PERSON), Actor("mia"))
    do(a.ApproveIdentity("seen again"), Actor("staff", platform="superadmin"))  # type: ignore[arg-type]  # as it is stored
    assert (account.identity, account.asked, account.verified_ts) == (Identity.PERSON, Identity.NONE, later)
    assert account.renewal_told == Stage.UNTOLD


def test_a_lower_level_is_asked_for_only_when_the_higher_one_has_lapsed() -> None:
    account, ask = make_account(VERIFIED), a.AskIdentity(Identity.MOBILE)
    refused = decide_account(account, ask, Actor("mia"), NOW + YEAR, POLICY)
    assert isinstance(refused, Refusal)
    assert not isinstance(decide_account(account, ask, Actor("mia"), NOW + 2 * YEAR, POLICY), Refusal)
