"""How the operator's duties stand, and the figures of cases that may be published."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from folkmoot_governance import Policy
from folkmoot_governance.dates import entitled
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.oversight import ANSWER_MS, CARRY_OUT_MS, DutyState, Figures, Line, board, next_look
from folkmoot_governance.transparency import Tally, tally
from folkmoot_protocol.types import Identity

from ..common.clock import Clock
from ..common.metrics import DUTY, DUTY_FIGURE
from ..config.settings import Config
from ..content.rules_in_force import ContentRules
from ..storage.api import Store
from ..storage.sql.months import is_due
from .accounts.staff import staff_now
from .status import NodeStatus

MOST = 500
"""No more groups than that are counted of those that lack something."""
LEVELS = {DutyState.MET: 0, DutyState.DUE: 1, DutyState.BROKEN: 2}


class Oversight:
    """Counts what the board rests on. What it says of jobs is about this node."""

    def __init__(
        self, config: Config, policy: Policy, clock: Clock, store: Store, content: ContentRules, status: NodeStatus
    ) -> None:
        self._config = config
        self._policy = policy
        self._clock = clock
        self._store = store
        self._content = content
        self._status = status

    async def board(self) -> list[Line]:
        """Return how each duty stands. Raises StorageError."""
        now = self._clock.now_ms()
        return board(await self._figures(now), now)

    async def note(self) -> int:
        """Set the figures of the duties; return when (Unix ms) to look again, whatever is stored until then."""
        now = self._clock.now_ms()
        figures = await self._figures(now)
        for line in board(figures, now):
            DUTY.labels(line.row.name).set(LEVELS[line.judged.state])
            DUTY_FIGURE.labels(line.row.name).set(line.judged.figure)
        return next_look(figures, now)

    async def _figures(self, now: int) -> Figures:
        ledger, operator = self._store.ledger, self._config.operator
        backlog = await ledger.backlog(now, now - CARRY_OUT_MS, now - ANSWER_MS)
        roles, on_duty = await staff_now(ledger, now)
        ungraded = await ledger.due_for_grading(now - 2 * DAY_MS, limit=MOST)
        ownerless = await ledger.absent_owners(now + self._policy.absence_ms, limit=MOST)
        months = [one.month for one in await self._store.journal.segments()][:-1]
        due = [month for month in months if is_due(month, now, self._config.retention.months)]
        documents = self._config.server.data_dir / "documents"
        return Figures(
            reports=backlog.reports,
            appeals=backlog.appeals,
            mediations=backlog.mediations,
            outcomes=backlog.outcomes,
            warnings=backlog.warnings,
            mended=backlog.mended,
            identities=backlog.identities,
            held=backlog.held,
            closings=backlog.closings,
            filings=await ledger.unsent_filings(now - operator.authority_hours * HOUR_MS),
            levels=len(self._policy.credit.levels),
            public_grades=sum(grade.info_page for grade in self._policy.grades),
            kept_months=self._config.retention.months,
            sizes=backlog.sizes,
            ungraded=len(ungraded),
            ownerless=len(ownerless),
            months=len(due),
            failed_jobs=len(self._status.failing_jobs()),
            content_rules=sum(len(one.rules) for one in self._content.sets),
            staff=len(entitled(roles, "review_appeal")),
            officers=len(entitled(roles, "close_group")),
            on_duty=sum(user in on_duty for user in entitled(roles, "review_case")),
            own_documents=await asyncio.to_thread(lambda: all((documents / name).is_file() for name in OWN)),
            needs_identity=self._policy.to_post is not Identity.NONE,
            renews_identity=self._policy.reverify_ms > 0,
            emergencies=len(await ledger.emergencies(now)),
            licence=operator.licence,
            licence_until_ms=day_ms(operator.licence_until),
            notice_ms=operator.licence_notice_days * DAY_MS,
        )

    async def figures(self, since: int) -> Sequence[Tally]:
        """Return what became of cases since a time (Unix ms). Raises StorageError."""
        found = await self._store.ledger.case_figures(since)
        return await asyncio.to_thread(tally, found, since, self._clock.now_ms())


OWN = ("agreement.en.md", "rules.en.md")
"""What an operator has written who has documents of their own."""


def day_ms(day: str) -> int:
    """Return the end of a day (`2027-03-31`) as Unix ms, 0 for none."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000) + DAY_MS if day else 0
