"""The settings of credit, quotas, reports and appeals; `config` puts them into the whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.credit import MOST
from folkmoot_governance.duration import parse_duration, show_duration
from folkmoot_governance.measures import MEASURES
from folkmoot_governance.text import N_

from ..common.terminal import _
from .declare import labels, numbers, setting

SEVERITIES = tuple(severity.value for severity in Severity)


def check_template(text: str) -> str | None:
    """Say what a template may be, unless the text is one."""
    return None if 0 < len(text) <= 1000 else _("a text of 1 to 1000 characters")


def check_severity(text: str) -> str | None:
    """Say what a severity may be, unless the text is one."""
    return None if text in SEVERITIES else _("one of: {choices}").format(choices=", ".join(SEVERITIES))


@dataclass(frozen=True)
class Quota:
    """What an account of one credit level may have at the same time, or do."""

    groups_created: int = setting(10, N_("Living groups that one account created."), open=1000, least=0)
    groups_joined: int = setting(200, N_("Groups that one account is a member of."), open=10000, least=0)
    posts_per_minute: int = setting(0, N_("Posts of one account, a minute. 0 = no limit."), open=0, least=0)
    invites_per_day: int = setting(
        100, N_("Invitations and invite codes of one account, a day. 0 = no limit."), open=0, least=0
    )
    reports_per_day: int = setting(
        20,
        N_(
            "Reports of one account, a day; half as many after each that was made in bad faith but the first. "
            "0 = no limit."
        ),
        open=0,
        least=0,
    )


def check_four_eyes(names: tuple[str, ...]) -> str | None:
    """Say which measures two may decide on, unless all of these are among them."""
    known = [row.name for row in MEASURES if row.four_eyes]
    return None if set(names) <= set(known) else _("a list of: {choices}").format(choices=", ".join(known))


def check_length(text: str) -> str | None:
    """Say how a length is written, unless the text is one."""
    return None if parse_duration(text) else _("a length: 30m 2h 7d 6mo 1y, or perm")


def length_of(text: str) -> int:
    """Return a length that was checked, in ms."""
    length = parse_duration(text)
    assert length is not None, "the settings are checked"
    return length


QUOTAS = {
    "standard": Quota(),
    "limited": Quota(2, 50, 20, 10, 10),
    "poor": Quota(0, 20, 5, 2, 5),
}
"""What the default levels may have."""


@dataclass(frozen=True)
class CreditPolicy:
    """Scores of accounts, and what they lose and gain (G7.2)."""

    start: int = setting(100, N_("Points that a new account has, and that days give back up to."), least=0, most=MOST)
    recover_per_day: int = setting(1, N_("Points that a day gives back."), least=0, most=MOST)
    penalty_low: int = setting(5, N_("Points that an upheld report of severity low costs."), least=0, most=MOST)
    penalty_medium: int = setting(15, N_("Points that an upheld report of severity medium costs."), least=0, most=MOST)
    penalty_high: int = setting(40, N_("Points that an upheld report of severity high costs."), least=0, most=MOST)
    levels: Mapping[str, int] = numbers(
        "NAME",
        N_(
            "Levels, name = least score; policy.quota says what each may have. A level without a quota of its own has "
            "that of the next level below. Naming any replaces the default ones."
        ),
        {"standard": 60, "limited": 30, "poor": 0},
        least=0,
        most=MOST,
    )


REASONS = {
    "spam": "low",
    "off_topic": "low",
    "insult": "medium",
    "harassment": "medium",
    "false_information": "medium",
    "fraud": "high",
    "copyright": "medium",
    "privacy": "high",
    "illegal": "high",
    "other": "low",
}


TEMPLATES = {  # listed in the language of who chooses one
    "advertising": N_("Advertising that nobody asked for."),
    "no_rule": N_("What was reported breaks no rule."),
}


@dataclass(frozen=True)
class ReportPolicy:
    """Reports and appeals: reasons, and times within which they are answered (G12, P15)."""

    hours_low: int = setting(
        72, N_("Hours within which a report of severity low is to be answered."), least=1, most=8760
    )
    hours_medium: int = setting(
        48, N_("Hours within which a report of severity medium is to be answered."), least=1, most=8760
    )
    hours_high: int = setting(
        24, N_("Hours within which a report of severity high is to be answered."), least=1, most=8760
    )
    appeal_hours: int = setting(
        72,
        N_("Hours within which an appeal is to be answered; after that staff may answer for a group's own admins."),
        least=1,
        most=8760,
    )
    appeal_days: int = setting(
        30, N_("Days after a measure of a group's own admins in which one may appeal against it."), least=1, most=3650
    )
    claim_hours: int = setting(
        48, N_("Hours that a reviewer's claim on a case holds, unless told otherwise."), least=1, most=8760
    )
    complaint_centre: str = setting(
        "",
        N_("Where reporters may turn whose report was not answered in time: an address, a number. Empty: nowhere."),
    )
    templates: Mapping[str, str] = labels(
        "NAME",
        N_(
            "Texts that a reason of staff may stand for, name = text: the reason @NAME is that text. Naming any "
            "replaces the default ones."
        ),
        TEMPLATES,
        check=check_template,
    )
    public_per_hour: int = setting(
        5,
        N_("Reports an hour from one IP address by people without an account. 0 = the page for it is not there."),
        open=60,
        least=0,
        most=10000,
    )
    public_per_day: int = setting(
        500, N_("Reports a day by people without an account, all together. 0 = no limit."), least=0
    )
    reasons: Mapping[str, str] = labels(
        "NAME",
        N_("Reasons for reports, name = severity (low, medium, high). Naming any replaces the default ones."),
        REASONS,
        check=check_severity,
    )


@dataclass(frozen=True)
class SanctionPolicy:
    """Measures of the platform (G11)."""

    inspect_hours: int = setting(
        72, N_("Hours within which staff looks at what a warned group says it has put right."), least=1, most=8760
    )
    overdue_suspend_days: int = setting(
        0,
        N_(
            "Days for which a group is suspended automatically if it has not put right in time what "
            "it was warned about. 0 = that is proposed to staff, and nothing happens by itself."
        ),
        least=0,
        most=3650,
    )

    appeal_days: int = setting(
        30,
        N_(
            "Days after a measure of the platform in which one may appeal against it. What a closed group had is kept "
            "that long, and until an appeal is answered."
        ),
        least=1,
        most=3650,
    )
    four_eyes: tuple[str, ...] = setting(
        (),
        N_(
            "Measures that two administrators decide on: one proposes, another confirms. docs/measures.md has their "
            "names, for example account_close."
        ),
        check=check_four_eyes,
    )
    confirm_hours: int = setting(
        24, N_("Hours within which a proposed measure is to be confirmed; after that it lapses."), least=1, most=720
    )
    durations: Mapping[str, str] = labels(
        "MEASURE",
        N_("How long a measure lasts where staff does not say: its name in docs/measures.md = a length such as 7d."),
        {row.name: show_duration(row.default_ms) for row in MEASURES if row.longest_ms},
        check=check_length,
    )


def unknown_measures(sanctions: SanctionPolicy) -> Iterator[tuple[tuple[str, ...], str]]:
    """Return what is wrong with the lengths of measures, with its keys: a name of none, or more than its longest."""
    lasting = {row.name: row.longest_ms for row in MEASURES if row.longest_ms}
    for name, text in sanctions.durations.items():
        key = f"policy.sanctions.durations.{name}"
        if name not in lasting:
            problem = _("{key}: found a measure that is not there or has no end; allowed: {known}")
            yield (key,), problem.format(key=key, known=", ".join(lasting))
        elif length_of(text) > lasting[name]:
            problem = _("{key}: found {found}; allowed: {longest} at most")
            yield (key,), problem.format(key=key, found=text, longest=show_duration(lasting[name]))
