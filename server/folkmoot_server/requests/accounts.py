"""Signing in and out, and accounts."""

from typing import TYPE_CHECKING

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.account_commands import AcceptAgreement, RegisterAccount
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_display_name, check_user_name
from folkmoot_protocol.results import AccountResult, Empty, ReportResult, SessionResult

from ..actions.accounts.sign_in import (
    AUTH_FAILED,
    MAX_TOKENS,
    NAME_TAKEN,
    RESERVED,
    TOKEN_FAILED,
    check_may_sign_in,
    check_sign_in_rate,
    find_by_password,
    sign_in,
)
from ..actions.cases.appeals import find_suspension, open_appeal
from ..actions.stored import stored
from ..bus.messages import RevokedUpdate
from ..common.i18n import LANGUAGES, N_
from ..crypto.passwords import check_password, hash_token, new_token
from ..delivery.session import Session
from ..storage.change_set import Profile, RowChange
from ..storage.changes import profile_row, revoke_token, token_row

if TYPE_CHECKING:
    from ..node import Node


def check_names(request: rq.Register) -> Refusal | tuple[str, str]:
    """Return user name and display name in their stored form, or why they cannot be had."""
    try:
        user = check_user_name(request.user)
        display_name = check_display_name(request.display_name or request.user)
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    if user in RESERVED:
        return NAME_TAKEN
    return user, display_name


async def register(node: "Node", session: Session, request: rq.Register) -> SessionResult | Refusal:
    """Make an account and sign in to it (G5.2)."""
    names = check_names(request)
    if isinstance(names, Refusal):
        return names
    user, display_name = names
    refusal = check_password(user, request.password) or check_sign_in_rate(node, session)
    if refusal:
        return refusal
    if await node.accounts.load(user) is not None:
        return NAME_TAKEN
    password_hash = await node.passwords.hash(request.password)
    if isinstance(password_hash, Refusal):
        return password_hash
    language = request.language if request.language in LANGUAGES else session.language
    profile = Profile(user, display_name, password_hash, language)
    token = new_token()
    rows = [profile_row(profile), token_row(hash_token(token), user, node.clock.now_ms())]
    command = RegisterAccount(user, request.agreement)
    refusal = await stored(node, node.group_service.act_on_account(None, command, Actor(user), rows))
    if refusal:
        # The ledger takes a name once: whoever came second learns it here.
        return NAME_TAKEN if refusal.code is ErrorCode.CONFLICT else refusal
    account = await node.accounts.load(user)
    assert account is not None, "an account that was just stored can be loaded"
    return await sign_in(node, session, account, token)


async def login(node: "Node", session: Session, request: rq.Login) -> SessionResult | Refusal:
    """Sign in with a password."""
    account = await find_by_password(node, session, request.user, request.password)
    if isinstance(account, Refusal):
        return account
    refusal = check_may_sign_in(node, account)
    if refusal:
        return refusal
    token = new_token()
    outdone = await node.store.ledger.older_tokens(account.user, MAX_TOKENS - 1)
    row = token_row(hash_token(token), account.user, node.clock.now_ms())
    rows: list[RowChange] = [row, *map(revoke_token, outdone)]
    refusal = await stored(node, node.group_service.store_rows(account.user, rows))
    if refusal is None:
        for token_hash in outdone:
            node.bus.publish(RevokedUpdate(account.user, token_hash))
    if node.in_cluster:
        await node.accounts.look_again(account.user)
    return refusal or await sign_in(node, session, account, token)


async def appeal(node: "Node", session: Session, request: rq.Appeal) -> ReportResult | Refusal:
    """Let who cannot sign in appeal against that, by password (P15)."""
    account = await find_by_password(node, session, request.user, request.password)
    if isinstance(account, Refusal):
        return account
    if account.state.closed_ts:
        return AUTH_FAILED
    case = request.case or await find_suspension(node, account)
    opened = await open_appeal(node, account, case, request.text)
    return opened if isinstance(opened, Refusal) else ReportResult(opened.number, opened.due_ms)


async def resume(node: "Node", session: Session, request: rq.Resume) -> SessionResult | Refusal:
    """Sign in with the token of an earlier session."""
    async with node.sign_in_slots:
        find = node.accounts.find_again if node.in_cluster else node.accounts.find
        account = await find(hash_token(request.token))
        if account is None:
            return check_sign_in_rate(node, session) or TOKEN_FAILED
        return check_may_sign_in(node, account) or await sign_in(node, session, account, request.token)


async def logout(node: "Node", session: Session, request: rq.Logout) -> Empty | Refusal:
    """Revoke the token of this connection, which stays open; others that signed in with the token are closed."""
    refusal = await stored(node, node.group_service.store_rows(session.user, [revoke_token(session.token_hash)]))
    if refusal:
        return refusal
    account = session.account
    node.hub.detach(session)
    session.account = None
    session.signed_out()
    if account is not None:
        node.presence.changed(account)
        node.bus.publish(RevokedUpdate(account.user, session.token_hash))
    return Empty()


async def accept_agreement(node: "Node", session: Session, request: rq.AcceptAgreement) -> Empty | Refusal:
    """Accept the agreement in force (G5.2)."""
    account = session.account
    assert account is not None
    command = AcceptAgreement(request.version)
    return await stored(node, node.group_service.act_on_account(account.state, command, account.actor())) or Empty()


async def get_account(node: "Node", session: Session, request: rq.GetAccount) -> AccountResult | Refusal:
    """Return one's own account or somebody else's public side."""
    user = request.user or session.user
    account = await node.accounts.load(user)
    if account is None or account.state.closed_ts:
        return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})
    return AccountResult(account.own_view() if user == session.user else account.view())
