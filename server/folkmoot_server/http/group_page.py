"""The info page of a group at `/groups/<code>` (G8.2): HTML for people, JSON for programs, nothing private."""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Protocol

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from folkmoot_governance.classification import Grade, shows_info_page
from folkmoot_protocol.group_code import parse_group_code, show_group_code
from folkmoot_protocol.types import Group, GroupStatus, JoinMode

from ..common.clock import Clock
from ..common.i18n import N_, translator
from ..common.labels import JOIN_MODES, STANDINGS
from ..common.pages import style_sheet, templates
from ..config.settings import Config
from ..live.rooms import public_part
from ..storage.api import GroupSummary
from ..storage.change_set import StorageError
from .imprint import Imprint, imprint_rows
from .responses import HTML, JSON, Content, answer, preferred_language, respond, wants_json
from .visitors import Visitors

log = structlog.get_logger()

FRESH_S = 60
OPEN_STATES = frozenset({GroupStatus.ACTIVE, GroupStatus.WARNED})

CONTENT_SECURITY = (
    "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

BRANDED = CONTENT_SECURITY + "; img-src 'self'"


GENERAL = N_("General")
"""What the category that comes along is called; what operators call theirs is not ours to translate."""


class Groups(Protocol):
    """Where groups are looked up."""

    async def group_summary(self, code: str) -> GroupSummary | None:
        """Return a group without its people, None if there is none. Raises StorageError."""
        ...

    async def author_tags(self, users: Collection[str]) -> dict[str, str]:
        """Return the tags of those accounts that are closed. Raises StorageError."""
        ...


class GroupPage:
    """Shows a group to anyone. One that hides its page is as unknown as one that is not there."""

    def __init__(
        self, config: Config, clock: Clock, groups: Groups, grades: Sequence[Grade], visitors: Visitors
    ) -> None:
        self._config = config
        self._clock = clock
        self._groups = groups
        self._grades = grades
        self._visitors = visitors

    async def show(self, request: Request) -> Response:
        """Return the page of the group `code`, to who does not ask too often."""
        if refusal := self._visitors.refuse(request):
            return refusal
        code = parse_group_code(request.path_params["code"])
        try:
            summary = await self._groups.group_summary(code) if code else None
            answering = {summary.state.owner, summary.state.creator} if summary else ()
            tags = await self._groups.author_tags(answering)
        except StorageError as error:
            log.error("storage failed", request="group page", cause=repr(error.__cause__ or error))
            return respond("503 try again later\n", HTTPStatus.SERVICE_UNAVAILABLE)
        if summary is None or not shows_info_page(self._grades, summary.state):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return self._show(request, summary, tags)

    def _show(self, request: Request, summary: GroupSummary, tags: Mapping[str, str]) -> Response:
        """Return the page, which may be kept for a minute."""
        group = public_part(summary.state, summary.members, self._clock.now_ms(), tags)
        label = self._config.policy.categories.get(group.category, group.category)
        language = preferred_language(request, self._config.i18n.default_language)
        if wants_json(request):
            data = {"group": group, "rules": summary.state.rules, "category_label": label}
            content = Content(msgspec.json.encode(data), JSON)
        else:
            can_report = self._config.policy.reports.public_per_hour > 0
            imprint = self._config.operator.imprint
            body = render(group, summary.state.rules, label, language, imprint, can_report=can_report)
            content = Content(body, HTML)
        headers = {
            "Content-Security-Policy": BRANDED.format(style=style()[1]),
            "Cache-Control": f"public, max-age={FRESH_S}",
            "Content-Language": language,
        }
        return answer(request, content, headers, vary="Accept, Accept-Language")


def render(
    group: Group, rules: str, category: str, language: str, imprint: Imprint = (), *, can_report: bool = True
) -> bytes:
    """Return the page."""
    say = translator(language)
    rows = [
        (say(N_("Group code")), show_group_code(group.id)),
        (say(N_("Standing")), say(STANDINGS[group.state])),
        (say(N_("Members")), say(N_("{members} of {limit} at most"), limits_of(group))),
        (say(N_("Category")), say(category) if category == GENERAL else category),
        (say(N_("Grade")), group.grade),
        (say(N_("How to join")), say(JOIN_MODES[group.join_mode])),
    ]
    fields = {
        "language": language,
        "css": style()[0],
        "group": group,
        "rows": rows,
        "rules": rules,
        "rules_title": say(N_("Rules of the group")),
        "no_rules": say(N_("The group has no rules of its own. Those of the platform apply:")),
        "platform_rules": say(N_("Rules")),
        "join": say(N_("Join this group")) if may_be_joined(group) else "",
        "report": say(N_("Report this group")) if can_report else "",
        "imprint": imprint_rows(imprint, language),
    }
    return templates().get_template("group.html").render(fields).encode()


def may_be_joined(group: Group) -> bool:
    """Say whether people come in, one way or the other: into channels nobody does."""
    return group.form is None and group.join_mode is not JoinMode.CLOSED and group.state in OPEN_STATES


def limits_of(group: Group) -> dict[str, object]:
    return {"members": group.members, "limit": group.member_limit}


@cache
def style(more: str = "") -> tuple[str, str]:
    """Return the style sheet of a page, which stands in it, and the hash that lets just this one in: that of all such
    pages, and `more`, a file of its own."""
    css = style_sheet(more)
    return css, f"sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}"
