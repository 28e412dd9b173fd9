"""Administration of content rules: what is in force, reading files again, trying rules before they are armed."""

from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.content.rules import Rule, RuleSet
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..actions.app import App
from ..common.i18n import N_
from ..content.rule_files import RuleFileError, parse_rule_set
from ..content.trial import replay
from ..delivery.session import Session

MAX_GROUPS = 50
NEEDS_FILE = Refusal(ErrorCode.BAD_REQUEST, N_("Give the rule file to try."), {"field": "file"})


def rule_items(sets: tuple[RuleSet, ...]) -> tuple[dict[str, object], ...]:
    """Return a line for each rule of some sets."""
    return tuple(
        {
            "set": one.name,
            "version": one.version,
            "rule": rule.id,
            "kind": rule.kind.value,
            "severity": rule.severity.value,
            "verdict": rule.verdict.value if rule.verdict else None,
            "entries": len(rule.lines()),
        }
        for one in sets
        for rule in one.rules
    )


async def list_rules(app: App, session: Session, request: rq.Admin) -> AdminResult:
    """List the rules in force; the text says what is wrong with a file that could not be loaded."""
    problem = app.content.problem
    return AdminResult(items=rule_items(app.content.sets), text=problem.told(session.say) if problem else None)


async def reload_rules(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Read the rule files again at once; with a file that cannot be used all stays as it was."""
    try:
        await app.content.load()
    except RuleFileError as error:
        return refusal_of(error)
    return AdminResult(items=rule_items(app.content.sets))


def refusal_of(error: RuleFileError) -> Refusal:
    """Return a file that cannot be used as a refusal."""
    return Refusal(ErrorCode.BAD_REQUEST, error.text, {**error.detail, "file": error.file})


async def try_rules(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Try a rule file on what was posted in the last days, to one group or to the first of all: hits, not verdicts."""
    if not request.text:
        return NEEDS_FILE
    try:
        rules = parse_rule_set(request.text, "file")
    except RuleFileError as error:
        return refusal_of(error)
    return await try_on_groups(app, rules.rules, request.target)


async def try_on_groups(app: App, rules: Sequence[Rule], group: str | None) -> AdminResult | Refusal:
    """Try rules on what was posted to one group, or to the first of all."""
    if group:
        codes = [group]
    else:
        codes = [row.code for row in await app.store.ledger.list_groups(limit=MAX_GROUPS)]
    items: list[dict[str, object]] = []
    for code in codes:
        room = await app.membership.find_room(code)
        if isinstance(room, Refusal):
            return room
        hits = await replay(app.store.journal, room, rules, app.clock.now_ms())
        named = ({"seq": seq, "user": user, "rule": rule, "body": body} for seq, user, body, rule in hits.examples)
        if hits.count or group:
            items.append({"group": room.state.code, "entries": hits.seen, "hits": hits.count, "examples": [*named]})
    return AdminResult(items=tuple(items))
