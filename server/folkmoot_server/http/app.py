"""The pages as one ASGI application: which path shows what."""

from http import HTTPStatus
from typing import Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from folkmoot_governance import Policy

from ..common.clock import Clock
from ..common.i18n import N_
from ..config.documents import Documents
from ..config.settings import Config
from ..transport.accept_throttle import AcceptThrottle
from ..transport.addresses import UNKNOWN_HOST, is_known_host
from .channel_pages import ChannelPages, PublicChannels
from .group_page import GroupPage, Groups
from .health import Health, Status
from .hooks import Door, HookPages
from .imprint import imprint_data
from .log_pages import LogPages, PublishedLog
from .media import MediaPages
from .missing import is_for_people, show_missing
from .pages import AGREEMENT, Agreements, DocumentPage, OldAgreements, describe_protocol, web_client
from .report_page import PublicReports, ReportPage
from .responses import respond, with_safe_headers
from .transparency import Count, TransparencyPage
from .visitors import Visitors
from .web_texts import web_texts


class Shown(Groups, Agreements, Protocol):
    """What of the ledger is shown to anyone."""


def make_app(
    config: Config,
    documents: Documents,
    clock: Clock,
    ledger: Shown,
    policy: Policy,
    status: Status,
    count: Count,
    reports: PublicReports,
    event_log: PublishedLog,
    media: MediaPages,
    channels: PublicChannels,
    hooks: Door,
) -> ASGIApp:
    """Return the application. Of its pages the report and webhooks take a body of some kilobytes, and uploads one."""
    language = config.i18n.default_language
    health = Health(status, config.server)
    imprint = config.operator.imprint
    visitors = Visitors(clock, config.server.trusted_proxies)
    routes = [
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        Route("/agreement", DocumentPage(AGREEMENT, documents.agreement, language, imprint).show),
        Route("/agreement/{version}", OldAgreements(documents, ledger, language, imprint).show),
        Route("/rules", DocumentPage(N_("Rules"), documents.rules, language, imprint, imprint_data(imprint)).show),
        Route("/asyncapi.json", describe_protocol),
        Route("/transparency", TransparencyPage(config, clock, count).show),
        Route("/groups/{code}", GroupPage(config, clock, ledger, policy.grades, visitors).show),
        *ChannelPages(config, clock, channels, visitors).routes(),
        *report_routes(config, clock, reports),
        *(LogPages(event_log).routes() if config.retention.publish_log else ()),
        *media.routes(),
        *HookPages(hooks, language, config.server.trusted_proxies).routes(),
        Route("/texts/{language}.json", web_texts),
        Route("/", web_client),
        Route("/{name}", web_client),
    ]

    async def say_what_is_wrong(request: Request, error: Exception) -> Response:
        """Return a line for a request that cannot be carried out; what is not there has a page for people."""
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        if status is HTTPStatus.NOT_FOUND and is_for_people(request):
            return show_missing(request, language)
        return respond(f"{status} {status.phrase.lower()}\n", status, error.headers or {})

    app = Starlette(routes=routes, exception_handlers={HTTPException: say_what_is_wrong})
    # /rules/ is not there, rather than a way to be sent to whatever the request calls its host.
    app.router.redirect_slashes = False
    return few_at_once(with_safe_headers(under_own_names(app, config.server.host_names)))


def report_routes(config: Config, clock: Clock, reports: PublicReports) -> list[Route]:
    """Return the pages for people without an account, none where the operator does not want them."""
    if not config.policy.reports.public_per_hour:
        return []
    page = ReportPage(config, clock, reports)
    return [
        Route("/report", page.show),
        Route("/report", page.report, methods=["POST"]),
        Route("/report/status", page.show_status),
        Route("/report/status", page.look_up, methods=["POST"]),
        Route("/report/contest", page.contest, methods=["POST"]),
    ]


PAGES_AT_ONCE = 1
"""Requests that begin to be answered in one turn of the event loop: nobody has to have an account to ask for pages."""


def few_at_once(app: ASGIApp) -> ASGIApp:
    """Return an application that lets messages go on between requests, however many of these come."""
    throttle = AcceptThrottle(PAGES_AT_ONCE)

    async def in_turn(scope: Scope, receive: Receive, send: Send) -> None:
        await throttle.wait()
        await app(scope, receive, send)

    return in_turn


FOR_BALANCERS = frozenset({"/healthz", "/readyz"})
"""Pages that are shown whatever a request calls the server: they say nothing of anybody."""


def under_own_names(app: ASGIApp, names: frozenset[str] | None) -> ASGIApp:
    """Return an application that shows its pages to those alone who call the server by a name of its own."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if scope["path"] in FOR_BALANCERS or is_known_host(hosts, names):
            await app(scope, receive, send)
        else:
            await respond(UNKNOWN_HOST, HTTPStatus.MISDIRECTED_REQUEST)(scope, receive, send)

    return named
