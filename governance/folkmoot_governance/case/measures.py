"""Which acts are measures that one may appeal against, whom they hit, and who took them (P15).


Those of the platform are the rows of `folkmoot_governance.measures`, and what else stands here.
"""

from msgspec import Struct

from ..account_events import AccountEvent, IdentityRejected
from ..group import events as e
from ..measures import MEASURES, row_of
from ..restrictions import Subject
from ..text import N_
from .commands import Measured
from .state import CaseState, Outcome

OF_GROUPS = (e.MemberKicked, e.MemberBanned, e.MemberMuted, e.MemberWarned, e.EntryDeleted, e.HeldDenied)
"""Acts of a group's owner and admins against somebody."""

OF_THE_PLATFORM: tuple[type[Struct], ...] = (
    *dict.fromkeys(row.event for row in MEASURES if row.subject in (Subject.GROUP, Subject.TEXT)),
)
"""Acts of the operator's staff against a group: they hit its owner, who answers for it."""


MEASURE_NAMES: dict[str, str] = {
    "kicked": N_("removed from a group"),
    "banned": N_("banned from a group"),
    "muted": N_("muted in a group"),
    "warned": N_("warned in a group"),
    "deleted": N_("an entry deleted"),
    "purged": N_("entries deleted"),
    "held_denied": N_("a held post turned down"),
    "held_rejected": N_("a held post turned down by the platform"),
    "entries_removed": N_("entries removed by the platform"),
    "post_refuted": N_("a post refuted"),
    "text_removed": N_("a name or text removed by the platform"),
    "group_warned": N_("a group warned"),
    "group_restricted": N_("a right taken from a group for a time"),
    "suspended": N_("a group suspended"),
    "closed": N_("a group closed"),
    "limit_denied": N_("a size refused to a group"),
    "account_restricted": N_("a right taken from an account for a time"),
    "account_suspended": N_("an account suspended"),
    "account_closing": N_("an account closed"),
    "credit_changed": N_("credit lowered"),
    "content_refused": N_("a post refused by a content rule"),
    "names_removed": N_("chosen names removed by the platform"),
    "identity_rejected": N_("an identity not verified"),
    "identity_attested": N_("a verification withdrawn"),
    "bad_faith": N_("a report found to be in bad faith"),
    "dismissed": N_("a report dismissed"),
    "application_rejected": N_("an application rejected"),
    "credential_revoked": N_("a badge, licence or label withdrawn"),
}
"""What measures are called where they are counted, by the event's name."""


SEVERAL = ("account_restricted", "group_restricted")
"""Events that record one of several measures: these are counted by the name of their row."""

ROW_NAMES: dict[str, str] = {
    "account_manage": N_("an account's rights to lead groups suspended"),
    "account_create": N_("an account barred from creating groups"),
    "account_staff": N_("a role on the platform suspended"),
    "account_mute": N_("an account muted in all groups"),
    "account_join": N_("an account barred from joining groups"),
    "account_blacklist": N_("an account put on the blacklist"),
    "group_join": N_("a group closed to newcomers"),
    "group_follows": N_("a channel closed to new followers"),
    "group_reposts": N_("reposts of a channel stopped"),
    "group_comments": N_("comments in a channel closed"),
    "group_publish": N_("a channel barred from publishing"),
    "group_blacklist": N_("a group put on the blacklist"),
}
"""What the measures of `SEVERAL` are called where they are counted."""


def counted_as(kind: str, measure: str) -> str:
    """Return under what an appeal is counted: the name of the row of its measure (empty where that is not known) where
    its kind alone does not tell it, else the kind."""
    return measure if measure and kind in SEVERAL else kind


OF_RULES = (e.ContentRefused,)
"""What the operator's content rules have done: nobody took it, and staff decides on an appeal."""


OF_REVIEWERS = (e.HeldRejected, e.PostRefuted)
"""What the operator's staff has decided on posts: that these rules held them rightly, or that they are not so."""


def measure_of(event: e.Event, case: str, code: str, owner: str, user: str) -> Measured | None:
    """Return an act of the group `code` as a measure; None where it is none, or somebody's act on themselves.

    Where it hit many it is the measure against `user`, if that is one of them: each can appeal for themselves.
    """
    tag = str(event.__struct_config__.tag)
    proposer = event.proposed_by if isinstance(event, e.PlatformMeasure) else ""
    if isinstance(event, OF_THE_PLATFORM):
        return Measured(case, tag, owner, event.by, event.at, proposer=proposer)
    if isinstance(event, (*OF_RULES, *OF_REVIEWERS)):
        return Measured(case, tag, event.user, event.by, event.at, proposer=proposer)
    if isinstance(event, OF_GROUPS) and event.by != event.user:
        return Measured(case, tag, event.user, event.by, event.at, code)
    if isinstance(event, e.EntriesRemoved):
        hit = user if user in event.users else event.users[0]
        return Measured(case, tag, hit, event.by, event.at, one_of_many=True)
    others = [one for one in event.users if one != event.by] if isinstance(event, e.EntriesPurged) else []
    if others:
        return Measured(case, tag, user if user in others else others[0], event.by, event.at, code, one_of_many=True)
    return None


def account_measure_of(event: AccountEvent, case: str, user: str, decider: str) -> Measured | None:
    """Return an act on an account as a measure; `decider` is who is behind an act of the service."""
    if row_of(event) is None and not isinstance(event, IdentityRejected):
        return None
    proposer = getattr(event, "proposed_by", "")
    return Measured(case, str(event.__struct_config__.tag), user, event.by or decider, event.at, proposer=proposer)


BAD_FAITH, DISMISSED = "bad_faith", "dismissed"
"""What the outcome of a report can be to a reporter, as kinds of measures."""


APPLICATION_REJECTED = "application_rejected"
"""What it is to who applied that they were turned down, as a kind of measure."""


def application_measure_of(case: CaseState, user: str) -> Measured | None:
    """Return what the outcome of an application is to who made it, if it was rejected."""
    if case.by != user or case.outcome is not Outcome.REJECTED:
        return None
    return Measured(case.number, APPLICATION_REJECTED, user, case.closed_by, case.closed_ts)


def report_measure_of(case: CaseState, user: str) -> Measured | None:
    """Return what the outcome of a report is to one who made it, if it can be contested: that they did so in bad faith,
    which hits each for themselves, or that the report was dismissed, which is contested once for all."""
    reporter = case.reporters.get(user)
    if reporter is None or case.is_open:
        return None
    if reporter.bad_faith:
        return Measured(case.number, BAD_FAITH, user, case.closed_by, case.closed_ts, one_of_many=True)
    if case.outcome in (Outcome.DISMISSED, Outcome.BAD_FAITH):
        return Measured(case.number, DISMISSED, user, case.closed_by, case.closed_ts)
    return None
