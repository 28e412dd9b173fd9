"""The configuration as the rules take it."""

from datetime import UTC, datetime

from folkmoot_governance import Policy
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.classification import Grade
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.credentials import Scope
from folkmoot_governance.credit import CreditRules, Level, Quota
from folkmoot_governance.duration import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from folkmoot_protocol.types import Identity

from . import settings as cfg
from .channels import ChannelPolicy
from .credit import ReportPolicy, SanctionPolicy, length_of
from .documents import Documents
from .settings import Config


def grades_of(config: Config) -> tuple[Grade, ...]:
    """Return the grades as rules take them, the smallest first."""
    grades = [
        Grade(
            name=name,
            up_to_members=one.up_to_members,
            up_to_entries_per_day=one.up_to_entries_per_day,
            up_to_followers=one.up_to_followers,
            categories=frozenset(one.categories),
            creator_identity=Identity(one.creator_identity),
            creator_credit=one.creator_credit,
            review=one.review_to_create,
            info_page=one.info_page,
            least_admins=one.least_admins,
        )
        for name, one in config.policy.grades.items()
    ]
    return tuple(sorted(grades, key=lambda grade: grade.up_to_members))


def credit_of(policy: cfg.Policy) -> CreditRules:
    """Return the rules of credit, the lowest level first; a level without a quota has that of the next one below."""
    levels: list[Level] = []
    quota = policy.quota["poor"]
    for name, least in sorted(policy.credit.levels.items(), key=lambda item: item[1]):
        quota = policy.quota.get(name, quota)
        levels.append(Level(name, least, Quota(**vars(quota))))
    penalties = {
        Severity.LOW: policy.credit.penalty_low,
        Severity.MEDIUM: policy.credit.penalty_medium,
        Severity.HIGH: policy.credit.penalty_high,
    }
    return CreditRules(policy.credit.start, policy.credit.recover_per_day, tuple(levels), penalties)


def cases_of(reports: ReportPolicy, sanctions: SanctionPolicy, channels: ChannelPolicy) -> CaseRules:
    """Return the rules of reports and appeals."""
    hours = {Severity.LOW: reports.hours_low, Severity.MEDIUM: reports.hours_medium, Severity.HIGH: reports.hours_high}
    return CaseRules(
        reasons={name: Severity(severity) for name, severity in reports.reasons.items()},
        answer_ms={severity: number * HOUR_MS for severity, number in hours.items()},
        appeal_answer_ms=reports.appeal_hours * HOUR_MS,
        appeal_ms=reports.appeal_days * DAY_MS,
        platform_appeal_ms=sanctions.appeal_days * DAY_MS,
        complaint_centre=reports.complaint_centre,
        application_ms=channels.answer_hours * HOUR_MS,
    )


def start_of(day: str) -> int:
    """Return when (Unix ms) a day begins, 0 where none is given."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * SECOND_MS) if day else 0


def policy_of(config: Config, documents: Documents) -> Policy:
    """Return the configuration as rules take it."""
    policy, groups = config.policy, config.policy.groups
    return Policy(
        credit=credit_of(policy),
        cases=cases_of(policy.reports, policy.sanctions, policy.channels),
        four_eyes=frozenset(policy.sanctions.four_eyes),
        proposal_ms=policy.sanctions.confirm_hours * HOUR_MS,
        durations={name: length_of(text) for name, text in policy.sanctions.durations.items()},
        grades=grades_of(config),
        admins_per_group=groups.admins_per_group,
        bots_per_group=groups.bots_per_group,
        to_post=Identity(policy.identity.to_post),
        to_create_group=Identity(policy.identity.to_create_group),
        reverify_ms=policy.identity.reverify_days * DAY_MS,
        reverify_grace_ms=policy.identity.grace_days * DAY_MS,
        reverify_from_ms=start_of(policy.identity.reverify_from),
        delete_own_ms=groups.delete_own_seconds * SECOND_MS,
        edit_own_ms=groups.edit_own_seconds * SECOND_MS,
        warning_ms=groups.warning_days * DAY_MS,
        ladder=groups.warning_ladder,
        invite_ms=groups.invite_days * DAY_MS,
        request_ms=groups.request_days * DAY_MS,
        quiet_ms=groups.quiet_minutes * MINUTE_MS,
        transfer_ms=groups.transfer_hours * HOUR_MS,
        # An hour less: a suspension of just so many days counts, though it is looked at a moment later.
        absence_ms=groups.absence_days * DAY_MS - HOUR_MS,
        kick_wait_ms=groups.kick_wait_minutes * MINUTE_MS,
        denial_wait_ms=groups.denial_wait_hours * HOUR_MS,
        words_per_group=policy.content.words_per_group,
        reviews_per_group=policy.content.queue_posts,
        review_ms=policy.content.queue_days * DAY_MS,
        raid_joins=groups.raid_joins,
        raid_repeats=groups.raid_repeats,
        newcomer_ms=groups.newcomer_minutes * MINUTE_MS,
        antiraid_ms=groups.antiraid_minutes * MINUTE_MS,
        inspect_ms=policy.sanctions.inspect_hours * HOUR_MS,
        overdue_suspend_ms=policy.sanctions.overdue_suspend_days * DAY_MS,
        require_second_factor=config.staff.require_otp,
        categories=frozenset(policy.categories),
        channels_per_person=policy.channels.per_subject.person,
        channels_per_organisation=policy.channels.per_subject.organisation,
        licences={name: Scope(scope) for name, scope in policy.channels.licences.items()},
        documents=policy.channels.documents(),
        features=frozenset(config.features.assessed),
        agreement=documents.agreement.version,
        agreement_sha256=documents.agreement.sha256,
    )
