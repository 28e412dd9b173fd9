"""Measures lists of cases: the oldest 50 that are due, of a store with a hundred thousand.

    python bench/cases.py                             # on SQLite, in a temporary directory
    python bench/cases.py --cases 100000 --postgres

Of ten cases one is an appeal and one is open; the others are reports, and decided. So a list of open appeals, or of
what is overdue, looks for few among many. Each list is asked for as `folkmoot admin case list` asks, page by page: the
first page, and one in the middle.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from search import opened, tidy

from folkmoot_governance.account import AccountRegistered, registered
from folkmoot_governance.case.state import (
    AppealOpened,
    CaseClosed,
    CaseEvent,
    CaseKind,
    CaseSettled,
    Outcome,
    ReportOpened,
    apply_case,
)
from folkmoot_governance.case.state import (
    opened as begun,
)
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS
from folkmoot_server.storage.api import CaseFilter, Store
from folkmoot_server.storage.change_set import ChangeSet, account_stream, case_stream
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.projection import project_account, project_case

START, SPAN = end_of("2025-12"), 180 * DAY_MS
NOW = START + SPAN
PEOPLE = 1000
BATCH = 500
PAGE = 50

LISTS = {
    "open reports": CaseFilter(CaseKind.REPORT, True),
    "open appeals": CaseFilter(CaseKind.APPEAL, True),
    "overdue reports": CaseFilter(CaseKind.REPORT, True, due_by=NOW - 60 * DAY_MS),
    "decided reports": CaseFilter(CaseKind.REPORT, False),
    "decided appeals": CaseFilter(CaseKind.APPEAL, False),
    "all reports": CaseFilter(CaseKind.REPORT),
    "open ones of a group": CaseFilter(CaseKind.REPORT, True, code="100000000003"),
    "the latest of a reporter": CaseFilter(by="p7", newest=True),
}


def case_of(number: int, chance: random.Random) -> ChangeSet:
    """Return a case, some time in half a year."""
    at = START + chance.randrange(SPAN)
    by, user = f"p{chance.randrange(PEOPLE)}", f"p{chance.randrange(PEOPLE)}"
    due = at + 3 * DAY_MS
    first: CaseEvent
    if number % 10 == 0:
        name = f"a-@{by}-{number}"
        fields = {"measure": f"@{by}-{number}", "reason": "account_suspended", "decider": "p0"}
        first = AppealOpened(at=at, by=by, number=name, due_ms=due, **fields)
        outcome = Outcome.CONFIRMED
    else:
        name = f"r-{number:010d}"
        about = {"code": f"{100000000000 + number % 1000}", "seq": number, "user": user}
        first = ReportOpened(at=at, by=by, number=name, reason="spam", severity=Severity.LOW, due_ms=due, **about)
        outcome = Outcome.DISMISSED
    is_open = number // 10 % 10 == 0
    later = [] if is_open else [CaseClosed(at=due, by="p0", outcome=outcome, reason="seen"), CaseSettled(at=due, by="")]
    state = begun(first)
    rows = project_case(state, first)
    for event in later:
        apply_case(state, event)
        rows += project_case(state, event)
    return ChangeSet(case_stream(name), 0, [first, *later], rows)


async def fill(store: Store, cases: int) -> None:
    """Write accounts and cases."""
    works = []
    for number in range(PEOPLE):
        joined = AccountRegistered(at=START, by=f"p{number}", user=f"p{number}", agreement="1")
        works.append(ChangeSet(account_stream(joined.user), 0, [joined], project_account(registered(joined), joined)))
    chance = random.Random(1)
    works += [case_of(number, chance) for number in range(cases)]
    for start in range(0, len(works), BATCH):
        assert await store.commit(works[start : start + BATCH]) == frozenset()


async def ask(store: Store, tries: int) -> dict[str, dict[str, float]]:
    """Return how long each list took, ms, and how many rows came."""
    ledger, figures = store.ledger, dict[str, dict[str, float]]()
    for name, wanted in LISTS.items():
        for page, after in (("first", (0, "")), ("middle", (START + SPAN // 2, ""))):
            if wanted.newest and page == "middle":
                continue
            taken, rows = [], 0
            for _ in range(tries):
                begun_at = time.perf_counter()
                rows = len(await ledger.list_cases(wanted, after, PAGE + 1))
                taken.append((time.perf_counter() - begun_at) * 1000)
            figures[f"{name}, {page} page"] = {"p50_ms": statistics.median(taken), "worst_ms": max(taken), "rows": rows}
    return figures


async def measure(arguments: argparse.Namespace, place: Path) -> dict[str, dict[str, float]]:
    """Fill, ask."""
    async with opened(place, postgres=arguments.postgres) as (store, url):
        await fill(store, arguments.cases)
        if url:
            await tidy(url)
        return await ask(store, arguments.tries)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--tries", type=int, default=50)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("-o", choices=("table", "json"), default="table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        figures = asyncio.run(measure(arguments, Path(place)))
    if arguments.o == "json":
        print(json.dumps(figures))
        return
    for name, row in figures.items():
        print(f"{name:40} p50 {row['p50_ms']:7.2f} ms   worst {row['worst_ms']:7.2f} ms   {row['rows']:3.0f} rows")


if __name__ == "__main__":
    main()
