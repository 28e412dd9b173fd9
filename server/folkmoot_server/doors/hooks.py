"""The door for webhooks that come in: a post over HTTP, by whoever has its address, as the bot that it was given to."""

import asyncio
from collections.abc import Coroutine

import structlog

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.results import PostResult, Result

from ..actions.accounts.sign_in import NO_HOOK
from ..actions.app import App
from ..common.clock import Ticks
from ..common.i18n import translator
from ..delivery.session import Session
from ..live.accounts import Account
from ..live.pending import NOT_STORED
from ..requests.dispatch import STOPPING
from ..storage.change_set import StorageError

log = structlog.get_logger()


class HookSession(Session):
    """Whoever posts over HTTP, for one request: nothing is delivered to it, and its answer is waited for."""

    __slots__ = ("answer",)

    def __init__(self, address: str, language: str) -> None:
        # It has no connection, so nothing of one: what a post asks of its session is here.
        self.number = 0
        self.account: Account | None = None
        self.address, self.language, self.asked_language = address, language, ""
        self.say = translator(language)
        self.token_hash = ""
        self.floods, self.floods_since = 0, Ticks(0)
        self.answer: asyncio.Future[Result | Refusal] = asyncio.get_running_loop().create_future()

    def reply(self, re: int, result: Result) -> None:
        """Answer with a result."""
        self._settle(result)

    def refuse(self, re: int, refusal: Refusal) -> None:
        """Answer with a refusal."""
        self._settle(refusal)

    def begin(self) -> None:
        """Nothing waits for its turn behind the one request."""

    def finish(self) -> None:
        """As `begin`."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Whoever floods is told to wait: there is nothing to close."""

    def _settle(self, answer: Result | Refusal) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


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
        answer = refusal or await self._answer(session, request)
        if isinstance(answer, Refusal) and await app.catch_up.has_moved_on(group, answer.code):
            answer = await self._answer(session, request)
        assert isinstance(answer, PostResult | Refusal), "a post is answered so"
        return answer

    async def _answer(self, session: HookSession, request: rq.Post) -> Result | Refusal:
        begun = self._app.posts.posting.post(session, request, request.body)
        answer = await begun if isinstance(begun, Coroutine) else begun
        # What was queued is answered once it is stored.
        return await session.answer if answer is None else answer
