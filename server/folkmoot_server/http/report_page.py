"""Reports by people without an account (P10, G12): a form at `/report`, and what became of it at `/report/status`.

Who reports gets a case number and a code, and nobody keeps the code: a hash of it is the reporter's name. There is no
session and no cookie, so a form of another site could do nothing in anybody's name but spend their address's rate.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from folkmoot_governance import Refusal
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.case.state import CaseState, Outcome
from folkmoot_governance.dates import is_overdue
from folkmoot_governance.duration import DAY_MS, HOUR_MS, SECOND_MS
from folkmoot_protocol.names import is_blank

from ..actions.cases.public import LookedUp, Named
from ..actions.cases.reports import MAX_CHARS
from ..common.clock import Clock
from ..common.i18n import N_, Translate, show_instant, translator
from ..common.pages import templates
from ..common.rate_limit import Buckets
from ..config.settings import Config
from ..storage.change_set import StorageError
from .group_page import style
from .imprint import imprint_rows
from .responses import HTML, JSON, address_of, preferred_language, respond, wants_json

log = structlog.get_logger()

MAX_BODY = 1 << 16
"""Bytes of a form: a text of 4000 characters fits, each of which a form writes in up to twelve bytes."""
MAX_FIELD = 200
"""Characters of a field but the text."""
MAX_FIELDS = 10
LOOKS_PER_MINUTE = 10
"""How often one address may look a case up: codes are not found by trying."""

CONTENT_SECURITY = (
    "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

STATES = {
    None: N_("Your report is waiting for an answer, which is due by {due}."),
    Outcome.UPHELD: N_("Your report was upheld: {answer}"),
    Outcome.DISMISSED: N_("Your report was dismissed: {answer}"),
    Outcome.BAD_FAITH: N_("Your report was found to be in bad faith: {answer}"),
}
OVERDUE = N_("An answer to your report was due by {due}, and is overdue.")
COMPLAIN = N_("You can turn to {contact}.")
CONTESTED = N_("You have said that this is wrong: somebody else will answer by {due}.")
CONFIRMED = N_("Somebody else has looked at it again, and the decision stands: {answer}")
NO_SUCH_CASE = N_("There is no such case under this code.")
COUNTER = N_("The one you reported says that it infringes no rights.")


class PublicReports(Protocol):
    """Where reports go; see `actions.cases.public`."""

    def new_once(self) -> str:
        """Return what a form is known by."""
        ...

    async def open(self, named: Named, reason: str, text: str, once: str = "") -> tuple[CaseState, str] | Refusal:
        """Return the case, and the code by which it is looked up. Raises StorageError."""
        ...

    async def look_up(self, number: str, code: str) -> LookedUp | None:
        """Return the case that was reported under a code. Raises StorageError."""
        ...

    async def contest(self, number: str, code: str, text: str) -> CaseState | Refusal | None:
        """Return the appeal against its outcome. Raises StorageError."""
        ...


class BadForm(Exception):
    """A body that is none of this form's."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form as browsers send it. Raises BadForm."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadForm(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise BadForm(HTTPStatus.FORBIDDEN)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BadForm(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise BadForm(HTTPStatus.BAD_REQUEST) from error
    form = {name: value.replace("\x00", "").strip() for name, value in pairs}
    if any(len(value) > (MAX_CHARS if name == "text" else MAX_FIELD) for name, value in form.items()):
        raise BadForm(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return form


class ReportPage:
    """These pages."""

    def __init__(self, config: Config, clock: Clock, reports: PublicReports) -> None:
        self._config = config
        self._clock = clock
        self._reports = reports
        policy = config.policy.reports
        hour, day = policy.public_per_hour, policy.public_per_day
        self._per_address = Buckets(hour * SECOND_MS / HOUR_MS, hour)
        self._of_all = Buckets(day * SECOND_MS / DAY_MS, day)
        self._looks = Buckets(LOOKS_PER_MINUTE / 60, LOOKS_PER_MINUTE)

    async def show(self, request: Request) -> Response:
        """Return the empty form, about the group, or the post of a channel, that is named if there is one."""
        named = {name: request.query_params.get(name, "")[:MAX_FIELD] for name in ("group", "place")}
        return self._form(request, named)

    async def show_status(self, request: Request) -> Response:
        """Return the form by which a case is looked up."""
        return self._status(request, {"case": request.query_params.get("case", "")[:MAX_FIELD]})

    async def report(self, request: Request) -> Response:
        """Open a case, or join the one that is open on the same; tell its number and the code."""
        try:
            form = await read_form(request)
        except BadForm as error:
            return refuse(error.status)
        if problem := self._problem(form):
            return self._form(request, form, problem, HTTPStatus.BAD_REQUEST)
        wait = self._take(request)
        if wait:
            return too_many(wait)
        try:
            named = Named(form.get("group", ""), form.get("user", ""), form.get("place", ""))
            done = await self._reports.open(named, form["reason"], form["text"], form.get("once", ""))
        except StorageError as error:
            return unavailable(error)
        if isinstance(done, Refusal):
            # Busy or overtaken: what the form says was looked at before.
            return refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        return self._done(request, *done)

    async def look_up(self, request: Request) -> Response:
        """Say how a case stands to who has its code."""
        try:
            form = await read_form(request)
        except BadForm as error:
            return refuse(error.status)
        wait = self._looks.take(self._address(request), self._clock.ticks())
        if wait:
            return too_many(wait)
        try:
            found = await self._reports.look_up(form.get("case", ""), form.get("code", ""))
        except StorageError as error:
            return unavailable(error)
        if found is None:
            return self._status(request, form, NO_SUCH_CASE, HTTPStatus.NOT_FOUND)
        return self._shown(request, found, form["code"])

    async def contest(self, request: Request) -> Response:
        """Have somebody else look at an outcome again, once."""
        try:
            form = await read_form(request)
        except BadForm as error:
            return refuse(error.status)
        wait = self._looks.take(self._address(request), self._clock.ticks())
        if wait:
            return too_many(wait)
        number, code, text = (form.get(name, "") for name in ("case", "code", "text"))
        try:
            appeal = await self._reports.contest(number, code, text)
            found = await self._reports.look_up(number, code)
        except StorageError as error:
            return unavailable(error)
        if found is None or appeal is None:
            return self._status(request, form, NO_SUCH_CASE, HTTPStatus.NOT_FOUND)
        if isinstance(appeal, Refusal):
            status = HTTPStatus.CONFLICT if found.appeal else HTTPStatus.BAD_REQUEST
            return self._shown(request, found, code, self._say(request)[0](appeal.text, appeal.detail), status)
        return self._shown(request, found, code, status=HTTPStatus.CREATED)

    def _problem(self, form: Mapping[str, str]) -> str:
        """Return what is wrong with a form, a msgid; empty where nothing is."""
        if form.get("reason") not in self._config.policy.reports.reasons:
            return N_("Choose a reason.")
        if not any(form.get(name) for name in ("group", "user", "place")):
            return N_("Say what you report: a group, an account, or where it is.")
        return N_("Say what is wrong with it.") if is_blank(form.get("text", "")) else ""

    def _take(self, request: Request) -> int:
        """Take one report from the rate of an address and of all; return the ms to wait where there is none."""
        now = self._clock.ticks()
        return (
            self._of_all.wait("", now)
            or self._per_address.take(self._address(request), now)
            or self._of_all.take("", now)
        )

    def _address(self, request: Request) -> str:
        return address_of(request, self._config.server.trusted_proxies)

    def _form(
        self, request: Request, form: Mapping[str, str], problem: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        say, language = self._say(request)
        fields = {
            "title": say(N_("Report something")),
            "problem": say(problem),
            "lines": [
                say(
                    N_("You need no account. You get a case number and a code, with which you can look up the outcome.")
                )
            ],
            "action": "/report",
            "inputs": [
                ("group", say(N_("Group code")), form.get("group", "")),
                ("user", say(N_("Or the name of an account")), form.get("user", "")),
                ("place", say(N_("Or where it is, in your words")), form.get("place", "")),
            ],
            "reasons": [(name, say(REASON_NAMES.get(name, name))) for name in self._config.policy.reports.reasons],
            "reason_label": say(N_("Reason")),
            "chosen": form.get("reason", ""),
            "text_label": say(N_("What is wrong with it")),
            "text": form.get("text", ""),
            "max_text": MAX_CHARS,
            "hidden": [("once", form.get("once", "") or self._reports.new_once())],
            "send": say(N_("Report")),
            "link": ("/report/status", say(N_("Look up a report"))),
        }
        return self._page(request, fields, language, status, {"error": fields["problem"]})

    def _status(
        self, request: Request, form: Mapping[str, str], problem: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        say, language = self._say(request)
        fields = {
            "title": say(N_("Look up a report")),
            "problem": say(problem),
            "action": "/report/status",
            "inputs": [("case", say(N_("Case number")), form.get("case", "")), ("code", say(N_("Code")), "")],
            "send": say(N_("Look up")),
            "link": ("/report", say(N_("Report something"))),
        }
        return self._page(request, fields, language, status, {"error": fields["problem"]})

    def _done(self, request: Request, case: CaseState, code: str) -> Response:
        say, language = self._say(request)
        told = {"case": case.number, "code": code, "due": show_instant(case.due_ms)}
        fields = {
            "title": say(N_("Reported")),
            "lines": [
                say(N_("Your report is case {case}. An answer is due by {due}."), told),
                say(N_("Your code is {code}. Keep it: nobody can tell it to you again."), told),
            ],
            "link": (f"/report/status?case={case.number}", say(N_("Look up a report"))),
        }
        data = {"case": case.number, "code": code, "due_ms": case.due_ms}
        return self._page(request, fields, language, HTTPStatus.CREATED, data)

    def _shown(
        self, request: Request, found: LookedUp, code: str, problem: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        say, language = self._say(request)
        case, appeal = found.case, found.appeal
        now, contact = self._clock.now_ms(), self._config.policy.reports.complaint_centre
        late = is_overdue(case, now)
        told = {"due": show_instant(case.due_ms), "answer": case.answer, "contact": contact}
        lines = [say(OVERDUE if late else STATES[case.outcome], told)]
        if late and contact:
            lines.append(say(COMPLAIN, told))
        if case.counter_ts:
            lines.append(say(COUNTER))
        if appeal is not None and not case.is_open:
            about = {"due": show_instant(appeal.due_ms), "answer": appeal.answer}
            lines.append(say(CONTESTED if appeal.is_open else CONFIRMED, about))
        title = say(N_("Case {case}"), {"case": case.number})
        fields: dict[str, object] = {"title": title, "problem": problem, "lines": lines}
        fields["link"] = ("/report", say(N_("Report something")))
        if found.may_contest:
            fields |= {
                "action": "/report/contest",
                "hidden": [("case", case.number), ("code", code)],
                "text_label": say(N_("If that is wrong, say why: somebody else will decide again, once.")),
                "max_text": MAX_CHARS,
                "send": say(N_("Have it looked at again")),
            }
        state = "overdue" if late else case.outcome.value if case.outcome else "open"
        data = {"case": case.number, "state": state, "due_ms": case.due_ms, "answer": case.answer}
        data |= {"appeal": appeal.number if appeal else "", "may_contest": found.may_contest}
        return self._page(request, fields, language, status, {**data, "error": problem} if problem else data)

    def _say(self, request: Request) -> tuple[Translate, str]:
        language = preferred_language(request, self._config.i18n.default_language)
        return translator(language), language

    def _page(
        self,
        request: Request,
        fields: Mapping[str, object],
        language: str,
        status: HTTPStatus,
        data: Mapping[str, object],
    ) -> Response:
        imprint = imprint_rows(self._config.operator.imprint, language)
        return page(request, {**fields, "imprint": imprint}, language, status, data)


def page(
    request: Request, fields: Mapping[str, object], language: str, status: HTTPStatus, data: Mapping[str, object]
) -> Response:
    """Return a page, or for programs `data`. It is about one person, and nobody keeps it."""
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY.format(style=style()[1]),
        "Cache-Control": "no-store",
        "Content-Language": language,
    }
    if wants_json(request):
        return Response(msgspec.json.encode(data), status, headers, JSON)
    body = templates().get_template("report.html").render({**fields, "language": language, "css": style()[0]})
    return Response(body, status, headers, HTML)


def too_many(wait_ms: int) -> Response:
    """Refuse who reports, or looks up, too often."""
    seconds = str(-(-wait_ms // SECOND_MS))
    return respond("429 too many from your address\n", HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": seconds})


def refuse(status: HTTPStatus) -> Response:
    """Refuse a form."""
    return respond(f"{status.value} {status.phrase.lower()}\n", status)


def unavailable(error: StorageError) -> Response:
    """Refuse for now."""
    log.error("storage failed", request="report page", cause=repr(error.__cause__ or error))
    return respond("503 try again later\n", HTTPStatus.SERVICE_UNAVAILABLE)
