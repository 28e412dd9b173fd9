"""What became of reports and appeals, at `/transparency`, where the operator publishes it (G12, P15): a page with
drawings for people, JSON for programs. It names nobody."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

import msgspec
import structlog
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from folkmoot_governance.case.measures import MEASURE_NAMES, ROW_NAMES
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.case.state import CaseKind
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.transparency import Tally

from ..common.clock import Clock
from ..common.i18n import N_, Translate, translator
from ..common.pages import templates
from ..config.settings import Config
from ..storage.change_set import StorageError
from .group_page import CONTENT_SECURITY, style
from .imprint import Imprint, imprint_rows
from .responses import HTML, JSON, Content, answer, preferred_language, respond, wants_json

log = structlog.get_logger()

FRESH_MS = 10 * 60_000
"""For so long one look at storage serves everybody."""

Count = Callable[[int], Awaitable[Sequence[Tally]]]
"""Returns what became of cases since a time (Unix ms). Raises StorageError."""


class Bar(Struct, frozen=True):
    """A line of a drawing: how long its bar is and how much of it is marked, in percent, and what stands beside it."""

    name: str
    length: float
    marked: float
    words: str


class TransparencyPage:
    """Shows the figures; not there where they are not published."""

    def __init__(self, config: Config, clock: Clock, count: Count) -> None:
        self._config = config
        self._clock = clock
        self._count = count
        self._counted_ms = 0
        self._tallies: Sequence[Tally] = ()

    async def show(self, request: Request) -> Response:
        """Return the page."""
        if not self._config.operator.publish_figures:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        now, days = self._clock.now_ms(), self._config.operator.figures_days
        if now - self._counted_ms >= FRESH_MS:
            try:
                self._tallies, self._counted_ms = await self._count(now - days * DAY_MS), now
            except StorageError as error:
                log.error("storage failed", request="transparency", cause=repr(error.__cause__ or error))
                return respond("503 try again later\n", HTTPStatus.SERVICE_UNAVAILABLE)
        language = preferred_language(request, self._config.i18n.default_language)
        if wants_json(request):
            content = Content(msgspec.json.encode({"days": days, "figures": self._tallies}), JSON)
        else:
            imprint = self._config.operator.imprint
            content = Content(render(self._tallies, days, language, imprint), HTML)
        headers = {
            "Content-Security-Policy": CONTENT_SECURITY.format(style=style("transparency.css")[1]),
            "Cache-Control": f"public, max-age={FRESH_MS // 1000}",
            "Content-Language": language,
        }
        return answer(request, content, headers, vary="Accept, Accept-Language")


NAMES: Mapping[CaseKind, Mapping[str, str]] = {
    CaseKind.REPORT: REASON_NAMES,
    CaseKind.APPEAL: MEASURE_NAMES | ROW_NAMES,
}
"""What cases are about, for people; a reason of the operator's own is shown by its name."""

PARTS = (
    (CaseKind.REPORT, N_("Reports"), N_("By reason: received, and how many of those were upheld")),
    (CaseKind.APPEAL, N_("Appeals"), N_("By kind of measure: received, and how many of those succeeded")),
)
"""What the page is about: kind of case, title, and what is drawn."""


def render(tallies: Sequence[Tally], days: int, language: str, imprint: Imprint = ()) -> bytes:
    """Return the page."""
    say = translator(language)
    parts = [part(say, [one for one in tallies if one.kind is kind], title, drawn) for kind, title, drawn in PARTS]
    fields = {
        "language": language,
        "css": style("transparency.css")[0],
        "title": say(N_("Outcomes of reports and appeals")),
        "lead": say(N_("The last {days} days"), {"days": days}),
        "parts": parts,
        "nothing": say(N_("There were none.")),
        "rules": say(N_("Rules")),
        "imprint": imprint_rows(imprint, language),
    }
    return templates().get_template("transparency.html").render(fields).encode()


def part(say: Translate, tallies: Sequence[Tally], title: str, drawn: str) -> dict[str, object]:
    """Return what is said of a kind of case: all of it in words, and a bar for each reason."""
    whole = next((one for one in tallies if not one.reason), None)
    each = [one for one in tallies if one.reason and (one.received or one.decided)]
    most = max((max(one.received, one.granted) for one in each), default=0) or 1
    bars = [
        Bar(
            say(NAMES[one.kind].get(one.reason, one.reason)),
            100 * max(one.received, one.granted) / most,
            100 * one.granted / most,
            say(N_("{received}, of those {granted}"), {"received": one.received, "granted": one.granted}),
        )
        for one in each
    ]
    return {"title": say(title), "drawn": say(drawn), "rows": rows_of(say, whole), "bars": bars}


def rows_of(say: Translate, whole: Tally | None) -> list[tuple[str, str]]:
    """Return the figures of all cases of a kind."""
    if whole is None:
        return []
    granted = N_("Upheld") if whole.kind is CaseKind.REPORT else N_("Successful")
    rows = [
        (say(N_("Received")), str(whole.received)),
        (say(N_("Decided")), str(whole.decided)),
        (say(granted), str(whole.granted)),
        (say(N_("Answered late, or late now")), str(whole.overdue)),
    ]
    if whole.median_ms:
        hours = say(N_("{hours} hours"), {"hours": f"{whole.median_ms / HOUR_MS:.1f}"})
        rows.append((say(N_("Half of them were decided within")), hours))
    return rows
