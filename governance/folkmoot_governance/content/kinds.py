"""The words of content rules: what a rule looks at, how bad it is, what follows."""

from enum import StrEnum


class Kind(StrEnum):
    """What a rule looks at."""

    TERM = "term"
    PATTERN = "pattern"
    DOMAIN = "domain"
    LINK = "link"
    SCORE = "score"
    REPETITION = "repetition"
    FLOOD = "flood"


class Severity(StrEnum):
    """How bad it is; the operator says what follows from it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Action(StrEnum):
    """What becomes of a post, the mildest first."""

    ALLOW = "allow"
    FLAG = "flag"
    HOLD = "hold"
    REFUSE = "refuse"


class Scope(StrEnum):
    """Whose posts a rule looks at."""

    EVERYONE = "everyone"
    MEMBERS = "members"
    """All but owner and admins."""


STRICTNESS = {action: number for number, action in enumerate(Action)}
GRAVITY = {severity: number for number, severity in enumerate(Severity)}
