"""From a command on a case to a queued change set: the shell around `decide_case` and `apply_case`."""

from collections.abc import Callable, Sequence
from copy import copy

from folkmoot_governance import Actor, Policy, Refusal
from folkmoot_governance.case.commands import CaseCommand
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.state import CaseEvent, CaseState, apply_case, opened
from folkmoot_governance.personal_notices import PersonalNotice, told_of_case

from ...bus.api import Bus
from ...bus.messages import NoticeUpdate
from ...common.clock import Clock
from ...live.commit_queue import CommitQueue
from ...live.pending import OVERTAKEN, TOO_BUSY, Storing
from ...live.rooms import Room
from ...storage.change_set import ChangeSet, RowChange, case_stream
from ...storage.changes import finding_rows, notice_row
from ...storage.sql.projection import project_case
from ..acting import Joint, rests_on


class CaseAct:
    """Events of a case on their way to disk (a `PendingCommit` of the commit queue). `state` is the case after them."""

    __slots__ = (
        "_case_service",
        "also",
        "change_set",
        "events",
        "on_done",
        "on_fail",
        "room",
        "state",
        "told",
        "tries",
    )

    def __init__(
        self, case_service: "CaseService", state: CaseState, events: Sequence[CaseEvent], change_set: ChangeSet
    ) -> None:
        self._case_service = case_service
        self.state = state
        self.events = events
        self.change_set = change_set
        self.told: Sequence[PersonalNotice] = ()
        self.also: Sequence[Joint] = ()
        self.room: Room | None = None
        self.tries = 0
        self.on_done: Callable[[], None]
        self.on_fail: Callable[[Refusal], None]

    def done(self) -> None:
        try:
            self.on_done()
        finally:
            self.take_effect()
            for one in self.also:
                one.take_effect()

    def take_effect(self) -> None:
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
        self,
        state: CaseState | None,
        command: CaseCommand,
        actor: Actor,
        rows: Sequence[RowChange] = (),
        also: Sequence[PersonalNotice] = (),
    ) -> CaseAct | Refusal:
        """Carry out a command on a case as storage has it; `rows` are stored with the events, and what others are told
        besides (`also`)."""
        if self._commit_queue.is_full():
            return TOO_BUSY
        decision = decide_case(state, command, actor, self._clock.now_ms(), self._policy)
        if isinstance(decision, Refusal):
            return decision
        after, changes, told = copy(state), list[RowChange](), list(also)
        for event in decision:
            if after is None:
                after = opened(event)
                told += told_of_case(after, event, self._policy)
            else:
                told += told_of_case(after, event, self._policy)
                apply_case(after, event)
                changes += finding_rows(after, event)
            changes += project_case(after, event)
        assert after is not None, "what opens a case causes an event"
        changes += [*map(notice_row, told), *rows]
        act = CaseAct(
            self,
            after,
            decision,
            ChangeSet(case_stream(after.number), state.version if state else 0, decision, changes),
        )
        act.told = told
        act.change_set.rests_on = rests_on(actor, act.change_set.stream)
        return act

    def now(self) -> int:
        """Return the time (Unix ms) that events are given."""
        return self._clock.now_ms()

    async def wait_stored(self, act: Storing | Refusal) -> Refusal | None:
        """Queue an act that was decided in this very step and wait until it is stored; return why it was not."""
        return await self._commit_queue.wait_stored(act)

    def tell(self, act: CaseAct) -> None:
        """Tell whom it concerns: who opened a case, how it was decided (G12)."""
        for notice in act.told:
            self._bus.publish(NoticeUpdate(notice.user, notice))
