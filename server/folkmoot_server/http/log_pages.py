"""The ledger's log for whoever watches it: checkpoint, tiles and entries as C2SP's `tlog-tiles` has them, below `/log`.

They say when something of which kind was done, and nothing of who or whom. They are there where the operator publishes
the log (`retention.publish_log`).
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple, Protocol

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..crypto.log_tree import TILE, TILE_BITS
from ..crypto.notes import Key
from ..storage.change_set import StorageError
from ..storage.rows import SignedCheckpoint
from .responses import TEXT, respond

log = structlog.get_logger()

BYTES = "application/octet-stream"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
ENTRIES = "entries"
_TILE = re.compile(r"(\d|[1-5]\d|6[0-3]|entries)/((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


class PublishedLog(Protocol):
    """Where the log is; see `actions.event_log`."""

    @property
    def keys(self) -> Sequence[Key]: ...

    async def newest(self) -> SignedCheckpoint | None:
        """Return the newest checkpoint. Raises StorageError."""
        ...

    async def hashes(self, level: int, first: int, end: int) -> list[bytes]:
        """Return hashes of a level of tiles. Raises StorageError."""
        ...

    async def entries(self, first: int, end: int) -> list[bytes]:
        """Return leaves. Raises StorageError."""
        ...


class Tile(NamedTuple):
    """What a path asks for: hashes of a level, or entries, and how many of a tile."""

    level: int
    number: int
    width: int
    is_entries: bool

    @property
    def last_leaf(self) -> int:
        """How many leaves there must be."""
        return (self.number * TILE + self.width) << (TILE_BITS * self.level)


def read_tile(path: str) -> Tile | None:
    """Return the tile that a path names, None where it names none."""
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    kind, above, last, width = found.groups()
    digits = above.replace("x", "").replace("/", "") + last
    # There is one spelling of each number.
    if (above and above.startswith("x000/")) or len(digits) > 15 or (width and int(width) >= TILE):
        return None
    return Tile(0 if kind == ENTRIES else int(kind), int(digits), int(width or TILE), kind == ENTRIES)


class LogPages:
    """These pages."""

    def __init__(self, event_log: PublishedLog) -> None:
        self._log = event_log

    def routes(self) -> list[Route]:
        """Return which path shows what."""
        return [
            Route("/log/checkpoint", self.checkpoint),
            Route("/log/key", self.key),
            Route("/log/tile/{path:path}", self.tile),
        ]

    async def key(self, request: Request) -> Response:
        """Return what checkpoints are verified with, a line each, the key of now first."""
        return respond("".join(f"{key}\n" for key in self._log.keys))

    async def checkpoint(self, request: Request) -> Response:
        """Return the newest checkpoint."""
        newest = await self._newest()
        return Response(newest.note, media_type=TEXT)

    async def tile(self, request: Request) -> Response:
        """Return hashes or entries. They never change."""
        tile = read_tile(request.path_params["path"])
        if tile is None or tile.last_leaf > (await self._newest()).size:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        first = tile.number * TILE
        try:
            if tile.is_entries:
                entries = await self._log.entries(first, first + tile.width)
                body = b"".join(len(one).to_bytes(2, "big") + one for one in entries)
            else:
                body = b"".join(await self._log.hashes(tile.level, first, first + tile.width))
        except StorageError as error:
            raise unavailable(error) from error
        return Response(body, headers=FOR_EVER, media_type=BYTES)

    async def _newest(self) -> SignedCheckpoint:
        try:
            newest = await self._log.newest()
        except StorageError as error:
            raise unavailable(error) from error
        if newest is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return newest


def unavailable(error: StorageError) -> HTTPException:
    """Refuse for now."""
    log.error("storage failed", request="log page", cause=repr(error.__cause__ or error))
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE)
