"""Getting back into an account whose password is lost: by a code to the mobile that it was verified with (G6).

Who asks is nobody yet. So that nobody learns whether there is an account, whether it has a mobile and which, the answer
is the same always and at once: what comes of it is done afterwards. The number has to be named, so that nobody has
messages sent to somebody whose number they do not know.
"""

import asyncio
import hmac
from datetime import date

import structlog

from folkmoot_governance import SERVICE, Refusal
from folkmoot_governance.account_commands import SendResetCode
from folkmoot_governance.identity import Soundness, check_number, normalise
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity

from ...common.background import end
from ...common.i18n import N_
from ...delivery.session import Session
from ...live.accounts import Account
from ...live.shared_limits import SharedLimits
from ...sealed.identities import Vault
from ...storage.api import Ledger
from ...storage.change_set import StorageError
from .credentials import Credentials
from .govern import AccountService
from .sign_in import SignIn
from .verifying import Verifying

log = structlog.get_logger()

NO_SENDER = Refusal(
    ErrorCode.CONFLICT,
    N_("This service sends no codes: ask its staff for one."),
    {"rule": "identity.sender", "help": "reset_password"},
)
NO_MOBILE = Refusal(ErrorCode.BAD_REQUEST, N_("That is not a mobile number."), {"field": "number"})


class PasswordRecovery:
    """Sends codes to who says whose account it is, and which mobile."""

    def __init__(
        self,
        sign_in: SignIn,
        credentials: Credentials,
        verifying: Verifying,
        vault: Vault,
        ledger: Ledger,
        account_service: AccountService,
        shared_limits: SharedLimits,
    ) -> None:
        self._sign_in = sign_in
        self._credentials = credentials
        self._verifying = verifying
        self._vault = vault
        self._ledger = ledger
        self._account_service = account_service
        self._shared_limits = shared_limits
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Give up what is being sent."""
        await end(self._tasks)

    async def ask(self, session: Session, user: str, number: str) -> Refusal | None:
        """Have a code sent, if the account was verified with this number; refuse what does not depend on that."""
        if not self._verifying.sends_code(Identity.MOBILE):
            return NO_SENDER
        number = normalise(Identity.MOBILE, number)
        if check_number(Identity.MOBILE, number, date.max) is not Soundness.SOUND:
            return NO_MOBILE
        account = await self._sign_in.find_to_try(session, user)
        if isinstance(account, Refusal):
            return account
        blind = self._vault.blind(Identity.MOBILE, number)
        wait = self._shared_limits.take_recovery(blind, session.address)
        if wait:
            detail: dict[str, object] = {"retry_after_ms": wait, "rule": "identity.sender"}
            return Refusal(ErrorCode.RATE_LIMITED, N_("Too many codes were asked for: wait {wait}."), detail)
        task = asyncio.create_task(self._send(account, number, blind))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return None

    async def _send(self, account: Account | None, number: str, blind: str) -> None:
        try:
            known = await self._ledger.list_identities(account.user) if account is not None else []
            mobiles = [one.blind for one in known if one.identity == Identity.MOBILE.value]
            if account is None or not any(hmac.compare_digest(one, blind) for one in mobiles):
                return
            code, rows, _until_ms = self._credentials.code_for(account.user, self._verifying.code_ms)
            refusal = await self._account_service.carry_out(account.state, SendResetCode(), SERVICE, rows)
            if refusal is None:
                await self._verifying.send(number, code, "recover")
        except StorageError as error:
            log.warning("could not send a code", cause=repr(error.__cause__ or error))
