"""Pages that are the same for everybody: the web client, the published documents, the protocol's description."""

import mimetypes
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from types import MappingProxyType
from typing import Protocol

import msgspec
import structlog
from markdown_it import MarkdownIt
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from folkmoot_protocol.asyncapi import asyncapi

from ..common.i18n import N_, translator
from ..common.pages import templates
from ..config.documents import Document, Documents
from ..storage.api import StoredAgreement
from ..storage.change_set import StorageError
from .group_page import CONTENT_SECURITY, style
from .imprint import Imprint, imprint_rows
from .lean import lean
from .responses import HTML, JSON, Content, answer, preferred_language, respond, wants_json

log = structlog.get_logger()


@cache
def web_files() -> dict[str, Content]:
    """Return the web client's files by name, read once: no path from outside touches the disk."""
    found = {}
    for file in (files("folkmoot_client") / "web").iterdir():
        kind = mimetypes.guess_type(file.name)[0]
        if file.is_file() and kind:
            media_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
            found[file.name] = Content(lean(file.read_bytes(), kind), media_type)
    return found


def web_client(request: Request) -> Response:
    """Return a file of the web client, its page if none is named. No coroutine, so it runs in a thread: the first
    time all files are read."""
    content = web_files().get(request.path_params.get("name", "index.html"))
    if content is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return answer(request, content)


@cache
def asyncapi_json() -> Content:
    """Return the protocol's description."""
    return Content(msgspec.json.format(msgspec.json.encode(asyncapi()), indent=2), JSON)


def describe_protocol(request: Request) -> Response:
    """Return the protocol as AsyncAPI. No coroutine, so it runs in a thread: the first time takes long."""
    return answer(request, asyncapi_json())


MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
"""How documents are read. HTML in them is text: a page has what its style sheet knows, and nothing that acts."""


AGREEMENT = N_("Service agreement")
NO_DATA: Mapping[str, str] = MappingProxyType({})


class Agreements(Protocol):
    """Where the versions of the agreement are."""

    async def agreement(self, version: str) -> StoredAgreement | None:
        """Return a version, None where it never was in force. Raises StorageError."""
        ...


class DocumentPage:
    """A published document in the reader's language, as a page or, for programs, as JSON (G5, G5.2)."""

    def __init__(
        self,
        title: str,
        document: Document,
        default_language: str,
        imprint: Imprint = (),
        more: Mapping[str, str] = NO_DATA,
    ) -> None:
        self._title = title
        self._imprint = imprint
        self._more = more
        self._document = document
        self._default_language = default_language
        self._contents: dict[tuple[str, bool], Content] = {}

    async def show(self, request: Request) -> Response:
        """Return the page."""
        return self.answer(request)

    def answer(self, request: Request) -> Response:
        """Return the page, made once for each language and form."""
        language, for_programs = preferred_language(request, self._default_language), wants_json(request)
        content = self._contents.get((language, for_programs))
        if content is None:
            document = self._document
            if for_programs:
                content = as_json(document, language, self._more)
            else:
                content = as_html(self._title, document, language, self._imprint)
            self._contents[language, for_programs] = content
        headers = {
            "Content-Security-Policy": CONTENT_SECURITY.format(style=style("document.css")[1]),
            "Content-Language": language,
        }
        return answer(request, content, headers, vary="Accept, Accept-Language")


class OldAgreements:
    """The service agreement in the words of a version, the one in force or an earlier one (G5.2)."""

    def __init__(
        self, documents: Documents, agreements: Agreements, default_language: str, imprint: Imprint = ()
    ) -> None:
        self._imprint = imprint
        self._agreement = documents.agreement
        self._agreements = agreements
        self._default_language = default_language

    async def show(self, request: Request) -> Response:
        """Return the page of a version."""
        version = request.path_params["version"]
        document = self._agreement
        if version != document.version:
            try:
                known = await self._agreements.agreement(version)
            except StorageError as error:
                log.error("storage failed", request="agreement", cause=repr(error.__cause__ or error))
                return respond("503 try again later\n", HTTPStatus.SERVICE_UNAVAILABLE)
            if known is None:
                raise HTTPException(HTTPStatus.NOT_FOUND)
            document = Document(known.version, known.sha256, known.texts)
        return DocumentPage(AGREEMENT, document, self._default_language, self._imprint).answer(request)


def as_json(document: Document, language: str, more: Mapping[str, str]) -> Content:
    """Return a document for programs, with `more` beside it."""
    data = {"version": document.version, "sha256": document.sha256, "language": language}
    shown = {**data, **more, "text": document.text(language)}
    return Content(msgspec.json.encode(shown), JSON)


def as_html(title: str, document: Document, language: str, imprint: Imprint) -> Content:
    """Return a document as a page."""
    say = translator(language)
    fields = {
        "language": language,
        "title": say(title),
        "document": document,
        "css": style("document.css")[0],
        "text": MARKDOWN.render(document.text(language)),
        "version": say(N_("Version {version}"), {"version": document.version}),
        "imprint": imprint_rows(imprint, language),
    }
    return Content(templates().get_template("document.html").render(fields).encode(), HTML)
