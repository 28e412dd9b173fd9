"""Platform administration over the protocol: `folkmoot admin` speaks to this.

What all verbs have in common is checked here, from their rows, and nowhere else. Who may do what is asked of the rules:
here by the row's permission, and once more where an act is decided, on what it is about.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.duration import parse_duration
from folkmoot_governance.staff import check_staff
from folkmoot_protocol import requests as rq
from folkmoot_protocol.admin.accounts import CREDIT, IDENTITY, USER
from folkmoot_protocol.admin.registry import VERBS
from folkmoot_protocol.admin.roles import ROLE
from folkmoot_protocol.admin.row import AnyOptions, Duration, Option, Verb, options_of
from folkmoot_protocol.admin.sessions import SESSION
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import is_blank

from ..actions.accounts.closed import hide_closed
from ..actions.app import App
from ..common.i18n import N_
from ..delivery.session import Session
from ..sealed.access_records import AccessKind
from . import (
    access,
    accounts,
    alarms,
    audit,
    blacklist,
    bots,
    cases,
    channels,
    content,
    desk,
    entries,
    exports,
    features,
    filings,
    groups,
    handing,
    holds,
    media,
    mediations,
    nodes,
    oversight,
    queue,
    refutations,
    roles,
    samples,
    sanctions,
    segments,
    sessions,
    texts,
)
from .call import FUNCTIONS, PAGE, Call, Outcome

MODULES = (
    access,
    accounts,
    alarms,
    audit,
    blacklist,
    bots,
    cases,
    channels,
    content,
    desk,
    entries,
    exports,
    features,
    filings,
    groups,
    handing,
    holds,
    media,
    mediations,
    nodes,
    oversight,
    queue,
    refutations,
    roles,
    samples,
    sanctions,
    segments,
    sessions,
    texts,
)
"""Where the functions are: importing these puts them into `FUNCTIONS`."""

ABOUT_ACCOUNTS = (USER, ROLE, SESSION, IDENTITY, CREDIT)
"""What these nouns are about is an account that staff has named."""

UNKNOWN = Refusal(ErrorCode.UNKNOWN_COMMAND, N_("There is no such administration command."))
NEEDS_REASON = Refusal(ErrorCode.BAD_REQUEST, N_("Give a reason: whoever it affects is told."), {"field": "reason"})
NEEDS_FILE = Refusal(ErrorCode.BAD_REQUEST, N_("Give the rule file to try."), {"field": "file"})
NO_DRY_RUN = Refusal(ErrorCode.BAD_REQUEST, N_("This has no dry run."), {"field": "dry_run"})


async def administer(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Carry out one administration request."""
    account = session.account
    assert account is not None, "the request's row asks for signing in"
    now = app.clock.now_ms()
    # Who may not even read is not told which verbs there are.
    refusal = check_staff(account.state, "read_case", app.policy, now)
    if refusal:
        return refusal
    verb = VERBS.get((request.noun, request.verb))
    if verb is None:
        return UNKNOWN
    refusal = check_staff(account.state, verb.permission, app.policy, now) or check_given(verb, request)
    if refusal:
        return refusal
    options = read_options(verb, request.options or {})
    if isinstance(options, Refusal):
        return options
    reason = read_reason(request.reason or "", app.config.policy.reports.templates)
    if isinstance(reason, Refusal):
        return reason
    call = Call(
        app,
        account,
        session.say,
        target=request.target or "",
        reason=reason,
        dry_run=request.dry_run,
        limit=request.limit or PAGE,
        cursor=request.cursor or "",
        text=request.text or "",
    )
    app.access_log.note(AccessKind.ADMINISTERED, session, detail=f"{request.noun} {request.verb} {call.target[:64]}")
    outcome = await FUNCTIONS[verb](call, options)
    if isinstance(outcome, Refusal) or verb.noun in ABOUT_ACCOUNTS:
        return outcome
    return msgspec.structs.replace(outcome, items=tuple(await hide_closed(app.store.ledger, outcome.items)))


def check_given(verb: Verb[Any], request: rq.Admin) -> Refusal | None:
    """Refuse what lacks something that its row asks for, or wants a dry run where there is none."""
    argument = verb.argument
    if argument is not None and not request.target:
        text = N_("Say which one: {target}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "target", "target": argument.metavar})
    if verb.reason and is_blank(request.reason or ""):
        return NEEDS_REASON
    if verb.file and not request.text:
        return NEEDS_FILE
    return NO_DRY_RUN if request.dry_run and not verb.dry_run else None


def read_reason(given: str, templates: Mapping[str, str]) -> str | Refusal:
    """Return a reason, or the text that it stands for where it is the name of a template: `@NAME`."""
    name = given.strip().removeprefix("@")
    if not given.startswith("@") or " " in name or not name:
        return given
    if name in templates:
        return templates[name]
    text = N_("There is no template {name}; there are: {known}.")
    known = " ".join(templates) or "–"
    return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "reason", "name": name[:64], "known": known})


def read_options(verb: Verb[AnyOptions], given: Mapping[str, object]) -> AnyOptions | Refusal:
    """Return the options of a request as their struct, or which of them is missing, wrong or unknown."""
    values: dict[str, object] = {}
    options = options_of(verb)
    for option in options:
        if option.name in given:
            try:
                values[option.name] = msgspec.convert(given[option.name], option.type, dec_hook=read_duration)
            except msgspec.ValidationError:
                return refuse_option(option)
            text = given[option.name]
            if isinstance(text, str) and text and is_blank(text):
                return refuse_option(option)
        elif option.is_required:
            return refuse_option(option)
    unknown = next((name for name in given if name not in values), None)
    if unknown is not None:
        known = " ".join(option.name for option in options) or "–"
        text = N_("There is no option {field} here; there are: {known}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": unknown, "known": known})
    return verb.options(**values)


def refuse_option(option: Option) -> Refusal:
    """Return the refusal of an option that is missing or wrong."""
    text = N_("Give the option {field}: {form}.")
    return Refusal(ErrorCode.BAD_REQUEST, text, {"field": option.name, "form": option.form})


def read_duration(kind: type, value: object) -> Duration:
    """Return a duration as the rules count it, in ms. Raises ValueError for what is none."""
    assert kind is Duration, kind
    length = parse_duration(value) if isinstance(value, str) else None
    if length is None:
        raise ValueError("no duration")
    return Duration(length)
