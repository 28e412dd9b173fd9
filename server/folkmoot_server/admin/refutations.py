"""Administration of what stands beside posts that are not so (W11)."""

from folkmoot_governance import Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.restrictions import Basis
from folkmoot_protocol.admin import refutations as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from ..actions.channels.reading import refuted_in
from ..live.rooms import Room
from ..storage.channels import NEWEST, Place
from .call import Call, Outcome, carries_out
from .common import act_on_room, find_report
from .entries import entries_at

MOST_TOLD = 1000
"""Authors of reposts that are told by themselves; whoever reads theirs sees it as well."""
PAGE = 200


@carries_out(rows.LIST_REFUTATIONS)
async def list_refutations(call: Call, options: NoOptions) -> Outcome:
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    found = room.state.refutations.values()
    items = [{"seq": one.seq, "user": one.user, "text": one.text, "case": one.case, "at_ts": one.ts} for one in found]
    return AdminResult(items=tuple(items))


@carries_out(rows.REFUTE)
async def refute(call: Call, options: rows.NewRefutation) -> Outcome:
    """Put a text beside a post; who has repeated it until now is told by name."""
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    entries, code, seq = await entries_at(call, room, [options.seq]), room.state.code, options.seq
    if isinstance(entries, Refusal):
        return entries
    report = await find_report(call, options.report, lambda one: (one.code, one.seq) == (code, seq))
    if isinstance(report, Refusal):
        return report
    (entry,) = entries
    posts, users = await repeated(call, room, seq)
    basis = Basis(report=report.number if report else "")
    what = options.text, call.reason, options.rule, entry.kind, entry.redacted, users
    command = c.Refute(entry.seq, entry.user, *what, basis=basis)
    done = await act_on_room(call, room, command, report)
    return done if isinstance(done, Refusal) else tell(call, code, seq, posts, done)


@carries_out(rows.WITHDRAW_REFUTATION)
async def withdraw(call: Call, options: rows.OldRefutation) -> Outcome:
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    posts, _users = await repeated(call, room, options.seq)
    done = await act_on_room(call, room, c.WithdrawRefutation(options.seq, call.reason))
    return done if isinstance(done, Refusal) else tell(call, room.state.code, options.seq, posts, done)


async def repeated(call: Call, room: Room, seq: int) -> tuple[list[tuple[str, int]], tuple[str, ...]]:
    """Return what repeats a post, the newest first, and who wrote that."""
    posts: list[tuple[str, int]] = []
    users: dict[str, None] = {}
    before: Place | None = NEWEST
    while before is not None and len(posts) < MOST_TOLD:
        page = await call.app.store.channels.reposts(room.state.code, seq, before, PAGE, call.app.clock.now_ms())
        posts += [(str(place.grp), place.seq) for place, _entry in page.posts]
        users |= dict.fromkeys(entry.from_.user for _place, entry in page.posts)
        before = page.end
    return posts, tuple(sorted(users))


def tell(call: Call, code: str, seq: int, posts: list[tuple[str, int]], changed: int) -> AdminResult:
    """Let who reads home live hear of it, and answer."""
    room = call.app.rooms.find(code)
    refutation = refuted_in(room.state, seq) if room is not None else None
    call.app.channels.reading.tell_refuted([(code, seq), *posts], refutation)
    return AdminResult(items=({"group": code, "seq": seq, "reposts": len(posts)},), changed=changed)
