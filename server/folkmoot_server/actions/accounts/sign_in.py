"""Signing in and out: who may, with what, how often, and how a connection gets its account."""

import asyncio

from folkmoot_governance import Actor, Refusal, account_case
from folkmoot_governance.account_commands import RegisterAccount
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import SessionResult

from ...bus.api import Bus
from ...bus.messages import NoticeUpdate, RevokedUpdate
from ...common.clock import Clock
from ...common.fair_turns import FairTurns
from ...common.i18n import N_
from ...config.settings import Limits
from ...crypto.passwords import Passwords, check_password, hash_hook, hash_token, new_token, prepare_password
from ...delivery.audience import Audience
from ...delivery.follower import Follower
from ...delivery.hub import Hub
from ...delivery.notices import passing
from ...delivery.session import Session
from ...live.accounts import Account, Accounts
from ...live.presence import Presence
from ...live.rooms import Rooms
from ...live.shared_limits import SharedLimits
from ...storage.api import Ledger
from ...storage.change_set import Profile, RowChange
from ...storage.changes import profile_row, revoke_token, token_row
from ...transport.addresses import network_of, region_of
from .brake import SignInBrake
from .govern import AccountService
from .notices import NoticeBox
from .registration import Registration
from .second_factor import CodeCheck, Proof
from .sessions import Sessions
from .suspension import latest_suspension

MAX_TOKENS = 50
"""So many sign-ins by password an account has at a time; one more ends the oldest, and its connections."""

SIGN_IN_SLOTS = 8
"""Sign-ins by token that are carried out at the same time. More would not be done sooner: measured with 5,000 waiting,
all of them together took twice the CPU, and posts between them 20 times as long."""

FEW_FAILED, MANY_FAILED = 3, 10
"""Wrong passwords that the owner of an account is told of: when signing in, and at once."""

SIGN_IN_FIRST = Refusal(ErrorCode.NOT_AUTHENTICATED, N_("Sign in first."))
AUTH_FAILED = Refusal(ErrorCode.AUTH_FAILED, N_("User name or password is wrong."))
TOKEN_FAILED = Refusal(ErrorCode.AUTH_FAILED, N_("The session has ended; sign in again."))
OTP_REQUIRED = Refusal(ErrorCode.OTP_REQUIRED, N_("Type the code that your authenticator shows, or a recovery code."))
OTP_FAILED = Refusal(ErrorCode.AUTH_FAILED, N_("The code is wrong, or no longer valid."), {"rule": "second_factor"})
NO_HOOK = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no webhook at this address, or no longer."))
TAKING = 100
"""Names that are being taken at once."""

NAME_TAKEN = Refusal(ErrorCode.NAME_TAKEN, N_("This user name is taken."))


