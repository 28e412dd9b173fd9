"""Slash commands about channels: follow one, who its editors are, and who may comment."""

import re

from folkmoot_governance import Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.publish import policy_on
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import CommentPolicy, EntryKind, Repost

from ..common.i18n import N_
from .arguments import plain
from .call import Call
from .entries import find_entry
from .everyone import admins
from .outcome import Answer, Outcome, Repeat

POLICIES = {
    CommentPolicy.OPEN: N_("Everybody may comment."),
    CommentPolicy.FOLLOWERS: N_("Only followers of the channel may comment."),
    CommentPolicy.APPROVAL: N_("Everybody may comment, and an editor reads comments first: /queue"),
    CommentPolicy.CLOSED: N_("Nobody may comment."),
}
POST = re.compile(r"(?:(@[a-z0-9_.-]{1,40}|\d{4}-?\d{4}-?\d{4})/|#)?(\d{1,15})")
"""How a post is named: `@handle/12`, `4821-9067-3350/12`, and in its channel `12` or `#12`."""
WHICH = Refusal(
    ErrorCode.BAD_REQUEST, N_("Say which post: /repost @handle/12"), {"field": "post", "help": "/help repost"}
)
WHERE = Refusal(ErrorCode.BAD_REQUEST, N_("Say which channel: /follow @handle, or its code."), {"help": "/help follow"})


async def comments(call: Call, policy: str | None, seq: int | None) -> Outcome:
    """Say who may comment in the channel, or on one of its posts. Alone: show that."""
    state = call.room.state
    if policy is None:
        data: dict[str, object] = {"comments": state.comments.value}
        data["posts"] = {str(one): found.value for one, found in state.threads.items()}
        lines = [call.say(POLICIES[state.comments])]
        lines += [f"#{one}: {call.say(POLICIES[policy_on(state, one)])}" for one in state.threads]
        return Answer("\n".join(lines), data)
    kind = EntryKind.POST
    if seq is not None:
        entry = await find_entry(call, seq)
        kind = entry.kind if entry and not entry.redacted else EntryKind.NOTICE
    return c.SetComments(CommentPolicy(policy), seq or 0, kind)


async def follow(call: Call, channel: str | None) -> Outcome:
    """Follow this channel, or another one (W2)."""
    return await change(call, channel, follows=True)


async def unfollow(call: Call, channel: str | None) -> Outcome:
    """Follow this channel no more, or another one."""
    return await change(call, channel, follows=False)


async def change(call: Call, channel: str | None, *, follows: bool) -> Outcome:
    """Follow a channel, or do no more."""
    room, following = call.room_or_none, call.app.channels.following
    if channel is None and room is None:
        return WHERE
    name = channel or call.room.state.code
    row = await (following.find_readable if follows else following.find)(name, call.session)
    if isinstance(row, Refusal):
        return row
    refusal = await (following.follow if follows else following.unfollow)(call.account, row)
    said = N_("You follow @{handle} now.") if follows else N_("You no longer follow @{handle}.")
    data: dict[str, object] = {"group": row.code, "handle": row.handle, "following": follows}
    return refusal or Answer(call.say(said, data), data)


async def repost(call: Call, post: str, text: str | None) -> Outcome:
    """Repeat a post in one's own channel, with a text of one's own or none (W2)."""
    found, room = POST.fullmatch(plain(post).lower()), call.room_or_none
    group = found[1] if found and found[1] else room.state.code if room is not None else ""
    return Repeat(Repost(group, int(found[2])), text or "") if found and group else WHICH


async def editors(call: Call) -> Outcome:
    """List who publishes in the channel."""
    return await admins(call)
