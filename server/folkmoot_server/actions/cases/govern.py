"""Cases: from a command on a case to a queued change set, and what an outcome brings along.

A case has a stream of its own, and a change set has one stream. So the outcome is decided and stored first; what
follows from it (credit, a measure lifted) is carried out after that, at once by who decided and, if that was cut off,
by a job. Carrying out twice changes nothing more than once.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING

import structlog

from folkmoot_governance import SERVICE, Actor, Policy, Refusal
from folkmoot_governance.account_commands import ChargeCredit
from folkmoot_governance.case.commands import CaseCommand, DecideAppeal, SettleCase
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.state import CaseClosed, CaseEvent, CaseState, Outcome, apply_case, opened
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role

from ...bus.api import Bus
from ...bus.messages import AnswerUpdate
from ...common.clock import Clock
from ...live.commit_queue import CommitQueue
from ...live.pending import OVERTAKEN, TOO_BUSY
from ...live.rooms import Room
from ...storage.change_set import ChangeSet, RowChange, case_stream
from ...storage.sql.projection import project_case
from ..stored import stored
from .appeals import overturn

if TYPE_CHECKING:
    from ...node import Node

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

    def tell(self, act: CaseAct) -> None:
        """Tell who opened a case how it was decided (G12)."""
        state = act.state
        if state.outcome is not None and any(isinstance(event, CaseClosed) for event in act.events):
            self._bus.publish(AnswerUpdate(state.by, state.number, state.outcome.value, reason=state.answer))


async def decide_appeal(
    node: "Node", case: CaseState, command: DecideAppeal, actor: Actor, *, dry_run: bool = False
) -> CaseState | Refusal:
    """Decide on an appeal, for those who lead the group that took the measure as they are now, and carry it out."""
    room = await node.rooms.load(case.code) if case.code else None
    if room is not None:
        members = room.state.members.values()
        leaders = frozenset(one.user for one in members if one.role is not Role.MEMBER)
        command = DecideAppeal(command.outcome, command.reason, leaders)
    act = node.case_service.act(case, command, actor)
    if isinstance(act, Refusal) or dry_run:
        return act if isinstance(act, Refusal) else act.state
    refusal = await stored(node, act)
    if refusal:
        return refusal
    await settle(node, case.number)
    return act.state


async def settle(node: "Node", number: str) -> None:
    """Carry out what the outcome of a case brings along, as far as that is not done."""
    state = await node.store.ledger.load_case(number)
    if state is None or state.outcome is None or state.is_settled:
        return
    refusal = await carry_out(node, state) or await stored(node, node.case_service.act(state, SettleCase(), SERVICE))
    if refusal:
        log.warning("the outcome of a case could not be carried out yet", case=number, code=refusal.code)


async def carry_out(node: "Node", state: CaseState) -> Refusal | None:
    """Do what an outcome asks for; return why it must be tried again."""
    refusal: Refusal | None = None
    if state.outcome is Outcome.OVERTURNED:
        refusal = await overturn(node, state)
    elif state.outcome is Outcome.UPHELD and (account := await node.accounts.load(state.user)):
        command = ChargeCredit(state.number, state.severity, state.answer)
        refusal = await stored(node, node.group_service.act_on_account(account.state, command, SERVICE))
    return refusal if refusal and refusal.code in TRY_AGAIN else None
