"""The door for webhooks that come in: a post over HTTP, by whoever has its address, as the bot that it was given to."""

import structlog

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import PostResult

from ..actions.accounts.sign_in import NO_HOOK
from ..actions.app import App
from ..actions.outgoing import post_without_connection
from ..delivery.hook_session import HookSession
from ..live.pending import NOT_STORED
from ..requests.dispatch import STOPPING
from ..storage.change_set import StorageError

log = structlog.get_logger()


class HookDoor:
    """Takes what is posted to addresses of webhooks."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def post(
        self, token: str, text: str, reply_to: int | None, nonce: str | None, address: str, language: str
    ) -> PostResult | Refusal:
        """Post a text, never a command, in the group that an address is for; what is repeated under a nonce is posted
        once. An address that is not there, or no longer, takes as long as one that is."""
        session = HookSession(address, language)
        try:
            return await self._post(session, token, text, reply_to, nonce)
        except StorageError as error:
            log.error("storage failed", request="hook", cause=repr(error.__cause__ or error))
            return NOT_STORED

    async def _post(
        self, session: HookSession, token: str, text: str, reply_to: int | None, nonce: str | None
    ) -> PostResult | Refusal:
        app = self._app
        if app.stopping:
            return STOPPING
        refusal = await app.sign_in.open_hook(session, token)
        if refusal is not None or session.account is None:
            return refusal or NO_HOOK
        group = session.account.state.home
        request = rq.Post(id=1, group=group, body=text, nonce=nonce, reply_to=reply_to)
        refusal = app.posts.posting.check_length(text)
        answer = refusal or await post_without_connection(app.posts.posting, session, request)
        if isinstance(answer, Refusal) and await app.catch_up.has_moved_on(group, answer.code):
            answer = await post_without_connection(app.posts.posting, session, request)
        assert isinstance(answer, PostResult | Refusal), "a post is answered so"
        return answer
