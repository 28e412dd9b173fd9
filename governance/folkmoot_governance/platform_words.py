"""The operator's own words: content rules for all groups that staff sets one by one, beside the rule files (G10).

They belong to no group and no account. What staff did is on record in the stream of the account that did it.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .account_events import AccountEvent, PlatformWordDropped, PlatformWordSet
from .actor import Actor
from .content.kinds import Action
from .content.rules import check_steps
from .permissions import may_on_platform
from .refusal import Refusal
from .text import N_

ACT = "edit_words"
MAX_WORDS = 1000


class PlatformWord(Struct, frozen=True):
    """A term, a pattern written `/…/`, or a domain; who has set it, and when (Unix ms)."""

    word: str
    verdict: Action
    by: str
    ts: int


class SetPlatformWord(Struct, frozen=True):
    """Add a word, or give it another verdict. That it can be compiled is for the shell to know."""

    word: str
    verdict: Action
    reason: str


class DropPlatformWord(Struct, frozen=True):
    "Remove a word."

    word: str
    reason: str


def decide_words(
    words: Mapping[str, PlatformWord], command: SetPlatformWord | DropPlatformWord, actor: Actor, now: int
) -> Sequence[AccountEvent] | Refusal:
    """Return the events that `command` causes in the stream of `actor`, or why it is refused; `words` are in force."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    known = words.get(command.word)
    if isinstance(command, DropPlatformWord):
        if known is None:
            text = N_("{word} is not among the platform's words.")
            return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"word": command.word, "help": "folkmoot admin word list"})
        return [PlatformWordDropped(at=now, by=actor.user, word=command.word, reason=command.reason)]
    if known is None and len(words) >= MAX_WORDS:
        text = N_("There are {limit} words, which is the most allowed: put them into a rule file.")
        return Refusal(ErrorCode.CONFLICT, text, {"limit": MAX_WORDS, "help": "docs/content-rules.md"})
    if known is not None and known.verdict is command.verdict:
        return []
    refusal = check_steps(words, command.word, "docs/content-rules.md")
    if refusal:
        return refusal
    word, verdict = command.word, command.verdict
    return [PlatformWordSet(at=now, by=actor.user, word=word, verdict=verdict, reason=command.reason)]
