"""Slash commands for owners and admins."""

from folkmoot_governance import Ban, Mute, Refusal
from folkmoot_governance.duration import FOREVER_MS, find_duration
from folkmoot_governance.group import commands as c
from folkmoot_governance.typed import OFF, read_text
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_topic

from ..common.i18n import N_
from .arguments import Term, plain, read_length, read_term, take_term
from .call import Call
from .help import check_reading
from .outcome import Answer, Outcome
from .reasons import check_reason, refuse_term

MAX_LISTED = 200


async def kick(call: Call, user: str, reason: str | None) -> Outcome:
    """Remove a member."""
    refusal = check_reason(call, reason) or refuse_term(reason, "/kick", f"/ban @{user}")
    return refusal or c.Kick(user, reason or "")


async def ban(call: Call, user: str | None, more: str | None) -> Outcome:
    """Remove and keep out; what follows the name may say for how long. Alone: list the bans in force."""
    if user is None:
        return check_reading("bans", call) or await bans(call)
    words, reason = take_term(more or "")
    refusal = check_reason(call, reason)
    if refusal:
        return refusal
    if words:
        term = read_term(words)
        return c.BanMember(user, term.span, reason, term.replaces)
    # Without an end it is for good: not where somebody may have meant an end, and put it elsewhere.
    found = find_duration(reason)
    if found:
        text = N_(
            "Is {word} meant as the duration? Then: /ban @{user} {word} <reason>. For good: /ban @{user} perm {reason}"
        )
        return Refusal(ErrorCode.BAD_SYNTAX, text, {"user": user, "word": found, "reason": reason, "help": "/ban"})
    return c.BanMember(user, FOREVER_MS, reason)


async def unban(call: Call, user: str) -> Outcome:
    """Lift a ban."""
    return c.Unban(user)


async def mute(call: Call, user: str | None, term: Term | None, reason: str | None) -> Outcome:
    """Silence a member for a time. Alone: explain what people often mean instead, and list the mutes in force."""
    if user is None:
        text = N_(
            "/mute silences a member for everybody: /mute @user <duration> [reason…]. To turn "
            "off your own notifications, use /notify."
        )
        said = Answer(call.say(text), {"help": "/notify"})
        if check_reading("mutes", call):
            return said
        listed = list_measures(call, call.room.state.mutes)
        return Answer(f"{said.text}\n{listed.text}", said.data | listed.data)
    if term is None:
        text = N_("Say for how long: /mute @{user} <duration>, as in 30s 10m 2h 7d 2w 6mo 1y, or perm.")
        return Refusal(ErrorCode.BAD_SYNTAX, text, {"user": user})
    return check_reason(call, reason) or c.MuteMember(user, term.span, reason or "", term.replaces)


async def unmute(call: Call, user: str) -> Outcome:
    """Lift a mute."""
    return c.Unmute(user)


async def bans(call: Call) -> Outcome:
    """List the bans in force."""
    return list_measures(call, call.room.state.bans)


async def mutes(call: Call) -> Outcome:
    """List the mutes in force."""
    return list_measures(call, call.room.state.mutes)


def list_measures(call: Call, measures: dict[str, Ban] | dict[str, Mute]) -> Answer:
    """Return measures that have not ended, one a line."""
    found = [one for one in measures.values() if one.until_ms > call.now][:MAX_LISTED]
    text = N_("@{user} {until}, by @{by}, case {case}: {reason}")
    rows: list[dict[str, object]] = [
        {
            "user": one.user,
            "until_ms": one.until_ms,
            "by": one.by,
            "case": one.case,
            "reason": one.reason or "–",
        }
        for one in found
    ]
    lines = [call.say(text, row) for row in rows]
    return Answer("\n".join(lines) or call.say(N_("None.")), {"items": rows})


async def lock(call: Call, term: Term | None) -> Outcome:
    """Mute all but owner and admins. Alone: say whether they are."""
    if term is not None:
        return c.Lock(term.span, term.replaces)
    until = call.room.state.locked_until_ms
    if until <= call.now:
        return Answer(
            call.say(N_("Everyone may post. To lock the group: /lock <duration>, or /lock perm")), {"until_ms": 0}
        )
    return Answer(call.say(N_("Only owner and admins may post {until}."), {"until_ms": until}), {"until_ms": until})


async def unlock(call: Call) -> Outcome:
    """Let everyone post again."""
    return c.Unlock()


async def slow(call: Call, pause: str | None) -> Outcome:
    """Set or end slow mode. Alone: show it."""
    if pause is not None:
        return c.SetSlow(0 if plain(pause).lower() == OFF else read_length(pause))
    slow_ms = call.room.state.slow_ms
    text = N_("Slow mode: {slow}") if slow_ms else N_("Slow mode is off.")
    return Answer(call.say(text, {"slow_ms": slow_ms}), {"slow_ms": slow_ms})


async def topic(call: Call, text: str | None) -> Outcome:
    """Set the topic, or take it away with `off`. Alone: show it."""
    if text is None:
        current = call.room.state.topic
        return Answer(current or call.say(N_("There is no topic.")), {"topic": current})
    try:
        return c.SetTopic(check_topic(read_text(text)))
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
