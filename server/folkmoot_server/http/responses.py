"""What all pages are made with: responses with safe headers, templates, the reader's language."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from types import MappingProxyType

from jinja2 import Environment, PackageLoader
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from ..common.i18n import LANGUAGES

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

# No inline script, nothing from elsewhere, no framing: what the page does not load cannot be turned against its user.
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def respond(
    body: bytes | str,
    content_type: str,
    status: HTTPStatus = HTTPStatus.OK,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Return a whole response; headers of `more` stand in place of those that every response has."""
    data = body.encode() if isinstance(body, str) else body
    headers = Headers({"Content-Type": content_type, "Content-Length": str(len(data)), "Connection": "close"})
    for name, value in {**SECURITY, **more}.items():
        headers[name] = value
    return Response(status.value, status.phrase, headers, data)


@cache
def templates() -> Environment:
    """Return the templates of server-made pages; everything put into them is escaped."""
    return Environment(loader=PackageLoader("folkmoot_server"), autoescape=True)


def preferred_language(request: Request, default: str) -> str:
    """Return the first language of Accept-Language that there is (RFC 9110, 12.5.4; weights are not looked at)."""
    for part in request.headers.get("Accept-Language", "").split(","):
        primary = part.partition(";")[0].strip().lower().partition("-")[0]
        for language in LANGUAGES:
            if primary and language.lower().startswith(primary):
                return language
    return default
