"""Administration of what the operator owes: the board of duties, and figures of cases."""

from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.transparency import Tally
from folkmoot_protocol.admin import oversight as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from .call import Call, Outcome, carries_out

QUARTER_MS = 91 * DAY_MS


@carries_out(rows.SHOW_DUTIES)
async def show_duties(call: Call, options: NoOptions) -> Outcome:
    """Show each duty with its state, the figure that it rests on, a date, and what mends it."""
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
    return AdminResult(items=tuple(items))


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
