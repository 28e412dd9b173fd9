"""Checking identity: numbers that people give, codes that are sent to mobiles, reviews by the operator's webhook (G6).

A number goes into the vault alone, and a code into what is sent: no event, no entry and no log has either, but for the
log of who tries the service out with the sender `console`.
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from folkmoot_governance import SERVICE, Actor, PlatformRole, Refusal
from folkmoot_governance.account_commands import ApproveIdentity, AskIdentity, ConfirmIdentity, RejectIdentity
from folkmoot_governance.duration import MINUTE_MS
from folkmoot_governance.identity import masked
from folkmoot_governance.measure_checks import check_power
from folkmoot_governance.policy import meets
from folkmoot_governance.restrictions import Power
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity

from ...common.clock import Clock
from ...common.i18n import N_
from ...config.settings import Config
from ...crypto.sealing import load_key
from ...live.accounts import Account, Accounts
from ...live.shared_limits import SharedLimits
from ...sealed.identities import Given, Vault
from ...storage.api import IdentityRequest, Ledger
from ...storage.changes import identity_request_row, remove_identity_request, verified_rows
from ..webhook import FAILED, deliver, sign
from .govern import AccountService

log = structlog.get_logger()

DIGITS = 6
FIRST_WAIT_S = 0.5
REASON_CHARS = 200
BY_WEBHOOK = Actor(SERVICE.user, platform=PlatformRole.SUPERADMIN)
"""Who decides where the operator's own service has: nobody of staff."""
_ENCODE = msgspec.json.Encoder(order="deterministic").encode

NOT_SENT = Refusal(
    ErrorCode.UNAVAILABLE,
    N_("The code could not be sent: try again in a while."),
    {"retry_after_ms": MINUTE_MS, "rule": "identity.sender", "help": "/verify"},
)
WRONG_CODE = Refusal(
    ErrorCode.AUTH_FAILED,
    N_("That is not the code that was sent."),
    {"rule": "identity.code", "help": "/verify code <code>"},
)


