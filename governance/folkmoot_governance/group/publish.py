"""May this editor publish, and may this reader comment? What a channel asks instead of `post.check_post`."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, CommentPolicy, Entry, EntryKind, GroupStatus, Identity

from ..credentials import Scope, allows
from ..measure_checks import check_group
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..roles import Permission
from ..text import N_
from .checks import check_category, check_standing, refuse
from .post import check_identity, slowed
from .state import GroupState

COMMENTS_APPROVED = "comments.approval"
"""What holds a comment where an editor looks first, as a content rule is named."""

POWERS = {EntryKind.POST: Power.PUBLISH, EntryKind.COMMENT: Power.COMMENT}
"""What stands in channels, by the power that it takes."""

STRICTER = tuple(CommentPolicy)
"""Policies of comments, the mildest first."""


class Thread(Struct, frozen=True):
    """What a comment is about: the post `seq`, whether it is there, and what is answered in the same thread, and
    whether the reader follows the channel."""

    seq: int = 0
    is_there: bool = True
    is_followed: bool = False


NO_THREAD = Thread()
REFUTED = N_("The platform has refuted this post: it cannot be reposted.")
NO_ORIGINAL = N_("There is no such post to repost.")


class Original(Struct, frozen=True):
    """The post `seq` that another one is to repeat, its channel, whether it is there, and the category it is of; as it
    stands it is `entry`."""

    state: GroupState
    seq: int
    is_there: bool
    category: str
    entry: Entry | None = None


def check_repost(state: GroupState, original: Original, now: int) -> Refusal | None:
    """Refuse to repeat a post in the channel `state` at `now` (Unix ms), or return None (P10, P11)."""
    return (
        check_group(state.restrictions, Power.REPOST, now)
        or _check_channel(original.state, now, Power.REPOST)
        or _check_refuted(original)
        or (None if original.is_there else refuse(ErrorCode.NO_SUCH_ENTRY, NO_ORIGINAL, rule="repost"))
    )


def _check_refuted(original: Original) -> Refusal | None:
    if original.seq not in original.state.refutations:
        return None
    return refuse(ErrorCode.REFUTED, REFUTED, rule="refutation")


def check_publish(
    state: GroupState,
    user: str,
    identity: Identity,
    now: int,
    policy: Policy,
    verified_ts: int = 0,
    categories: Collection[str] = (),
    *,
    is_repost: bool = False,
) -> Refusal | None:
    """Refuse a post of the channel by `user` at `now` (Unix ms), or return None.

    `verified_ts` is when the identity was checked (Unix ms, 0 for one that counts for good). `categories` are those
    that the post is of, by its author's word and by content rules; without any it is of the channel's own.
    """
    return (
        _check_open(state, user)
        or _check_channel(state, now, Power.PUBLISH)
        or _check_editor(state, user)
        or _check_answered(state, now)
        or _check_mute(state, user, now)
        or check_identity(identity, verified_ts, now, policy)
        or check_licences(state, categories, now, policy, is_repost=is_repost)
    )


def check_licences(
    state: GroupState, categories: Collection[str], now: int, policy: Policy, *, is_repost: bool = False
) -> Refusal | None:
    """Refuse what takes a licence that the channel has not (I7.2, P8, W4): to relay it, one to relay is enough."""
    for category in sorted(categories or (state.category,)):
        refusal = check_category(category, policy) if category != state.category else None
        if refusal:
            return refusal
        needed = policy.licences.get(category)
        if needed is None:
            continue
        needed = Scope.RELAY if is_repost else needed
        if not allows(state.credentials, category, needed, now):
            text = N_("A post in category {category} needs a licence: {needed}.")
            detail = {"category": category, "needed": needed.value}
            return refuse(ErrorCode.LICENCE_REQUIRED, text, **detail, rule="policy.channels.licences")
    return None


def check_comment(
    state: GroupState,
    user: str,
    identity: Identity,
    now: int,
    policy: Policy,
    verified_ts: int = 0,
    last_post_ms: int = 0,
    thread: Thread = NO_THREAD,
) -> Refusal | None:
    """Refuse a comment of `user` on a post of the channel at `now` (Unix ms), or return None (P12, W10.2).

    `last_post_ms` is when the previous comment of `user` here was accepted: slow mode counts from it. Where an editor
    looks first, `is_held` says so: this lets it pass.
    """
    return (
        _check_open(state, user)
        or _check_channel(state, now, Power.COMMENT)
        or _check_ban(state, user, now)
        or _check_mute(state, user, now)
        or _check_locked(state, user, now)
        or _check_thread(thread)
        or _check_policy(state, user, thread)
        or _check_slow(state, user, last_post_ms, now)
        or check_identity(identity, verified_ts, now, policy)
    )


def check_let_through(
    state: GroupState, kind: EntryKind, data: Mapping[str, object], now: int, policy: Policy
) -> Refusal | None:
    """Refuse at `now` (Unix ms) to publish what was held, an entry of a kind with such data, in a group or a channel
    that may not say it any more: a measure of the platform, or a licence that has ended."""
    if kind not in POWERS:
        return check_group(state.restrictions, Power.POST, now)
    refusal = _check_channel(state, now, POWERS[kind])
    if refusal is None and kind is EntryKind.POST:
        declared = str(data.get("category") or state.category)
        refusal = _check_answered(state, now) or check_licences(
            state, (declared,), now, policy, is_repost="repost" in data
        )
    return refusal


def policy_on(state: GroupState, seq: int) -> CommentPolicy:
    """Return who may comment on a post: the stricter of its own policy and the channel's counts."""
    return max(state.comments, state.threads.get(seq, CommentPolicy.OPEN), key=STRICTER.index)


