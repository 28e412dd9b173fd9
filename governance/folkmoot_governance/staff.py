"""Who of the operator's staff may ask for what: by role, and by how they have signed in (G5, P5, W6)."""

from folkmoot_protocol.errors import ErrorCode

from .account_measures import OF_STAFF
from .account_state import AccountState
from .actor import PlatformRole
from .measure_checks import check_power
from .permissions import UNSECURED, may_on_platform
from .policy import Policy
from .refusal import Refusal
from .restrictions import Held, Power
from .text import N_


def counts(until_ms: int, held: Held, now: int) -> bool:
    """Say whether a role that ends at `until_ms` (Unix ms, 0 for never) counts at `now`: it rests while one of the
    restrictions `held` against the account says so."""
    return (not until_ms or now < until_ms) and check_power(held, Power.WORK, now) is None


def role_at(state: AccountState, now: int) -> PlatformRole | None:
    """Return the platform role of an account that counts at `now` (Unix ms). Measures against this account alone are
    asked for: a role is an account's, and not a person's."""
    return (
        state.platform if state.platform is not None and counts(state.role_until_ms, state.restrictions, now) else None
    )


def check_staff(state: AccountState, act: str, policy: Policy, now: int) -> Refusal | None:
    """Refuse whose platform role does not cover an act, a row of `permissions.PLATFORM_RULES`; and who has signed in
    with less than the operator asks for."""
    resting = check_power(state.restrictions, Power.WORK, now) if state.platform is not None else None
    if resting:
        return resting
    if not may_on_platform(role_at(state, now), act):
        return Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."), {"act": act, **OF_STAFF})
    if policy.require_second_factor and act not in UNSECURED and not state.second_factor_ms:
        text = N_("Staff can act only with a second factor: set one up, with /otp in `folkmoot chat`.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"rule": "staff.require_otp", "help": "/otp"})
    return None
