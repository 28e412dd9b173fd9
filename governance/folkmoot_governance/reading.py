"""Reading what people wrote is an act of staff: it takes a case, and is on record with who has read (G6.2, G14).

What the operator's staff is shown without one is that there is something: who, where, when, which rule, how often.
"""

from collections.abc import Sequence

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .account_events import TextsRead
from .actor import Actor
from .permissions import may_on_platform
from .refusal import Refusal
from .text import N_

ACT = "read_texts"
READ_ACCESS = "read_access"
"""The rows of `permissions.PLATFORM_RULES`: for what people wrote, and for from where they connected."""


class ReadTexts(Struct, frozen=True):
    """Read `count` texts of the group `code`, for the case that is named; `what` they are of: `held`, `word`, …

    `access` is no text, but from where somebody connected; `permission` is the row that allows the reading.
    """

    case: str
    what: str
    code: str = ""
    count: int = 1
    permission: str = ACT


def decide_reading(command: ReadTexts, actor: Actor, now: int) -> Sequence[TextsRead] | Refusal:
    """Return what is put on record in the stream of `actor`, or why they may not read."""
    if not may_on_platform(actor.platform, command.permission):
        text = N_("Your platform role does not cover this.")
        detail: dict[str, object] = {"act": command.permission, "rule": "platform_roles", "help": "docs/governance.md"}
        return Refusal(ErrorCode.FORBIDDEN, text, detail)
    case, what, code = command.case, command.what, command.code
    return [TextsRead(at=now, by=actor.user, case=case, what=what, code=code, count=command.count)]
