"""Administration of what the operator owes: the board of duties, and figures of cases."""

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import BeginDuty, EndDuty
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.transparency import Tally
from folkmoot_protocol.admin import oversight as rows
from folkmoot_protocol.admin.cases import Heir
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from ..actions.accounts.staff import staff_now
from ..actions.acting import join
from ..common.i18n import N_
from .call import Call, Outcome, carries_out
from .cases import case_item
from .common import act_on_account, store_account_act
from .handing import give_all

QUARTER_MS = 91 * DAY_MS


@carries_out(rows.SHOW_DUTIES)
async def show_duties(call: Call, options: NoOptions) -> Outcome:
    """Show each duty with its state, the figure that it rests on, a date, and what mends it; and who is on duty."""
    items = [
        {
            "duty": line.row.name,
            "state": line.judged.state.value,
            "figure": line.judged.figure,
            "at_ts": line.judged.at_ms,
            "rule": line.row.refs,
            "text": call.say(line.row.text),
            "mend": line.row.mend,
        }
        for line in await call.app.oversight.board()
    ]
    staff = await staff_now(call.app.store.ledger, call.app.clock.now_ms())
    there = ", ".join(f"@{user}" for user in staff.on_duty)
    return AdminResult(items=tuple(items), text=call.say(N_("On duty: {users}"), {"users": there or "–"}))


@carries_out(rows.BEGIN_DUTY)
async def begin_duty(call: Call, options: NoOptions) -> Outcome:
    changed = await act_on_account(call, call.account, BeginDuty())
    return changed if isinstance(changed, Refusal) else AdminResult(items=(), changed=changed)


@carries_out(rows.END_DUTY)
async def end_duty(call: Call, options: Heir) -> Outcome:
    """Say that one is not there any more; all that one has claimed is handed over, or nothing is, where somebody is
    named."""
    given = await give_all(call, options.to) if options.to else []
    if isinstance(given, Refusal):
        return given
    act = call.app.account_service.act(call.account.state, EndDuty(), call.account.actor())
    if not isinstance(act, Refusal):
        join(act, given)
    changed = await store_account_act(call, act)
    if isinstance(changed, Refusal):
        return changed
    now = call.app.clock.now_ms()
    return AdminResult(items=tuple(case_item(one.state, now) for one in given), changed=changed + len(given))


@carries_out(rows.SHOW_FIGURES)
async def show_figures(call: Call, options: rows.Since) -> Outcome:
    """Show what became of reports and appeals."""
    since = call.app.clock.now_ms() - (options.since or QUARTER_MS)
    return AdminResult(items=tuple(figure_item(one) for one in await call.app.oversight.figures(since)))


def figure_item(one: Tally) -> dict[str, object]:
    """Return figures for programs; `reason` empty: of all of a kind."""
    return {
        "kind": one.kind.value,
        "reason": one.reason,
        "received": one.received,
        "decided": one.decided,
        "granted": one.granted,
        "bad_faith": one.bad_faith,
        "overdue": one.overdue,
        "median_hours": round(one.median_ms / HOUR_MS, 1),
    }
