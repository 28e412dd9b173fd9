"""What the database itself says in the end: the ledger replayed, compared with all that was made from it."""

from collections.abc import AsyncIterator, Collection, Sequence

from folkmoot_governance import AccountState, GroupState, apply, apply_account, case_number, founded, registered
from folkmoot_governance.account import AccountRegistered
from folkmoot_governance.case.state import CaseEvent
from folkmoot_governance.group import events as e
from folkmoot_governance.notice_entry import is_told
from folkmoot_governance.store_acts import StoreEvent
from folkmoot_protocol.types import Entry, EntryKind
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import Recorded
from tests.cluster.history import Step

PAGE = 1000
ENDINGS = (e.MemberLeft, e.MemberKicked, e.MemberBanned)


async def whole_ledger(store: Store) -> list[Recorded]:
    """Return all events of all streams."""
    found: list[Recorded] = []
    while page := await store.ledger.scan(found[-1].position if found else 0, PAGE):
        found += page
    return found


async def whole_log(store: Store, code: str) -> list[Entry]:
    """Return all entries of a group."""
    found: list[Entry] = []
    while page := (await store.journal.page(code, after=found[-1].seq if found else 0, limit=PAGE)).entries:
        found += page
    return found


def steps_of(ledger: Sequence[Recorded]) -> list[Step]:
    """Return the memberships that began or ended, in the order of the ledger."""
    steps: list[Step] = []
    for one in ledger:
        code = one.stream.partition(":")[2]
        if isinstance(one.event, e.GroupCreated):
            steps.append(Step(code, one.event.by, True))
        elif isinstance(one.event, e.MemberJoined):
            steps.append(Step(code, one.event.user, True))
        elif isinstance(one.event, ENDINGS):
            steps.append(Step(code, one.event.user, False))
    return steps


def replay(ledger: Sequence[Recorded]) -> dict[str, GroupState | AccountState]:
    """Return what the events make of each stream."""
    states: dict[str, GroupState | AccountState] = {}
    for one in ledger:
        match one.event:
            case e.GroupCreated():
                states[one.stream] = founded(one.event)
            case AccountRegistered():
                states[one.stream] = registered(one.event)
            case CaseEvent() | StoreEvent():
                # Cases have no roamer's promise to keep: `db verify` compares them.
                pass
            case event:
                state = states[one.stream]
                apply(state, event) if isinstance(state, GroupState) else apply_account(state, event)  # type: ignore[arg-type]
    return states


TELLING = (EntryKind.NOTICE, EntryKind.ANNOUNCEMENT, EntryKind.REDACTION)


async def check_store(store: Store, ledger: Sequence[Recorded]) -> AsyncIterator[str]:
    """Yield a sentence for everything in the tables that is not what the ledger makes it."""
    for expected, one in enumerate(ledger, 1):
        if one.position != expected:
            yield f"ledger: position {one.position} stands where {expected} should"
            break
    for stream, state in replay(ledger).items():
        kind, _, name = stream.partition(":")
        if kind == "group":
            async for breach in _check_group(store, name, state, [one for one in ledger if one.stream == stream]):
                yield breach
        else:
            account = await store.ledger.load_account(name)
            if account is None or account.state != state:
                yield f"{stream}: the tables have {account}, the ledger makes it {state}"


async def _check_group(store: Store, code: str, state: object, events: Collection[Recorded]) -> AsyncIterator[str]:
    stored = await store.ledger.load_group(code)
    if stored != state:
        yield f"group {code}: the tables have {stored}, the ledger makes it {state}"
    log = await whole_log(store, code)
    head = (await store.ledger.heads([code]))[code]
    if head != (len(events), len(log)):
        yield f"group {code}: the head is {head}, there are {len(events)} events and {len(log)} entries"
    cases = sorted(case_number(code, one.version) for one in events if is_told(one.event))
    notices = [entry for entry in log if entry.kind in TELLING]
    noticed = sorted(str(entry.data["case"]) for entry in notices if entry.data and "case" in entry.data)
    # What is removed from sight says no more what it told of.
    hidden = sum(entry.redacted for entry in notices)
    if len(cases) != len(noticed) + hidden or not set(noticed) <= set(cases):
        yield f"group {code}: events and notices differ: {sorted(set(cases) ^ set(noticed))}, {hidden} are hidden"
