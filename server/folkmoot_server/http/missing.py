"""What is said of an address at which there is nothing: a page for people, a line for programs."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from ..common.i18n import N_, translator
from ..common.pages import templates
from .group_page import BRANDED, style
from .responses import HTML, preferred_language


def is_for_people(request: Request) -> bool:
    """Say whether a browser asks for something to show."""
    return HTML.partition(";")[0] in request.headers.get("Accept", "")


def show_missing(request: Request, default_language: str) -> Response:
    """Return the page, the same for whatever is not there."""
    language = preferred_language(request, default_language)
    say = translator(language)
    fields = {
        "language": language,
        "css": style()[0],
        "title": say(N_("There is nothing here")),
        "why": say(N_("The address may be mistyped, or what was here is gone, or not shown to everybody.")),
        "home": say(N_("To the groups and channels")),
    }
    headers = {
        "Content-Security-Policy": BRANDED.format(style=style()[1]),
        "Content-Language": language,
        "Vary": "Accept, Accept-Language",
    }
    body = templates().get_template("missing.html").render(fields)
    return Response(body, HTTPStatus.NOT_FOUND, headers, HTML)
