"""Strangers who ask for pages: how many of those that ask storage one address may have."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from ..common.clock import Clock
from ..common.rate_limit import Buckets
from .responses import address_of, respond

VIEWS_PER_SECOND, VIEWS_AT_ONCE = 2, 60


class Visitors:
    """Counts the pages that were asked for, all kinds of them together."""

    def __init__(self, clock: Clock, proxies: tuple[str, ...]) -> None:
        self._clock = clock
        self._proxies = proxies
        self._views = Buckets(VIEWS_PER_SECOND, VIEWS_AT_ONCE)

    def refuse(self, request: Request) -> Response | None:
        """Return the answer to who asks too often."""
        wait = self._views.take(address_of(request, self._proxies), self._clock.ticks())
        if not wait:
            return None
        text = "429 too many pages asked for from your address\n"
        return respond(text, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(-(-wait // 1000))})
