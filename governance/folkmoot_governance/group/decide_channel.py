"""Opening a channel, what the platform grants to it and takes back (I7.1, P7.1, P8, W8, W10), and who may comment in
it (P12, W10.2)."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, CommentPolicy, EntryKind, JoinMode

from ..actor import Actor
from ..case.rules import check_rule
from ..classification import classify
from ..credentials import CredentialKind, in_force
from ..emergency import check_emergency
from ..measure_checks import check_power
from ..policy import Policy
from ..published import check_texts
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from . import commands as c
from .checks import check_category, check_founder, check_subject, refuse
from .events import (
    ChannelOpened,
    ChannelReviewed,
    CommentsSet,
    CredentialGranted,
    CredentialRevoked,
    Event,
    PostRefuted,
    RefutationWithdrawn,
)
from .post import check_identity
from .state import GroupState

Decision = Sequence[Event] | Refusal

MOST_EDITORS = 100
"""Members of a channel, who are its editors."""

MOST_THREADS = 200
"""Posts of a channel that have a policy of comments of their own."""

NO_POST = N_("Entry #{seq} is not a post of this channel.")


NOT_A_CHANNEL = refuse(ErrorCode.BAD_REQUEST, N_("This is a group, not a channel."))


def open_channel(command: c.OpenChannel, actor: Actor, now: int, policy: Policy) -> Sequence[Event] | Refusal:
    """Open a channel: a person's own, whose handle is the user name, at once, a public account after a review."""
    refusal = (
        check_power(actor.restrictions, Power.CREATE, now)
        or check_power(actor.restrictions, Power.POST, now)
        or check_emergency(actor.emergencies, Power.CREATE, now, category=command.category)
        or check_emergency(actor.emergencies, Power.POST, now, category=command.category)
        or check_identity(actor.identity, actor.verified_ts, now, policy)
        or check_category(command.category, policy)
        or check_public(command, actor, now, policy)
        or check_texts(command, None, actor, now, policy)
    )
    if refusal:
        return refusal
    opened = ChannelOpened(
        at=now,
        by=actor.user,
        code=command.code,
        name=command.name,
        category=command.category,
        topic=command.topic,
        join_mode=JoinMode.INVITE,
        member_limit=MOST_EDITORS,
        form=command.form,
        handle=command.handle,
    )
    return [opened]


def set_comments(
    state: GroupState, command: c.SetComments, actor: Actor, now: int, policy: Policy
) -> Sequence[Event] | Refusal:
    """Say who may comment: in the channel, or on one post."""
    seq = command.seq
    if seq and command.kind is not EntryKind.POST:
        return refuse(ErrorCode.NO_SUCH_ENTRY, NO_POST, seq=seq, rule="channel.post", help="/comments")
    was = state.threads.get(seq, CommentPolicy.OPEN) if seq else state.comments
    if command.policy is was:
        return []
    if seq and seq not in state.threads and len(state.threads) >= MOST_THREADS:
        text = N_(
            "{limit} posts have a policy of their own, which is the most allowed: /comments open <seq> frees one."
        )
        return refuse(ErrorCode.CONFLICT, text, limit=MOST_THREADS, rule="channel.threads", help="/comments")
    return [CommentsSet(at=now, by=actor.user, comments=command.policy, seq=seq, was_comments=was)]


def check_public(command: c.OpenChannel, actor: Actor, now: int, policy: Policy) -> Refusal | None:
    """Refuse a public account to who is not verified as it takes, or has as many as one subject may (P7.3)."""
    if command.form is ChannelForm.PERSONAL:
        return None
    grade = classify(policy.grades, command.category, members=1, entries_per_day=0)
    return check_founder(actor, grade, now, policy) or check_subject(command.have, command.limit)


def review_channel(state: GroupState, command: c.ReviewChannel, actor: Actor, now: int, policy: Policy) -> Decision:
    """Let a public account open."""
    if state.form is None:
        return NOT_A_CHANNEL
    if not state.is_pending:
        return refuse(ErrorCode.CONFLICT, N_("This channel is open already."))
    opened = ChannelReviewed(at=now, by=actor.user, case=command.case, reason=command.reason)
    label = command.label
    if label is None:
        return [opened]
    return [opened, CredentialGranted(at=now, by=actor.user, credential=label, reason=command.reason)]


def grant_credential(state: GroupState, command: c.GrantCredential, actor: Actor, now: int, policy: Policy) -> Decision:
    """Grant a badge, a licence or a label."""
    if state.form is None:
        return NOT_A_CHANNEL
    if command.credential.until_ms <= now:
        return refuse(ErrorCode.BAD_REQUEST, N_("This end has come already."), field="until")
    return [CredentialGranted(at=now, by=actor.user, credential=command.credential, reason=command.reason)]


def revoke_credential(
    state: GroupState, command: c.RevokeCredential, actor: Actor, now: int, policy: Policy
) -> Decision:
    """Take a credential back, or with no category all licences."""
    gone = tuple(
        one
        for one in in_force(state.credentials, now)
        if one.kind is command.kind and command.category in ("", one.category)
    )
    if not gone:
        return refuse(
            ErrorCode.CONFLICT, N_("The channel has no such badge, licence or label."), help="credential list"
        )
    return [CredentialRevoked(at=now, by=actor.user, credentials=gone, reason=command.reason, **command.basis.fields())]


def withdraw_badge(state: GroupState, command: c.WithdrawBadge, actor: Actor, now: int, policy: Policy) -> Decision:
    gone = tuple(one for one in in_force(state.credentials, now) if one.kind is CredentialKind.BADGE)
    return [CredentialRevoked(at=now, by="", credentials=gone, reason=command.reason)] if gone else []


def refute(state: GroupState, command: c.Refute, actor: Actor, now: int, policy: Policy) -> Sequence[Event] | Refusal:
    """Put a text beside a post, wherever it is shown (W11)."""
    seq = command.seq
    if state.form is None or command.kind is not EntryKind.POST or command.redacted:
        return refuse(ErrorCode.NO_SUCH_ENTRY, NO_POST, seq=seq, rule="channel.post", help="refutation list")
    if seq in state.refutations:
        text = N_("Post #{seq} is refuted already, case {case}.")
        return refuse(ErrorCode.CONFLICT, text, seq=seq, case=state.refutations[seq].case, help="refutation end")
    refuted = PostRefuted(
        at=now,
        by=actor.user,
        user=command.user,
        seq=seq,
        text=command.text,
        reason=command.reason,
        rule=command.rule,
        reposters=command.reposters,
        **command.basis.fields(),
    )
    return check_rule(command.rule, policy.cases) or [refuted]


def withdraw(
    state: GroupState, command: c.WithdrawRefutation, actor: Actor, now: int, policy: Policy
) -> Sequence[Event] | Refusal:
    """Take a refutation away."""
    one = state.refutations.get(command.seq)
    if one is None:
        text = N_("Post #{seq} is not refuted.")
        return refuse(ErrorCode.CONFLICT, text, seq=command.seq, help="refutation list")
    reposters = tuple(one.reposters.split())
    return [
        RefutationWithdrawn(
            at=now, by=actor.user, user=one.user, seq=one.seq, reason=command.reason, reposters=reposters
        )
    ]


CHANNEL: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.SetComments: set_comments,
    c.Refute: refute,
    c.WithdrawRefutation: withdraw,
    c.ReviewChannel: review_channel,
    c.GrantCredential: grant_credential,
    c.RevokeCredential: revoke_credential,
    c.WithdrawBadge: withdraw_badge,
}
