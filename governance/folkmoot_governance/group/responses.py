"""Who is told that others have answered, repeated or mentioned them in channels.

One entry tells one account one thing: the first of `Response` that is so. Further ones of a kind about the same post
are added to what has not been read yet, so that a post with a thousand comments is one notice.
"""

from collections.abc import Iterable
from enum import StrEnum

from folkmoot_protocol.types import Notify

from ..duration import DAY_MS, MINUTE_MS
from ..text import NN_


class Response(StrEnum):
    """What somebody else did with what one has written, what concerns one most first."""

    ANSWERED = "answered"
    COMMENTED = "commented"
    QUOTED = "quoted"
    REPOSTED = "reposted"
    MENTIONED = "mentioned"


TEXTS: dict[str, str] = {
    Response.ANSWERED: NN_(
        "@{by} answered your comment on {post}",
        "{count} answers to your comments on {post}, the latest by @{by}",
        "count",
    ),
    Response.COMMENTED: NN_(
        "@{by} commented on your post {post}",
        "{count} comments on your post {post}, the latest by @{by}",
        "count",
    ),
    Response.QUOTED: NN_(
        "@{by} quoted your post {post}",
        "{count} quotes of your post {post}, the latest by @{by}",
        "count",
    ),
    Response.REPOSTED: NN_(
        "@{by} repeated your post {post}",
        "Your post {post} was repeated {count} times, the last time by @{by}",
        "count",
    ),
    Response.MENTIONED: NN_(
        "@{by} mentioned you: {post}",
        "You were mentioned {count} times, the last time by @{by}: {post}",
        "count",
    ),
}
"""The sentence of each; `post` is written as people do: `@handle/12`."""

TOGETHER_MS = DAY_MS
"""For so long what comes is added to a notice that has not been read."""

QUIET_MS = 10 * MINUTE_MS
"""For so long it is added to one that has been read, too, which is unread again then: whoever is there, and reads each
at once, is not told of each comment."""

MOST_UNREAD = 200
"""Such notices that wait for one account: beyond that nothing more is told until it has read."""

EACH_PER_DAY = 100
"""Notices that one account brings about in a day, at a node: nobody floods others."""


def told_by(
    writer: str, *, answered: str = "", author: str = "", repeated: str = "", quotes: bool, mentioned: Iterable[str]
) -> dict[str, Response]:
    """Return who is told what of an entry by `writer`: whose comment it answers, whose post (`author`) it comments on,
    whose post it repeats, and whether that with words of its own, and whom it mentions. Nobody is told of oneself."""
    told: dict[str, Response] = dict.fromkeys(mentioned, Response.MENTIONED)
    told |= {repeated: Response.QUOTED if quotes else Response.REPOSTED}
    told |= {author: Response.COMMENTED}
    told |= {answered: Response.ANSWERED}
    return {user: response for user, response in told.items() if user and user != writer}


def is_wanted(response: Response, notify: Notify) -> bool:
    """Say whether who has set `notify` for a channel (as one of its editors) wants to hear of this."""
    if notify is Notify.MENTIONS:
        return response in (Response.ANSWERED, Response.MENTIONED)
    return notify is Notify.ON
