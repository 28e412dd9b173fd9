"""What may be said about an entry that stands: another text for it by its author, or a reaction by anybody."""

import unicodedata

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry, EntryKind

from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from .checks import refuse
from .decide_moderation import WRITTEN

MAX_REACTION_CHARS = 8

_EDITABLE = frozenset({EntryKind.TEXT, EntryKind.ACTION})
# So: most pictures. Sk, Mn, Me, Cf: skin tones, variants, keycaps and joiners, which only make sense with a picture.
_PICTURES = frozenset({"So"})
_PARTS = frozenset({"So", "Sk", "Sm", "Mn", "Me", "Cf"})
_KEYCAP = "\u20e3"


def check_edit(entry: Entry, user: str, now: int, policy: Policy) -> Refusal | None:
    """Refuse `user` to give an entry another text: it must be an own one, of words, and fresh."""
    if entry.redacted:
        return refuse(ErrorCode.CONFLICT, N_("Entry {seq} is deleted already."), seq=entry.seq)
    if entry.from_.user != user or entry.kind not in _EDITABLE:
        text = N_("Only who wrote an entry can edit it; admins can delete it.")
        return refuse(ErrorCode.FORBIDDEN, text, seq=entry.seq, rule="author", help="/delete")
    if now > entry.ts + policy.edit_own_ms:
        text = N_("You can edit an entry of your own for {window} after posting it; reply to it instead.")
        return refuse(ErrorCode.FORBIDDEN, text, window_ms=policy.edit_own_ms, rule="policy.groups.edit_own_seconds")
    return None


def check_reaction(entry: Entry, reaction: str) -> Refusal | None:
    """Refuse a reaction that is no picture, or to what nobody wrote."""
    if entry.redacted:
        return refuse(ErrorCode.CONFLICT, N_("Entry {seq} is deleted already."), seq=entry.seq)
    if entry.kind not in WRITTEN:
        return refuse(ErrorCode.FORBIDDEN, N_("React to what somebody wrote."), seq=entry.seq, rule="reaction")
    if not is_picture(reaction):
        return refuse(
            ErrorCode.BAD_REQUEST, N_("A reaction is one emoji."), reaction=reaction, rule="reaction", help="/react"
        )
    return None


def is_picture(text: str) -> bool:
    """Say whether a text is one emoji, or what looks like one: words would be posts that no rule has read."""
    if not 0 < len(text) <= MAX_REACTION_CHARS:
        return False
    if text.endswith(_KEYCAP):
        return text[0] in "0123456789#*" and len(text) <= 3
    kinds = [unicodedata.category(char) for char in text]
    return kinds[0] in _PICTURES and all(kind in _PARTS for kind in kinds)