def is_held(state: GroupState, user: str, thread: Thread) -> bool:
    """Say whether an editor looks at a comment before it can be read; editors' own are read at once."""
    return policy_on(state, thread.seq) is CommentPolicy.APPROVAL and user not in state.members


def check_follow(state: GroupState, now: int) -> Refusal | None:
    """Refuse to follow a channel at `now` (Unix ms) from which the platform has taken new followers."""
    return check_group(state.restrictions, Power.FOLLOW, now)


def _check_channel(state: GroupState, now: int, power: Power) -> Refusal | None:
    """Refuse what a channel that the platform has closed or suspended no longer does, or has lost the power to do."""
    refusal = check_standing(state, now, while_suspended=False) if state.status is not GroupStatus.ACTIVE else None
    return refusal or check_group(state.restrictions, Power.POST, now) or check_group(state.restrictions, power, now)


def _check_open(state: GroupState, user: str) -> Refusal | None:
    """Refuse a public account that the platform has not let open: to others it is not there (I7.1, P7.1)."""
    if not state.is_pending:
        return None
    if user not in state.members:
        return refuse(ErrorCode.NO_SUCH_GROUP, N_("There is no group with this code."))
    return refuse(ErrorCode.NOT_OPEN, N_("This channel is waiting for the platform's review: it is not open yet."))


def _check_editor(state: GroupState, user: str) -> Refusal | None:
    if state.holds(user, Permission.PUBLISH):
        return None
    text = N_("Only the editors of a channel can publish in it; you can comment on its posts.")
    return refuse(ErrorCode.FORBIDDEN, text, rule="channel.editors")


def _check_mute(state: GroupState, user: str, now: int) -> Refusal | None:
    mute = state.mute_of(user, now)
    if mute is None:
        return None
    text = N_("You are muted in this channel {until}.")
    return refuse(ErrorCode.MUTED, text, until_ms=mute.until_ms, reason=mute.reason, case=mute.case)


def _check_ban(state: GroupState, user: str, now: int) -> Refusal | None:
    ban = state.ban_of(user, now)
    if ban is None:
        return None
    text = N_("You are banned from this channel {until}.")
    return refuse(ErrorCode.BANNED, text, user=user, until_ms=ban.until_ms, reason=ban.reason, case=ban.case)


def _check_answered(state: GroupState, now: int) -> Refusal | None:
    """Refuse to publish under the name of somebody who is shut out for long (G9, G11.2)."""
    if state.locked_until_ms <= now or state.form is not ChannelForm.PERSONAL:
        return None
    text = N_(
        "@{user} cannot answer for this channel now: nothing is published in it, under that name, until they can."
    )
    return refuse(ErrorCode.FORBIDDEN, text, user=state.handle, rule="channel.owner", help="/info")


def _check_locked(state: GroupState, user: str, now: int) -> Refusal | None:
    """Refuse a reader while nobody answers for the channel (G9)."""
    if state.locked_until_ms <= now or user in state.members:
        return None
    text = N_("Nobody answers for this channel now: comments are closed until somebody does.")
    return refuse(ErrorCode.COMMENTS_CLOSED, text, rule="channel.owner")


def _check_thread(thread: Thread) -> Refusal | None:
    if thread.is_there:
        return None
    return refuse(ErrorCode.NO_SUCH_ENTRY, N_("There is no such post here, or no such comment on it."), rule="thread")


def _check_policy(state: GroupState, user: str, thread: Thread) -> Refusal | None:
    policy = policy_on(state, thread.seq)
    if policy is CommentPolicy.CLOSED:
        return refuse(ErrorCode.COMMENTS_CLOSED, N_("Comments are closed here."), rule="channel.comments")
    if policy is CommentPolicy.FOLLOWERS and not thread.is_followed and user not in state.members:
        text = N_("Only followers of this channel may comment here.")
        return refuse(ErrorCode.FOLLOWERS_ONLY, text, rule="channel.comments", help="/follow")
    return None


def _check_slow(state: GroupState, user: str, last_post_ms: int, now: int) -> Refusal | None:
    is_slowed = state.slow_ms and user not in state.members and now < last_post_ms + state.slow_ms
    return slowed(state, last_post_ms, now) if is_slowed else None
