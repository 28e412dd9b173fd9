"""Applications: what somebody asks the operator to grant, and events of such a case (P7.1, W8, W10)."""

from enum import StrEnum

from msgspec import Struct

from ..credentials import Scope
from .events_base import CaseEvent


class WishKind(StrEnum):
    """What is asked for: to open a public account, a badge or a licence for a channel, or more public accounts."""

    CHANNEL = "channel"
    BADGE = "badge"
    LICENCE = "licence"
    QUOTA = "quota"


class Wish(Struct, frozen=True, omit_defaults=True):
    """What an application asks for.

    `name` is whom a badge is to name, or the number of a licence, which is for a `category`, with a `scope`; `until_ms`
    is when what is granted ends (Unix ms), 0 where the applicant named no end. `count`: so many public accounts.
    """

    kind: WishKind
    name: str = ""
    category: str = ""
    scope: Scope | None = None
    until_ms: int = 0
    count: int = 0


class ApplicationOpened(CaseEvent, frozen=True, kw_only=True, tag="application_opened"):
    """`by` asks for something, for the channel `code` where it is about one. The documents are kept beside the
    ledger."""

    number: str
    wish: Wish
    due_ms: int
    code: str = ""


class ApplicationReopened(CaseEvent, frozen=True, kw_only=True, tag="application_reopened"):
    """A rejection was contested with success: somebody else decides anew, until `due_ms`."""

    due_ms: int
    reason: str
