"""Pages that are the same for everybody: the web client, the published documents, the protocol's description."""

import mimetypes
from functools import cache
from http import HTTPStatus
from importlib.resources import files

import msgspec
from markdown_it import MarkdownIt
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from folkmoot_protocol.asyncapi import asyncapi

from ..common.i18n import N_, translator
from ..config.documents import Document
from .group_page import CONTENT_SECURITY, style
from .responses import HTML, JSON, Content, answer, preferred_language, templates, wants_json


@cache
def web_files() -> dict[str, Content]:
    """Return the web client's files by name, read once: no path from outside touches the disk."""
    found = {}
    for file in (files("folkmoot_client") / "web").iterdir():
        kind = mimetypes.guess_type(file.name)[0]
        if file.is_file() and kind:
            media_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
            found[file.name] = Content(file.read_bytes(), media_type)
    return found


async def web_client(request: Request) -> Response:
    """Return a file of the web client, its page if none is named."""
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


class DocumentPage:
    """A published document in the reader's language, as a page or, for programs, as JSON (G5, G5.2)."""

    def __init__(self, title: str, document: Document, default_language: str) -> None:
        self._title = title
        self._document = document
        self._default_language = default_language
        self._contents: dict[tuple[str, bool], Content] = {}

    async def show(self, request: Request) -> Response:
        """Return the page."""
        language, as_json = preferred_language(request, self._default_language), wants_json(request)
        content = self._contents.get((language, as_json))
        if content is None:
            content = self._contents[language, as_json] = (
                self._as_json(language) if as_json else self._as_html(language)
            )
        headers = {
            "Content-Security-Policy": CONTENT_SECURITY.format(style=style("document.css")[1]),
            "Content-Language": language,
        }
        return answer(request, content, headers, vary="Accept, Accept-Language")

    def _as_json(self, language: str) -> Content:
        document = self._document
        data = {"version": document.version, "sha256": document.sha256, "language": language}
        return Content(msgspec.json.encode({**data, "text": document.text(language)}), JSON)

    def _as_html(self, language: str) -> Content:
        say, document = translator(language), self._document
        fields = {
            "language": language,
            "title": say(self._title),
            "document": document,
            "css": style("document.css")[0],
            "text": MARKDOWN.render(document.text(language)),
            "version": say(N_("Version {version}"), {"version": document.version}),
        }
        return Content(templates().get_template("document.html").render(fields).encode(), HTML)
