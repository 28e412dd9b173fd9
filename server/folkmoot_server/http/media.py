"""Media over HTTP: `PUT` to the address of an upload, `GET` for those who may see what was posted."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Protocol

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from folkmoot_governance import Refusal
from folkmoot_governance.media import Media, MediaState
from folkmoot_governance.refusal import explained
from folkmoot_protocol.errors import ErrorCode

from ..actions.media.showing import GONE, NOBODY, NOT_THERE, Asker
from ..actions.media.uploads import NO_ADDRESS, described
from ..common.clock import Clock
from ..common.i18n import N_, translator
from ..common.rate_limit import Buckets
from ..config.settings import Server as ServerSettings
from ..live.pending import NOT_STORED
from ..media.store import FAILURES, SMALL, key_of
from ..storage.change_set import StorageError
from .responses import JSON, address_of, preferred_language

log = structlog.get_logger()

HEADERS = {
    # Whatever a browser takes the bytes for, nothing in them acts, and no page of another site shows them.
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Who may see it is asked each time; what a browser has already need not be sent again.
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}

FOR_EVERYBODY = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-cache"}
"""What channels publish may be shown by others."""

PER_SECOND, AT_ONCE = 50, 1000
"""Files that one address may ask for: a page may show two hundred, and many people may share an address."""
TOO_MANY = N_("Too many files are asked for from your address: wait {wait}.")

STATUSES = {
    ErrorCode.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    ErrorCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.MEDIA_REFUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.NO_SUCH_ENTRY: HTTPStatus.NOT_FOUND,
}


class Uploads(Protocol):
    """What takes uploads: see `actions.media.uploads`."""

    async def receive(self, token: str, body: AsyncIterator[bytes]) -> Media | Refusal:
        """Take the bytes that come to an address."""
        ...


class Showing(Protocol):
    """What finds media for those who may see them: see `actions.media.showing`."""

    async def asker(self, id: str, *, token: str = "", key: str = "") -> Asker:
        """Return who asks."""
        ...

    async def find(self, id: str, asker: Asker) -> Media | Refusal:
        """Return an upload that an account may see now."""
        ...


class Opening(Protocol):
    """What opens what was sealed: see `actions.media.upkeep`."""

    async def opened(self, media: Media, suffix: str) -> bytes | None:
        """Return what was removed."""
        ...


class Objects(Protocol):
    """Where the bytes are: see `media.store`."""

    async def size(self, key: str) -> int | None:
        """Return how many bytes there are."""
        ...

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield some of them."""
        ...