class SignIn:
    """Registers accounts, and signs connections in and out."""

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        bus: Bus,
        ledger: Ledger,
        rooms: Rooms,
        accounts: Accounts,
        account_service: AccountService,
        passwords: Passwords,
        presence: Presence,
        shared_limits: SharedLimits,
        audience: Audience,
        hub: Hub,
        follower: Follower,
        registration: Registration,
        box: NoticeBox,
        sessions: Sessions,
        code_check: CodeCheck,
        *,
        in_cluster: bool,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._bus = bus
        self._ledger = ledger
        self._rooms = rooms
        self._accounts = accounts
        self._account_service = account_service
        self._passwords = passwords
        self._presence = presence
        self._shared_limits = shared_limits
        self._audience = audience
        self._hub = hub
        self._follower = follower
        self._registration = registration
        self._box = box
        self._sessions = sessions
        self._code_check = code_check
        self._brake = SignInBrake(clock)
        self._in_cluster = in_cluster
        self._slots = asyncio.Semaphore(SIGN_IN_SLOTS)
        self._taking = FairTurns(TAKING)

    async def register(
        self,
        session: Session,
        profile: Profile,
        password: str,
        agreement: str,
        invitation: str = "",
        device: str = "",
    ) -> SessionResult | Refusal:
        """Make an account and sign in to it (G5.2). `profile` has no password hash yet."""
        user = profile.user
        prepared = prepare_password(password)
        if isinstance(prepared, Refusal):
            return prepared
        refusal = check_password(prepared) or self._check_rate(session)
        if refusal:
            return refusal
        invited = await self._registration.check(session, invitation)
        if isinstance(invited, Refusal):
            return invited
        if await self._accounts.load(user) is not None:
            return NAME_TAKEN
        names = (user, profile.display_name)
        password_hash = await self._passwords.hash(network_of(session.address), prepared, names)
        if isinstance(password_hash, Refusal):
            return password_hash
        refusal = self._registration.take()
        if refusal:
            return refusal
        profile = Profile(user, profile.display_name, password_hash, profile.language)
        token = new_token()
        rows = [profile_row(profile), self._token_row(session, token, user, device)]
        command = RegisterAccount(user, agreement)
        # Of two in one commit neither would be stored: they would stand in each other's way.
        await self._taking.enter(user)
        try:
            if await self._accounts.load(user) is not None:
                return NAME_TAKEN
            refusal = await self._account_service.carry_out(None, command, Actor(user), rows)
        finally:
            self._taking.leave(user)
        if refusal:
            # The ledger takes a name once: whoever came second learns it here.
            return NAME_TAKEN if refusal.code is ErrorCode.CONFLICT else refusal
        account = await self._accounts.load(user)
        assert account is not None, "an account that was just stored can be loaded"
        await self._registration.use(account, invited)
        return await self._bind(session, account, token, hash_token(token))

    def _token_row(self, session: Session, token: str, user: str, device: str) -> RowChange:
        return token_row(hash_token(token), user, self._clock.now_ms(), device, region_of(session.address))

    async def login(
        self, session: Session, user: str, password: str, device: str = "", otp: str = ""
    ) -> SessionResult | Refusal:
        """Sign in with a password, and a code where the account has a second factor."""
        account = await self.find_by_password(session, user, password)
        if isinstance(account, Refusal):
            return account
        refusal = self._check_may_sign_in(account)
        if refusal:
            return await self._with_case(account, refusal)
        token, asked = new_token(), _asked_of(account)
        state, proof = account.state, await self._check_code(session, account, otp)
        if isinstance(proof, Refusal):
            return proof
        outdone = await self._ledger.older_tokens(account.user, MAX_TOKENS - 1)
        rows = [self._token_row(session, token, account.user, device), *map(revoke_token, outdone)]
        if proof is None:
            refusal = await self._account_service.store_rows(account.user, rows)
        else:
            more = [*rows, *proof.rows]
            refusal = await self._account_service.carry_out(state, proof.command, account.actor(), more)
        if refusal is None:
            for token_hash in outdone:
                self._bus.publish(RevokedUpdate(account.user, token_hash))
        if self._in_cluster:
            await self._accounts.look_again(account.user)
        if refusal is None and _asked_of(account) != asked:
            # More is asked for meanwhile, or something else, which has ended the sessions of before: one is this.
            refusal = await self._account_service.store_rows(account.user, [revoke_token(hash_token(token))])
            refusal = refusal or AUTH_FAILED
        bound = refusal or await self._bind(session, account, token, hash_token(token))
        # As well if that is being stored at this moment.
        self._follower.look_at_tokens(account, hash_token(token))
        return bound

    async def _check_code(self, session: Session, account: Account, otp: str) -> Proof | Refusal | None:
        """Return the proof that a code counts where one is needed; or why the account is not opened."""
        if not account.state.second_factor_ms:
            return None
        if not otp:
            return OTP_REQUIRED
        proof = await self._code_check.prove(account.state, otp)
        if proof is None:
            self.note_failed(account, account.user, session.address)
            return OTP_FAILED
        return proof

    async def resume(self, session: Session, token: str) -> SessionResult | Refusal:
        """Sign in with the token of an earlier session."""
        async with self._slots:
            find = self._accounts.find_again if self._in_cluster else self._accounts.find
            token_hash = hash_token(token)
            account = await find(token_hash)
            if account is None:
                return self._check_rate(session) or TOKEN_FAILED
            refusal = self._check_may_sign_in(account)
            if refusal:
                return await self._with_case(account, refusal)
            return await self._bind(session, account, token, token_hash)

    async def whose(self, token: str) -> Account | None:
        """Return the account that may read by the token of a session, on whatever connection; None where none may."""
        find = self._accounts.find_again if self._in_cluster else self._accounts.find
        return self.if_open(await find(hash_token(token)))

    async def open_hook(self, session: Session, token: str) -> Refusal | None:
        """Let a session post as the bot whose webhook has this token; refuse an address that is not there."""
        find = self._accounts.find_again if self._in_cluster else self._accounts.find
        token_hash = hash_hook(token)
        account = await find(token_hash)
        if account is None:
            return self._check_rate(session) or NO_HOOK
        refusal = self._check_open(account)
        if refusal:
            return await self._with_case(account, refusal)
        session.account, session.token_hash = account, token_hash
        self._sessions.opened(session)
        return None

    def if_open(self, account: Account | None) -> Account | None:
        """Return an account if it is one that may be signed in."""
        return None if account is None or self._check_open(account) else account

    async def logout(self, session: Session) -> Refusal | None:
        """Revoke the token of a connection, which stays open; others that signed in with the token are closed."""
        refusal = await self._account_service.store_rows(session.user, [revoke_token(session.token_hash)])
        if refusal:
            return refusal
        account = session.account
        self._hub.detach(session)
        session.account = None
        session.signed_out()
        if account is not None:
            self._presence.changed(account)
            self._bus.publish(RevokedUpdate(account.user, session.token_hash))
        return None

    async def find_by_password(self, session: Session, user: str, password: str) -> Account | Refusal:
        """Return the account whose password was given. An unknown user and a wrong password look and cost the same."""
        account = await self.find_to_try(session, user)
        if isinstance(account, Refusal):
            return account
        stored = account.profile.password_hash if account else None
        fits = await self._passwords.verify(network_of(session.address), stored, password)
        if isinstance(fits, Refusal):
            return fits
        if account is not None and fits and account.profile.password_hash == stored:
            return account
        self.note_failed(account, user, session.address)
        return AUTH_FAILED

    async def find_to_try(self, session: Session, user: str) -> Account | Refusal | None:
        """Return the account that somebody says to be, None if there is none; refuse too many tries."""
        refusal = self._check_rate(session) or self._brake.check(user, session.address)
        if refusal:
            return refusal
        account = await self._accounts.load(user)
        if account is not None and self._in_cluster:
            # The password may have been changed on another node just now.
            await self._accounts.look_again(user)
        return account

    def note_failed(self, account: Account | None, user: str, address: str) -> None:
        """Count a wrong password or code; of many whoever is signed in is told, who can do something about it now."""
        if self._brake.failed(user, address) == MANY_FAILED and account is not None:
            self._bus.publish(NoticeUpdate(user, passing(user, "tried", count=MANY_FAILED)))

    def _check_rate(self, session: Session) -> Refusal | None:
        """Refuse too many passwords from one address."""
        wait = self._shared_limits.take_sign_in(session.address)
        if not wait:
            return None
        text = N_("Too many sign-ins from your address: wait {wait}.")
        return Refusal(ErrorCode.RATE_LIMITED, text, {"retry_after_ms": wait})

    def _check_open(self, account: Account) -> Refusal | None:
        """Refuse a suspended account (G11.2)."""
        state = account.state
        if state.closed_ts:
            return AUTH_FAILED
        if state.closing_case:
            text = N_(
                "The platform is closing this account, case {case}: {reason}. "
                "You can appeal, {until}; then it is erased."
            )
            case = account_case(state.user, state.closing_case)
            detail = {
                "until_ms": state.closing_until_ms,
                "reason": state.suspended_reason,
                "case": case,
                "help": "appeal",
            }
            return Refusal(ErrorCode.ACCOUNT_SUSPENDED, text, detail)
        if state.suspended_until_ms and state.is_suspended(self._clock.now_ms()):
            text = N_("The platform has suspended this account {until}, case {case}: {reason}")
            detail = {"until_ms": state.suspended_until_ms, "reason": state.suspended_reason, "help": "appeal"}
            return Refusal(ErrorCode.ACCOUNT_SUSPENDED, text, detail)
        for one in account.others:
            if one.suspended_until_ms > self._clock.now_ms():
                text = N_("The platform has suspended another account of yours, @{user}, {until}: {reason}")
                detail = {
                    "user": one.user,
                    "until_ms": one.suspended_until_ms,
                    "reason": one.suspended_reason,
                    "help": "appeal",
                }
                return Refusal(ErrorCode.ACCOUNT_SUSPENDED, text, detail)
        return None

    def _check_may_sign_in(self, account: Account) -> Refusal | None:
        """Refuse a suspended account, and one connection too many."""
        refusal = self._check_open(account)
        if refusal:
            return refusal
        most = self._limits.connections_per_account
        if most and self._presence.connections(account) >= most:
            text = N_("The account has {limit} connections open; close one first.")
            return Refusal(
                ErrorCode.RATE_LIMITED,
                text,
                {"limit": most, "rule": "limits.connections_per_account", "help": "logout"},
            )
        return None

    async def _with_case(self, account: Account, refusal: Refusal) -> Refusal:
        """Return a refusal to sign in; that of who is suspended says which act has done so, for one appeals against
        that."""
        if refusal.code is not ErrorCode.ACCOUNT_SUSPENDED or "case" in refusal.detail:
            return refusal
        user, until_ms = str(refusal.detail.get("user", account.user)), int(str(refusal.detail["until_ms"]))
        case = await latest_suspension(self._ledger, user, until_ms)
        return Refusal(refusal.code, refusal.text, {**refusal.detail, "case": case})

    async def _bind(self, session: Session, account: Account, token: str, token_hash: str) -> SessionResult | Refusal:
        """Bind the connection to the account and let it listen to its groups, from the seqs that the result names.

        In a cluster the account must have been read just now: it may have been elsewhere since it was last here, and
        this node may not have heard of all that it did there.
        """
        while not await self._load_rooms(account):
            # It was dropped from memory meanwhile, unused as it seemed: the one there now is as good.
            found = await self._accounts.load(account.user)
            if found is None:
                return TOKEN_FAILED
            account = found
        refusal = self._check_may_sign_in(account)
        if refusal:
            return await self._with_case(account, refusal)
        if session.is_gone:
            # Nobody hears this; but bound it would count among the account's connections for ever.
            return SIGN_IN_FIRST
        # From here on without an await: what is delivered after this moment reaches the session, what came before is
        # covered by the `last_seq` that the result names.
        session.account, session.token_hash = account, token_hash
        session.speak(session.asked_language or account.profile.language)
        session.signed_in()
        self._sessions.opened(session)
        self._audience.sign_in(account, session)
        self._presence.changed(account)
        now = self._clock.now_ms()
        views = []
        for code in sorted(account.groups):
            room = self._rooms.find(code)
            if room is not None and account.user in room.state.members:
                self._hub.subscribe(room, session)
                views.append(room.view(now, account))
        if self._in_cluster:
            self._follower.signed_in(account)
        failed = self._brake.take_failed(account.user)
        if failed >= FEW_FAILED:
            # After the answer, which is given in this turn.
            told = passing(account.user, "tried", count=failed)
            asyncio.get_running_loop().call_soon(self._hub.tell_notice, account, told)
        if self._box.may_have_unread(account):
            self._box.send_unread(session)
        return SessionResult(account=account.own_view(), token=token, groups=tuple(views))

    async def _load_rooms(self, account: Account) -> bool:
        """Load all groups of the account; say whether the account is still the one in memory afterwards."""
        while missing := [code for code in account.groups if self._rooms.get(code) is None]:
            for code in missing:
                if await self._rooms.load(code) is None:
                    account.groups.discard(code)
        return self._accounts.get(account.user) is account


def _asked_of(account: Account) -> tuple[str, int]:
    """Return what somebody is asked for who signs in to an account."""
    return account.profile.password_hash, account.state.second_factor_ms
