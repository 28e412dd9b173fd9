"""All there is to administer. A new noun joins `NOUNS`; a new verb joins its noun by being made."""

from typing import Any

from .access import ACCESS
from .accounts import CREDIT, IDENTITY, USER
from .alarms import ANNOUNCE, EMERGENCY
from .audit import AUDIT
from .blacklist import BLACKLIST
from .bots import BOT
from .cases import APPEAL, CASE
from .channels import APPLICATION, CHANNEL, CREDENTIAL
from .content import RULE, WORD
from .desk import DESK
from .entries import ENTRY, TEXT
from .exports import EXPORT
from .features import FEATURE
from .filings import FILING
from .groups import GROUP
from .holds import HOLD
from .media import MEDIA
from .mediations import MEDIATION
from .nodes import NODE
from .oversight import DUTY, FIGURES
from .queue import QUEUE
from .refutations import REFUTATION
from .roles import ROLE
from .row import Noun, Verb
from .sanctions import SANCTION
from .segments import SEGMENT
from .sessions import SESSION

NOUNS: tuple[Noun, ...] = (
    USER,
    ROLE,
    SESSION,
    ACCESS,
    AUDIT,
    GROUP,
    BOT,
    ENTRY,
    TEXT,
    MEDIA,
    QUEUE,
    RULE,
    IDENTITY,
    CREDIT,
    CASE,
    APPEAL,
    CHANNEL,
    APPLICATION,
    CREDENTIAL,
    MEDIATION,
    SANCTION,
    REFUTATION,
    BLACKLIST,
    FILING,
    WORD,
    EMERGENCY,
    FEATURE,
    ANNOUNCE,
    DESK,
    DUTY,
    FIGURES,
    EXPORT,
    NODE,
    SEGMENT,
    HOLD,
)

VERBS: dict[tuple[str, str], Verb[Any]] = {(noun.name, verb.name): verb for noun in NOUNS for verb in noun.verbs}
"""Each row by noun and name."""
