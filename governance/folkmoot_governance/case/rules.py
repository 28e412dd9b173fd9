"""What the operator has set about reports and appeals, and how far a reporter is believed (G12)."""

from msgspec import Struct, field

from folkmoot_protocol.errors import ErrorCode

from ..content.kinds import Severity
from ..duration import DAY_MS, HOUR_MS
from ..refusal import Refusal
from ..text import N_

RECORD_MS = 180 * DAY_MS
"""How long a report counts in its reporter's record."""

ONCE = 1
"""So many reports in bad faith are forgiven: never the first one (G12)."""

IF_UNLIMITED = 20
"""The reports a day from which a reporter in bad faith is limited where the operator has set no number."""


COPYRIGHT = "copyright"
"""The reason for which whoever is reported may answer by a counter-notice (P10)."""


REASON_NAMES: dict[str, str] = {
    "spam": N_("Advertising, spam"),
    "off_topic": N_("Off topic"),
    "insult": N_("Insult"),
    "harassment": N_("Harassment"),
    "false_information": N_("False information"),
    "copyright": N_("Infringement of copyright"),
    "fraud": N_("Fraud"),
    "privacy": N_("Privacy"),
    "illegal": N_("Against the law"),
    "other": N_("Something else"),
}
"""The reasons that come along, for people; those of the operator's own are shown by their names."""


class CaseRules(Struct, frozen=True):
    """Reasons that may be reported with their severities, and times in milliseconds.

    `answer_ms` says within which time a report is to be answered, `appeal_answer_ms` an appeal; `appeal_ms` is how long
    after a measure one may appeal, `platform_appeal_ms` after one of the platform. `complaint_centre` is where
    reporters may turn whose report was not answered in time, empty for nowhere. `application_ms`: within which time an
    application is to be answered.
    """

    reasons: dict[str, Severity] = field(default_factory=lambda: {"other": Severity.LOW})
    answer_ms: dict[Severity, int] = field(default_factory=dict)
    appeal_answer_ms: int = 72 * HOUR_MS
    appeal_ms: int = 30 * DAY_MS
    platform_appeal_ms: int = 30 * DAY_MS
    complaint_centre: str = ""
    application_ms: int = 7 * DAY_MS

    def due_in(self, severity: Severity) -> int:
        """Return the milliseconds within which a report of a severity is to be answered."""
        return self.answer_ms.get(severity, DAY_MS)


def check_rule(rule: str, rules: CaseRules) -> Refusal | None:
    """Refuse, as the rule that something comes under, a reason that the operator has not set; none need be named."""
    if not rule or rule in rules.reasons:
        return None
    detail: dict[str, object] = {"known": " ".join(rules.reasons), "field": "rule", "rule": "policy.reports.reasons"}
    return Refusal(ErrorCode.BAD_REQUEST, N_("Give one of these reasons: {known}."), detail)


class ReporterRecord(Struct, frozen=True):
    """What became of an account's reports in the last `RECORD_MS`, and what it reported in the last day.

    `oldest_ts` is when the first report of the last day was made, 0 where there is none.
    """

    today: int = 0
    oldest_ts: int = 0
    upheld: int = 0
    dismissed: int = 0
    bad_faith: int = 0

    @property
    def reliability(self) -> int:
        """How far the reporter is believed, in percent: what was upheld speaks for it, bad faith against."""
        return round(100 * (1 + self.upheld) / (1 + self.upheld + self.bad_faith))


def reports_per_day(record: ReporterRecord, quota: int) -> int:
    """Return how many reports a day somebody with this record may make, 0 for any number.

    Each report in bad faith but the first halves what the quota allows, down to one: nobody loses the right to report.
    """
    if record.bad_faith <= ONCE:
        return quota
    return max(1, (quota or IF_UNLIMITED) >> (record.bad_faith - ONCE))
