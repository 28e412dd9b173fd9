"""Signing in: who may, with what, how often, and how a connection gets its account."""

from typing import TYPE_CHECKING

from folkmoot_governance import Refusal
from folkmoot_governance.notice_entry import PLATFORM
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import SessionResult

from ...common.i18n import N_
from ...crypto.passwords import hash_token
from ...delivery.session import Session
from ...live.accounts import Account

if TYPE_CHECKING:
    from ...node import Node


RESERVED = frozenset({PLATFORM, "folkmoot", "system", "everyone", "all", "here"})
"""Names that a reader would take for the server's own voice, or for everyone."""


MAX_TOKENS = 50
"""So many sign-ins by password an account has at a time; one more ends the oldest, and its connections."""


AUTH_FAILED = Refusal(ErrorCode.AUTH_FAILED, N_("User name or password is wrong."))


TOKEN_FAILED = Refusal(ErrorCode.AUTH_FAILED, N_("The session has ended; sign in again."))


NAME_TAKEN = Refusal(ErrorCode.NAME_TAKEN, N_("This user name is taken."))


def check_sign_in_rate(node: "Node", session: Session) -> Refusal | None:
    """Refuse too many passwords from one address."""
    wait = node.shared_limits.take_sign_in(session.address)
    if not wait:
        return None
    text = N_("Too many sign-ins from your address: wait {wait}.")
    return Refusal(ErrorCode.RATE_LIMITED, text, {"retry_after_ms": wait})


async def find_by_password(node: "Node", session: Session, user: str, password: str) -> Account | Refusal:
    """Return the account whose password was given. An unknown user and a wrong password look and cost the same."""
    refusal = check_sign_in_rate(node, session)
    if refusal:
        return refusal
    account = await node.accounts.load(user)
    fits = await node.passwords.verify(account.profile.password_hash if account else None, password)
    if isinstance(fits, Refusal):
        return fits
    return account if account is not None and fits else AUTH_FAILED


def check_may_sign_in(node: "Node", account: Account) -> Refusal | None:
    """Refuse a suspended account (G11.2), and one connection too many."""
    state = account.state
    if state.closed_ts:
        return AUTH_FAILED
    if state.is_suspended(node.clock.now_ms()):
        text = N_("The platform has suspended this account {until}: {reason}")
        detail = {"until_ms": state.suspended_until_ms, "reason": state.suspended_reason, "help": "appeal"}
        return Refusal(ErrorCode.ACCOUNT_SUSPENDED, text, detail)
    most = node.config.limits.connections_per_account
    if most and node.presence.connections(account) >= most:
        text = N_("The account has {limit} connections open; close one first.")
        return Refusal(
            ErrorCode.RATE_LIMITED,
            text,
            {"limit": most, "rule": "limits.connections_per_account", "help": "logout"},
        )
    return None


async def sign_in(node: "Node", session: Session, account: Account, token: str) -> SessionResult | Refusal:
    """Bind the connection to the account and let it listen to its groups, from the seqs that the result names.

    In a cluster the account must have been read just now: it may have been elsewhere since it was last here, and this
    node may not have heard of all that it did there.
    """
    while not await load_rooms(node, account):
        # It was dropped from memory meanwhile, unused as it seemed: the one there now is as good.
        found = await node.accounts.load(account.user)
        if found is None:
            return TOKEN_FAILED
        account = found
    refusal = check_may_sign_in(node, account)
    if refusal:
        return refusal
    # From here on without an await: what is delivered after this moment reaches the session, what came before is
    # covered by the `last_seq` that the result names.
    session.account, session.token_hash = account, hash_token(token)
    session.speak(account.profile.language)
    session.signed_in()
    account.sessions.add(session)
    node.presence.changed(account)
    now = node.clock.now_ms()
    views = []
    for code in sorted(account.groups):
        room = node.rooms.find(code)
        if room is not None and account.user in room.state.members:
            node.hub.subscribe(room, session)
            views.append(room.view(now, account))
    if node.in_cluster:
        node.follower.signed_in(account)
    return SessionResult(account=account.own_view(), token=token, groups=tuple(views))


async def load_rooms(node: "Node", account: Account) -> bool:
    """Load all groups of the account; say whether the account is still the one in memory afterwards."""
    while missing := [code for code in account.groups if node.rooms.get(code) is None]:
        for code in missing:
            if await node.rooms.load(code) is None:
                account.groups.discard(code)
    return node.accounts.get(account.user) is account
