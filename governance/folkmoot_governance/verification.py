"""How long a check of identity counts: reminders, a grace term, and what it counts for at a time (W7).

A check counts for `Policy.reverify_ms`, and for a grace term beyond that. What is told on the way stands in the
account's state (`renewal_told`), so it is told once, whoever asks and however often; whether it counts is asked of the
time alone, and waits for nobody.
"""

from collections.abc import Callable
from enum import IntEnum

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity

from .account_state import AccountState
from .duration import DAY_MS
from .policy import Policy, meets
from .refusal import Refusal
from .text import N_

REMINDERS_MS = (30 * DAY_MS, 7 * DAY_MS)
"""How long before its end who was verified is reminded."""


class Stage(IntEnum):
    """How far the end of a check was told."""

    UNTOLD = 0
    FIRST = 1
    SECOND = 2
    ENDED = 3
    LAPSED = 4


def stages(policy: Policy) -> dict[Stage, int]:
    """Return how long after a check (ms) each stage comes; a reminder that would come before the check does not."""
    if not policy.reverify_ms:
        return {}
    first, second = (policy.reverify_ms - before for before in REMINDERS_MS)
    ended, lapsed = policy.reverify_ms, policy.reverify_ms + policy.reverify_grace_ms
    all_of_them = {Stage.FIRST: first, Stage.SECOND: second, Stage.ENDED: ended, Stage.LAPSED: lapsed}
    return {stage: after for stage, after in all_of_them.items() if after > 0}


def counted_from(verified_ts: int, policy: Policy) -> int:
    """Return from when (Unix ms) a check counts: one of before the operator asked for renewal counts from that day."""
    return max(verified_ts, policy.reverify_from_ms)


def stage_due(state: AccountState, now: int, policy: Policy) -> Stage | None:
    """Return what is to be told of an account's check at `now` (Unix ms), None where that was told or it is early."""
    if not state.verified_ts:
        return None
    elapsed = now - counted_from(state.verified_ts, policy)
    stage = max((stage for stage, after in stages(policy).items() if after <= elapsed), default=Stage.UNTOLD)
    return stage if stage > state.renewal_told else None


def next_stage_ms(verified_ts: int, told: int, policy: Policy) -> int | None:
    """Return when (Unix ms) the next stage after `told` comes, None where there is none."""
    after = min((after for stage, after in stages(policy).items() if stage > told), default=None)
    return None if after is None else counted_from(verified_ts, policy) + after


def end_ms(verified_ts: int, policy: Policy, *, grace: bool = False) -> int:
    """Return when (Unix ms) a check ends, or when its grace is over; 0: never."""
    if not policy.reverify_ms or not verified_ts:
        return 0
    return counted_from(verified_ts, policy) + policy.reverify_ms + (policy.reverify_grace_ms if grace else 0)


def level_at(identity: Identity, verified_ts: int, now: int, policy: Policy) -> Identity:
    """Return the level of identity that counts at `now` (Unix ms)."""
    if policy.reverify_ms and 0 < end_ms(verified_ts, policy, grace=True) <= now:
        return Identity.NONE
    return identity


def check_level(
    identity: Identity,
    verified_ts: int,
    needed: Identity,
    now: int,
    policy: Policy,
    missing: Callable[[Policy], Refusal],
) -> Refusal | None:
    """Refuse who does not count as verified at the level `needed`: `missing` says so of who never was."""
    if not meets(identity, needed):
        return missing(policy)
    if level_at(identity, verified_ts, now, policy) is identity or needed is Identity.NONE:
        return None
    text = N_(
        "Your identity needs to be verified again before you can do this. To renew it: /verify "
        "mobile|person|organisation <number>"
    )
    detail: dict[str, object] = {"needed": needed, "ended_ms": end_ms(verified_ts, policy)}
    return Refusal(
        ErrorCode.IDENTITY_REQUIRED, text, detail | {"rule": "policy.identity.reverify_days", "help": "/verify"}
    )
