"""Webhooks that come in: `POST /hooks/<token>`, a text as JSON or as it is."""

from http import HTTPStatus
from typing import Protocol

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from folkmoot_governance import Refusal
from folkmoot_governance.duration import SECOND_MS
from folkmoot_governance.refusal import explained
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import PostResult
from folkmoot_protocol.types import EntrySeq

from ..common.i18n import N_, translator
from .responses import JSON, address_of, preferred_language

MOST_BYTES = 1 << 16
KEY = "Idempotency-Key"
LONGEST_KEY = 64

UNREADABLE = Refusal(
    ErrorCode.BAD_REQUEST,
    N_("Post a text: as the field `text` in application/json, or as text/plain in UTF-8."),
)
TOO_BIG = Refusal(ErrorCode.TOO_LONG, N_("That is more than {limit} bytes."), {"limit": MOST_BYTES})
BAD_KEY = Refusal(ErrorCode.BAD_REQUEST, N_("An Idempotency-Key has 1 to {most} characters."), {"most": LONGEST_KEY})

STATUSES = {
    ErrorCode.NO_SUCH_ENTRY: HTTPStatus.NOT_FOUND,
    ErrorCode.NO_SUCH_GROUP: HTTPStatus.NOT_FOUND,
    ErrorCode.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    ErrorCode.BAD_SYNTAX: HTTPStatus.BAD_REQUEST,
    ErrorCode.TOO_LONG: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.SLOW_MODE: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.CONFLICT: HTTPStatus.CONFLICT,
}
"""What a refusal is over HTTP; any other is 403."""


class HookText(msgspec.Struct, frozen=True):
    """What is posted. Other fields, which programs made for other servers send, are not looked at."""

    text: str
    reply_to: EntrySeq | None = None


class Door(Protocol):
    """Where posts by webhooks go: see `doors.hooks`."""

    async def post(
        self, token: str, text: str, reply_to: int | None, nonce: str | None, address: str, language: str
    ) -> PostResult | Refusal:
        """Post a text in the group that an address is for."""
        ...


class HookPages:
    """This page."""

    def __init__(self, door: Door, default_language: str, proxies: tuple[str, ...]) -> None:
        self._door = door
        self._language = default_language
        self._proxies = proxies

    def routes(self) -> list[Route]:
        """Return where it is."""
        return [Route("/hooks/{token}", self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """Post what came; answer with the place that it has, or why it may not be."""
        language = preferred_language(request, self._language)
        try:
            came = await read_text(request)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        nonce = request.headers.get(KEY)
        if nonce is not None and not 1 <= len(nonce) <= LONGEST_KEY:
            came = BAD_KEY
        if isinstance(came, Refusal):
            return refuse(came, language)
        address, token = address_of(request, self._proxies), request.path_params["token"]
        answer = await self._door.post(token, came.text, came.reply_to, nonce, address, language)
        if isinstance(answer, Refusal):
            return refuse(answer, language)
        body = msgspec.json.encode({"seq": answer.seq, "ts": answer.ts})
        return Response(body, HTTPStatus.OK, {"Cache-Control": "no-store"}, JSON)


async def read_text(request: Request) -> HookText | Refusal:
    """Read a body of bounded length. Raises ClientDisconnect."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return TOO_BIG
    kind = request.headers.get("Content-Type", JSON).partition(";")[0].strip().lower()
    try:
        if kind == JSON:
            return msgspec.json.decode(body, type=HookText)
        if kind == "text/plain":
            return HookText(body.decode().rstrip("\r\n"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return UNREADABLE


def refuse(refusal: Refusal, language: str) -> Response:
    """Return a refusal as the protocol has it, and when to come again where that is known."""
    detail = explained(refusal)
    body = {"code": refusal.code, "message": translator(language)(refusal.text, refusal.detail), "detail": detail}
    headers = {"Cache-Control": "no-store", "Content-Language": language}
    wait = refusal.detail.get("retry_after_ms")
    if isinstance(wait, int):
        headers["Retry-After"] = str(-(-wait // SECOND_MS))
    status = STATUSES.get(refusal.code, HTTPStatus.FORBIDDEN)
    return Response(msgspec.json.encode(body), status, headers, JSON)
