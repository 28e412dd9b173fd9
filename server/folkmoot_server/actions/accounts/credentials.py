"""What opens an account: its password."""

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import ChangePassword
from folkmoot_protocol.errors import ErrorCode

from ...bus.api import Bus
from ...bus.messages import RevokedUpdate
from ...common.i18n import N_
from ...crypto.passwords import Passwords, check_password, prepare_password
from ...delivery.session import Session
from ...storage.change_set import RowChange
from ...storage.changes import password_row, revoke_other_tokens
from ...transport.addresses import network_of
from .govern import AccountService
from .sign_in import SignIn

SAME = Refusal(ErrorCode.WEAK_PASSWORD, N_("That is the password that you have: choose another."), {"rule": "same"})


class Credentials:
    """Changes passwords."""

    def __init__(self, sign_in: SignIn, account_service: AccountService, passwords: Passwords, bus: Bus) -> None:
        self._sign_in = sign_in
        self._account_service = account_service
        self._passwords = passwords
        self._bus = bus

    async def change_password(self, session: Session, password: str, new: str) -> Refusal | None:
        """Give the account of a connection another password; all its sessions but this one end."""
        prepared = prepare_password(new)
        refusal = prepared if isinstance(prepared, Refusal) else check_password(prepared)
        if refusal or isinstance(prepared, Refusal):
            return refusal
        account = await self._sign_in.find_by_password(session, session.user, password)
        if isinstance(account, Refusal):
            return account
        if new == password:
            return SAME
        # Whoever changes it meanwhile is first, and has made the password that was shown here void.
        state, token_hash = account.state, session.token_hash
        names = (account.user, account.profile.display_name)
        password_hash = await self._passwords.hash(network_of(session.address), prepared, names)
        if isinstance(password_hash, Refusal):
            return password_hash
        rows: list[RowChange] = [
            password_row(account.user, password_hash),
            revoke_other_tokens(account.user, token_hash),
        ]
        act = self._account_service.act(state, ChangePassword(), account.actor(), rows)
        if not isinstance(act, Refusal):
            act.password_hash = password_hash
        refusal = await self._account_service.wait_stored(act)
        if refusal is None:
            self._bus.publish(RevokedUpdate(account.user, ""))
        return refusal
