"""Slash commands about warnings and notes."""

from folkmoot_governance import Refusal
from folkmoot_governance.duration import fold
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.checks import check_permission
from folkmoot_governance.group.decide_warnings import ladder_of
from folkmoot_governance.ladder import show_ladder
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_, show_instant
from .arguments import plain, read_number, split_word
from .call import Call
from .help import check_reading
from .moderation import MAX_LISTED
from .outcome import Answer, Outcome
from .reasons import check_reason, refuse_term

MAX_NOTES = 50
LONGEST_NOTE = 1000


async def warn(call: Call, user: str, reason: str | None) -> Outcome:
    """Warn a member; so many warnings bring a measure."""
    refusal = check_reason(call, reason) or refuse_term(reason, "/warn", f"/mute @{user}")
    return refusal or c.Warn(user, reason or "")


async def unwarn(call: Call, user: str, number: int | None) -> Outcome:
    """Take back the latest warning, or the one of a number."""
    return c.Unwarn(user, number or 0)


async def warns(call: Call, user: str | None) -> Outcome:
    """List warnings in force: one's own, or as an admin those of a member or of all."""
    state, me = call.room.state, call.account.user
    refusal = check_reading("warns_of_all", call)
    if user is None and refusal:
        user = me
    user = user and call.room.user_of(user)
    if user != me and refusal:
        return refusal
    found = [one for one in state.warnings.values() if one.until_ms > call.now and user in (None, one.user)]
    rows: list[dict[str, object]] = [
        {
            "user": one.user,
            "number": one.number,
            "until_ms": one.until_ms,
            "by": one.by,
            "reason": one.reason or "–",
        }
        for one in found[-MAX_LISTED:]
    ]
    text = N_("@{user}, warning {number}, {until}, by @{by}: {reason}")
    lines = [call.say(text, row) for row in rows] or [call.say(N_("None."))]
    steps = show_ladder(ladder_of(state, call.app.policy))
    lines.append(call.say(N_("What follows: {steps}"), {"steps": steps}))
    return Answer("\n".join(lines), {"items": rows, "ladder": steps})


async def ladder(call: Call, steps: str | None) -> Outcome:
    """Show or set what follows on warnings."""
    if steps is not None:
        return c.SetLadder("" if plain(steps).lower() == "default" else fold(steps))
    shown = show_ladder(ladder_of(call.room.state, call.app.policy))
    text = call.say(N_("What follows after warnings: {steps}"), {"steps": shown})
    return Answer(text, {"ladder": shown, "own": bool(call.room.state.ladder)})


async def note(call: Call, user: str, text: str | None) -> Outcome:
    """Write a note about somebody, read what was written, or erase it; admins alone see notes."""
    words = (text or "").strip()
    first, left = split_word(words)
    if plain(first).lower() == "clear" and (not left or plain(left).isdecimal()):
        return c.ClearNotes(user, read_number(left) if left else 0)
    # Asked before anything is read: whoever may not write notes learns nothing of them.
    refusal = check_permission(call.room.state, c.WriteNote(user, words), call.account.actor(), call.now)
    if refusal:
        return refusal
    notes = await call.app.store.ledger.list_notes(call.room.state.code, call.room.user_of(user), MAX_NOTES)
    if not words:
        rows = [{"by": one.by, "ts": one.ts, "text": one.text} for one in notes]
        lines = [f"{show_instant(one.ts)} @{one.by}: {one.text}" for one in notes]
        return Answer("\n".join(lines) or call.say(N_("No notes about @{user}."), {"user": user}), {"items": rows})
    if len(words) > LONGEST_NOTE or len(notes) >= MAX_NOTES:
        said = N_("A note has at most {chars} characters, and there are at most {limit} about one member.")
        return Refusal(ErrorCode.TOO_LONG, said, {"chars": LONGEST_NOTE, "limit": MAX_NOTES, "help": "/note"})
    return c.WriteNote(user, words)
