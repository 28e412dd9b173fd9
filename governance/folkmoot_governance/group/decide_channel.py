"""Opening a channel (I7.1, P7.1, W10), and who may comment in it (P12, W10.2)."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, CommentPolicy, EntryKind, JoinMode

from ..actor import Actor
from ..emergency import check_emergency
from ..measure_checks import check_power
from ..policy import Policy
from ..published import check_texts
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from . import commands as c
from .checks import refuse
from .events import ChannelOpened, CommentsSet, Event
from .post import check_identity
from .state import GroupState

MOST_EDITORS = 100
"""Members of a channel, who are its editors."""

MOST_THREADS = 200
"""Posts of a channel that have a policy of comments of their own."""

NO_POST = N_("Entry {seq} is no post of this channel.")


def open_channel(command: c.OpenChannel, actor: Actor, now: int, policy: Policy) -> Sequence[Event] | Refusal:
    """Open a channel: a person's own, whose handle is the user name, without a review."""
    refusal = (
        check_power(actor.restrictions, Power.CREATE, now)
        or check_power(actor.restrictions, Power.POST, now)
        or check_emergency(actor.emergencies, Power.CREATE, now, category=command.category)
        or check_emergency(actor.emergencies, Power.POST, now, category=command.category)
        or check_identity(actor.identity, actor.verified_ts, now, policy)
        or check_form(command)
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


def check_form(command: c.OpenChannel) -> Refusal | None:
    """Refuse what has no way to be opened yet: a public account is, after a review."""
    if command.form is ChannelForm.PUBLIC:
        text = N_("Public accounts cannot be opened here yet.")
        return refuse(ErrorCode.FORBIDDEN, text, rule="channel.form")
    return None


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
        text = N_("{limit} posts have a policy of their own, and no more are allowed: /comments open <seq> frees one.")
        return refuse(ErrorCode.CONFLICT, text, limit=MOST_THREADS, rule="channel.threads", help="/comments")
    return [CommentsSet(at=now, by=actor.user, comments=command.policy, seq=seq, was_comments=was)]


CHANNEL: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Sequence[Event] | Refusal]] = {
    c.SetComments: set_comments,
}
