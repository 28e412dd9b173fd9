"""Slash commands about entries: delete, purge, pin, and which links may be posted."""

from collections.abc import AsyncIterator

from folkmoot_governance import Refusal
from folkmoot_governance.duration import DAY_MS, FOREVER_MS, show_duration
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.decide_moderation import DELETABLE
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry, LinkRule

from ..common.i18n import N_
from .arguments import MISSING, plain, read_length, read_number, read_user
from .call import Call
from .outcome import About, Answer, Outcome
from .reasons import refuse_numbers

MAX_PURGED = 200
MAX_LOOKED_AT = 5000
PAGE = 200
SHOWN_CHARS = 80
PURGE_USAGE = "/purge @user|<count> [since] [confirm <seq>]"

NO_SUCH_ENTRY = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such entry in this group."))


async def find_entry(call: Call, seq: int) -> Entry | None:
    """Return an entry of the group as it stands; for an edit, the entry that it edits."""
    if call.replied and call.replied.seq == seq:
        return call.replied
    found = await call.app.posts.history.find(call.room, seq)
    return found.standing if found else None


async def delete(call: Call, seq: int, reason: str | None) -> Outcome:
    """Remove an entry's text, and all edits of it, from sight (G10)."""
    refusal = refuse_numbers(reason, "/delete")
    if refusal:
        return refusal
    entry = await find_entry(call, seq)
    if entry is None:
        return NO_SUCH_ENTRY
    return c.DeleteEntry(entry.from_.user, entry.seq, entry.ts, entry.kind, entry.redacted, reason or "")


async def purge(call: Call, who: str, more: str | None) -> Outcome:
    """Remove the latest entries of a member, or of everybody: first say which, then do it when confirmed.

    The confirmation names the last entry that the preview had seen, so nothing goes that was not shown.
    """
    who = plain(who)
    count = min(int(who[:6]), MAX_PURGED) if who.isascii() and who.isdigit() else 0
    user = "" if who.isdecimal() else read_user(who)
    words = (more or "").split()
    last, confirmed = call.room.last_seq, len(words) > 1 and plain(words[-2]).lower() == "confirm"
    if confirmed:
        last = min(last, read_number(words[-1]))
        words = words[:-2]
    since = read_length(" ".join(words)) if words else FOREVER_MS if count else DAY_MS
    if not (count or user):
        return Refusal(ErrorCode.BAD_SYNTAX, MISSING, {"usage": PURGE_USAGE})
    found: list[c.FoundEntry] = []
    async for entry in latest_first(call, last, call.now - since):
        if entry.kind in DELETABLE and not entry.redacted and user in ("", entry.from_.user):
            found.append(c.FoundEntry(entry.seq, entry.from_.user))
        if len(found) == (count or MAX_PURGED):
            break
    again = f"/purge {count or f'@{user}'} {show_duration(since)} confirm {last}"
    return c.Purge(tuple(found), confirmed, again)


async def latest_first(call: Call, last: int, since: int) -> AsyncIterator[Entry]:
    """Yield entries from `last` backwards to the time `since`, as many as one command may look at."""
    before, left = last + 1, MAX_LOOKED_AT
    while left > 0:
        page = await call.app.store.journal.page(call.room.state.code, before=before, limit=PAGE)
        for entry in reversed(page.entries):
            if entry.ts < since:
                return
            yield entry
        if not page.more:
            return
        before, left = page.entries[0].seq, left - PAGE


async def edit(call: Call, seq: int, text: str) -> Outcome:
    """Give an own entry another text."""
    return About(rq.Edit, {"seq": seq, "body": text})


async def react(call: Call, seq: int, emoji: str, off: str | None, whose: str | None) -> Outcome:
    """React with an emoji, or take that back; with `@user` or `all`, take away what others have put there."""
    if whose is None:
        return About(rq.React, {"seq": seq, "reaction": emoji, "remove": off is not None})
    user = "" if whose.lower() == "all" else read_user(whose)
    found = await call.app.store.journal.reactions(call.room.state.code, seq, emoji, MAX_PURGED)
    there = [one for one in found if not one.redacted and user in ("", one.from_.user)]
    # What is removed is in the record, as with other entries; that it was taken away again by its author is, too.
    return c.Purge(tuple(c.FoundEntry(one.seq, one.from_.user) for one in there), confirmed=True)


async def pin(call: Call, seq: int) -> Outcome:
    """Keep an entry at hand for everyone."""
    entry = await find_entry(call, seq)
    return NO_SUCH_ENTRY if entry is None else c.Pin(entry.seq, entry.from_.user, entry.kind, entry.redacted)


async def unpin(call: Call, seq: int) -> Outcome:
    """Unpin an entry."""
    return c.Unpin(seq)


async def pins(call: Call) -> Outcome:
    """List what is pinned, the latest pin first."""
    rows: list[dict[str, object]] = []
    held = dict(call.room.state.pins)
    seqs = call.room.view(call.now, inside=True).pins
    found = await call.app.store.journal.versions(call.room.state.code, seqs)
    for seq in seqs:
        entry = found[seq].standing if seq in found else None
        # Rotation may have taken the month away: the pin stays, the text is gone.
        body, user = (entry.body, entry.from_.user) if entry else ("…", "")
        shown = body if len(body) <= SHOWN_CHARS else f"{body[:SHOWN_CHARS]}…"
        rows.append({"seq": seq, "user": user, "by": held[seq].by, "body": shown})
    lines = [f"#{row['seq']} @{row['user']}: {row['body']}" for row in rows]
    return Answer("\n".join(lines) or call.say(N_("Nothing is pinned.")), {"items": rows})


async def links(call: Call, rule: str | None) -> Outcome:
    """Say which links members may post. Alone: show that."""
    if rule is not None:
        return c.SetLinks(LinkRule(rule))
    current = call.room.state.links
    return Answer(call.say(LINKS[current]), {"links": current.value})


LINKS = {
    LinkRule.ON: N_("Members may post any links."),
    LinkRule.NOMEDIA: N_("Members may post links, but not to media."),
    LinkRule.OFF: N_("Members may not post links."),
}
