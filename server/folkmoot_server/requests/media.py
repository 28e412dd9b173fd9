"""Uploads, posts that show them, and paths to see them by."""

from msgspec.structs import replace

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import MediaResult, Result, UploadResult

from ..actions.app import App
from ..actions.posts.form import TEXT, Form, form_in
from ..actions.posts.posting import may_repeat
from ..common.i18n import N_
from ..delivery.session import Session
from .channels import post_by_handle

NO_COMMAND = Refusal(
    ErrorCode.BAD_REQUEST,
    N_("A command cannot carry a file: post the file with a text, or by itself."),
    {"field": "media"},
)


async def upload(app: App, session: Session, request: rq.Upload) -> UploadResult | Refusal:
    """Give an address for the bytes of an upload."""
    assert session.account is not None
    return await app.media.uploads.ask(session.account, request.size)


async def get_media(app: App, session: Session, request: rq.GetMedia) -> MediaResult:
    """Return the paths of media that one may see."""
    assert session.account is not None
    return await app.media.showing.paths(session.account, request.ids)


async def post(app: App, session: Session, request: rq.Post, body: str) -> Result | Refusal | None:
    """Post to a group, and show uploads of one's own."""
    assert request.media
    shown = await app.media.uploads.shown(session.user, request.media)
    if isinstance(shown, Refusal):
        return await repeat_or_refuse(app, session, request, body, shown)
    ids = tuple(one.id for one in request.media)
    form = Form(TEXT.kind, TEXT.result, data={"media": shown}, media=ids)
    if request.group.startswith("@"):
        return await post_by_handle(app, session, request, body, form)
    return await app.posts.posting.post_after_reading(session, request, body, form)


async def repeat_or_refuse(
    app: App, session: Session, request: rq.Post, body: str, refusal: Refusal
) -> Result | Refusal | None:
    """Refuse a post for what it shows, unless it is that very post, sent again, which shows it."""
    room = await app.membership.find_room(request.group, session) if may_repeat(refusal, request) else refusal
    if isinstance(room, Refusal):
        return refusal
    request = replace(request, group=room.state.code)
    return await app.posts.posting.repeat_or_refuse(session, request, body, form_in(room, request, TEXT), refusal)
