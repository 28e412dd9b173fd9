"""Slash commands about who comes in."""

from folkmoot_governance import JoinRequest, Refusal
from folkmoot_governance.duration import read_duration
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.admission import code_id
from folkmoot_governance.text import NN_
from folkmoot_governance.typed import OFF
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_topic

from ..common.codes import random_letters
from ..common.i18n import N_, show_instant
from .arguments import Term, names_user, plain, read_length, read_user, split_word, take_term
from .call import Call
from .help import check_reading
from .outcome import Answer, Noted, Outcome

MAX_LISTED = 200
CODE_LENGTH = 12
INVITED_BY = N_("@{user} {until}, by @{by}")
INVITED_BACK = N_("@{user} {until}, after an appeal")
INVITE_USAGE = N_("To invite one account, write only: /invite @user. For a code: /invite code 2d 10")


async def antiraid(call: Call, switch: str | None, term: Term | None) -> Outcome:
    """Hold off a raid, or end that; alone: say whether one is being held off."""
    if switch == "on":
        return c.SetAntiraid(term.span, term.replaces) if term else c.SetAntiraid()
    if switch == "off":
        return c.EndAntiraid()
    state = call.room.state
    until = state.antiraid_until_ms if state.holds_off_raid(call.now) else 0
    text = N_("The raid guard is on {until}.") if until else N_("The raid guard is off.")
    return Answer(call.say(text, {"until_ms": until}), {"until_ms": until})


async def invite(call: Call, who: str, more: str | None) -> Outcome:
    """Let somebody in past the join mode: one account, or whoever has a code; so many a day as one's credit allows."""
    wait = call.account.invites.take(call.app.clock.ticks())
    if wait:
        quota = NN_(
            "Your credit allows {limit} invitation a day: wait {wait}.",
            "Your credit allows {limit} invitations a day: wait {wait}.",
            "limit",
        )
        return call.account.too_many("invites_per_day", quota, wait)
    if plain(who).lower() != "code":
        return Refusal(ErrorCode.BAD_SYNTAX, INVITE_USAGE) if more else c.Invite(read_user(who))
    terms = read_terms(more or "")
    if isinstance(terms, Refusal):
        return terms
    duration, uses = terms
    secret = random_letters(CODE_LENGTH)
    line: dict[str, object] = {"line": f"/join {call.room.state.code} {secret}", "invite_code": secret}
    text = call.say(N_("The code is shown only once. It is used like this: {line}"), line)
    return Noted(c.MakeInviteCode(code_id(secret), duration, uses), text, line)


def read_terms(text: str) -> tuple[int | None, int] | Refusal:
    """Read how long an invite code holds (ms, None: as long as usual) and how often, either of them at most once."""
    duration, uses = None, None
    while text:
        word, after = split_word(text)
        number = plain(word)
        is_number = number.isascii() and number.isdigit() and len(number) <= 6
        if uses is None and is_number and read_duration(text).span is None:
            uses, text = int(number), after
            continue
        if duration is not None:
            return Refusal(ErrorCode.BAD_SYNTAX, INVITE_USAGE)
        words, text = take_term(text)
        duration = read_length(words or word)
    return duration, 1 if uses is None else uses


async def uninvite(call: Call, who: str) -> Outcome:
    """Take back an invitation, or make an invite code void."""
    if names_user(who):
        return c.RevokeInvitation(read_user(who))
    number = plain(who).lower()
    if number in call.room.state.invitations and number not in call.room.state.invite_codes:
        text = N_("There is no open invite code with the number {code_id}; an account is written with @: {help}")
        return Refusal(ErrorCode.CONFLICT, text, {"code_id": number, "help": f"/uninvite @{number}"})
    return c.RevokeInviteCode(number)


async def invites(call: Call) -> Outcome:
    """List the open invitations and invite codes, and who gave them."""
    state, now = call.room.state, call.now
    people: list[dict[str, object]] = [
        {"user": one.user, "until_ms": one.until_ms, "by": one.by}
        for one in state.invitations.values()
        if one.until_ms > now
    ]
    codes: list[dict[str, object]] = [
        {"code_id": one.code_id, "until_ms": one.until_ms, "uses": one.uses, "by": one.by}
        for one in state.invite_codes.values()
        if one.until_ms > now
    ]
    lines = [call.say(INVITED_BY if one["by"] else INVITED_BACK, one) for one in people[:MAX_LISTED]]
    lines += [call.say(N_("code {code_id} {until}, by @{by}, uses left: {uses}"), one) for one in codes[:MAX_LISTED]]
    data: dict[str, object] = {"invitations": people[:MAX_LISTED], "codes": codes[:MAX_LISTED]}
    return Answer("\n".join(lines) or call.say(N_("None.")), data)


def waiting(call: Call) -> list[JoinRequest]:
    """Return the open requests, the oldest first."""
    found = [one for one in call.room.state.requests.values() if one.until_ms > call.now]
    return sorted(found, key=lambda one: (one.asked_ts, one.user))


async def requests(call: Call) -> Outcome:
    """List who waits to join, since when and until when."""
    rows: list[dict[str, object]] = [
        {"user": one.user, "asked_ts": one.asked_ts, "until_ms": one.until_ms, "answer": one.answer}
        for one in waiting(call)[:MAX_LISTED]
    ]
    text = N_("@{user}, since {since}, open {until} {answer}")
    lines = [call.say(text, {**row, "since": show_instant(int(str(row["asked_ts"])))}).rstrip() for row in rows]
    return Answer("\n".join(lines) or call.say(N_("Nobody is waiting to join.")), {"items": rows})


async def approve(call: Call, who: str) -> Outcome:
    """Let in applicants, or all of them, the oldest first; as many at once as may be."""
    users = [one.user for one in waiting(call)] if who.lower() == "all" else [read_user(word) for word in who.split()]
    accounts = [await call.app.accounts.load(user) for user in users[:MAX_LISTED]]
    return c.ApproveRequests(tuple(account.actor() for account in accounts if account))


async def deny(call: Call, who: str, reason: str | None) -> Outcome:
    """Turn an applicant down, or all of them; they are told why."""
    return c.DenyAllRequests(reason or "") if who.lower() == "all" else c.DenyRequest(read_user(who), reason or "")


async def question(call: Call, line: str | None) -> Outcome:
    """Show, set or take away the question at the door; `|` stands between answers that are all right."""
    if line is None:
        return show_question(call)
    if plain(line).lower() == OFF:
        return c.SetQuestion("", ())
    asked, _, given = _wide_signs(line).rpartition("=")
    answers = tuple(given.split("|"))
    try:
        question = check_topic(asked.strip())
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    # Where the question ends is a guess if it has a `=` itself: so what was understood is told.
    understood = " | ".join(" ".join(one.split()) for one in answers)
    text = call.say(N_("Answers that let people in (after the last =): {answers}"), {"answers": understood})
    return Noted(c.SetQuestion(question, answers), text, {})


def show_question(call: Call) -> Answer:
    """Return the question at the door; what lets people in, to those alone who may set it."""
    state = call.room.state
    may_set = check_reading("answers", call) is None
    answers = state.answers.split("\n") if state.answers and may_set else []
    shown: dict[str, object] = {"question": state.question, "answers": answers}
    text = f"{state.question} = {' | '.join(answers)}" if answers else state.question
    return Answer(text or call.say(N_("None.")), shown)


def _wide_signs(line: str) -> str:
    """Return a line whose `＝` and `｜`, as Chinese keyboards give them, are plain."""
    return line.translate({ord("＝"): "=", ord("｜"): "|"})
