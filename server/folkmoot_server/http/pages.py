"""Plain HTTP on the WebSocket's port: GET only, answered before the handshake."""

import mimetypes
from collections.abc import Awaitable, Callable
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from websockets.http11 import Request, Response

from folkmoot_protocol.asyncapi import asyncapi

from ..common.i18n import N_, translator
from ..common.metrics import ACCOUNTS, CONNECTIONS, ROOMS
from ..config.documents import Document
from ..transport.addresses import is_loopback
from .group_page import PREFIX, group_page
from .responses import HTML, JSON, TEXT, preferred_language, respond, templates

if TYPE_CHECKING:
    from ..node import Node

Page = Callable[["Node", Request, str], Response]


def get_page(node: "Node", request: Request, address: str) -> Response | Awaitable[Response]:
    """Answer a request that is not the WebSocket's; `address` is the peer's. What asks storage has to be awaited."""
    # Before its version 16 the library refuses other methods itself, and has no such attribute.
    if getattr(request, "method", "GET") != "GET":
        refusal = respond("405 only GET is known here\n", TEXT, HTTPStatus.METHOD_NOT_ALLOWED)
        refusal.headers["Allow"] = "GET"
        return refusal
    path = request.path.partition("?")[0]
    page = PAGES.get(path)
    if page is not None:
        return page(node, request, address)
    if path.startswith(PREFIX):
        return group_page(node, request, address)
    return asset(path) or respond("404 not found\n", TEXT, HTTPStatus.NOT_FOUND)


@cache
def web_files() -> dict[str, tuple[bytes, str]]:
    """Return the web client's files by path, each with its type, read once: no path from outside touches the disk."""
    found = {}
    for file in (files("folkmoot_client") / "web").iterdir():
        kind = mimetypes.guess_type(file.name)[0]
        if file.is_file() and kind:
            found[f"/{file.name}"] = (
                file.read_bytes(),
                f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            )
    return found


def asset(path: str) -> Response | None:
    """Return a file of the web client."""
    found = web_files().get("/index.html" if path == "/" else path)
    return respond(*found) if found else None


def home(node: "Node", request: Request, address: str) -> Response:
    """Return the web client."""
    return asset("/") or respond("404 not found\n", TEXT, HTTPStatus.NOT_FOUND)


def healthz(node: "Node", request: Request, address: str) -> Response:
    """Say that the process answers."""
    return respond("ok\n", TEXT)


def readyz(node: "Node", request: Request, address: str) -> Response:
    """Say whether clients should be sent here."""
    if node.app.stopping:
        return respond("stopping\n", TEXT, HTTPStatus.SERVICE_UNAVAILABLE)
    if not node.catch_up.can_read:
        # No other node could do better, and connections are worth keeping: a balancer must not take all nodes out.
        return respond("ready, but the database does not answer: nothing can be posted\n", TEXT)
    if not node.bus.connected:
        # Still right to send clients here: entries of other nodes come late, by the watch, and nothing else is amiss.
        return respond("ready, but cut off from the other nodes' news: they come late\n", TEXT)
    return respond("ready\n", TEXT)


def metrics(node: "Node", request: Request, address: str) -> Response:
    """Return the figures, to those whom the configuration lets see them."""
    who = node.app.config.server.metrics
    if who == "off" or (who == "loopback" and not is_loopback(address)):
        return respond("404 not found\n", TEXT, HTTPStatus.NOT_FOUND)
    CONNECTIONS.set(len(node.audience.sessions))
    ROOMS.set(len(node.rooms))
    ACCOUNTS.set(node.accounts.signed_in())
    return respond(generate_latest(), CONTENT_TYPE_LATEST)


@cache
def asyncapi_json() -> bytes:
    """Return the protocol's description."""
    return msgspec.json.format(msgspec.json.encode(asyncapi()), indent=2)


def describe_protocol(node: "Node", request: Request, address: str) -> Response:
    """Return the protocol as AsyncAPI."""
    return respond(asyncapi_json(), JSON)


def agreement(node: "Node", request: Request, address: str) -> Response:
    """Publish the service agreement (G5.2)."""
    return document_page(node, request, N_("Service agreement"), node.app.documents.agreement)


def rules(node: "Node", request: Request, address: str) -> Response:
    """Publish the rules (G5)."""
    return document_page(node, request, N_("Rules"), node.app.documents.rules)


def document_page(node: "Node", request: Request, title: str, document: Document) -> Response:
    """Return a document in the reader's language, as a page or, for programs, as JSON."""
    language = preferred_language(request, node.app.config.i18n.default_language)
    text = document.text(language)
    if "application/json" in request.headers.get("Accept", ""):
        data = {"version": document.version, "sha256": document.sha256, "language": language, "text": text}
        return respond(msgspec.json.encode(data), JSON)
    say = translator(language)
    fields = {"language": language, "title": say(title), "document": document, "text": text}
    version = say(N_("Version {version}"), {"version": document.version})
    return respond(templates().get_template("document.html").render(fields, version=version), HTML)


PAGES: dict[str, Page] = {
    "/": home,
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
    "/agreement": agreement,
    "/rules": rules,
    "/asyncapi.json": describe_protocol,
}
