"""An account as the rules see it."""

from msgspec import Struct, field

from folkmoot_protocol.types import Identity

from .actor import PlatformRole
from .credit import START
from .restrictions import Held, next_end


class AccountState(Struct):
    """An account as events made it. `suspended_until_ms` 0: not suspended. `version` counts its events.

    `credit` is the score (G7.2), `credit_ts` when it changed last; `charges` has what was taken of it and not given
    back, points by case number.
    `restrictions` are what the platform has taken from it for a time.
    `platform` is its role on the operator's staff, until `role_until_ms` (0: without an end) and, where such a role is
    about some cases alone, for `role_cases`; what counts of it at a time says `staff.role_at`.
    `duty_ts`: since when it is on duty, 0 where it is not.
    `verified_ts` (Unix ms) is when its identity was last checked, 0 where it is at no level; `renewal_told` how far it
    was told that this is to be done again (`verification.Stage`).
    `asked` is the level of identity that waits for a reviewer since `asked_ts`, NONE and 0 where none does; if it waits
    for a code that was sent, that counts until `code_until_ms`, and was missed `code_tries` times.
    Names that it chose at `names_removed_ms` or before are not shown; 0: all are.
    `closing_case` is the number of the act by which the platform closes the account, 0 for none, and `closing_until_ms`
    when that is carried out. It is shut out meanwhile; `held_until_ms`, `held_reason` are of the suspension before.
    `second_factor_ms`: since when signing in asks for a code, 0 where it does not; `code_step` is the time step of the
    last code that was used: none of that step or before counts again.
    `closed_ts` 0: not closed. A closed account is shut out for good, and `author_tag` is what is left of its name.
    """

    user: str
    created_ts: int
    agreement: str
    identity: Identity = Identity.NONE
    verified_ts: int = 0
    renewal_told: int = 0
    platform: PlatformRole | None = None
    role_until_ms: int = 0
    role_cases: tuple[str, ...] = ()
    duty_ts: int = 0
    suspended_until_ms: int = 0
    suspended_reason: str = ""
    credit: int = START
    credit_ts: int = 0
    charges: dict[str, int] = field(default_factory=dict)
    restrictions: Held = ()
    asked: Identity = Identity.NONE
    asked_ts: int = 0
    code_until_ms: int = 0
    code_tries: int = 0
    names_removed_ms: int = 0
    closing_case: int = 0
    closing_until_ms: int = 0
    held_until_ms: int = 0
    held_reason: str = ""
    second_factor_ms: int = 0
    code_step: int = 0
    closed_ts: int = 0
    author_tag: str = ""
    home: str = ""
    """The group that a bot was made for, empty for people."""
    version: int = 0

    def is_suspended(self, now: int) -> bool:
        """Say whether a suspension is in force at `now` (G11.2)."""
        return self.suspended_until_ms > now

    @property
    def next_end_ms(self) -> int:
        """When the next restriction ends, or the role does; 0 where neither does."""
        return min(filter(None, (next_end(self.restrictions), self.role_until_ms)), default=0)


def account_case(user: str, version: int) -> str:
    """Return the number under which the act that made version `version` of an account is known to people."""
    return f"@{user}-{version}"
