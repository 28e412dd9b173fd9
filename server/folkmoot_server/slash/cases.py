"""Slash commands about reports and appeals (G12, P15)."""

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import DecideAppeal
from folkmoot_governance.case.decide import reviewers
from folkmoot_governance.case.rules import COPYRIGHT, REASON_NAMES
from folkmoot_governance.case.state import CaseKind, CaseState, Outcome
from folkmoot_governance.dates import is_overdue
from folkmoot_governance.duty import duties
from folkmoot_governance.group.commands import Rectify
from folkmoot_governance.published import REASON
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry, Role

from ..common.i18n import N_, show_instant
from ..storage.api import CaseFilter
from .arguments import names_user, plain, read_number, read_user
from .call import IN_A_GROUP, Call
from .help import check_reading
from .outcome import Answer
from .outcome import Outcome as Told

MAX_LISTED = 50
MAX_SAID = 1000
GROUP_WORDS = ("group", "群")

STATES = {
    None: N_("open, an answer is due by {due}"),
    Outcome.UPHELD: N_("upheld: {answer}"),
    Outcome.DISMISSED: N_("dismissed: {answer}"),
    Outcome.BAD_FAITH: N_("found to be in bad faith: {answer}"),
    Outcome.OVERTURNED: N_("overturned: {answer}"),
    Outcome.CONFIRMED: N_("turned down: {answer}"),
    Outcome.TAKEN: N_("taken as measure {answer}"),
    Outcome.REFUSED: N_("turned down: {answer}"),
    Outcome.APPROVED: N_("approved: {answer}"),
    Outcome.REJECTED: N_("turned down: {answer}"),
    Outcome.LAPSED: N_("lapsed: nobody has confirmed it in time"),
}
"""How a case stands."""


def reported_seq(entry: Entry) -> str:
    """Return what `/report` takes for the entry that it replies to."""
    return str(entry.seq)


def read_reported(word: str) -> str:
    """Read what is reported: `@user`, `group`, or the seq of an entry."""
    if names_user(word):
        return f"@{read_user(word)}"
    return "group" if plain(word).lower() in GROUP_WORDS else str(read_number(word))


async def report(call: Call, what: str, reason: str, text: str | None) -> Told:
    """Report an entry, an account or this group; a case number comes back."""
    room = call.room_or_none
    if room is None and not what.startswith("@"):
        return IN_A_GROUP
    code = room.state.code if room else None
    seq = int(what) if what.isdecimal() else None
    user = what if what.startswith("@") else None
    subject = await call.app.cases.reports.find_subject(call.session, code, seq, user)
    if isinstance(subject, Refusal):
        return subject
    case = await call.app.cases.reports.open(call.account, subject, reason.lower(), text or "")
    if isinstance(case, Refusal):
        return case
    data = case_item(case, call.now)
    text = N_("Reported as case {case}. You will be told of the outcome, which is due by {due}.")
    return Answer(call.say(text, data), data)


def case_item(case: CaseState, now: int) -> dict[str, object]:
    """Return a case as who opened or joined it may see it at `now` (Unix ms): not who decided it (G14)."""
    open_state = "overdue" if is_overdue(case, now) else "open"
    return {
        "case": case.number,
        "kind": case.kind.value,
        "state": case.outcome.value if case.outcome else open_state,
        "group": case.code,
        "seq": case.seq,
        "user": case.user,
        "reason": case.reason,
        "measure": case.measure,
        "opened_ts": case.opened_ts,
        "due": show_instant(case.due_ms),
        "due_ms": case.due_ms,
        "closed_ts": case.closed_ts,
        "answer": case.answer or "–",
    }


async def cases(call: Call) -> Told:
    """List one's own reports and appeals, the latest first, and how they stand."""
    own = await call.app.store.ledger.list_cases(CaseFilter(by=call.account.user, newest=True), limit=MAX_LISTED)
    # Of mediations `/mediate` tells, and to both parties.
    found = [one for one in own if one.kind is not CaseKind.MEDIATION]
    items = [case_item(one, call.now) | as_told_to(call.account.user, one) for one in found]
    lines = []
    for one, item in zip(found, items, strict=True):
        state = OVERDUE if is_overdue(one, call.now) else STATES[Outcome(str(item["state"])) if one.outcome else None]
        line = {**item, "time": show_instant(one.opened_ts), "stands": call.say(state, item)}
        line["reason"] = say_reason(call, str(item["reason"]))
        lines.append(call.say(LINES[one.kind], line))
    return Answer("\n".join(lines) or call.say(N_("You have no cases.")), {"items": items})


def say_reason(call: Call, reason: str) -> str:
    """Return a reason that one can report for as people read it; the operator's own stands by its name."""
    return call.say(REASON_NAMES.get(reason, reason))


OVERDUE = N_("overdue, an answer was due by {due}")


def as_told_to(user: str, case: CaseState) -> dict[str, object]:
    """Return what is different for one of the reporters: their reason, and whether theirs was in bad faith."""
    reporter = case.reporters.get(user)
    if reporter is None:
        return {}
    spared = case.outcome is Outcome.BAD_FAITH and not reporter.bad_faith
    mine: dict[str, object] = {"reason": reporter.reason}
    return mine | ({"state": Outcome.DISMISSED.value} if spared else {})


