"""Signing in and out, and accounts."""

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import AcceptAgreement
from folkmoot_governance.likeness import is_reserved
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_display_name, check_user_name, fold_user_name
from folkmoot_protocol.results import AccountResult, Empty, ReportResult, SecondFactorResult, SessionResult

from ..actions.accounts.sign_in import AUTH_FAILED, NAME_TAKEN
from ..actions.app import App
from ..common.i18n import N_
from ..delivery.session import Session
from ..sealed.access_records import AccessKind
from ..storage.change_set import Profile


def check_names(request: rq.Register) -> Refusal | tuple[str, str]:
    """Return user name and display name in their stored form, or why they cannot be had."""
    try:
        user = check_user_name(request.user)
        display_name = check_display_name(request.display_name or request.user)
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    if is_reserved(user):
        return NAME_TAKEN
    return user, display_name


async def register(app: App, session: Session, request: rq.Register) -> SessionResult | Refusal:
    """Make an account and sign in to it (G5.2)."""
    session.ask_language(request.language)
    names = check_names(request)
    if isinstance(names, Refusal):
        return names
    user, display_name = names
    refusal = await app.names.check_new(user, display_name)
    if refusal:
        return refusal
    profile = Profile(user, display_name, "", session.language)
    device, invitation = device_of(request), request.invitation or ""
    made = await app.sign_in.register(session, profile, request.password, request.agreement, invitation, device)
    return app.access_log.tried(AccessKind.REGISTERED, session, user, made, device)


def device_of(request: rq.Register | rq.Login) -> str:
    """Return what a client calls itself, as a list can show it."""
    return "".join(char for char in request.device or "" if char.isprintable()).strip()


async def login(app: App, session: Session, request: rq.Login) -> SessionResult | Refusal:
    """Sign in with a password."""
    session.ask_language(request.language)
    user, device = fold_user_name(request.user), device_of(request)
    signed_in = await app.sign_in.login(session, user, request.password, device, request.otp or "")
    return app.access_log.tried(AccessKind.SIGNED_IN, session, user, signed_in, device)


async def appeal(app: App, session: Session, request: rq.Appeal) -> ReportResult | Refusal:
    """Let who cannot sign in appeal against that, by password (P15)."""
    session.ask_language(request.language)
    user = fold_user_name(request.user)
    account = await app.sign_in.find_by_password(session, user, request.password)
    app.access_log.tried(AccessKind.PASSWORD_SHOWN, session, user, account)
    if isinstance(account, Refusal):
        return account
    if account.state.closed_ts:
        return AUTH_FAILED
    opened = await app.cases.appeals.open(account, request.case or "", request.text)
    return opened if isinstance(opened, Refusal) else ReportResult(opened.number, opened.due_ms)


async def resume(app: App, session: Session, request: rq.Resume) -> SessionResult | Refusal:
    """Sign in with the token of an earlier session."""
    session.ask_language(request.language)
    return app.access_log.tried(AccessKind.TOKEN_USED, session, "", await app.sign_in.resume(session, request.token))


async def logout(app: App, session: Session, request: rq.Logout) -> Empty | Refusal:
    """Revoke the token of this connection, which stays open; others that signed in with the token are closed."""
    user = session.user
    return app.access_log.tried(AccessKind.SIGNED_OUT, session, user, await app.sign_in.logout(session) or Empty())


async def change_password(app: App, session: Session, request: rq.ChangePassword) -> Empty | Refusal:
    """Give one's account another password."""
    return await app.credentials.change_password(session, request.password, request.new) or Empty()


async def second_factor(app: App, session: Session, request: rq.SecondFactor) -> SecondFactorResult | Refusal:
    """Set up a second factor, confirm it, or end it."""
    code, credentials = request.code or "", app.credentials
    if request.act == "confirm":
        return await credentials.confirm_second_factor(session, code)
    if request.password is None:
        text = N_("Give the option {field}: {form}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "password", "form": "PASSWORD"})
    if request.act == "begin":
        return await credentials.begin_second_factor(session, request.password)
    return await credentials.end_second_factor(session, request.password, code) or SecondFactorResult()


async def recover(app: App, session: Session, request: rq.Recover) -> Empty | Refusal:
    """Send a code for another password to the mobile of an account, if it is the one that is named."""
    session.ask_language(request.language)
    return await app.recovery.ask(session, fold_user_name(request.user), request.number) or Empty()


async def reset_password(app: App, session: Session, request: rq.ResetPassword) -> Empty | Refusal:
    """Give an account another password by a code."""
    session.ask_language(request.language)
    user = fold_user_name(request.user)
    reset = await app.credentials.reset_password(session, user, request.code, request.new) or Empty()
    return app.access_log.tried(AccessKind.PASSWORD_RESET, session, user, reset)


async def accept_agreement(app: App, session: Session, request: rq.AcceptAgreement) -> Empty | Refusal:
    """Accept the agreement in force (G5.2)."""
    account = session.account
    assert account is not None
    command = AcceptAgreement(request.version)
    return await app.account_service.carry_out(account.state, command, account.actor()) or Empty()


async def get_account(app: App, session: Session, request: rq.GetAccount) -> AccountResult | Refusal:
    """Return one's own account or somebody else's public side."""
    user = fold_user_name(request.user) if request.user else session.user
    account = await app.accounts.load(user)
    if account is None or account.state.closed_ts:
        return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})
    return AccountResult(account.own_view() if user == session.user else account.view())
