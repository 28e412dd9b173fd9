"""From a command on a case to a queued change set: the shell around `decide_case` and `apply_case`."""

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING

import structlog

from folkmoot_governance import Actor, Policy, Refusal
from folkmoot_governance.case.commands import CaseCommand
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.state import CaseClosed, CaseEvent, CaseSettled, CaseState, Outcome, apply_case, opened
from folkmoot_protocol.errors import ErrorCode

from ...bus.api import Bus
from ...bus.messages import AnswerUpdate
from ...common.clock import Clock
from ...live.commit_queue import CommitQueue
from ...live.pending import OVERTAKEN, TOO_BUSY
from ...live.rooms import Room
from ...storage.change_set import ChangeSet, RowChange, case_stream
from ...storage.sql.projection import project_case

if TYPE_CHECKING:
    pass

log = structlog.get_logger()

TRY_AGAIN = frozenset({ErrorCode.CONFLICT, ErrorCode.UNAVAILABLE})


class CaseAct:
    """Events of a case on their way to disk (a `PendingCommit` of the commit queue). `state` is the case after them."""

    __slots__ = ("_case_service", "change_set", "events", "on_done", "on_fail", "room", "state", "tries")

    def __init__(
        self, case_service: "CaseService", state: CaseState, events: Sequence[CaseEvent], change_set: ChangeSet
    ) -> None:
        self._case_service = case_service
        self.state = state
        self.events = events
        self.change_set = change_set
        self.room: Room | None = None
        self.tries = 0
        self.on_done: Callable[[], None]
        self.on_fail: Callable[[Refusal], None]

    def done(self) -> None:
        try:
            self.on_done()
        finally:
            self._case_service.tell(self)

    def fail(self, refusal: Refusal) -> None:
        self.on_fail(refusal)

    def rollback(self) -> frozenset[str]:
        """Nothing of a case is in memory."""
        return frozenset()

    def retry(self) -> None:
        """Two decisions on one case at the same moment: the second is told so."""
        self.fail(OVERTAKEN)


class CaseService:
    """Decides on cases, projects, queues. Refuses or succeeds at once; storing comes later."""

    def __init__(self, commit_queue: CommitQueue, bus: Bus, clock: Clock, policy: Policy) -> None:
        self._commit_queue = commit_queue
        self._bus = bus
        self._clock = clock
        self._policy = policy

    def act(
        self, state: CaseState | None, command: CaseCommand, actor: Actor, rows: Sequence[RowChange] = ()
    ) -> CaseAct | Refusal:
        """Carry out a command on a case as storage has it; `rows` are stored with the events."""
        if self._commit_queue.is_full():
            return TOO_BUSY
        decision = decide_case(state, command, actor, self._clock.now_ms(), self._policy)
        if isinstance(decision, Refusal):
            return decision
        after, changes = copy(state), list[RowChange]()
        for event in decision:
            if after is None:
                after = opened(event)
            else:
                apply_case(after, event)
            changes += project_case(after)
        assert after is not None, "what opens a case causes an event"
        change_set = ChangeSet(case_stream(after.number), state.version if state else 0, decision, [*changes, *rows])
        return CaseAct(self, after, decision, change_set)

    async def wait_stored(self, act: CaseAct | Refusal) -> Refusal | None:
        """Queue an act that was decided in this very step and wait until it is stored; return why it was not."""
        return await self._commit_queue.wait_stored(act)

    def tell(self, act: CaseAct) -> None:
        """Tell who opened a case how it was decided (G12); that an appeal succeeded when the measure is undone, for
        only then is it known what that did (P15)."""
        state = act.state
        for event in act.events:
            if isinstance(event, CaseClosed) and event.outcome is not Outcome.OVERTURNED:
                self._bus.publish(AnswerUpdate(state.by, state.number, event.outcome.value, reason=state.answer))
            elif isinstance(event, CaseSettled) and state.outcome is Outcome.OVERTURNED:
                news = AnswerUpdate(
                    state.by,
                    state.number,
                    state.outcome.value,
                    reason=state.answer,
                    kind=state.reason,
                    effect=event.effect,
                )
                self._bus.publish(news)

    def tell_reporters(self, reports: Sequence[CaseState], reason: str) -> None:
        """Tell who made reports that what followed from them was overturned on appeal (G12)."""
        for one in reports:
            self._bus.publish(AnswerUpdate(one.by, one.number, "report_overturned", reason=reason))
