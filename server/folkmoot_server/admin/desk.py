"""Administration at a desk: all queues of the operator's staff as one list, and what waits in words.

A row has the ways in which the asker may decide on it, so that a desk needs no table of its own. Each way is another
verb, which asks again who may.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.case.checks import NO_SUCH_CASE
from folkmoot_governance.case.state import CaseKind
from folkmoot_governance.permissions import may_on_platform
from folkmoot_protocol.admin import accounts as identities
from folkmoot_protocol.admin import cases, channels, mediations, queue, sanctions
from folkmoot_protocol.admin import desk as rows
from folkmoot_protocol.admin.row import NoOptions, Options, Verb
from folkmoot_protocol.results import AdminResult

from ..actions.accounts.closed import hide_closed
from ..actions.cases.measures import APPLICATION_PREFIX, REPORT_PREFIX, place_of
from ..common.i18n import N_
from .accounts import list_asking
from .call import FUNCTIONS, Call, Outcome, carries_out
from .cases import list_cases
from .channels import list_applications
from .common import check_asker, find_account
from .desk_words import say_item, say_why
from .mediations import list_mediations
from .queue import list_queue
from .sanctions import PROPOSAL, list_proposals

NO_OPTIONS: Mapping[str, object] = MappingProxyType({})
APPEAL_PREFIX = "a-"
MEDIATION_PREFIX = "m-"


class Way(Struct, frozen=True):
    """A way to decide: what it is called, its key, and the verb with its options. `act`: what it takes besides what
    the verb does; `of_entry`: only where an entry was reported; `takes`: what a text is given as."""

    title: str
    key: str
    verb: Verb[Any]
    options: Mapping[str, object] = NO_OPTIONS
    act: str = ""
    of_entry: bool = False
    takes: str = ""


class Queue(Struct, frozen=True):
    """What waits of one kind: how it is called and listed, how one is shown, taken on and decided. Of a kind without
    `show` no more is shown than the list has."""

    what: str
    list: Callable[[Call], Awaitable[Outcome]]
    show: Verb[Any] | None
    claim: Verb[Any] | None
    ways: tuple[Way, ...]


def _of_cases(kind: CaseKind) -> Callable[[Call], Awaitable[Outcome]]:
    return lambda call: list_cases(call, cases.Which(), kind)


async def _list_without_mediator(call: Call) -> Outcome:
    """List the mediations that nobody has taken on; what is said in them is of the parties alone."""
    listed = await list_mediations(call, cases.Which())
    if isinstance(listed, Refusal):
        return listed
    return AdminResult(items=tuple(item for item in listed.items if not item["mediator"]))


QUEUES: tuple[Queue, ...] = (
    Queue(
        N_("Report"),
        _of_cases(CaseKind.REPORT),
        cases.SHOW_REPORT,
        cases.CLAIM_REPORT,
        (
            Way(N_("Uphold"), "a", cases.CLOSE_REPORT, {"outcome": "upheld"}),
            Way(N_("Dismiss"), "d", cases.CLOSE_REPORT, {"outcome": "dismissed"}),
            Way(N_("Made in bad faith"), "", cases.CLOSE_REPORT, {"outcome": "bad_faith"}),
            Way(
                N_("Uphold, remove the entry"),
                "",
                cases.CLOSE_REPORT,
                {"outcome": "upheld", "remove": True},
                "remove_entry",
                of_entry=True,
            ),
            Way(
                N_("Uphold, suspend for 7 days"),
                "",
                cases.CLOSE_REPORT,
                {"outcome": "upheld", "suspend": "7d"},
                "suspend_account",
            ),
        ),
    ),
    Queue(
        N_("Held post"),
        lambda call: list_queue(call, queue.Where()),
        queue.SHOW_HELD,
        None,
        (Way(N_("Approve"), "a", queue.APPROVE_HELD), Way(N_("Turn down"), "d", queue.DENY_HELD)),
    ),
    Queue(
        N_("Appeal"),
        _of_cases(CaseKind.APPEAL),
        cases.SHOW_APPEAL,
        cases.CLAIM_APPEAL,
        (
            Way(N_("Overturn the measure"), "a", cases.APPROVE_APPEAL),
            Way(N_("Let the measure stand"), "d", cases.REJECT_APPEAL),
        ),
    ),
    Queue(
        N_("Identity"),
        lambda call: list_asking(call, NoOptions()),
        identities.SHOW_IDENTITY,
        None,
        (
            Way(N_("Approve"), "a", identities.APPROVE_IDENTITY),
            Way(N_("Turn down"), "d", identities.REJECT_IDENTITY),
            Way(N_("Read the number (say for which case)"), "", rows.SHOW_DESK, act="read_identity", takes="case"),
        ),
    ),
    Queue(
        N_("Application"),
        lambda call: list_applications(call, cases.Which()),
        channels.SHOW_APPLICATION,
        channels.CLAIM_APPLICATION,
        (
            Way(N_("Approve"), "a", channels.APPROVE_APPLICATION),
            Way(N_("Turn down"), "d", channels.REJECT_APPLICATION),
        ),
    ),
    Queue(
        N_("Proposed measure"),
        lambda call: list_proposals(call, NoOptions()),
        sanctions.SHOW_SANCTION,
        None,
        (
            Way(N_("Take the measure"), "a", sanctions.CONFIRM_MEASURE),
            Way(N_("Turn down"), "d", sanctions.REJECT_RECTIFICATION),
        ),
    ),
    Queue(
        N_("Mediation"),
        _list_without_mediator,
        None,
        None,
        (Way(N_("Take it on as its mediator"), "a", mediations.TAKE_MEDIATION),),
    ),
)
REPORTS, HELD, APPEALS, IDENTITIES, APPLICATIONS, PROPOSALS, MEDIATIONS = QUEUES


@carries_out(rows.LIST_DESK)
async def list_desk(call: Call, options: NoOptions) -> Outcome:
    """List what waits in all queues, so many of each; how to decide is there for what the asker's role covers."""
    found: list[dict[str, object]] = []
    for kind in QUEUES:
        listed = await kind.list(call)
        if isinstance(listed, Refusal):
            return listed
        found += [row_of(kind, item, call) for item in listed.items]
    return AdminResult(items=tuple(sorted(found, key=lambda row: (row["state"] != "overdue", row["due_ts"]))))


