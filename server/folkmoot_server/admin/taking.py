"""What verbs that take measures of the platform share: the grounds that staff names, and a measure that takes two."""

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.case.state import CaseState, Terms
from folkmoot_governance.measures import Row, row_for
from folkmoot_governance.restrictions import Grounds, Held, Measure, Subject, in_force
from folkmoot_protocol.admin.accounts import Grounded
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import AdminResult

from ..actions.cases.sanctions import Taken
from ..common.i18n import N_
from .call import Call, Outcome
from .common import find_report, uphold

LONGEST = 15
NO_SUCH_MEASURE = Refusal(
    ErrorCode.BAD_REQUEST,
    N_("There is no such measure against this; docs/measures.md has them all."),
    {"field": "measure", "help": "docs/measures.md"},
)


async def grounds_of(call: Call, options: Grounded) -> Grounds | Refusal:
    """Return the grounds that the options name; the entry must be there."""
    if not options.entry:
        return Grounds(options.rule, options.law)
    code_text, _, digits = options.entry.rpartition(":")
    code = parse_group_code(code_text)
    if code is None or not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST):
        text = N_("Give the entry as group code and number: 4821-9067-3350:17.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "entry"})
    found = await call.app.store.journal.entry(code, int(digits))
    if found is None:
        text = N_("There is no entry {seq} in this group.")
        return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"seq": int(digits), "help": "/history"})
    return Grounds(options.rule, options.law, code, found.seq, found.ts)


def lasts(call: Call, row: Row, given: int | None) -> int:
    """Return how long a measure lasts: as given, or its usual time."""
    return int(given) if given is not None else call.app.policy.durations.get(row.name, row.default_ms)


async def take(
    call: Call,
    subject: Subject,
    target: str,
    measure: Measure,
    options: Grounded,
    *,
    duration_ms: int | None = None,
    score: int = 0,
    replaces: bool = False,
) -> Taken | Refusal:
    """Take a measure against the account or group `target`, or propose it where two decide on it."""
    row = row_for(subject, measure)
    if row is None:
        return NO_SUCH_MEASURE
    grounds = await grounds_of(call, options)
    if isinstance(grounds, Refusal):
        return grounds
    report = await find_report(call, options.report, lambda one: target in (one.user, one.code))
    if isinstance(report, Refusal):
        return report
    terms = Terms(
        subject,
        measure,
        call.reason,
        user=target if subject is Subject.ACCOUNT else "",
        code=target if subject is Subject.GROUP else "",
        duration_ms=lasts(call, row, duration_ms),
        score=score,
        replaces=replaces,
        grounds=grounds,
    )
    number = report.number if report else ""
    taken = await call.app.cases.sanctions.take(terms, call.account, report=number, dry_run=call.dry_run)
    # What is only proposed decides no report.
    if isinstance(taken, Refusal) or taken.proposal is not None:
        return taken
    return await uphold(call, report) or taken


def told(taken: Taken | Refusal, item: dict[str, object]) -> Outcome:
    """Return the answer to a measure: what it was taken against with its case, or the proposal that it is now."""
    if isinstance(taken, Refusal):
        return taken
    if taken.proposal is not None:
        return AdminResult(items=(proposal_item(taken.proposal),), changed=taken.changed)
    return AdminResult(items=(item | ({"case": taken.case} if taken.case else {}),), changed=taken.changed)


def restriction_items(held: Held, now: int) -> list[dict[str, object]]:
    """Return what the platform has taken for a time, as far as it is in force."""
    found = [in_force(held, measure, now) for measure in dict.fromkeys(one.measure for one in held)]
    return [msgspec.to_builtins(one) for one in found if one is not None]


def proposal_item(case: CaseState) -> dict[str, object]:
    """Return a proposed measure as administrators see it."""
    return {
        "case": case.number,
        "state": case.outcome.value if case.outcome else "proposed",
        "measure": case.reason,
        "user": case.user,
        "group": case.code,
        "reason": case.terms.reason if case.terms else "",
        "by": case.by,
        "opened_ts": case.opened_ts,
        "due_ts": case.due_ms,
        "answer": case.answer,
    }
