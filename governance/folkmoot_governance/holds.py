"""What is kept beyond its time because a case needs it, and until when (G13)."""

from .case.rules import CaseRules


def appeal_term(rules: CaseRules) -> int:
    """Return how long after a decision somebody may still appeal against what it brought, in ms."""
    return max(rules.appeal_ms, rules.platform_appeal_ms)
