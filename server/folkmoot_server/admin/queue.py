"""Administration of posts that rules of the operator's hold (G10): listing, reading, deciding on them."""

from folkmoot_governance import Refusal, case_number
from folkmoot_governance.group.commands import RejectHeld, ReleaseHeld
from folkmoot_governance.group.state import Review
from folkmoot_governance.reading import ReadTexts
from folkmoot_protocol.admin import queue as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import AdminResult

from ..actions.cases.measures import place_of
from ..common.i18n import N_
from ..live.rooms import Room
from ..storage.api import QueuedPost
from .call import Call, Outcome, carries_out
from .common import act_on_room, record_reading

NOTHING = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("No such post waits for the operator's staff."), {"help": "queue list"})


def queue_item(one: QueuedPost) -> dict[str, object]:
    """Return a post that waits, without what it says."""
    return {
        "case": case_number(one.code, one.number),
        "group": one.code,
        "user": one.user,
        "rule": one.rule,
        "severity": one.severity,
        "own_rule": one.own_rule,
        "held_ts": one.ts,
        "until_ts": one.until_ms,
    }


@carries_out(rows.LIST_QUEUE)
async def list_queue(call: Call, options: rows.Where) -> Outcome:
    code = parse_group_code(options.group) or options.group
    found: list[QueuedPost] = []
    after = read_place(call.cursor)
    while len(found) <= call.limit:
        page = await call.app.store.ledger.staff_queue(call.app.clock.now_ms(), after, call.limit + 1)
        found += [one for one in page if code in ("", one.code)]
        if len(page) <= call.limit:
            break
        after = (page[-1].ts, page[-1].code, page[-1].number)
    shown = found[: call.limit]
    cursor = f"{shown[-1].ts}:{shown[-1].code}:{shown[-1].number}" if len(found) > call.limit else None
    return AdminResult(items=tuple(map(queue_item, shown)), cursor=cursor)


def read_place(cursor: str) -> tuple[int, str, int]:
    """Return the place in the queue that a cursor names: the beginning where it names none."""
    ts, _, rest = cursor.partition(":")
    code, _, number = rest.partition(":")
    if not all(one.isascii() and one.isdigit() and len(one) <= 15 for one in (ts, code, number)):
        return (0, "", 0)
    return int(ts), code, int(number)


async def find_held(call: Call) -> tuple[Room, Review] | Refusal:
    """Return what waits for staff under a case number."""
    place = place_of(call.target)
    if place is None or not place.code:
        return NOTHING
    room = await call.app.membership.find_room(place.code)
    if isinstance(room, Refusal):
        return NOTHING
    review = room.state.reviews.get(place.version)
    is_open = review is not None and review.staff and review.until_ms > call.app.clock.now_ms()
    return (room, review) if review is not None and is_open else NOTHING


@carries_out(rows.SHOW_HELD)
async def show_held(call: Call, options: NoOptions) -> Outcome:
    """Show what a post says that waits; the ledger has that it was read, and by whom."""
    found = await find_held(call)
    if isinstance(found, Refusal):
        return found
    room, review = found
    code, case = room.state.code, case_number(room.state.code, review.number)
    refusal = await record_reading(call, ReadTexts(case, "held", code))
    if refusal:
        return refusal
    text = await call.app.posts.held.text(code, review.number)
    waiting = QueuedPost(
        code,
        review.number,
        review.user,
        review.rule,
        review.severity.value,
        review.ts,
        review.until_ms,
        review.own_rule,
    )
    said = {"kind": text.kind.value, "body": text.body, "target": text.target} if text is not None else {"body": None}
    return AdminResult(items=(queue_item(waiting) | said,))


@carries_out(rows.APPROVE_HELD)
async def approve_held(call: Call, options: NoOptions) -> Outcome:
    """Let a post pass; it is posted in its author's name, unless its group's own word holds it as well."""
    found = await find_held(call)
    if isinstance(found, Refusal):
        return found
    room, review = found
    posting = (
        None if review.own_rule else await call.app.posts.held.release(review, room.state.code, room.state.category)
    )
    if isinstance(posting, Refusal):
        return posting
    done = await act_on_room(call, room, ReleaseHeld(review.number), extra_rows=posting)
    return done if isinstance(done, Refusal) else told(room, review, done, "to_admins" if review.own_rule else "posted")


@carries_out(rows.DENY_HELD)
async def deny_held(call: Call, options: NoOptions) -> Outcome:
    found = await find_held(call)
    if isinstance(found, Refusal):
        return found
    room, review = found
    done = await act_on_room(call, room, RejectHeld(review.number, call.reason))
    return done if isinstance(done, Refusal) else told(room, review, done, "denied")


def told(room: Room, review: Review, changed: int, state: str) -> AdminResult:
    """Return what became of a post."""
    item: dict[str, object] = {"case": case_number(room.state.code, review.number), "user": review.user, "state": state}
    return AdminResult(items=(item,), changed=changed)
