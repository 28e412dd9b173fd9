"""Administration: samples of how reports were handled, for inspectors too."""

import secrets

import msgspec

from folkmoot_governance.case.sample import drawn, handled
from folkmoot_governance.case.state import CaseEvent, CaseKind, CaseState
from folkmoot_protocol.admin import cases as rows
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from ..storage.api import CaseFilter
from ..storage.change_set import case_stream
from .call import Call, Outcome, carries_out
from .oversight import QUARTER_MS

PAGE, MOST = 500, 50_000
"""So many reports are looked at, those that were due first."""


@carries_out(rows.SAMPLE_REPORTS)
async def sample_reports(call: Call, options: rows.Sample) -> Outcome:
    """Draw some of the reports that were made within a time and are decided."""
    found = await decided_since(call, call.app.clock.now_ms() - (options.since or QUARTER_MS))
    word = options.word or secrets.token_hex(4)
    items = []
    for number in drawn(found, word, options.count):
        events = await call.app.store.ledger.events(case_stream(number))
        shown = handled(found[number], [one.event for one in events if isinstance(one.event, CaseEvent)])
        items.append(msgspec.to_builtins(shown))
    text = N_("Drawn with the word {word} from {count} reports.")
    return AdminResult(items=tuple(items), text=call.say(text, {"word": word, "count": len(found)}))


async def decided_since(call: Call, since: int) -> dict[str, CaseState]:
    """Return reports that were made since a time (Unix ms) and are decided, by number."""
    found: dict[str, CaseState] = {}
    after, wanted = (since, ""), CaseFilter(CaseKind.REPORT, is_open=False)
    while len(found) < MOST:
        # What was made since then is due after it.
        page = await call.app.store.ledger.list_cases(wanted, after, PAGE)
        found |= {one.number: one for one in page if one.opened_ts >= since}
        if len(page) < PAGE:
            break
        after = page[-1].due_ms, page[-1].number
    return found
