"""Channels for anybody: `/@handle`, its posts and their comments, and feeds of them; and what robots are told.

Pages and feeds are asked for anew each time (`no-cache`), and have an ETag: what is removed is gone at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple, Protocol

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import HomeResult, ThreadResult
from folkmoot_protocol.types import MAX_INT, Channel, GroupStatus

from ..actions.channels.following import view_of
from ..common.clock import Clock
from ..common.i18n import N_, translator
from ..common.pages import templates
from ..config.settings import Config
from ..storage.change_set import StorageError
from ..storage.channels import ChannelRow
from .channel_feeds import ATOM, JSON_FEED, as_atom, as_json_feed
from .channel_views import Place, as_post, channel_page, is_refuted, post_page
from .group_page import CONTENT_SECURITY, style
from .imprint import imprint_data, imprint_rows
from .responses import HTML, JSON, NO_HEADERS, Content, answer, preferred_language, respond, takes_gzip, wants_json
from .visitors import Visitors

log = structlog.get_logger()

POSTS, COMMENTS = 20, 50
"""How many stand on a page, and in a feed."""

SHOWN = frozenset({GroupStatus.ACTIVE, GroupStatus.WARNED})
"""Channels that anybody reads. Of one that is suspended there is the name and that it is; whatever is neither, nor
closed, is as unknown as what is not there."""

NO_INDEX = {"X-Robots-Tag": "noindex"}

OWN_MEDIA = "; img-src 'self'; media-src 'self'"

ROBOTS = """User-agent: *
Disallow: /healthz
Disallow: /log/
Disallow: /metrics
Disallow: /readyz
Disallow: /report
"""


class PublicChannels(Protocol):
    """Where channels are read; see `actions.channels.public`."""

    async def find(self, handle: str) -> ChannelRow | None:
        """Return the channel that has a handle. Raises StorageError."""
        ...

    async def posts(self, row: ChannelRow, before: str | None, limit: int) -> HomeResult | Refusal:
        """Return a page of posts. Raises StorageError."""
        ...

    async def thread(self, row: ChannelRow, seq: int, after: int, limit: int) -> ThreadResult | Refusal:
        """Return a post and comments on it. Raises StorageError."""
        ...


class Asked(NamedTuple):
    """A request for something of a channel."""

    request: Request
    row: ChannelRow
    channel: Channel
    place: Place

    @property
    def is_shown(self) -> bool:
        return self.channel.state in SHOWN


class ChannelPages:
    """These pages."""

    def __init__(self, config: Config, clock: Clock, channels: PublicChannels, visitors: Visitors) -> None:
        self._config = config
        self._clock = clock
        self._channels = channels
        self._visitors = visitors

    def routes(self) -> list[Route]:
        """Return which path shows what."""
        pages = {
            "/@{handle}": self._channel,
            "/@{handle}/feed.atom": self._atom,
            "/@{handle}/feed.json": self._json_feed,
            "/@{handle}/{seq}": self._post,
        }
        return [Route("/robots.txt", robots), *(Route(path, self._asking(show)) for path, show in pages.items())]

    def _asking(self, show: Callable[[Asked], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers requests for something of a channel, to who does not ask too often."""

        async def answer_for(request: Request) -> Response:
            if refusal := self._visitors.refuse(request):
                return refusal
            try:
                row = await self._channels.find(request.path_params["handle"])
                if row is None:
                    raise HTTPException(HTTPStatus.NOT_FOUND)
                asked = Asked(request, row, view_of(row, self._clock.now_ms()), self._place(request))
                if asked.channel.state is GroupStatus.CLOSED:
                    return self._gone(asked, N_("This channel is closed."))
                if not asked.is_shown and asked.channel.state is not GroupStatus.SUSPENDED:
                    raise HTTPException(HTTPStatus.NOT_FOUND)
                return await show(asked)
            except StorageError as error:
                log.error("storage failed", request="channel page", cause=repr(error.__cause__ or error))
                return respond("503 try again later\n", HTTPStatus.SERVICE_UNAVAILABLE)

        return answer_for

    def _place(self, request: Request) -> Place:
        """Return where the page is and how it is to be shown."""
        settings = self._config
        url = settings.server.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
        return Place(
            url=url,
            language=preferred_language(request, settings.i18n.default_language),
            categories=settings.policy.categories,
            imprint=settings.operator.imprint,
            can_report=settings.policy.reports.public_per_hour > 0,
        )

    async def _posts(self, asked: Asked) -> HomeResult:
        if not asked.is_shown:
            return HomeResult(posts=(), channels=())
        page = await self._channels.posts(asked.row, asked.request.query_params.get("before"), POSTS)
        if isinstance(page, Refusal):
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        return page

    async def _channel(self, asked: Asked) -> Response:
        page = await self._posts(asked)
        if wants_json(asked.request):
            data = {"channel": asked.channel, "posts": page.posts, "cursor": page.cursor}
            return await self._answer(asked, self._as_json(data))
        until_ms = asked.row.status_until_ms
        body = channel_page(asked.channel, page, asked.place, until_ms, style("channel.css")[0])
        return await self._answer(asked, Content(body, HTML))

    async def _post(self, asked: Asked) -> Response:
        seq = number_in(asked.request.path_params["seq"])
        after = number_in(asked.request.query_params.get("after", "0"))
        if not asked.is_shown:
            return self._gone(asked, N_("The platform has suspended this channel."), HTTPStatus.FORBIDDEN)
        if not seq or after is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        thread = await self._channels.thread(asked.row, seq, after, COMMENTS)
        if isinstance(thread, Refusal):
            if thread.code is ErrorCode.NO_SUCH_ENTRY and thread.detail.get("removed"):
                return self._gone(asked, N_("This post was removed."))
            raise HTTPException(HTTPStatus.NOT_FOUND)
        more = NO_INDEX if is_refuted(as_post(thread)) else {}
        if wants_json(asked.request):
            return await self._answer(asked, self._as_json(msgspec.structs.asdict(thread)), more)
        return await self._answer(asked, Content(post_page(thread, asked.place, style("channel.css")[0]), HTML), more)

    async def _atom(self, asked: Asked) -> Response:
        return await self._answer(asked, Content(as_atom(asked.channel, await self._posts(asked), asked.place), ATOM))

    async def _json_feed(self, asked: Asked) -> Response:
        body = as_json_feed(asked.channel, await self._posts(asked), asked.place)
        return await self._answer(asked, Content(body, JSON_FEED))

    def _as_json(self, data: dict[str, object]) -> Content:
        return Content(msgspec.json.encode({**data, "operator": imprint_data(self._config.operator.imprint)}), JSON)

    async def _answer(self, asked: Asked, content: Content, more: Mapping[str, str] = NO_HEADERS) -> Response:
        if takes_gzip(asked.request.headers):
            # Of pages that are made anew each time, in a thread: it takes as long as all the rest.
            await asyncio.to_thread(content.compress)
        headers = {**_headers(asked), **more, **({} if asked.is_shown else NO_INDEX)}
        return answer(asked.request, content, headers, vary="Accept, Accept-Language")

    def _gone(self, asked: Asked, text: str, status: HTTPStatus = HTTPStatus.GONE) -> Response:
        """Say that something is there no more, or not now."""
        say = translator(asked.place.language)
        headers = {**_headers(asked), **NO_INDEX, "Vary": "Accept, Accept-Language"}
        if wants_json(asked.request):
            return Response(msgspec.json.encode({"error": say(text)}), status, headers, JSON)
        fields = {
            "language": asked.place.language,
            "css": style("channel.css")[0],
            "title": say(text),
            "link": ("/rules", say(N_("Rules"))),
            "imprint": imprint_rows(self._config.operator.imprint, asked.place.language),
        }
        return Response(templates().get_template("report.html").render(fields), status, headers, HTML)


def number_in(text: str) -> int | None:
    """Return the number that stands in an address, None where it is none that an entry can have."""
    # Python refuses to read thousands of digits with an error: they are counted first.
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_INT)) and int(text) <= MAX_INT
    return int(text) if is_number else None


def _headers(asked: Asked) -> dict[str, str]:
    return {
        "Content-Security-Policy": CONTENT_SECURITY.format(style=style("channel.css")[1]) + OWN_MEDIA,
        "Content-Language": asked.place.language,
    }


async def robots(request: Request) -> Response:
    """Tell robots what is not for them."""
    return respond(ROBOTS)
