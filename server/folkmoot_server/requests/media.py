"""Uploads, posts that show them, and paths to see them by."""

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import MediaResult, Result, UploadResult

from ..actions.app import App
from ..actions.posts.form import TEXT, Form
from ..actions.posts.posting import may_repeat
from ..common.i18n import N_
from ..delivery.session import Session

NO_COMMAND = Refusal(
    ErrorCode.BAD_REQUEST, N_("A command shows nothing: post the file with a text, or by itself."), {"field": "media"}
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
    posting = app.posts.posting
    shown = await app.media.uploads.shown(session.user, request.media)
    if isinstance(shown, Refusal):
        # It may be that very post which shows them.
        return (
            await posting.repeat_or_refuse(session, request, body, TEXT, shown) if may_repeat(shown, request) else shown
        )
    ids = tuple(one.id for one in request.media)
    form = Form(TEXT.kind, TEXT.result, data={"media": shown}, media=ids)
    return await posting.post_after_reading(session, request, body, form)
