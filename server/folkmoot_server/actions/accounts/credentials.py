"""What opens an account: its password, a code with which who has lost it sets another one, and the second factor."""

import hmac
from collections.abc import Sequence

from msgspec import structs

from folkmoot_governance import AccountState, Refusal
from folkmoot_governance.account_commands import ChangePassword, EndSecondFactor, SetSecondFactor
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import SecondFactorResult

from ...bus.api import Bus
from ...bus.messages import RevokedUpdate
from ...common.clock import Clock
from ...common.codes import hash_of_recovery_code, hash_of_reset_code, recovery_codes, reset_code
from ...common.i18n import N_
from ...crypto.one_time_codes import address_of, new_secret, show_secret
from ...crypto.passwords import Passwords, check_password, prepare_password
from ...delivery.session import Session
from ...live.accounts import Account
from ...sealed.second_factors import SecondFactors
from ...storage.api import Ledger
from ...storage.change_set import RowChange
from ...storage.changes import (
    password_row,
    remove_reset_code,
    remove_second_factor,
    reset_code_row,
    revoke_other_tokens,
    second_factor_row,
)
from ...transport.addresses import network_of
from .govern import AccountService
from .second_factor import CodeCheck
from .sign_in import OTP_FAILED, SignIn

SAME = Refusal(ErrorCode.WEAK_PASSWORD, N_("That is your present password: choose another one."), {"rule": "same"})


CODE_FAILED = Refusal(
    ErrorCode.AUTH_FAILED, N_("The code does not fit this account: it is wrong, was used already, or has expired.")
)

HAS_ONE = Refusal(ErrorCode.CONFLICT, N_("There is a second factor already: end it first."), {"help": "/otp"})
ISSUER = "Folkmoot"

CODE_MS = DAY_MS
"""How long a code holds."""


class Credentials:
    """Changes passwords, by the one there is or by a code, and second factors."""

    def __init__(
        self,
        sign_in: SignIn,
        ledger: Ledger,
        account_service: AccountService,
        passwords: Passwords,
        bus: Bus,
        clock: Clock,
        secrets: SecondFactors,
        code_check: CodeCheck,
    ) -> None:
        self._sign_in = sign_in
        self._ledger = ledger
        self._account_service = account_service
        self._passwords = passwords
        self._bus = bus
        self._clock = clock
        self._secrets = secrets
        self._code_check = code_check

    async def change_password(self, session: Session, password: str, new: str) -> Refusal | None:
        """Give the account of a connection another password; all its sessions but this one end."""
        prepared = read_password(new)
        if isinstance(prepared, Refusal):
            return prepared
        account = await self._sign_in.find_by_password(session, session.user, password)
        if isinstance(account, Refusal):
            return account
        if new == password:
            return SAME
        return await self._set(session, account, account.state, ChangePassword(), prepared, session.token_hash)

    async def begin_second_factor(self, session: Session, password: str) -> SecondFactorResult | Refusal:
        """Make a secret, which counts once a code of it was shown."""
        account = await self._sign_in.find_by_password(session, session.user, password)
        if isinstance(account, Refusal):
            return account
        if account.state.second_factor_ms:
            return HAS_ONE
        secret, user = new_secret(), account.user
        row = self._secrets.row(user, secret, (), self._clock.now_ms())
        refusal = await self._account_service.store_rows(user, [second_factor_row(row)])
        return refusal or SecondFactorResult(secret=show_secret(secret), uri=address_of(secret, user, ISSUER))

    async def confirm_second_factor(self, session: Session, code: str) -> SecondFactorResult | Refusal:
        """Have signing in ask for codes from now on, one of which is shown here; all other sessions end."""
        account = await self._sign_in.find_to_try(session, session.user)
        if isinstance(account, Refusal) or account is None:
            return account or OTP_FAILED
        state, user = account.state, account.user
        row = await self._ledger.find_second_factor(user)
        step = await self._code_check.step_of(user, code)
        if state.second_factor_ms:
            return HAS_ONE
        if row is None or step is None:
            self._sign_in.note_failed(account, user, session.address)
            return OTP_FAILED
        codes = recovery_codes()
        hashes = " ".join(hash_of_recovery_code(user, one) for one in codes)
        rows: list[RowChange] = [
            second_factor_row(structs.replace(row, codes=hashes)),
            revoke_other_tokens(user, session.token_hash),
        ]
        refusal = await self._account_service.carry_out(state, SetSecondFactor(step), account.actor(), rows)
        if refusal is None:
            self._bus.publish(RevokedUpdate(user, ""))
        return refusal or SecondFactorResult(codes=tuple(codes))

    async def end_second_factor(self, session: Session, password: str, code: str) -> Refusal | None:
        """Have signing in ask for no code any more, by password and a last code."""
        account = await self._sign_in.find_by_password(session, session.user, password)
        if isinstance(account, Refusal):
            return account
        state = account.state
        proof = await self._code_check.prove(state, code)
        if state.second_factor_ms and (proof is None or 0 < proof.command.step <= state.code_step):
            self._sign_in.note_failed(account, account.user, session.address)
            return OTP_FAILED
        rows = [remove_second_factor(account.user)]
        return await self._account_service.carry_out(state, EndSecondFactor(), account.actor(), rows)

    def code_for(self, user: str, holds_ms: int = CODE_MS) -> tuple[str, Sequence[RowChange], int]:
        """Return a code with which another password is set for an account, the rows that make it hold, and its end."""
        code, until_ms = reset_code(), self._clock.now_ms() + holds_ms
        return code, [reset_code_row(user, hash_of_reset_code(user, code), until_ms)], until_ms

    async def reset_password(self, session: Session, user: str, code: str, new: str) -> Refusal | None:
        """Give an account another password by a code, which is used up; all its sessions end."""
        prepared = read_password(new)
        if isinstance(prepared, Refusal):
            return prepared
        account = await self._sign_in.find_to_try(session, user)
        if isinstance(account, Refusal):
            return account
        # Whoever uses the code meanwhile is first: the account has moved on then, or the code is gone.
        state = account.state if account else None
        kept = await self._ledger.find_reset_code(user, self._clock.now_ms())
        given = hash_of_reset_code(user, code)
        if account is None or state is None or state.closed_ts or not hmac.compare_digest(kept or "", given):
            self._sign_in.note_failed(account, user, session.address)
            return CODE_FAILED
        return await self._set(session, account, state, ChangePassword(reset=True), prepared, "")

    async def _set(
        self,
        session: Session,
        account: Account,
        state: AccountState,
        command: ChangePassword,
        prepared: str,
        token_hash: str,
    ) -> Refusal | None:
        """Store a password that was decided on when the account was in a state: whoever is quicker makes that void.

        All sessions end but that of the token.
        """
        user = account.user
        names = (user, account.profile.display_name)
        password_hash = await self._passwords.hash(network_of(session.address), prepared, names)
        if isinstance(password_hash, Refusal):
            return password_hash
        rows: list[RowChange] = [
            password_row(user, password_hash),
            revoke_other_tokens(user, token_hash),
            remove_reset_code(user),
        ]
        act = self._account_service.act(state, command, account.actor(), rows)
        if not isinstance(act, Refusal):
            act.password_hash = password_hash
        refusal = await self._account_service.wait_stored(act)
        if refusal is None:
            self._bus.publish(RevokedUpdate(user, ""))
        return refusal


def read_password(text: str) -> str | Refusal:
    """Return a new password as it is hashed, or why it cannot be one."""
    prepared = prepare_password(text)
    return prepared if isinstance(prepared, Refusal) else check_password(prepared) or prepared
