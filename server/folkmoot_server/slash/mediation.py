"""The slash command of mediation (P14): `/mediate`."""

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import AcceptProposal, CaseCommand, EndMediation, Propose, SayInMediation
from folkmoot_governance.case.state import CaseState
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_, show_instant
from .arguments import names_user, plain, read_user, split_word
from .call import Call
from .outcome import Answer, Outcome

ACTS: dict[str, type[CaseCommand]] = {
    "say": SayInMediation,
    "propose": Propose,
    "accept": AcceptProposal,
    "end": EndMediation,
}
HOW = N_("In mediation {case}: say <text…>, propose <text…>, accept, end [reason…], mediator @user.")
STANDS = {
    "open": N_("{case}: @{by} and @{user}, mediator {mediator}, since {time}"),
    "agreed": N_("{case}: @{by} and @{user} agreed, {time}"),
    "ended": N_("{case}: @{by} and @{user}, ended, {time}"),
}
LINES = {
    "say": N_("{time} @{by}: {text}"),
    "propose": N_("{time} @{by} proposes: {text}"),
    "accept": N_("{time} @{by} accepts the proposal"),
    "end": N_("{time} @{by} ends it: {text}"),
}


def mediation_item(case: CaseState) -> dict[str, object]:
    """Return a mediation for programs, without what is said in it."""
    return {
        "case": case.number,
        "state": case.outcome.value if case.outcome else "open",
        "by": case.by,
        "user": case.user,
        "group": case.code,
        "mediator": case.mediator,
        "named": case.named,
        "proposal": case.proposal,
        "accepted": case.accepted,
        "opened_ts": case.opened_ts,
        "closed_ts": case.closed_ts,
    }


async def mediate(call: Call, whom: str | None, words: str | None) -> Outcome:
    """Ask somebody for a mediation, carry one on, show one; alone: list one's own."""
    if whom is None:
        return await list_own(call)
    if names_user(whom):
        other = read_user(whom)
        opened = await call.app.cases.mediations.open(call.account, other, call.room_or_none, words or "")
        said = N_(
            "Mediation {case} is open, and @{user} has been told. Only the two of you and a "
            "mediator can read what is said in it."
        )
        if isinstance(opened, Refusal):
            return opened
        data = mediation_item(opened)
        return Answer(call.say(said, data), data)
    number = plain(whom).lower()
    if not words:
        return await show(call, number)
    act, text = split_word(words)
    act = plain(act).lower()
    if act == "mediator":
        if not names_user(text):
            return Refusal(ErrorCode.BAD_SYNTAX, HOW, {"case": number})
        return told(call, await call.app.cases.mediations.name_mediator(call.account, number, read_user(text)))
    if act not in ACTS:
        return Refusal(ErrorCode.BAD_SYNTAX, HOW, {"case": number})
    command = EndMediation(text) if act == "end" else ACTS[act]()
    return told(call, await call.app.cases.mediations.go_on(call.account, number, command, act, text))


def told(call: Call, outcome: CaseState | Refusal) -> Outcome:
    """Say how a mediation stands after an act."""
    if isinstance(outcome, Refusal):
        return outcome
    return Answer(line_of(call, outcome), mediation_item(outcome))


def line_of(call: Call, case: CaseState) -> str:
    shown = mediation_item(case)
    shown |= {"time": show_instant(case.closed_ts or case.opened_ts)}
    shown |= {"mediator": f"@{case.mediator}" if case.mediator else "–"}
    return call.say(STANDS[str(shown["state"])], shown)


async def list_own(call: Call) -> Outcome:
    """List the mediations that the reader is inside of."""
    found = await call.app.cases.mediations.of(call.account.user)
    lines = [line_of(call, one) for one in found]
    data: dict[str, object] = {"items": [mediation_item(one) for one in found]}
    return Answer("\n".join(lines) or call.say(N_("You are not in any mediation.")), data)


async def show(call: Call, number: str) -> Outcome:
    """Show a mediation with what was said in it, to those alone who are inside."""
    heard = await call.app.cases.mediations.hear(call.account.user, number)
    if isinstance(heard, Refusal):
        return heard
    lines = [line_of(call, heard.case)]
    for one in heard.said:
        lines.append(call.say(LINES[one["act"]], {**one, "time": show_instant(one["ts"])}))
    if heard.case.is_open:
        lines.append(call.say(HOW, {"case": number}))
    return Answer("\n".join(lines), mediation_item(heard.case) | {"said": list(heard.said)})
