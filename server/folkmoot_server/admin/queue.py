"""Administration of posts that rules of the operator's hold (G10): listing, reading, deciding on them."""

from folkmoot_governance import Refusal, case_number
from folkmoot_governance.account_events import HitPassed
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
from ..storage.api import QueuedPost, RetroHit
from ..storage.changes import remove_retro_hits
from .call import Call, Outcome, carries_out
from .common import act_on_room, check_asker, record_reading

LONGEST = 15
NOTHING = Refusal(
    ErrorCode.NO_SUCH_ENTRY, N_("No such post is waiting for the operator's staff."), {"help": "queue list"}
)


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
        **({"seq": one.seq} if one.seq else {}),
    }


@carries_out(rows.LIST_QUEUE)
async def list_queue(call: Call, options: rows.Where) -> Outcome:
    code = parse_group_code(options.group) or options.group
    if options.retro:
        return await list_hits(call, code)
    found: list[QueuedPost] = []
    after = read_place(call.cursor)
    while len(found) <= call.limit:
        page = await call.app.store.ledger.staff_queue(call.app.clock.now_ms(), after, call.limit + 1)
        # What was flagged may be removed by now.
        found += [
            one for one in page if code in ("", one.code) and (not one.seq or await stands(call, one.code, one.seq))
        ]
        if len(page) <= call.limit:
            break
        after = (page[-1].ts, page[-1].code, page[-1].number)
    shown = found[: call.limit]
    cursor = f"{shown[-1].ts}:{shown[-1].code}:{shown[-1].number}" if len(found) > call.limit else None
    return AdminResult(items=tuple(map(queue_item, shown)), cursor=cursor)


async def list_hits(call: Call, code: str) -> AdminResult:
    """List older entries that a rule meets which was set later; not those that were removed meanwhile."""
    after_code, _, seq = call.cursor.partition(":")
    after = (after_code, int(seq)) if seq.isascii() and seq.isdigit() and len(seq) <= LONGEST else ("", 0)
    found: list[RetroHit] = []
    while len(found) <= call.limit:
        page = await call.app.store.ledger.retro_hits(after, call.limit + 1)
        found += [one for one in page if code in ("", one.code) and await stands(call, one.code, one.seq)]
        if len(page) <= call.limit:
            break
        after = (page[-1].code, page[-1].seq)
    shown = found[: call.limit]
    cursor = f"{shown[-1].code}:{shown[-1].seq}" if len(found) > call.limit else None
    return AdminResult(items=tuple(map(hit_item, shown)), cursor=cursor)


async def stands(call: Call, code: str, seq: int) -> bool:
    """Say whether an entry is there, and was not removed."""
    entry = await call.app.store.journal.entry(code, seq)
    return entry is not None and not entry.redacted


def hit_item(hit: RetroHit) -> dict[str, object]:
    """Return an older entry that a rule meets, without what it says."""
    return {
        "case": f"{hit.code}:{hit.seq}",
        "group": hit.code,
        "user": hit.user,
        "rule": hit.rule,
        "severity": hit.severity,
        "posted_ts": hit.ts,
    }


async def find_hit(call: Call) -> RetroHit | None:
    """Return the older entry that a call is about, if it is about one."""
    code_text, _, digits = call.target.rpartition(":")
    code = parse_group_code(code_text)
    if code is None or not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST):
        return None
    found = await call.app.store.ledger.retro_hits((code, int(digits) - 1), 1)
    return found[0] if found and (found[0].code, found[0].seq) == (code, int(digits)) else None


async def show_hit(call: Call, hit: RetroHit, case: str) -> Outcome:
    """Show what an older entry says, for a case."""
    if not case:
        text = N_("Say for which case this is read: {field}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "case"})
    refusal = await record_reading(call, ReadTexts(case, "retro", hit.code))
    if refusal:
        return refusal
    found = (await call.app.store.journal.versions(hit.code, [hit.seq])).get(hit.seq)
    return AdminResult(items=(hit_item(hit) | {"versions": found.texts() if found is not None else []},))


async def pass_hit(call: Call, hit: RetroHit) -> Outcome:
    """Let an older entry stand: it is listed no more, which is on record."""
    now, service = call.app.clock.now_ms(), call.app.account_service
    passed = HitPassed(at=now, by=call.account.user, code=hit.code, seq=hit.seq, rule=hit.rule)
    act = service.record(call.account, [passed], [remove_retro_hits(code=hit.code, seq=hit.seq)])
    refusal = None if call.dry_run else await service.wait_stored(act)
    return refusal or AdminResult(items=(hit_item(hit) | {"state": "stands"},), changed=1)


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
async def show_held(call: Call, options: rows.ForCase) -> Outcome:
    """Show what a post says that waits; the ledger has that it was read, and by whom."""
    # Whether there is such a post learns only who may read it.
    refusal = check_asker(call, rows.SHOW_HELD.permission)
    if refusal:
        return refusal
    hit = await find_hit(call)
    if hit is not None:
        return await show_hit(call, hit, options.case.strip())
    found = await find_held(call)
    if isinstance(found, Refusal):
        return found
    room, review = found
    code, case = room.state.code, case_number(room.state.code, review.number)
    refusal = await record_reading(call, ReadTexts(case, "held", code))
    if refusal:
        return refusal
    waiting = QueuedPost(
        code,
        review.number,
        review.user,
        review.rule,
        review.severity.value,
        review.ts,
        review.until_ms,
        review.own_rule,
        review.seq,
    )
    if review.seq:
        entry = (await call.app.store.journal.versions(code, [review.seq])).get(review.seq)
        return AdminResult(items=(queue_item(waiting) | {"versions": entry.texts() if entry is not None else []},))
    text = await call.app.posts.held.text(code, review.number)
    said = {"kind": text.kind.value, "body": text.body, "target": text.target} if text is not None else {"body": None}
    return AdminResult(items=(queue_item(waiting) | said,))


@carries_out(rows.APPROVE_HELD)
async def approve_held(call: Call, options: NoOptions) -> Outcome:
    """Let a post pass; it is posted in its author's name, unless its group's own word holds it as well."""
    refusal = check_asker(call, rows.APPROVE_HELD.permission)
    if refusal:
        return refusal
    hit = await find_hit(call)
    if hit is not None:
        return await pass_hit(call, hit)
    found = await find_held(call)
    if isinstance(found, Refusal):
        return found
    room, review = found
    posting = None if review.own_rule or review.seq else await call.app.posts.held.release(review, room.state)
    if isinstance(posting, Refusal):
        return posting
    done = await act_on_room(call, room, ReleaseHeld(review.number), extra_rows=posting)
    became = "to_admins" if review.own_rule else "stands" if review.seq else "posted"
    return done if isinstance(done, Refusal) else told(room, review, done, became)


@carries_out(rows.DENY_HELD)
async def deny_held(call: Call, options: NoOptions) -> Outcome:
    refusal = check_asker(call, rows.DENY_HELD.permission)
    if refusal:
        return refusal
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
