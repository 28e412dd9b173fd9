"""From a frame to its handler: one row for each request type, and the checks that no handler repeats.

A handler is called as `handler(app, session, request)`. It returns a result, a refusal, or None when the answer comes
once the change set is stored; a handler that has to wait is a coroutine function.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.access import REQUESTS, Request
from folkmoot_governance.account import check_agreed
from folkmoot_governance.group.checks import FOR_PEOPLE
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode, RequestError
from folkmoot_protocol.line import begins_plainly
from folkmoot_protocol.results import Result

from ..actions.accounts.sign_in import SIGN_IN_FIRST
from ..actions.app import App
from ..admin import run as admin
from ..common import metrics
from ..common.i18n import N_
from ..common.logs import at_once, current_request, get_current_request, request_id
from ..delivery.flood import charge
from ..delivery.session import Session
from ..live.pending import NOT_STORED
from ..slash import run as slash
from ..storage.change_set import StorageError
from . import accounts, channels, entries, groups, media, messages, notices, reports, search

log = structlog.get_logger()

Answer = Result | Refusal | None
Waiting = Coroutine[Any, Any, Answer]
Handler = Callable[[App, Session, Any], Answer | Waiting]

COMMAND_COST = 5
"""Of a slash command, sent as what it is or as a post."""

ONCE = Refusal(ErrorCode.BAD_REQUEST, N_("This connection is signed in already."))
STOPPING = Refusal(
    ErrorCode.UNAVAILABLE, N_("The server is restarting; come back in a moment."), {"retry_after_ms": 1000}
)
INTERNAL = Refusal(ErrorCode.INTERNAL, N_("Something went wrong in the server. It has been noted."))


class Row(Struct, frozen=True):
    """How one request type is treated. `cost` is taken from the account's requests per second; `access` is what the
    rules ask of whoever sends it."""

    handler: Handler
    access: Request
    cost: float = 1


def once(handler: Handler) -> Handler:
    """Return the handler of a request that is carried out once if it has a nonce."""

    def handle(app: App, session: Session, request: Any) -> Answer | Waiting:
        if request.nonce is None:
            return handler(app, session, request)
        return app.repeats.once(session, request, lambda: handler(app, session, request))

    return handle


ROWS: dict[type[rq.Request], Row] = {
    kind: Row(handler, REQUESTS[kind], cost)
    for kind, handler, cost in (
        (rq.Register, accounts.register, 1),
        (rq.Login, accounts.login, 1),
        (rq.Resume, accounts.resume, 1),
        (rq.Appeal, accounts.appeal, 1),
        (rq.Recover, accounts.recover, 1),
        (rq.ResetPassword, accounts.reset_password, 1),
        (rq.GetNotices, notices.list_notices, 2),
        (rq.ReadNotices, notices.read_notices, 2),
        (rq.Logout, accounts.logout, 1),
        (rq.ChangePassword, accounts.change_password, 5),
        (rq.SecondFactor, accounts.second_factor, 5),
        (rq.AcceptAgreement, accounts.accept_agreement, 1),
        (rq.GetAccount, accounts.get_account, 1),
        (rq.CreateGroup, once(groups.create_group), 5),
        (rq.ListGroups, groups.list_groups, 1),
        (rq.GetGroup, groups.get_group, 1),
        (rq.JoinGroup, once(groups.join_group), 1),
        (rq.LeaveGroup, once(groups.leave_group), 1),
        (rq.ListMembers, groups.list_members, 2),
        (rq.RunCommand, once(slash.run_command), COMMAND_COST),
        (rq.ListCommands, slash.list_commands, 1),
        (rq.Post, messages.post, 0),
        (rq.Edit, entries.edit, 1),
        (rq.React, entries.react, 1),
        (rq.GetHistory, messages.history, 2),
        (rq.Search, search.search, 5),
        (rq.Sync, messages.sync, 5),
        (rq.MarkRead, messages.mark_read, 1),
        (rq.Typing, messages.typing, 1),
        (rq.Report, once(reports.report), 5),
        (rq.Upload, media.upload, 5),
        (rq.GetMedia, media.get_media, 5),
        (rq.OpenChannel, once(channels.open_channel), 5),
        (rq.Apply, once(channels.apply), 5),
        (rq.GetChannel, channels.get_channel, 1),
        (rq.Follow, channels.follow, 1),
        (rq.Unfollow, channels.unfollow, 1),
        (rq.ListFollows, channels.list_follows, 2),
        (rq.GetHome, channels.home, 2),
        (rq.GetPosts, channels.posts, 2),
        (rq.GetThread, channels.thread, 2),
        (rq.GetReposts, channels.reposts, 2),
        (rq.Admin, admin.administer, 2),
    )
}

POSTED_COMMAND = Row(messages.post, Request(), COMMAND_COST)
"""A command that is posted is no post; which of them need the agreement says the table of commands: `slash.run`."""
MEDIA_POST = Row(messages.post, REQUESTS[rq.Post], 2)
"""What it shows is looked for in storage before its rate as a post is asked."""
LONG_POST = Row(messages.post, REQUESTS[rq.Post])
"""What is too long is refused before its rate as a post is asked."""

_NAMES = {kind: str(kind.__struct_config__.tag) for kind in ROWS}
metrics.REQUESTS.counts.update(dict.fromkeys(_NAMES.values(), 0))


def dispatch(app: App, session: Session, data: bytes | str) -> Coroutine[Any, Any, None] | None:
    """Decode a frame and run its handler; answer, or return what is to be awaited for that.

    Raises ProtocolError for what is not a frame; nothing else.
    """
    try:
        request = session.codec.decode_request(data)
    except RequestError as error:
        text = error.message.replace("{", "{{").replace("}", "}}")
        said = Refusal(ErrorCode(error.code), text, error.detail)
        session.refuse(error.re, charge(session, 1, app.clock.ticks()) or said)
        return None
    kind = type(request)
    row = row_of_post(app, request) if isinstance(request, rq.Post) else ROWS[kind]
    metrics.REQUESTS.counts[_NAMES[kind]] += 1
    refusal = STOPPING if app.stopping else check_cost(app, session, row) or check_login(app, session, row)
    if refusal is not None:
        session.refuse(request.id, refusal)
        return None
    at_once.connection, at_once.request = session.number, request.id
    try:
        answer = row.handler(app, session, request)
    except Exception as error:
        answer = explain(error, kind)
    finally:
        at_once.connection = 0
    if answer is None:
        return None
    if isinstance(answer, Coroutine) or (isinstance(answer, Refusal) and app.catch_up.in_cluster):
        return finish(app, session, row, request, answer)
    give(session, request.id, answer)
    return None


async def finish(app: App, session: Session, row: Row, request: rq.Request, answer: Answer | Waiting) -> None:
    """Wait for an answer and give it. One that rests on what this node had not heard of yet is asked for again."""
    # Nobody else's: this runs as a task of its own.
    current_request.set((session.number, request.id))
    try:
        if isinstance(answer, Coroutine):
            answer = await answer
        if isinstance(answer, Refusal) and await app.catch_up.has_moved_on(
            getattr(request, "group", None), answer.code
        ):
            answer = row.handler(app, session, request)
            if isinstance(answer, Coroutine):
                answer = await answer
    except Exception as error:
        answer = explain(error, type(request))
    give(session, request.id, answer)


def explain(error: Exception, kind: type[rq.Request]) -> Refusal:
    """Note what went wrong, and return what the client is told of it."""
    if isinstance(error, StorageError):
        log.error("storage failed", request=kind.__name__, cause=repr(error.__cause__ or error))
        return NOT_STORED
    log.error("handler failed", request=kind.__name__, exc_info=error)
    current = get_current_request()
    return Refusal(INTERNAL.code, INTERNAL.text, {"request_id": request_id(*current)}) if current else INTERNAL


def give(session: Session, re: int, answer: Answer) -> None:
    """Send an answer, unless it comes later."""
    if isinstance(answer, Refusal):
        session.refuse(re, answer)
    elif answer is not None:
        session.reply(re, answer)


def row_of_post(app: App, request: rq.Post) -> Row:
    """Return the row of a post, which its text decides."""
    if len(request.body) > app.config.limits.body_chars:
        return LONG_POST
    if request.media:
        return MEDIA_POST
    if not begins_plainly(request.body) and messages.is_command(request.body):
        return POSTED_COMMAND
    return ROWS[rq.Post]


def check_login(app: App, session: Session, row: Row) -> Refusal | None:
    """Refuse what needs an account before there is one, or before it agreed to the terms; and signing in twice."""
    account = session.account
    if account is None:
        return SIGN_IN_FIRST if row.access.login else None
    if row.access.login is False:
        return ONCE
    if row.access.people and account.state.home:
        return FOR_PEOPLE
    return check_agreed(account.state, app.policy) if row.access.agreed else None


def check_cost(app: App, session: Session, row: Row) -> Refusal | None:
    """Refuse what comes too fast; who does not stop is cut off with 4429."""
    # Before somebody has signed in next to nothing is carried out: each request costs the same.
    cost = 1 if session.account is None else row.cost
    return charge(session, cost, app.clock.ticks()) if cost else None
