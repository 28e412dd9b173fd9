"""What may be said about an entry that stands: another text for it by its author, or a reaction by anybody."""

from collections.abc import Sequence

from emoji import EMOJI_DATA
from msgspec.structs import replace

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import SAID, Entry, EntryKind

from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from .checks import FOR_GROUPS, refuse
from .decide_moderation import WRITTEN

OF_CHANNELS = frozenset({EntryKind.POST, EntryKind.COMMENT})
"""What stands in channels alone."""

_EMOJI = frozenset(EMOJI_DATA)
"""Every emoji of Unicode, sequences whole, and the shorter spellings of them that keyboards send (UTS #51)."""


def check_edit(entry: Entry, user: str, now: int, policy: Policy) -> Refusal | None:
    """Refuse `user` to give an entry another text: it must be an own one, of words, and fresh."""
    if entry.redacted:
        return refuse(ErrorCode.CONFLICT, N_("Entry #{seq} is deleted already."), seq=entry.seq)
    if entry.from_.user != user or entry.kind not in SAID:
        text = N_("Only the one who wrote an entry can edit it; admins can delete it.")
        return refuse(ErrorCode.FORBIDDEN, text, seq=entry.seq, rule="author", help="/delete")
    if now > entry.ts + policy.edit_own_ms:
        text = N_("You can edit your own entries only within {window} of posting them; reply to it instead.")
        return refuse(ErrorCode.FORBIDDEN, text, window_ms=policy.edit_own_ms, rule="policy.groups.edit_own_seconds")
    return None


def as_it_stands(entry: Entry, edits: Sequence[Entry]) -> Entry:
    """Return an entry as it stands, given its edits, oldest first: with the text of the last, whose seq is then in
    `data.edited`, and its time (Unix ms) in `data.edited_ts`."""
    last = next((edit for edit in reversed(edits) if not edit.redacted), None)
    if last is None or entry.redacted:
        return entry
    # Who is called by name is told of by each text anew.
    kept = {name: value for name, value in (entry.data or {}).items() if name != "mentions"}
    told = {"edited": last.seq, "edited_ts": last.ts}
    return replace(entry, body=last.body, data={**kept, **(last.data or {}), **told})


def changed_ts(entry: Entry) -> int:
    """Return when an entry as it stands was given its text (Unix ms)."""
    return int((entry.data or {}).get("edited_ts", entry.ts))


def check_reaction(entry: Entry, reaction: str) -> Refusal | None:
    """Refuse a reaction that is no emoji (words would be posts that no rule has read), or to what nobody wrote, or is
    of a channel."""
    if entry.redacted:
        return refuse(ErrorCode.CONFLICT, N_("Entry #{seq} is deleted already."), seq=entry.seq)
    if entry.kind in OF_CHANNELS:
        return refuse(ErrorCode.FORBIDDEN, FOR_GROUPS, rule="channel", help="/help")
    if entry.kind not in WRITTEN:
        return refuse(
            ErrorCode.FORBIDDEN, N_("You can only react to what somebody wrote."), seq=entry.seq, rule="reaction"
        )
    if reaction not in _EMOJI:
        return refuse(
            ErrorCode.BAD_REQUEST, N_("A reaction is one emoji."), reaction=reaction, rule="reaction", help="/react"
        )
    return None
