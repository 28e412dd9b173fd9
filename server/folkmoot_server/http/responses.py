"""What all pages are made with: content and the answer to who asks for it, safe headers, the reader's language."""

import gzip
import hashlib
from collections.abc import Mapping
from email.utils import formatdate
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..common.i18n import LANGUAGES
from ..transport.addresses import client_address

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

# No inline script, nothing from elsewhere, no framing: what the page does not load cannot be turned against its user.
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Content:
    """What a page says. Kept by who makes it, it is compressed once, however often it is asked for."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self.body = body
        self.media_type = media_type
        self.tag = hashlib.sha256(body).hexdigest()[:32]
        """Its ETag, which is weak: it is that of the compressed body too (RFC 9110, 8.8.1)."""

    def compress(self) -> None:
        """Compress it now, where that may take its time."""
        _ = self.compressed

    @cached_property
    def compressed(self) -> bytes | None:
        """The body by gzip, None if that is no shorter."""
        compressed = gzip.compress(self.body, mtime=0)
        return compressed if len(compressed) < len(self.body) else None


def answer(request: Request, content: Content, more: Mapping[str, str] = NO_HEADERS, vary: str = "") -> Response:
    """Return content, compressed if the reader takes that; without a body if it has what there is already.

    `vary`: what else of the request the content depends on.
    """
    named = ", ".join(filter(None, [vary, "Accept-Encoding"]))
    headers = {**more, "ETag": f'W/"{content.tag}"', "Vary": named}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    if f'"{content.tag}"' in known or "*" in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = content.body
    if takes_gzip(request.headers) and content.compressed is not None:
        body, headers["Content-Encoding"] = content.compressed, "gzip"
    return Response(body, headers=headers, media_type=content.media_type)


def takes_gzip(headers: Headers) -> bool:
    """Say whether Accept-Encoding names gzip, and not with a weight of zero (RFC 9110, 12.5.3)."""
    for one in headers.get("Accept-Encoding", "").split(","):
        coding, _, weight = one.replace(" ", "").lower().partition(";q=")
        if coding in ("gzip", "x-gzip"):
            return not weight or weight.strip("0.") != ""
    return False


def respond(text: str, status: HTTPStatus = HTTPStatus.OK, more: Mapping[str, str] = NO_HEADERS) -> Response:
    """Return a line for people and programs."""
    return Response(text, status, dict(more), TEXT)


def with_safe_headers(app: ASGIApp) -> ASGIApp:
    """Return an application whose responses all have the date and, where they set no others, `SAFE_HEADERS`."""

    async def safe(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                headers["Date"] = formatdate(usegmt=True)
                if "Expect" in Headers(scope=scope):
                    # A body that was not waited for may come or not: nobody could tell where the next request begins.
                    headers["Connection"] = "close"
            await send(message)

        await app(scope, receive, send_safely)

    return safe


def wants_json(request: Request) -> bool:
    """Say whether a program asks, rather than a person."""
    return JSON in request.headers.get("Accept", "")


def preferred_language(request: Request, default: str) -> str:
    """Return the first language of Accept-Language that there is (RFC 9110, 12.5.4; weights are not looked at)."""
    for part in request.headers.get("Accept-Language", "").split(","):
        primary = part.partition(";")[0].strip().lower().partition("-")[0]
        for language in LANGUAGES:
            if primary and language.lower().startswith(primary):
                return language
    return default


def address_of(request: Request, proxies: tuple[str, ...]) -> str:
    """Return the address that a request is counted by, empty if there is none: see `client_address`."""
    peer = request.client.host if request.client else ""
    return client_address(peer, request.headers.getlist("X-Forwarded-For"), proxies)