LINES = {
    CaseKind.REPORT: N_("{case}, report ({reason}), {time}: {stands}"),
    CaseKind.APPEAL: N_("{case}, appeal, {time}: {stands}"),
    CaseKind.APPLICATION: N_("{case}, application ({reason}), {time}: {stands}"),
    CaseKind.MEASURE: N_("{case}, proposed measure ({reason}), {time}: {stands}"),
}


async def appeal(call: Call, case: str, text: str) -> Told:
    """Appeal against a measure that hit oneself; somebody else than who took it decides (P15)."""
    opened = await call.app.cases.appeals.open(call.account, case, text)
    if isinstance(opened, Refusal):
        return opened
    data = case_item(opened, call.now)
    said = N_("Your appeal is case {case}. Somebody other than the one who took the measure will decide, by {due}.")
    return Answer(call.say(said, data), data)


async def counter(call: Call, case: str | None, text: str | None) -> Told:
    """Answer a report of copyright on something of one's own (P10). Alone: show which there are."""
    if case is None:
        return await copyright_reports(call)
    done = await call.app.cases.reports.counter(call.account, case, text or "")
    if isinstance(done, Refusal):
        return done
    data: dict[str, object] = {"case": done.number, "due": show_instant(done.due_ms), "due_ms": done.due_ms}
    return Answer(call.say(N_("Your answer to case {case} was passed on; a decision is due by {due}."), data), data)


async def copyright_reports(call: Call) -> Told:
    """Show the open reports of copyright on what is the reader's own."""
    wanted = CaseFilter(CaseKind.REPORT, is_open=True, user=call.account.user)
    found = [
        one for one in await call.app.store.ledger.list_cases(wanted, limit=MAX_LISTED) if COPYRIGHT in one.reasons
    ]
    items: list[dict[str, object]] = [
        {"case": one.number, "group": one.code, "seq": one.seq, "due_ms": one.due_ms, "answered": one.counter_ts > 0}
        for one in found
    ]
    lines = [
        call.say(N_("{case}, decision due by {due}: /counter {case} …"), case_item(one, call.now)) for one in found
    ]
    text = "\n".join(lines) or call.say(N_("Nothing of yours has been reported for copyright."))
    return Answer(text, {"items": items})


async def appeals_for(call: Call) -> list[CaseState]:
    """Return the open appeals against acts of the group that the reader may decide on."""
    if check_reading("appeals", call):
        return []
    members = call.room.state.members.values()
    leaders = frozenset(one.user for one in members if one.role is not Role.MEMBER)
    wanted = CaseFilter(CaseKind.APPEAL, is_open=True, code=call.room.state.code)
    found = await call.app.store.ledger.list_cases(wanted, limit=MAX_LISTED)
    return [one for one in found if call.account.user in reviewers(one, leaders, call.now)]


async def open_reports(call: Call) -> list[CaseState]:
    """Return the open reports on entries of the group, but those on the reader's own."""
    wanted = CaseFilter(CaseKind.REPORT, is_open=True, code=call.room.state.code)
    found = await call.app.store.ledger.list_cases(wanted, limit=MAX_LISTED)
    return [one for one in found if one.seq and one.user != call.account.user]


async def open_appeals(call: Call) -> list[dict[str, object]]:
    """Return the open appeals for programs, with what the appellants wrote."""
    mine = await appeals_for(call)
    items = []
    for one in mine:
        text = call.app.cases.texts.unseal(one.number, await call.app.store.ledger.case_text(one.number))
        item = case_item(one, call.now) | {"by": one.by, "decider": one.decider, "text": text.text if text else "–"}
        items.append(item)
    return items


async def decide_here(call: Call, number: str, act: str, reason: str | None) -> Told:
    """Decide on an appeal as one of the group's owner and admins: `approve` overturns the measure."""
    if not reason:
        return Refusal(ErrorCode.BAD_SYNTAX, N_("Give a reason: the one who appealed is told."), {"help": "/queue"})
    case = await call.app.store.ledger.load_case(number)
    if case is None or case.code != call.room.state.code or case.kind is not CaseKind.APPEAL:
        return Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/queue"})
    refusal = await call.app.gate.check_said(REASON, reason, call.account, call.room.state)
    if refusal:
        return refusal
    outcome = Outcome.OVERTURNED if act == "approve" else Outcome.CONFIRMED
    decided = await call.app.cases.appeals.decide(case, DecideAppeal(outcome, reason), call.account.actor())
    if isinstance(decided, Refusal):
        return decided
    data = case_item(decided, call.now)
    said = N_("Case {case}: the measure {measure} is void.") if outcome is Outcome.OVERTURNED else STANDS
    return Answer(call.say(said, data), data)


STANDS = N_("Case {case}: the measure {measure} remains in force.")


def read_warning(word: str) -> int:
    """Read the number of a warning to the group: its case number, or what stands after the last hyphen."""
    return read_number(word.rpartition("-")[2])


async def rectify(call: Call, number: int | None, text: str | None) -> Told:
    """Tell the platform that what it warned the group of is mended; without a number, show what that is (G11.1)."""
    if number is not None:
        return Rectify(number, (text or "–")[:MAX_SAID])
    found = [one for one in duties(call.room.state, call.now, call.app.policy) if one.kind == "rectify"]
    if not found:
        return Answer(call.say(N_("The platform is not asking for anything to be put right.")), {"open": False})
    return Answer(call.say(found[0].text, found[0].detail), {"open": True, **found[0].detail})
