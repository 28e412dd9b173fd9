"""The statement of reasons of a measure: what was decided, why, and for how long, in fields that authorities know.

Field names and codes are those of the EU's transparency database of statements of reasons (DSA, article 17 and 24.5).
There is no name of a person in it, nor of an account: `puid`, which tells it from others, is made of the case number.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from .duration import FOREVER_MS
from .measures import Row, row_of
from .restrictions import NO_GROUNDS, Grounds, Subject

FACTS_CHARS = 5000
EXPLANATION_CHARS = 2000
SHORT_CHARS = 500

OTHER_CATEGORY = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
CATEGORIES: dict[str, str] = {
    "fraud": "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
    "harassment": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
    "insult": "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH",
    "false_information": "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
    "privacy": "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    "copyright": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
    "illegal": "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE",
}
"""The category of each reason that a new configuration has; those of the operator's own are `OTHER_CATEGORY`."""

END_FIELDS = {
    "decision_account": "end_date_account_restriction",
    "decision_provision": "end_date_service_restriction",
    "decision_visibility": "end_date_visibility_restriction",
}


def statement_of(event: Any, case: str) -> dict[str, object] | None:
    """Return the statement of reasons of an event under its case number, None where it is no measure of a row."""
    row = row_of(event)
    if row is None:
        return None
    grounds: Grounds = event.grounds
    # What is removed has its rule in a field of its own.
    rule: str = getattr(event, "rule", "") or grounds.rule
    field, code = row.statement
    statement: dict[str, object] = {
        field: [code] if field == "decision_visibility" else code,
        **_content(row, grounds),
        "source_type": "SOURCE_ARTICLE_16" if event.report or _by_report(event) else "SOURCE_VOLUNTARY",
        **_common(case, rule, grounds, event.reason, event.at),
    }
    if code.endswith("_OTHER"):
        statement[f"{field}_other"] = row.name
    if row.longest_ms:
        statement[END_FIELDS[field]] = None if event.until_ms >= FOREVER_MS else day_of(event.until_ms)
    return statement


def statement_of_finding(case: str, reason: str, reported: int, at: int) -> dict[str, object]:
    """Return the statement of reasons that who reported at `reported` did so in bad faith, found at `at` (Unix ms): it
    is what they may do that becomes less, as `account_credit` is."""
    return {
        "decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION",
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "report",
        "source_type": "SOURCE_VOLUNTARY",
        **_common(case, "", Grounds(ts=reported), reason, at),
    }


def _common(case: str, rule: str, grounds: Grounds, reason: str, at: int) -> dict[str, object]:
    """Return the fields that say the same of all that is decided at `at` (Unix ms)."""
    return {
        "puid": puid_of(case),
        **_ground(rule, grounds, reason),
        "category": CATEGORIES.get(rule, OTHER_CATEGORY),
        "content_date": day_of(grounds.ts or at),
        "application_date": day_of(at),
        "decision_facts": reason[:FACTS_CHARS],
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }


def puid_of(case: str) -> str:
    """Return what tells a statement from the platform's others: letters, digits, `-` and `_`, and nobody's name."""
    if "@" in case:
        kind = "account" if case.startswith("@") else "report"
        return f"{kind}-{sha256(case.encode()).hexdigest()[:32]}"
    return case


def _ground(rule: str, grounds: Grounds, reason: str) -> dict[str, object]:
    if grounds.law:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": grounds.law[:SHORT_CHARS],
            "illegal_content_explanation": reason[:EXPLANATION_CHARS],
        }
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": (rule or "rules of the platform")[:SHORT_CHARS],
        "incompatible_content_explanation": reason[:EXPLANATION_CHARS],
        "incompatible_content_illegal": "No",
    }


def _content(row: Row, grounds: Grounds) -> dict[str, object]:
    if row.subject is Subject.ENTRY or (grounds != NO_GROUNDS and grounds.seq):
        return {"content_type": ["CONTENT_TYPE_TEXT"]}
    return {"content_type": ["CONTENT_TYPE_OTHER"], "content_type_other": row.subject.value}


def _by_report(event: Any) -> bool:
    return getattr(event, "cause", "") == "penalty"


def day_of(ts: int) -> str:
    """Return the day of a time (Unix ms), as authorities write it."""
    return datetime.fromtimestamp(ts / 1000, UTC).date().isoformat()