class MediaPages:
    """These pages."""

    def __init__(
        self,
        uploads: Uploads,
        showing: Showing,
        opening: Opening,
        objects: Objects,
        clock: Clock,
        server: ServerSettings,
        default_language: str,
    ) -> None:
        self._clock = clock
        self._proxies = server.trusted_proxies
        self._asked = Buckets(PER_SECOND, AT_ONCE)
        self._uploads = uploads
        self._showing = showing
        self._opening = opening
        self._objects = objects
        self._language = default_language

    def routes(self) -> list[Route]:
        """Return where they are."""
        return [
            Route("/media/upload/{token}", self.take, methods=["PUT"]),
            Route("/media/{id}", self.show),
            Route("/media/{id}/thumb", self.show_small),
        ]

    def _check_rate(self, request: Request) -> Refusal | None:
        """Refuse an address that asks for too many files: who asks, and for what, is looked for in storage."""
        wait = self._asked.take(address_of(request, self._proxies), self._clock.ticks())
        return Refusal(ErrorCode.RATE_LIMITED, TOO_MANY, {"retry_after_ms": wait}) if wait else None

    async def take(self, request: Request) -> Response:
        """Take the bytes of an upload, and say what became of them."""
        if refusal := self._check_rate(request):
            return self._refuse(request, refusal)
        try:
            came = await self._uploads.receive(request.path_params["token"], request.stream())
        except ClientDisconnect:
            # Nobody is there to be answered.
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except StorageError as error:
            log.error("storage failed", request="upload", cause=repr(error.__cause__ or error))
            came = NOT_STORED
        if isinstance(came, Refusal):
            return self._refuse(request, came)
        data = {**described(came), "state": came.state}
        return Response(msgspec.json.encode(data), HTTPStatus.CREATED, {"Cache-Control": "no-store"}, JSON)

    async def show(self, request: Request) -> Response:
        """Return a picture, sound or film, or a part of it."""
        return await self._show(request, "")

    async def show_small(self, request: Request) -> Response:
        """Return the small picture of it."""
        return await self._show(request, SMALL)

    async def _show(self, request: Request, suffix: str) -> Response:
        if refusal := self._check_rate(request):
            return self._refuse(request, refusal)
        id, query = request.path_params["id"], request.query_params
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        asker = NOBODY
        try:
            asker = await self._showing.asker(
                id, token=token.strip() if scheme.lower() == "bearer" else "", key=query.get("key", "")
            )
            found = await self._showing.find(id, asker)
        except StorageError as error:
            log.error("storage failed", request="media", cause=repr(error.__cause__ or error))
            found = NOT_STORED
        if isinstance(found, Refusal):
            return self._refuse(request, found)
        if suffix and not found.width:
            return self._refuse(request, NOT_THERE)
        tag = f'"{found.sha256[:32]}{suffix}"'
        headers = {**HEADERS, **({} if asker.account else FOR_EVERYBODY), "ETag": tag}
        if tag in request.headers.get("If-None-Match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        kind = "image/webp" if suffix else found.type
        try:
            if found.state is MediaState.REMOVED:
                data = await self._opening.opened(found, suffix)
                return Response(data, headers=headers, media_type=kind) if data else self._refuse(request, GONE)
            return await self._answer(request, key_of(found.month, found.id) + suffix, kind, headers)
        except FAILURES as error:
            log.error("media could not be read", media=found.id, cause=repr(error))
            return self._refuse(request, NOT_STORED)

    async def _answer(self, request: Request, key: str, kind: str, headers: Mapping[str, str]) -> Response:
        size = await self._objects.size(key)
        if size is None:
            return self._refuse(request, GONE)
        wanted = range_of(request.headers.get("Range", ""), size)
        if wanted is None:
            more = {"Content-Range": f"bytes */{size}"}
            return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={**headers, **more})
        start, end = wanted
        is_whole = (start, end) == (0, size)
        sent = {**headers, "Content-Length": str(end - start)}
        if not is_whole:
            sent["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        status = HTTPStatus.OK if is_whole else HTTPStatus.PARTIAL_CONTENT
        if request.method == "HEAD":
            return Response(status_code=status, headers=sent, media_type=kind)
        return StreamingResponse(self._objects.read(key, start, end), status, sent, kind)

    def _refuse(self, request: Request, refusal: Refusal) -> Response:
        language = preferred_language(request, self._language)
        detail = explained(refusal)
        body = {"code": refusal.code, "message": translator(language)(refusal.text, refusal.detail), "detail": detail}
        status = STATUSES.get(refusal.code, HTTPStatus.FORBIDDEN)
        if refusal is GONE:
            status = HTTPStatus.GONE
        elif refusal is NO_ADDRESS:
            status = HTTPStatus.NOT_FOUND
        headers = {"Cache-Control": "no-store", "Content-Language": language}
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            headers["Retry-After"] = str(-(-int(str(refusal.detail["retry_after_ms"])) // 1000))
        return Response(msgspec.json.encode(body), status, headers, JSON)


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Return the first byte of a range and the one behind its last (RFC 9110, 14.1.2): all, where none or several are
    asked for or it is no range of bytes; None where there are no such bytes."""
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    is_number = all(one == "" or (one.isascii() and one.isdecimal() and len(one) < 19) for one in (first, last))
    if unit.strip().lower() != "bytes" or not dash or not is_number or not (first or last):
        return 0, size
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else None
    start = int(first)
    end = int(last) + 1 if last else max(size, start + 1)
    if end <= start:
        return 0, size
    return (start, min(end, size)) if start < size else None