def row_of(kind: Queue, item: dict[str, Any], call: Call) -> dict[str, object]:
    """Return a row: what waits, why, since when and until when, and what the asker may do about it."""
    due = item.get("due_ts") or item.get("until_ts") or item["since_ts"]
    is_late = item.get("state") == "overdue" or item.get("until_ts", due) < call.app.clock.now_ms()
    may_claim = kind.claim is not None and may_on_platform(call.account.role, kind.claim.permission)
    return {
        "what": call.say(kind.what),
        "case": item.get("case") or item["user"],
        "why": say_why(item, call.say),
        "user": item.get("user", ""),
        "claimed_by": item.get("claimed_by", ""),
        "state": "overdue" if is_late and kind is not IDENTITIES else "open",
        "due_ts": due,
        "claim": kind.claim.noun.name if kind.claim is not None and may_claim else "",
        "ways": [way_item(way, call) for way in kind.ways if may(call, way, item)],
    }


def may(call: Call, way: Way, item: Mapping[str, object]) -> bool:
    """Say whether the asker's role covers a way to decide on an item."""
    acts = (way.verb.permission, way.act or way.verb.permission)
    return all(may_on_platform(call.account.role, act) for act in acts) and (not way.of_entry or bool(item.get("seq")))


def way_item(way: Way, call: Call) -> dict[str, object]:
    """Return a way to decide for programs: `takes` is what a text is given as, empty where there is none."""
    takes = way.takes or ("reason" if way.verb.reason else "")
    shared = {"title": call.say(way.title), "key": way.key, "noun": way.verb.noun.name, "verb": way.verb.name}
    return {**shared, "options": dict(way.options), "takes": takes}


@carries_out(rows.SHOW_DESK)
async def show_desk(call: Call, options: rows.LookedAtFor) -> Outcome:
    """Show what waits as its own verb does, and in words. Of an identity the numbers only for a case."""
    kind = queue_of(call.target)
    if kind is IDENTITIES and not options.case:
        return await show_asking(call)
    given: Options = NoOptions()
    if kind.show is None:
        listed = await kind.list(call)
        if isinstance(listed, Refusal):
            return listed
        found = tuple(item for item in listed.items if item["case"] == call.target.lower())
        return in_words(call, found) if found else NO_SUCH_CASE
    if kind is HELD:
        given = queue.ForCase()
    elif kind is IDENTITIES:
        given = identities.Purpose(case=options.case)
    refusal = check_asker(call, kind.show.permission)
    if refusal:
        return refusal
    shown = await FUNCTIONS[kind.show](call, given)
    if isinstance(shown, Refusal):
        return shown
    items = shown.items if kind is IDENTITIES else await hide_closed(call.app.store.ledger, shown.items)
    return in_words(call, tuple(items))


def queue_of(target: str) -> Queue:
    """Return the queue in which something waits under such a number, or a user name."""
    by_prefix = {
        REPORT_PREFIX: REPORTS,
        APPEAL_PREFIX: APPEALS,
        APPLICATION_PREFIX: APPLICATIONS,
        PROPOSAL: PROPOSALS,
        MEDIATION_PREFIX: MEDIATIONS,
    }
    place = place_of(target)
    held = HELD if place is not None and place.code else IDENTITIES
    return by_prefix.get(target[:2].lower(), held)


async def show_asking(call: Call) -> Outcome:
    """Show for which identity an account asks, without the numbers."""
    account = await find_account(call)
    refusal = check_asker(call, identities.LIST_ASKING.permission)
    if refusal:
        return refusal
    if isinstance(account, Refusal):
        return account
    return in_words(call, ({"user": account.user, "asked": account.state.asked.value},))


def in_words(call: Call, items: tuple[dict[str, Any], ...]) -> AdminResult:
    """Return items with what they say in words."""
    return AdminResult(items=items, text="\n\n".join(say_item(item, call.say) for item in items))
