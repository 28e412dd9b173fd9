"""Administration of claims: handing one over to another of the staff, or all that one has."""

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import GiveCase
from folkmoot_governance.case.state import CaseKind
from folkmoot_protocol.admin import cases as rows
from folkmoot_protocol.names import fold_user_name

from ..actions.cases.govern import CaseAct
from ..storage.api import CaseFilter
from .call import Call, Outcome, carries_out
from .cases import act_on_case

MOST_CLAIMS = 500
"""So many claims are handed over at once, and no more."""


@carries_out(rows.GIVE_REPORT)
async def give_report(call: Call, options: rows.Given) -> Outcome:
    return await give(call, CaseKind.REPORT, options.to)


@carries_out(rows.GIVE_APPEAL)
async def give_appeal(call: Call, options: rows.Given) -> Outcome:
    return await give(call, CaseKind.APPEAL, options.to)


async def give(call: Call, kind: CaseKind, to: str) -> Outcome:
    """Hand the claim on the case that a call is about over."""
    return await act_on_case(call, kind, await handing_to(call, to))


async def give_all(call: Call, to: str) -> list[CaseAct] | Refusal:
    """Return the acts that hand all over that the asker has claimed, or why one of these cannot be."""
    command = await handing_to(call, to)
    claimed = CaseFilter(is_open=True, claimed_by=call.account.user)
    cases = await call.app.store.ledger.list_cases(claimed, limit=MOST_CLAIMS)
    acts, now = list[CaseAct](), call.app.clock.now_ms()
    for case in cases:
        if case.claim_until_ms <= now:
            continue
        act = call.app.cases.service.act(case, command, call.account.actor())
        if isinstance(act, Refusal):
            return act
        acts.append(act)
    return acts


async def handing_to(call: Call, to: str) -> GiveCase:
    """Return the command that hands over to somebody, with the platform role that they have now, if any."""
    user = fold_user_name(to)
    account = await call.app.accounts.load(user)
    return GiveCase(user, account.role if account is not None else None)