class Verifying:
    """Takes numbers, sends codes, compares them, and asks the operator's webhook."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        ledger: Ledger,
        vault: Vault,
        accounts: Accounts,
        shared_limits: SharedLimits,
        account_service: AccountService,
    ) -> None:
        self._checks = config.identity
        self._sender = config.identity.sender
        self._is_asked = config.policy.identity.review == "webhook"
        self._clock = clock
        self._ledger = ledger
        self._vault = vault
        self._accounts = accounts
        self._shared_limits = shared_limits
        self._account_service = account_service
        self._key = self._sender.secret.encode() or load_key(config.server.data_dir / "keys" / "sender.key")

    @property
    def code_ms(self) -> int:
        """How long a code counts."""
        return self._sender.code_minutes * MINUTE_MS

    def sends_code(self, identity: Identity) -> bool:
        """Say whether a number of this kind is checked by a code."""
        return identity is Identity.MOBILE and self._sender.kind != "none"

    async def ask(self, account: Account, given: Given, address: str) -> Refusal | None:
        """Have a sound number checked: by a code that is sent to it, by the operator's webhook, or by staff."""
        now, user = self._clock.now_ms(), account.user
        row = self._vault.row(user, given, now)
        refusal = check_power(account.held, Power.REGISTER, now)
        if refusal is None and not self.sends_code(given.identity):
            refusal = await self.check_barred(row.blind)
        if refusal:
            return refusal
        if not self.sends_code(given.identity):
            command = AskIdentity(given.identity)
            refusal = await self._account_service.carry_out(
                account.state, command, account.actor(), [identity_request_row(row)]
            )
            if refusal is None and self._is_asked:
                await self._ask_webhook(account, given)
            return refusal
        wait = self._shared_limits.take_sending(user, row.blind, address)
        if wait:
            detail: dict[str, object] = {"retry_after_ms": wait, "rule": "identity.sender"}
            return Refusal(ErrorCode.RATE_LIMITED, N_("Too many codes were asked for: wait {wait}."), detail)
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        kept = identity_request_row(row, self._vault.code_hash(user, row.blind, code))
        command = AskIdentity(given.identity, now + self.code_ms)
        refusal = await self._account_service.carry_out(account.state, command, account.actor(), [kept])
        return refusal or (None if await self.send(given.number, code, "verify") else NOT_SENT)

    async def confirm(self, account: Account, code: str) -> Refusal | None:
        """Verify who says the code that was sent to their number; each wrong one is counted, on all nodes together."""
        request = await self._ledger.identity_request(account.user)
        said = self._vault.code_hash(account.user, request.blind if request else "", code)
        fits = bool(request and request.code) and hmac.compare_digest(said, request.code if request else "")
        rows = verified_rows(request) if fits else []
        # Whether a number is barred learns only who has shown that it is theirs.
        barred = await self.check_barred(request.blind) if request and fits else None
        if barred:
            return barred
        refusal = await self._account_service.carry_out(account.state, ConfirmIdentity(fits), account.actor(), rows)
        return refusal or (None if fits else WRONG_CODE)

    async def check_barred(self, blind: str) -> Refusal | None:
        """Refuse to verify anybody with a number that is on the blacklist (P13.2)."""
        now = self._clock.now_ms()
        for one in await self._ledger.bars_of(blind):
            if one.until_ms > now and one.bars(Power.REGISTER):
                text = N_("Nobody can be verified with this number {until}: it is on the platform's blacklist.")
                detail: dict[str, object] = {"until_ms": one.until_ms, "rule": "blacklist", "help": "/verify"}
                return Refusal(ErrorCode.BLACKLISTED, text, detail)
        return None

    async def verified_with_same(self, account: Account, request: IdentityRequest | None) -> tuple[str, ...]:
        """Return who else is verified with the number that an account asks to be verified with (G6, G8.1)."""
        found = list[str]()
        for user in await self._ledger.same_identity(request.blind) if request else ():
            other = None if user == account.user else await self._accounts.load(user)
            if other is not None and meets(other.state.identity, account.state.asked):
                found.append(user)
        return tuple(found)

    async def send(self, number: str, code: str, purpose: str) -> bool:
        """Send a code to a mobile, to `verify` it or to `recover` an account; say whether that was taken on."""
        if self._sender.kind == "console":
            text = "for trying out only: a one-time code, which a sender would bring to the mobile"
            log.warning(text, number=masked(number), one_time_code=code)
            return True
        fields = {"id": secrets.token_hex(16), "to": number, "code": code, "minutes": self._sender.code_minutes}
        fields["purpose"] = purpose
        return await self._post(self._sender.url, fields) is not None

    async def _ask_webhook(self, account: Account, given: Given) -> None:
        """Have a number reviewed by the operator's own service; what that leaves open waits for staff."""
        fields = {
            "id": f"{account.user}-{account.state.version}",
            "level": given.identity.value,
            "number": given.number,
            "name": given.name,
            "document": given.document,
        }
        answer = await self._post(self._checks.review_url, fields)
        decision, reason = answer_of(answer)
        request = await self._ledger.identity_request(account.user)
        if decision == "approve":
            others = await self.verified_with_same(account, request)
            await self._decide(account, ApproveIdentity(reason, others), verified_rows(request))
        elif decision == "reject":
            await self._decide(account, RejectIdentity(reason), [remove_identity_request(account.user)])

    async def _decide(self, account: Account, command: ApproveIdentity | RejectIdentity, rows: list[Any]) -> None:
        refusal = await self._account_service.carry_out(account.state, command, BY_WEBHOOK, rows)
        if refusal:
            log.info("a review by the webhook waits for staff", user=account.user, code=refusal.code)

    async def _post(self, url: str, fields: Mapping[str, object]) -> bytes | None:
        """Post to a webhook, some times if need be; return its answer, None where it gave none."""
        body = _ENCODE(fields)
        for attempt in range(self._sender.tries):
            if attempt:
                await asyncio.sleep(FIRST_WAIT_S * 2**attempt)
            signature = sign(self._key, body, self._clock.now_ms())
            try:
                return await asyncio.to_thread(deliver, url, body, signature, self._sender.timeout_seconds)
            except FAILED as error:
                # Its text may have what was sent.
                log.warning("the webhook of identity did not answer", cause=type(error).__name__)
        return None


def answer_of(answer: bytes | None) -> tuple[str, str]:
    """Return what a webhook decided, and why: (`approve` or `reject`, reason); empty for anything else."""
    try:
        found = msgspec.json.decode(answer or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        return "", ""
    reason = str(found.get("reason") or "")[:REASON_CHARS]
    return str(found.get("decision") or ""), reason or "reviewed by the operator's service"
