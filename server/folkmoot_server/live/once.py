"""A request that carries a nonce, on its way: what remembers it goes into the first thing that it stores."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from msgspec import Struct

from folkmoot_governance import Refusal

from ..storage.change_set import Asked


class Kept(Struct, omit_defaults=True):
    """What was asked for (`digest`) and how it was answered, as it is kept to be answered again.

    `result` has the answer, or what it is made of once more; None while it is not known. A refusal has its `code` and
    `text` besides, and its detail there.
    """

    digest: str
    result: dict[str, Any] | None = None
    code: str = ""
    text: str = ""


class Once:
    """One use of a nonce by `user` in the group `code` (empty: outside of groups), remembered until `until_ms`.

    `keep` gives the answer as it is kept, where it is known before anything is stored; `seal` seals it. `outcome` is
    settled, with the refusal if there is one, by what was queued to be answered when it is stored.
    """

    __slots__ = ("_seal", "code", "digest", "is_taken", "keep", "nonce", "outcome", "until_ms", "user")

    def __init__(
        self, user: str, code: str, nonce: str, digest: str, until_ms: int, seal: Callable[["Once", Kept], str]
    ) -> None:
        self.user = user
        self.code = code
        self.nonce = nonce
        self.digest = digest
        self.until_ms = until_ms
        self.is_taken = False
        self.keep: Callable[[], dict[str, Any] | Refusal] | None = None
        self.outcome: asyncio.Future[Refusal | None] | None = None
        self._seal = seal

    def asked(self) -> Asked:
        """Return what is stored together with the change that was asked for."""
        self.is_taken = True
        return self.answered(self.keep() if self.keep else None)

    def answered(self, answer: dict[str, Any] | Refusal | None) -> Asked:
        """Return what is stored of this use of the nonce when it is answered so."""
        if isinstance(answer, Refusal):
            kept = Kept(self.digest, dict(answer.detail), answer.code, answer.text)
        else:
            kept = Kept(self.digest, answer)
        return Asked(self.user, self.code, self.nonce, self._seal(self, kept), self.until_ms)

    def settle(self, refusal: Refusal | None) -> None:
        """Tell who waits that the request is answered, or why it was not carried out."""
        if self.outcome is not None and not self.outcome.done():
            self.outcome.set_result(refusal)


current_once: ContextVar[Once | None] = ContextVar("current_once", default=None)
"""The use of a nonce that is being carried out."""


@contextmanager
def beforehand() -> Iterator[None]:
    """Store what a request needs before it can be carried out, and what makes no difference when it is done again: it
    is not what the nonce stands for."""
    token = current_once.set(None)
    try:
        yield
    finally:
        current_once.reset(token)
