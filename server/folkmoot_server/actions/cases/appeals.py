"""Appeals (P15): finding the measure that somebody appeals against, and lifting one that was overturned."""

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from folkmoot_governance import SERVICE as NOBODY
from folkmoot_governance import Refusal, account_case
from folkmoot_governance.account import AccountEvent, AccountSuspended, CreditChanged
from folkmoot_governance.account_commands import AccountCommand, OverturnSuspension, RestoreCredit
from folkmoot_governance.case.commands import Measured, OpenAppeal
from folkmoot_governance.case.decide import appeal_number
from folkmoot_governance.case.measures import account_measure_of, measure_of
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.group.commands import Overturn
from folkmoot_governance.group.events import Event, GroupSuspended, MeasureOverturned
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code

from ...common.i18n import N_
from ...live.accounts import Account
from ...sealed.case_texts import CaseText
from ...storage.api import ActFilter
from ...storage.change_set import account_stream, group_stream
from ..acting import SERVICE
from ..stored import settled, stored

if TYPE_CHECKING:
    from ...node import Node

MAX_CHANGES = 50


MAX_CHARS = 4000
NO_SUCH_MEASURE = Refusal(
    ErrorCode.NO_SUCH_ENTRY, N_("There is no measure with the case number {case}."), {"help": "/sanctions"}
)


class Place(Struct, frozen=True):
    """Where an act stands: in the stream of the account `user` or of the group `code`, at a version."""

    user: str
    code: str
    version: int


def place_of(case: str) -> Place | None:
    """Return where the act of a case number stands: `482190673350-17`, with or without hyphens, or `@mia-3`."""
    name, _, digits = case.rpartition("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15) or digits == "0":
        return None
    if name.startswith("@"):
        return Place(name[1:].lower(), "", int(digits))
    code = parse_group_code(name)
    return Place("", code, int(digits)) if code else None


async def event_at(node: "Node", place: Place) -> object:
    """Return the event that stands there, None if there is none."""
    stream = account_stream(place.user) if place.user else group_stream(place.code)
    found = await node.store.ledger.events(stream, place.version - 1, 1)
    return found[0].event if found else None


async def find_measure(node: "Node", case: str, user: str) -> Measured | None:
    """Return the measure of a case number; of what hit many, that against `user`. None where there is none."""
    if case.startswith("r-"):
        return await find_penalty(node, case, user)
    place = place_of(case)
    event = await event_at(node, place) if place else None
    if place is None or event is None:
        return None
    if isinstance(event, Event):
        room = await node.rooms.load(place.code)
        assert room is not None, "what has a stream is a group"
        return measure_of(event, f"{place.code}-{place.version}", place.code, room.state.owner, user)
    assert isinstance(event, AccountEvent)
    decider = ""
    if isinstance(event, CreditChanged) and event.case:
        report = await node.store.ledger.load_case(event.case)
        decider = report.closed_by if report else ""
    return account_measure_of(event, account_case(place.user, place.version), place.user, decider)


async def find_penalty(node: "Node", report: str, user: str) -> Measured | None:
    """Return what an upheld report took of the credit of `user`."""
    wanted = ActFilter(kinds=("credit_changed",))
    for one in await node.store.ledger.acts(account_stream(user), wanted, MAX_CHANGES):
        if isinstance(one.event, CreditChanged) and one.event.case == report and one.event.cause == "penalty":
            return await find_measure(node, account_case(user, one.version), user)
    return None


async def find_suspension(node: "Node", account: Account) -> str:
    """Return the case number of the latest suspension of an account, empty where it never was."""
    wanted = ActFilter(kinds=("account_suspended",))
    found = await node.store.ledger.acts(account_stream(account.user), wanted, 1)
    return account_case(account.user, found[0].version) if found else ""


async def open_appeal(node: "Node", account: Account, case: str, text: str) -> CaseState | Refusal:
    """Open an appeal against the measure of a case number."""
    if len(text) > MAX_CHARS:
        said = N_("An appeal has at most {limit} characters; this one has {length}.")
        return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
    measure = await find_measure(node, case.lower(), account.user)
    place = place_of(measure.case) if measure else None
    if measure is None or place is None:
        return Refusal(NO_SUCH_MEASURE.code, NO_SUCH_MEASURE.text, {**NO_SUCH_MEASURE.detail, "case": case[:64]})
    number = appeal_number(measure)
    before = await node.store.ledger.load_case(number)
    subject = {"measure": msgspec.to_builtins(await event_at(node, place))}
    rows = node.evidence.rows(number, CaseText(text, subject), node.clock.now_ms())
    act = node.case_service.act(before, OpenAppeal(measure), account.actor(), rows)
    if isinstance(act, Refusal):
        return act
    return await stored(node, act) or act.state


async def overturn(node: "Node", appeal: CaseState) -> Refusal | None:
    """Lift a measure whose appeal succeeded; return why that must be tried again. Doing it twice changes nothing."""
    place = place_of(appeal.measure)
    event = await event_at(node, place) if place else None
    assert place is not None and event is not None, "an appeal is against an act that is there"
    if isinstance(event, Event):
        return await overturn_in_group(node, appeal, place, event)
    command: AccountCommand
    if isinstance(event, AccountSuspended):
        command = OverturnSuspension(event.until_ms, appeal.answer)
    else:
        assert isinstance(event, CreditChanged)
        command = RestoreCredit(event.case or appeal.measure, appeal.answer)
    account = await node.accounts.load(place.user)
    if account is None:
        return None
    return await stored(node, node.group_service.act_on_account(account.state, command, NOBODY))


async def overturn_in_group(node: "Node", appeal: CaseState, place: Place, event: Event) -> Refusal | None:
    """Have the group take an act back, unless it has done so."""
    wanted = ActFilter(user=appeal.by, kinds=(str(MeasureOverturned.__struct_config__.tag),))
    for one in await node.store.ledger.acts(group_stream(place.code), wanted, MAX_CHANGES):
        if isinstance(one.event, MeasureOverturned) and one.event.number == place.version:
            return None
    room = await node.rooms.load(place.code)
    assert room is not None, "what has a stream is a group"
    until = event.until_ms if isinstance(event, GroupSuspended) else 0
    command = Overturn(appeal.by, place.version, appeal.reason, until, appeal.answer)
    act = node.group_service.act(room, command, SERVICE)
    return act if isinstance(act, Refusal) else await settled(node, act)
