"""The info page of a group at `/groups/<code>` (G8.2): HTML for people, JSON for programs, nothing private."""

import base64
import hashlib
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
import structlog
from websockets.http11 import Request, Response

from folkmoot_governance.classification import shows_info_page
from folkmoot_protocol.group_code import parse_group_code, show_group_code
from folkmoot_protocol.types import Group, GroupStatus, JoinMode

from ..common.i18n import N_, translator
from ..live.rooms import public_part
from ..storage.change_set import StorageError
from .responses import HTML, JSON, TEXT, preferred_language, respond, templates

if TYPE_CHECKING:
    from ..node import Node

log = structlog.get_logger()

PREFIX = "/groups/"

VIEWS_PER_SECOND, VIEWS_AT_ONCE = 2, 60
"""How many of these pages one address may ask for: each of them asks storage."""

FRESH_S = 60

CONTENT_SECURITY = (
    "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

STANDINGS = {
    GroupStatus.ACTIVE: N_("in good standing"),
    GroupStatus.WARNED: N_("warned by the platform"),
    GroupStatus.SUSPENDED: N_("suspended by the platform"),
    GroupStatus.CLOSED: N_("closed"),
}
JOIN_MODES = {
    JoinMode.OPEN: N_("open to everyone"),
    JoinMode.APPROVAL: N_("an admin lets you in"),
    JoinMode.QUESTION: N_("by answering a question"),
    JoinMode.INVITE: N_("by invitation"),
    JoinMode.CLOSED: N_("closed to newcomers"),
}


async def group_page(node: "Node", request: Request, address: str) -> Response:
    """Show a group to anyone. One that hides its page is as unknown as one that is not there."""
    wait = node.page_views.take(address, node.clock.now_ms())
    if wait:
        seconds = str(-(-wait // 1000))
        text = "429 too many pages asked for from your address\n"
        return respond(text, TEXT, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": seconds})
    code = parse_group_code(request.path.partition("?")[0].removeprefix(PREFIX))
    try:
        group_summary = await node.store.ledger.group_summary(code) if code else None
    except StorageError as error:
        log.error("storage failed", request="group page", cause=repr(error.__cause__ or error))
        return respond("503 try again later\n", TEXT, HTTPStatus.SERVICE_UNAVAILABLE)
    if group_summary is None or not shows_info_page(node.app.policy.grades, group_summary.state):
        return respond("404 not found\n", TEXT, HTTPStatus.NOT_FOUND)
    group = public_part(group_summary.state, group_summary.members, node.clock.now_ms())
    label = node.app.config.policy.categories.get(group.category, group.category)
    language = preferred_language(request, node.app.config.i18n.default_language)
    if "application/json" in request.headers.get("Accept", ""):
        data = {"group": group, "rules": group_summary.state.rules, "category_label": label}
        return answer(request, msgspec.json.encode(data), JSON, language)
    return answer(request, render(group, group_summary.state.rules, label, language), HTML, language)


def render(group: Group, rules: str, category: str, language: str) -> bytes:
    """Return the page."""
    say = translator(language)
    rows = [
        (say(N_("Group code")), show_group_code(group.id)),
        (say(N_("Standing")), say(STANDINGS[group.state])),
        (say(N_("Members")), say(N_("{members} of {limit} at most"), limits_of(group))),
        (say(N_("Category")), category),
        (say(N_("Grade")), group.grade),
        (say(N_("How to come in")), say(JOIN_MODES[group.join_mode])),
    ]
    fields = {
        "language": language,
        "css": style()[0],
        "group": group,
        "rows": rows,
        "rules": rules,
        "rules_title": say(N_("Rules of the group")),
        "no_rules": say(N_("The group has set no rules of its own. Those of the platform hold:")),
        "platform_rules": say(N_("Rules")),
    }
    return templates().get_template("group.html").render(fields).encode()


def limits_of(group: Group) -> dict[str, object]:
    return {"members": group.members, "limit": group.member_limit}


def answer(request: Request, body: bytes, content_type: str, language: str) -> Response:
    """Return a page that may be kept for a minute, or that the one which the reader has is still right."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY.format(style=style()[1]),
        "Cache-Control": f"public, max-age={FRESH_S}",
        "ETag": tag,
        "Content-Language": language,
        "Vary": "Accept, Accept-Language",
    }
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    if tag in known or "*" in known:
        unchanged = respond(b"", content_type, HTTPStatus.NOT_MODIFIED, headers)
        # Its length would have to be that of the page which is left out (RFC 9110, 8.6).
        del unchanged.headers["Content-Length"]
        return unchanged
    return respond(body, content_type, HTTPStatus.OK, headers)


@cache
def style() -> tuple[str, str]:
    """Return the page's style sheet, which stands in it, and the hash that lets just this one in."""
    css = (files("folkmoot_server") / "templates" / "group.css").read_text(encoding="utf-8")
    return css, f"sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}"
