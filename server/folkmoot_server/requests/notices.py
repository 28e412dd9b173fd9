"""What one is told by oneself: listed and marked as read, by password for who cannot sign in."""

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import Empty, NoticesResult

from ..actions.accounts.notices import PAGE
from ..actions.accounts.sign_in import AUTH_FAILED, SIGN_IN_FIRST
from ..actions.app import App
from ..common.i18n import translator
from ..delivery.notices import view_notice
from ..delivery.session import Session
from ..live.accounts import Account


async def find_reader(app: App, session: Session, request: rq.GetNotices | rq.ReadNotices) -> Account | Refusal:
    """Return whose notices are asked for: one's own, or those of who gives its password and is not signed in."""
    if session.account is not None:
        return session.account
    if request.user is None or request.password is None:
        return SIGN_IN_FIRST
    account = await app.sign_in.find_by_password(session, fold_user_name(request.user), request.password)
    return AUTH_FAILED if isinstance(account, Account) and account.state.closed_ts else account


async def list_notices(app: App, session: Session, request: rq.GetNotices) -> NoticesResult | Refusal:
    """List what one is told, in one's own language or the one asked for."""
    if session.account is None:
        session.ask_language(request.language)
    reader = await find_reader(app, session, request)
    if isinstance(reader, Refusal):
        return reader
    is_told = session.account is not None or session.asked_language
    say = session.say if is_told else translator(reader.profile.language)
    page, more = await app.box.page(reader.user, request.before or "", request.limit or PAGE, unread=request.unread)
    return NoticesResult(tuple(view_notice(one.notice, one.read_ts, say) for one in page), more)


async def read_notices(app: App, session: Session, request: rq.ReadNotices) -> Empty | Refusal:
    """Note what one has read."""
    reader = await find_reader(app, session, request)
    if isinstance(reader, Refusal):
        return reader
    return await app.box.mark_read(reader.user, request.up_to) or Empty()
