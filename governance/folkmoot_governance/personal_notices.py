"""What one account is told of by itself: measures that hit it, and what became of what it asked for (P10, P15).

One table has a row for each kind of personal notice: what causes it, whom it concerns, and its sentence. A notice keeps
fields of the event and nothing else, so it has nothing about a person that the ledger has not; the sentence is made
when it is read, in the reader's language. Who of a group's leaders or of the operator's staff did it is not kept (G14).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.types import Role

from . import account_events as a
from .account_state import AccountState, account_case
from .case import state as s
from .case.effects import PLAIN
from .case.measures import OF_REVIEWERS, OF_RULES, OF_THE_PLATFORM
from .case.rules import COPYRIGHT
from .dates import once
from .group import events as e
from .group import responses
from .group.state import GroupState, case_number
from .measures import Row, is_withdrawn, rows_of
from .policy import Policy
from .restrictions import NO_GROUNDS
from .text import N_
from .verification import Stage

KEPT = (
    "until_ms",
    "reason",
    "seq",
    "number",
    "count",
    "rule",
    "limit",
    "grade",
    "followers",
    "identity",
    "role",
    "points",
    "score",
    "effect",
    "step",
    "contact",
    "left",
    "course",
    "text",
)
"""Fields of an event that its notice keeps."""


OVERTURNED = "overturned"
"""What whoever appealed is told when that has succeeded."""


class PersonalNotice(Struct, frozen=True, gc=False):
    """That an account is told something; `kind` is a key of `TEXTS`, `case` the act or case that it is about.

    `code` is the group, empty where there is none. `data` fills the sentence: what of `KEPT` the event has, the `name`
    of the group as it was, and until when one may appeal, where one may.
    """

    user: str
    at: int
    kind: str
    case: str = ""
    code: str = ""
    data: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """What tells it from others to the same account; later ones have greater ids."""
        about = self.case or (f"{self.code}:{self.data['seq']}" if "seq" in self.data else "")
        return f"{self.at:015d}.{self.kind}.{about}"


Whom = Callable[[Any, Any], Iterable[str]]
"""Names the accounts that an event concerns, given what it happens to as it is before it."""


class Told(Struct, frozen=True):
    """A row: `appeal` says that whom it concerns may appeal against it."""

    kind: str
    text: str
    whom: Whom
    appeal: bool = False


def _member(state: GroupState, event: e.MemberEvent) -> Iterable[str]:
    """Whom an act of somebody else is aimed at."""
    return (event.user,) if event.by != event.user else ()


def _posted(state: GroupState, event: e.HeldReleased) -> Iterable[str]:
    """Whose post stands now, and waits no more."""
    return () if event.to_admins or event.seq else _member(state, event)


def _others(state: GroupState, event: Any) -> Iterable[str]:
    return [user for user in event.users if user != event.by]


def _reposters(state: GroupState, event: e.PostRefuted | e.RefutationWithdrawn) -> Iterable[str]:
    return [user for user in event.reposters if user != event.user]


def _let_in(state: GroupState, event: e.MemberJoined) -> Iterable[str]:
    return (event.user,) if event.via == "approval" else ()


def _leaders(state: GroupState, event: e.Event) -> Iterable[str]:
    """The owner and the admins, who answer for the group."""
    return [member.user for member in state.members.values() if member.role is not Role.MEMBER]


def _if_first(state: GroupState, event: e.GroupGraded) -> Iterable[str]:
    """Who leads a channel that has as many followers as never before."""
    return _leaders(state, event) if event.first else ()


def _owner(state: GroupState, event: e.Event) -> Iterable[str]:
    return (state.owner,)


def _previous(state: GroupState, event: e.OwnerReplaced) -> Iterable[str]:
    return (event.previous,)


def _account(state: AccountState, event: a.AccountEvent) -> Iterable[str]:
    return (state.user,) if event.by != state.user else ()


def _oneself(state: AccountState, event: a.AccountEvent) -> Iterable[str]:
    """Whoever did it: it may be somebody who has got into the account."""
    return (state.user,)


def _if_given(state: AccountState, event: a.ResetCodeGiven) -> Iterable[str]:
    return () if event.sent else (state.user,)


def _if_sent(state: AccountState, event: a.ResetCodeGiven) -> Iterable[str]:
    return (state.user,) if event.sent else ()


def _if_recovery(state: AccountState, event: a.SecondFactorUsed) -> Iterable[str]:
    return (state.user,) if event.left >= 0 else ()


def _if_raised(state: AccountState, event: a.CreditChanged) -> Iterable[str]:
    return (state.user,) if event.points > 0 and event.cause != "recovered" else ()


def _if_role(state: AccountState, event: a.RoleGranted) -> Iterable[str]:
    return (state.user,) if event.role and not event.cases else ()


def _if_inspector(state: AccountState, event: a.RoleGranted) -> Iterable[str]:
    return (state.user,) if event.cases else ()


def _if_no_role(state: AccountState, event: a.RoleGranted) -> Iterable[str]:
    return () if event.role else (state.user,)


def _answering(state: GroupState, event: e.TextRemoved) -> set[str]:
    """Who leads the group, or did when it was closed."""
    members = (state.kept or state).members.values()
    return {state.owner, *(member.user for member in members if member.role is not Role.MEMBER)}


def _bearer(state: GroupState, event: e.TextRemoved) -> Iterable[str]:
    """Whose tag is removed, where that is nobody who hears of it anyhow."""
    return {event.user} - {"", *_answering(state, event)}


def _if_verified(state: AccountState, event: a.IdentityAttested) -> Iterable[str]:
    # Of what an appeal gives back its outcome tells.
    return () if is_withdrawn(event) or event.measure else _account(state, event)


def _if_stage(*stages: Stage) -> Whom:
    return lambda state, event: (state.user,) if event.stage in stages else ()


def _led_before(state: GroupState, event: e.MeasureOverturned) -> Iterable[str]:
    """Who led a group that comes back; who has appealed for it hears of the appeal."""
    kept = state.kept.members.values() if event.reopens and state.kept else ()
    return [member.user for member in kept if member.role is not Role.MEMBER and member.user != event.user]


def _asked_before(state: GroupState, event: e.MeasureOverturned) -> Iterable[str]:
    return tuple(state.kept.requests) if event.reopens and state.kept else ()


def _if_free(state: AccountState, event: a.AccountRestrictionEnded) -> Iterable[str]:
    """Whom a restriction does not hold any more; who appealed hears of the appeal."""
    return () if event.case else (state.user,)


def _of(row: Row, whom: Whom) -> Whom:
    """Return whom a row is about, of an event that several rows have in common, or that may be no measure."""
    return lambda state, event: whom(state, event) if row.is_of(event) else ()


def _ended(row: Row, whom: Whom) -> Whom:
    """Return whom the end of a restriction is about."""
    return lambda state, event: whom(state, event) if event.measure is row.measure else ()


def _taken(event: type[Struct], whom: Whom) -> tuple[Told, ...]:
    """Return the rows of a measure of the platform."""
    return tuple(Told(row.notice, row.text, _of(row, whom), appeal=True) for row in rows_of(event))


def _over(event: type[Struct], whom: Whom) -> tuple[Told, ...]:
    """Return what is told when a restriction is over that was recorded as `event`."""
    return tuple(Told(row.over, row.free, _ended(row, whom)) for row in rows_of(event))


def _if_undone(state: s.CaseState, event: s.CaseSettled) -> Iterable[str]:
    return _who_asked(state, event) if state.outcome is s.Outcome.OVERTURNED else ()


def _inside(state: s.CaseState, event: s.CaseEvent) -> Iterable[str]:
    """Who may hear what is said in a mediation, but for who did it."""
    return {*state.parties, state.mediator} - {"", event.by}


def _inside_if(outcome: s.Outcome) -> Whom:
    return lambda state, event: _inside(state, event) if event.outcome is outcome else ()


def _if_wished(state: s.CaseState, event: s.MediatorNamed) -> Iterable[str]:
    return () if event.is_mediator else _inside(state, event)


def _if_mediator(state: s.CaseState, event: s.MediatorNamed) -> Iterable[str]:
    return {*state.parties, event.user} - {event.by} if event.is_mediator else ()


def _asked_to_mediate(state: s.CaseState, event: s.MediationOpened) -> Iterable[str]:
    return (event.user,)


def _officers(state: GroupState, event: e.MendingOverdue) -> Iterable[str]:
    return event.officers


def _if_by_another(state: s.CaseState, event: s.CaseClosed) -> Iterable[str]:
    """Who proposed a measure that somebody else turned down."""
    return (state.by,) if event.outcome is s.Outcome.REFUSED and event.by != state.by else ()


def _looking(state: GroupState, event: e.InspectionDueSoon) -> Iterable[str]:
    return event.users


def _late(state: Any, event: e.InspectionOverdue | s.CaseOverdue) -> Iterable[str]:
    """Who owes it, and who hears of all that is late."""
    return once(event.users, event.officers)


def _owing(state: s.CaseState, event: s.CaseDueSoon) -> Iterable[str]:
    return event.users


def _who_asked(state: s.CaseState, event: s.CaseEvent) -> Iterable[str]:
    """Who appealed, or all who reported, as far as they have an account."""
    return [user for user in state.reporters or (state.by,) if not user.startswith(s.PUBLIC)]


def _reported(state: s.CaseState, event: s.CaseEvent) -> Iterable[str]:
    return (state.user,) if state.user else ()


def _copyright(state: s.CaseState, event: s.ReportOpened) -> Iterable[str]:
    """Whom a report of copyright is about: they may answer it (P10)."""
    return _reported(state, event) if event.reason == COPYRIGHT else ()


def _copyright_besides(state: s.CaseState, event: s.ReportJoined) -> Iterable[str]:
    return _reported(state, event) if event.reason == COPYRIGHT and COPYRIGHT not in state.reasons else ()


def _waiting(state: s.CaseState, event: s.CaseOverdue) -> Iterable[str]:
    return () if event.contact else _who_asked(state, event)


def _waiting_told_where(state: s.CaseState, event: s.CaseOverdue) -> Iterable[str]:
    return _who_asked(state, event) if event.contact else ()


def _claimed(state: s.CaseState, event: s.ClaimEndsSoon) -> Iterable[str]:
    return (event.user,)


def _given(state: s.CaseState, event: s.ClaimGiven) -> Iterable[str]:
    return (event.to,) if event.to != event.by else ()


def _given_away(state: s.CaseState, event: s.ClaimGiven) -> Iterable[str]:
    return (event.user,) if event.user != event.by else ()


def _claim_over(state: s.CaseState, event: s.ClaimEnded) -> Iterable[str]:
    return once((event.user,), event.officers)


def _if(outcome: s.Outcome) -> Whom:
    """Return who is told of this outcome: who opened the case, or joined it."""
    return lambda state, event: _who_asked(state, event) if event.outcome is outcome else ()


def _found_against(state: s.CaseState, event: s.CaseClosed) -> Iterable[str]:
    return _reported(state, event) if event.outcome is s.Outcome.UPHELD and not state.seq else ()


def _found_against_for_entry(state: s.CaseState, event: s.CaseClosed) -> Iterable[str]:
    return _reported(state, event) if event.outcome is s.Outcome.UPHELD and state.seq else ()


def _in_bad_faith(state: s.CaseState, event: s.CaseClosed) -> Iterable[str]:
    if event.outcome is not s.Outcome.BAD_FAITH:
        return ()
    return [user for user in _who_asked(state, event) if not event.bad_faith or user in event.bad_faith]


def _dismissed(state: s.CaseState, event: s.CaseClosed) -> Iterable[str]:
    """Who reported what was dismissed, but for those who are told that they did so in bad faith."""
    if event.outcome not in (s.Outcome.DISMISSED, s.Outcome.BAD_FAITH):
        return ()
    hit = set(_in_bad_faith(state, event))
    return [user for user in _who_asked(state, event) if user not in hit]


_COPYRIGHT_TEXT = N_(
    "Somebody says that something of yours infringes their rights, case {case}. To answer: /counter {case} …"
)

TOLD: dict[type[Struct], tuple[Told, ...]] = {
    # Acts of a group's owner and admins.
    e.MemberKicked: (Told("kicked", N_("You were removed from {name}"), _member, appeal=True),),
    e.MemberBanned: (Told("banned", N_("You were banned from {name} {until}"), _member, appeal=True),),
    e.BanLifted: (Told("unbanned", N_("You are no longer banned from {name}"), _member),),
    e.MemberMuted: (Told("muted", N_("You were muted in {name} {until}"), _member, appeal=True),),
    e.MuteLifted: (Told("unmuted", N_("You are no longer muted in {name}"), _member),),
    e.MemberWarned: (
        Told("warned", N_("You were warned in {name}: warning {count}, in force {until}"), _member, appeal=True),
    ),
    e.WarningLifted: (Told("unwarned", N_("A warning to you in {name} was taken back"), _member),),
    e.MemberDemoted: (Told("demoted", N_("You are no longer an admin of {name}"), _member),),
    e.EntryDeleted: (Told("deleted", N_("Your entry #{seq} in {name} was deleted"), _member, appeal=True),),
    e.EntriesPurged: (Told("purged", N_("Entries of yours in {name} were deleted"), _others, appeal=True),),
    e.HeldDenied: (
        Told("held_denied", N_("Your post in {name} that waited for review was turned down"), _member, appeal=True),
    ),
    e.HeldApproved: (Told("held_approved", N_("Your post in {name} that waited for review was approved"), _member),),
    e.HeldReleased: (Told("held_released", N_("Your post in {name} that waited for review was approved"), _posted),),
    e.HeldRejected: (
        Told(
            "held_rejected",
            N_("The platform turned down your post in {name}, which rule {rule} had held"),
            _member,
            appeal=True,
        ),
    ),
    e.PostRefuted: (
        *_taken(e.PostRefuted, _member),
        Told(
            "repost_refuted", N_("The platform refuted post #{seq} in {name}, which you reposted: {text}"), _reposters
        ),
    ),
    e.RefutationWithdrawn: (
        Told("refutation_over", N_("The platform takes back what it said about your post #{seq} in {name}"), _member),
        Told(
            "repost_refutation_over",
            N_("The platform takes back what it said about post #{seq} in {name}, which you reposted"),
            _reposters,
        ),
    ),
    e.EntriesRemoved: _taken(e.EntriesRemoved, _others),
    e.TextRemoved: (
        *_taken(e.TextRemoved, _answering),
        Told("own_tag_removed", N_("The platform removed your tag in {name}"), _bearer),
    ),
    e.ContentRefused: (
        Told("post_refused", N_("What you wrote in {name} was refused by a content rule"), _member, appeal=True),
    ),
    e.TransferOffered: (
        Told("transfer_offered", N_("The ownership of {name} is offered to you {until}: /transfer accept"), _member),
    ),
    # What became of a request to join.
    e.MemberJoined: (Told("let_in", N_("Your request to join {name} was accepted"), _let_in),),
    e.JoinRequestEnded: (Told("denied", N_("Your request to join {name} was declined"), _member),),
    e.RequestsExpired: (Told("expired", N_("Nobody answered your request to join {name} in time"), _others),),
    e.JoinRequestsClosed: (Told("closed", N_("The group {name}, which you had asked to join, is closed"), _others),),
    # Measures of the platform against a group, and who answers for it.
    e.GroupWarned: _taken(e.GroupWarned, _leaders),
    e.GroupRestricted: _taken(e.GroupRestricted, _leaders),
    e.GroupRestrictionEnded: _over(e.GroupRestricted, _leaders),
    e.RectificationAccepted: (
        Told("rectification_accepted", N_("The platform agrees that your group {name} has put it right"), _leaders),
    ),
    e.RectificationRejected: (
        Told(
            "rectification_rejected",
            N_("The platform finds that your group {name} has not put it right yet. Time for that, {until}"),
            _leaders,
        ),
    ),
    e.MendingDueSoon: (
        Told("mending_due", N_("Time to put right what the platform named in your group {name}, {until}"), _leaders),
    ),
    e.MendingOverdue: (
        Told(
            "mending_late",
            N_(
                "What the platform named in your group {name} was not put right in time, {until}: it "
                "may now take a measure"
            ),
            _leaders,
        ),
        Told(
            "mending_overdue",
            N_(
                "The group {name} has not put right in time, {until}, what it was warned about. The "
                "next step, if you take it: folkmoot admin {step}"
            ),
            _officers,
        ),
    ),
    e.InspectionDueSoon: (
        Told("inspection_due", N_("Time to look at what the group {name} says it has put right, {until}"), _looking),
    ),
    e.InspectionOverdue: (
        Told("inspection_late", N_("The platform has not yet looked at what you put right in {name}"), _leaders),
        Told(
            "inspection_overdue",
            N_(
                "What the group {name} says it has put right was not looked at in time, {until}. To "
                "be done: folkmoot admin {step}"
            ),
            _late,
        ),
    ),
    # What the platform has granted to a channel.
    e.ChannelReviewed: (Told("channel_opened", N_("The platform has let your channel {name} open"), _leaders),),
    e.CredentialGranted: (
        Told(
            "credential_granted", N_("The platform has granted to your channel {name}: {credential}, {until}"), _leaders
        ),
    ),
    e.GroupGraded: (
        Told(
            "graded",
            N_(
                "The grade of your channel {name} is now {grade}, with {followers} followers; "
                "/duty says what that requires"
            ),
            _if_first,
        ),
    ),
    e.CredentialRevoked: _taken(e.CredentialRevoked, _leaders),
    e.CredentialsEnded: (
        Told("credential_ended", N_("What was granted to your channel {name} has ended: {credential}"), _leaders),
    ),
    e.GroupSuspended: _taken(e.GroupSuspended, _leaders),
    e.GroupRestored: (Told("group_restored", N_("The suspension of your group {name} is lifted"), _leaders),),
    e.GroupClosed: _taken(e.GroupClosed, _leaders),
    e.LimitGranted: (Told("limit_granted", N_("The platform lets your group {name} grow to {limit} members"), _owner),),
    e.LimitDenied: _taken(e.LimitDenied, _owner),
    e.OwnerReplaced: (
        Told(
            "owner_replaced", N_("{name} has another owner now, because you could no longer answer for it"), _previous
        ),
        Told("inherited", N_("You now own {name}, because its owner can no longer answer for it"), _member),
    ),
    e.OwnershipReturned: (
        Told("ownership_back", N_("You own {name} again"), _member),
        Told("ownership_returned", N_("{name} has its former owner again"), _previous),
    ),
    e.MeasureOverturned: (
        Told("group_reopened", N_("Your group {name} is open again, as it was"), _led_before),
        Told("reopened", N_("The group {name} is open again, and so is your request to join it"), _asked_before),
    ),
    # Accounts.
    a.AccountRestricted: _taken(a.AccountRestricted, _account),
    a.AccountRestrictionEnded: _over(a.AccountRestricted, _if_free),
    a.AccountSuspended: _taken(a.AccountSuspended, _account),
    a.AccountClosing: _taken(a.AccountClosing, _account),
    a.AccountRestored: (Told("account_restored", N_("The suspension of your account is lifted"), _account),),
    a.CreditChanged: (
        *_taken(a.CreditChanged, _account),
        Told("credit_raised", N_("Your credit changed by +{points} to {score}"), _if_raised),
    ),
    a.IdentityAttested: (
        Told("verified", N_("Your identity is verified: {identity}"), _if_verified),
        *_taken(a.IdentityAttested, _account),
    ),
    a.RenewalTold: (
        Told(
            "renewal_due",
            N_("Your identity is verified {until}: have it verified again before that, with /verify"),
            _if_stage(Stage.FIRST, Stage.SECOND),
        ),
        Told(
            "renewal_late",
            N_(
                "Your identity needed to be verified again by now: you can still publish {until}; renew it with /verify"
            ),
            _if_stage(Stage.ENDED),
        ),
        Told(
            "renewal_missed",
            N_("Your identity was not verified again in time: you cannot publish until it is; renew it with /verify"),
            _if_stage(Stage.LAPSED),
        ),
    ),
    a.NamesRemoved: _taken(a.NamesRemoved, _account),
    a.IdentityRejected: (
        Told("unverified", N_("Your identity could not be verified: {identity}"), _account, appeal=True),
    ),
    a.RoleGranted: (
        Told("role_given", N_("You have the role {role} on the platform"), _if_role),
        Told("inspection_given", N_("You may read these cases as an inspector, {until}: {cases}"), _if_inspector),
        Told("role_taken", N_("You no longer have a role on the platform"), _if_no_role),
    ),
    a.RoleEnded: (Told("role_ended", N_("Your role on the platform has ended"), _oneself),),
    a.TrainingNoted: (Told("training_noted", N_("Your training was put on record: {course}"), _oneself),),
    a.PasswordChanged: (
        Told(
            "password_changed",
            N_("The password of your account was changed, and all its other sessions have ended"),
            _oneself,
        ),
    ),
    a.ResetCodeGiven: (
        Told(
            "reset_code_given",
            N_("The platform gave out a code with which the password of your account can be set, once"),
            _if_given,
        ),
        Told(
            "reset_code_sent",
            N_(
                "A code with which the password of your account can be set was sent to your verified "
                "mobile. If that was not you, tell nobody the code"
            ),
            _if_sent,
        ),
    ),
    a.SecondFactorSet: (
        Told("second_factor_set", N_("From now on, signing in to your account needs a code as well"), _oneself),
    ),
    a.SecondFactorUsed: (
        Told(
            "recovery_code_used",
            N_("A recovery code of your account was used to sign in; left: {left}"),
            _if_recovery,
        ),
    ),
    a.SecondFactorEnded: (
        Told("second_factor_ended", N_("Signing in to your account no longer needs a code"), _oneself),
    ),
    a.SessionsEnded: (Told("sessions_ended", N_("Sessions of your account were ended: {count}"), _oneself),),
    # Reports and appeals.
    s.ReportOpened: (Told("copyright_reported", _COPYRIGHT_TEXT, _copyright),),
    s.ReportJoined: (Told("copyright_joined", _COPYRIGHT_TEXT, _copyright_besides),),
    s.CounterNoticed: (
        Told("counter_noticed", N_("The one you reported in case {case} says that it infringes no rights"), _who_asked),
    ),
    s.ReportReopened: (
        Told("report_reopened", N_("Your report {case} is open again: somebody else will decide on it"), _who_asked),
    ),
    s.CaseClosed: (
        Told("upheld", N_("Your report {case} was upheld"), _if(s.Outcome.UPHELD)),
        Told("found_against", N_("A report about you or your group was upheld, case {case}"), _found_against),
        Told(
            "found_against_entry",
            N_("A report on your entry #{seq} in group {group} was upheld, case {case}"),
            _found_against_for_entry,
        ),
        Told("dismissed", N_("Your report {case} was dismissed"), _dismissed, appeal=True),
        Told("bad_faith", N_("Your report {case} was found to be in bad faith"), _in_bad_faith, appeal=True),
        Told("measure_taken", N_("The measure that you proposed, {case}, was confirmed"), _if(s.Outcome.TAKEN)),
        Told("measure_refused", N_("The measure that you proposed, {case}, was turned down"), _if_by_another),
        Told("measure_lapsed", N_("Nobody has confirmed the measure that you proposed, {case}"), _if(s.Outcome.LAPSED)),
        Told(
            "confirmed",
            N_("Your appeal {case} was turned down: the measure remains in force"),
            _if(s.Outcome.CONFIRMED),
        ),
        Told("application_approved", N_("Your application {case} was approved"), _if(s.Outcome.APPROVED)),
        Told("application_rejected", N_("Your application {case} was rejected"), _if(s.Outcome.REJECTED), appeal=True),
        Told("agreed", N_("Mediation {case} is over: you have agreed"), _inside_if(s.Outcome.AGREED)),
        Told("ended", N_("Mediation {case} is over, without an agreement"), _inside_if(s.Outcome.ENDED)),
    ),
    s.ApplicationOpened: (
        Told(
            "application_opened", N_("Your application is case {case}: you will have an answer ({until})"), _who_asked
        ),
    ),
    s.ApplicationReopened: (
        Told(
            "application_reopened",
            N_("Your application {case} is open again: somebody else will decide on it"),
            _who_asked,
        ),
    ),
    # Mediation: told to those inside, but not what was said.
    s.MediationOpened: (
        Told("mediation_opened", N_("Somebody asks you for mediation: /mediate {case}"), _asked_to_mediate),
    ),
    s.MediatorNamed: (
        Told("mediator_named", N_("A mediator was suggested in mediation {case}: /mediate {case}"), _if_wished),
        Told("mediator_found", N_("Mediation {case} has a mediator: /mediate {case}"), _if_mediator),
    ),
    s.MediationSaid: (Told("mediation_said", N_("Something was said in mediation {case}: /mediate {case}"), _inside),),
    s.ProposalMade: (Told("proposal_made", N_("There is a proposal in mediation {case}: /mediate {case}"), _inside),),
    s.ProposalAccepted: (Told("proposal_accepted", N_("A proposal was accepted in mediation {case}"), _inside),),
    # Dates of reports and appeals.
    s.CaseDueSoon: (Told("case_due", N_("Time to answer case {case}, {until}"), _owing),),
    s.CaseOverdue: (
        Told(
            "case_overdue",
            N_("Case {case} was not answered in time, {until}. To be done: folkmoot admin {step}"),
            _late,
        ),
        Told("answer_late", N_("Your case {case} was not answered in time, {until}: it is overdue"), _waiting),
        Told(
            "answer_late_contact",
            N_("Your case {case} was not answered in time, {until}: you can turn to {contact}"),
            _waiting_told_where,
        ),
    ),
    s.ClaimGiven: (
        Told("claim_given", N_("Case {case} was handed over to you: your claim on it holds {until}"), _given),
        Told("claim_taken", N_("Your claim on case {case} was handed over to somebody else"), _given_away),
    ),
    s.ClaimEndsSoon: (Told("claim_due", N_("Your claim on case {case} ends: it holds {until}"), _claimed),),
    s.ClaimEnded: (
        Told("claim_over", N_("The claim on case {case} has ended, {until}: anybody may take it"), _claim_over),
    ),
    # Only when the measure is undone is it known what that did: `effects.overturned_text` says it.
    s.CaseSettled: (Told(OVERTURNED, PLAIN, _if_undone),),
}
"""Who is told what, by the type of the event. What is not here is told to the group, or to who did it."""

TO_REPORTERS = "report_overturned"
"""What reporters are told of an event of somebody else's appeal."""

