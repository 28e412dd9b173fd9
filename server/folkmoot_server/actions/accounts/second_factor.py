"""The second factor: whether a code that somebody shows counts."""

import hmac
from collections.abc import Sequence

from msgspec import Struct, structs

from folkmoot_governance import AccountState
from folkmoot_governance.account_commands import UseSecondFactor

from ...common.clock import Clock
from ...common.codes import hash_of_recovery_code
from ...crypto.one_time_codes import DIGITS, step_of
from ...sealed.second_factors import SecondFactors
from ...storage.api import Ledger
from ...storage.change_set import RowChange
from ...storage.changes import second_factor_row


class Proof(Struct, frozen=True):
    """That a code counts: what is decided and stored with what it is shown for, so that it counts once."""

    command: UseSecondFactor
    rows: Sequence[RowChange] = ()


class CodeCheck:
    """Compares codes with the secrets that are kept."""

    def __init__(self, ledger: Ledger, secrets: SecondFactors, clock: Clock) -> None:
        self._ledger = ledger
        self._secrets = secrets
        self._clock = clock

    async def prove(self, state: AccountState, code: str) -> Proof | None:
        """Return the proof that a code is one of the account's second factor; None where it is not."""
        row = await self._ledger.find_second_factor(state.user)
        if row is None:
            return None
        typed = "".join(code.split())
        if typed.isdecimal() and len(typed) == DIGITS:
            step = await self.step_of(state.user, typed)
            return None if step is None else Proof(UseSecondFactor(step))
        given, known = hash_of_recovery_code(state.user, typed), row.codes.split()
        left = [one for one in known if not hmac.compare_digest(one, given)]
        if len(left) == len(known):
            return None
        return Proof(UseSecondFactor(0, len(left)), [second_factor_row(structs.replace(row, codes=" ".join(left)))])

    async def step_of(self, user: str, code: str) -> int | None:
        """Return the time step that a code of an app is of, if it counts now."""
        row = await self._ledger.find_second_factor(user)
        secret = self._secrets.open(row) if row is not None else None
        return None if secret is None else step_of(secret, "".join(code.split()), self._clock.now_ms())
