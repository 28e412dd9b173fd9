"""Administration of mediations (P14): which there are, and taking one on. What is said in them is not shown here."""

from folkmoot_governance import Refusal
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_protocol.admin import mediations as rows
from folkmoot_protocol.admin.cases import Which
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from .call import Call, Outcome, carries_out
from .cases import list_cases


def mediation_item(case: CaseState, now: int) -> dict[str, object]:
    """Return a mediation as administrators see it at `now` (Unix ms)."""
    return {
        "case": case.number,
        "state": case.outcome.value if case.outcome else "open",
        "by": case.by,
        "user": case.user,
        "mediator": case.mediator,
        "group": case.code,
        "due_ts": case.due_ms,
        "opened_ts": case.opened_ts,
        "closed_ts": case.closed_ts,
    }


@carries_out(rows.LIST_MEDIATIONS)
async def list_mediations(call: Call, options: Which) -> Outcome:
    return await list_cases(call, options, CaseKind.MEDIATION, mediation_item)


@carries_out(rows.TAKE_MEDIATION)
async def take_mediation(call: Call, options: NoOptions) -> Outcome:
    """Become the mediator, unless one is a party or there is another."""
    mediations, number = call.app.cases.mediations, call.target.lower()
    taken = await mediations.name_mediator(call.account, number, call.account.user, dry_run=call.dry_run)
    return (
        taken
        if isinstance(taken, Refusal)
        else AdminResult(items=(mediation_item(taken, call.app.clock.now_ms()),), changed=1)
    )