HOOK_ENDED = "hook_ended"

TEXTS: dict[str, str] = {
    **{row.kind: row.text for rows in TOLD.values() for row in rows},
    "platform_announced": N_("The platform: {text}"),
    **responses.TEXTS,
    HOOK_ENDED: N_("Nothing said in {name} is sent to the address of @{by} any more: {count} tries in a row failed"),
    TO_REPORTERS: N_("What followed from your report {case} was overturned on appeal"),
}
"""The sentence of each kind."""


def told_in_group(state: GroupState, event: e.Event, policy: Policy) -> list[PersonalNotice]:
    """Return what accounts are told of an event that `state`, a group, has not taken in yet."""
    rows = TOLD.get(type(event), ())
    case = case_number(state.code, state.version + 1) if rows else ""
    return _notices(rows, state, event, case, policy, state.code, {"name": state.name} | _granted(event))


def _granted(event: e.Event) -> dict[str, Any]:
    """Return what names the credentials that an event is about."""
    if isinstance(event, e.CredentialGranted):
        return {"credential": event.credential.name, "until_ms": event.credential.until_ms}
    if isinstance(event, (e.CredentialRevoked, e.CredentialsEnded)):
        return {"credential": ", ".join(one.name for one in event.credentials)}
    return {}


def told_to_account(state: AccountState, event: a.AccountEvent, policy: Policy) -> list[PersonalNotice]:
    """Return what an account is told of an event that it has not taken in yet."""
    rows = TOLD.get(type(event), ())
    case = account_case(state.user, state.version + 1)
    more = {"report": event.case} if isinstance(event, a.CreditChanged) and event.case else {}
    if isinstance(event, a.RoleGranted) and event.cases:
        more = {"cases": " ".join(event.cases)}
    return _notices(rows, state, event, case, policy, "", more)


