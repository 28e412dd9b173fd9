"""What verbs that take measures of the platform share: the grounds that staff names, and a measure that takes two."""

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.case.state import CaseState, Terms
from folkmoot_governance.measures import Row, row_for
from folkmoot_governance.restrictions import SCOPES, Held, Measure, Power, Subject, in_force
from folkmoot_protocol.admin.accounts import Grounded
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..actions.cases.sanctions import Taken
from ..common.codes import blacklist_entry
from ..common.i18n import N_
from .call import Call, Outcome
from .common import basis_of, settle, upholding

NO_SUCH_MEASURE = Refusal(
    ErrorCode.BAD_REQUEST,
    N_("There is no such measure here; docs/measures.md lists them all."),
    {"field": "measure", "help": "docs/measures.md"},
)


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
    scopes: tuple[Power, ...] = (),
) -> Taken | Refusal:
    """Take a measure against the account or group `target`, or propose it where two decide on it."""
    row = row_for(subject, measure)
    if row is None:
        return NO_SUCH_MEASURE
    based = await basis_of(call, target, options)
    if isinstance(based, Refusal):
        return based
    basis, report = based
    closing = upholding(call, report)
    if isinstance(closing, Refusal):
        return closing
    terms = Terms(
        subject,
        measure,
        call.reason,
        user=target if subject is Subject.ACCOUNT else "",
        code=target if subject is Subject.GROUP else "",
        duration_ms=lasts(call, row, duration_ms),
        score=score,
        replaces=replaces,
        grounds=basis.grounds,
        scopes=scopes or (SCOPES if measure is Measure.BLACKLIST else ()),
        entry=blacklist_entry() if measure is Measure.BLACKLIST and subject is Subject.ACCOUNT else "",
    )
    sanctions = call.app.cases.sanctions
    taken = await sanctions.take(terms, call.account, report=basis.report, also=closing, dry_run=call.dry_run)
    # What is only proposed decides no report.
    if not isinstance(taken, Refusal) and taken.proposal is None:
        await settle(call, closing)
    return taken


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
