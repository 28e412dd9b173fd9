"""A session without a connection, for one post of a bot that has none."""

import asyncio

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.results import Result

from ..common.clock import Ticks
from ..common.i18n import translator
from ..live.accounts import Account
from .session import Session


class HookSession(Session):
    """Whoever posts without a connection, for one request: nothing is delivered to it, and its answer is waited for."""

    __slots__ = ("answer",)

    def __init__(self, address: str, language: str, account: Account | None = None) -> None:
        # It has no connection, so nothing of one: what a post asks of its session is here.
        self.number = 0
        self.account = account
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