def told_of_case(state: s.CaseState, event: s.CaseEvent, policy: Policy) -> list[PersonalNotice]:
    """Return what accounts are told of an event that a case has not taken in yet; of its opening, that it has."""
    more: dict[str, Any] = {}
    if isinstance(event, s.CaseSettled):
        more = {"reason": state.answer, "measure": state.reason}
    elif isinstance(event, (s.CaseClosed, s.ReportOpened, s.ReportJoined)) and state.seq:
        more = {"seq": state.seq, "group": show_group_code(state.code)}
    elif isinstance(event, s.ApplicationOpened):
        more = {"until_ms": event.due_ms}
    return _notices(TOLD.get(type(event), ()), state, event, state.number, policy, state.code, more)


def told_to_reporters(reports: Sequence[s.CaseState], reason: str, now: int) -> list[PersonalNotice]:
    """Return what who made reports is told at `now` (Unix ms) when what followed from them was overturned (G12)."""
    return [
        PersonalNotice(user, now, TO_REPORTERS, one.number, one.code, {"reason": reason})
        for one in reports
        for user in one.reporters
        if not user.startswith(s.PUBLIC)
    ]


def _notices(
    rows: Sequence[Told], state: Any, event: Any, case: str, policy: Policy, code: str, more: dict[str, Any]
) -> list[PersonalNotice]:
    if not rows:
        return []
    found = {name: value for name in KEPT if (value := getattr(event, name, None)) not in (None, "")}
    if not found.get("seq", 1):
        del found["seq"]
    grounds = getattr(event, "grounds", NO_GROUNDS)
    data: dict[str, Any] = msgspec.to_builtins(found | grounds.shown() | more)
    of_content = (*OF_RULES, *OF_REVIEWERS)
    by_platform = isinstance(event, (*OF_THE_PLATFORM, *of_content, e.EntriesRemoved, a.AccountEvent, s.CaseClosed))
    window = policy.cases.platform_appeal_ms if by_platform else policy.cases.appeal_ms
    told = []
    for row in rows:
        own = data | {"appeal_until_ms": event.at + window} if row.appeal else data
        told += [
            PersonalNotice(user, event.at, row.kind, case, code, own | _entries_of(event, user, code))
            for user in row.whom(state, event)
        ]
    return told


def _entries_of(event: Any, user: str, code: str) -> dict[str, Any]:
    """Return which entries an account has written of those that were removed: one as grounds name it, or all."""
    if not isinstance(event, (e.EntriesPurged, e.EntriesRemoved)):
        return {}
    seqs = event.seqs
    if event.users != (user,):
        # Of an earlier version there is no telling whose they were, where several had written.
        seqs = tuple(seq for seq, index in zip(seqs, event.was_by, strict=False) if event.users[index] == user)
    return {"entry": f"{code}:{seqs[0]}"} if len(seqs) == 1 else {"seqs": list(seqs)} if seqs else {}
