"""Slash commands for owners and admins."""

from folkmoot_governance import Ban, Mute, Refusal
from folkmoot_governance.duration import FOREVER_MS, parse_duration
from folkmoot_governance.group import commands as c
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_topic

from ..common.i18n import N_
from .arguments import BARE_NUMBER, begins_like_duration, split_word
from .call import Call
from .outcome import Answer, Outcome

MAX_LISTED = 200


async def kick(call: Call, user: str, reason: str | None) -> Outcome:
    """Remove a member."""
    return c.Kick(user, reason or "")


async def ban(call: Call, user: str, more: str | None) -> Outcome:
    """Remove and keep out; the first word after the name may be a duration."""
    word, left = split_word(more or "")
    duration = parse_duration(word)
    if duration is None and begins_like_duration(word):
        return Refusal(ErrorCode.BAD_SYNTAX, BARE_NUMBER, {"word": word})
    reason = (more or "") if duration is None else left
    return c.BanMember(user, FOREVER_MS if duration is None else duration, reason)


async def unban(call: Call, user: str) -> Outcome:
    """Lift a ban."""
    return c.Unban(user)


async def mute(call: Call, user: str | None, duration: int | None, reason: str | None) -> Outcome:
    """Silence a member for a time. Without arguments: explain what people often mean instead."""
    if user is None:
        text = N_("/mute silences a member for all: /mute @user <duration> [reason…]. For your own bell, use /notify.")
        return Answer(call.say(text), {"help": "/notify"})
    if duration is None:
        text = N_("Say for how long: /mute @{user} <duration>, as in 30s 10m 2h 7d 2w 6mo 1y, or perm.")
        return Refusal(ErrorCode.BAD_SYNTAX, text, {"user": user})
    return c.MuteMember(user, duration, reason or "")


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


async def lock(call: Call, duration: int | None) -> Outcome:
    """Mute all but owner and admins."""
    return c.Lock(FOREVER_MS if duration is None else duration)


async def unlock(call: Call) -> Outcome:
    """Let everyone post again."""
    return c.Unlock()


async def slow(call: Call, pause: str) -> Outcome:
    """Set or end slow mode."""
    duration = 0 if pause.lower() == "off" else parse_duration(pause)
    if duration is None:
        return Refusal(ErrorCode.BAD_SYNTAX, BARE_NUMBER, {"word": pause})
    return c.SetSlow(duration)


async def topic(call: Call, text: str | None) -> Outcome:
    """Set the topic; nothing clears it."""
    try:
        return c.SetTopic(check_topic(text or ""))
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
