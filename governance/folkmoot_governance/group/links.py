"""Links in posts: what counts as one, and whether a member may post it here."""

import re

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import LinkRule, Role

from ..refusal import Refusal
from ..text import N_
from .checks import refuse
from .state import GroupState

_LINK = re.compile(
    r"(?:https?|ftp|wss?)://[^\s<>]+|\bwww\.[^\s<>]+"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|info|biz|io|me|cc|cn|ru|top|xyz|site|online|shop|club|vip|link|app|dev)\b"
    r"(?:/[^\s<>]*)?",
    re.IGNORECASE,
)
_MEDIA = re.compile(
    r"\.(?:apng|avif|bmp|gif|heic|jpe?g|png|svg|webp|avi|m4v|mkv|mov|mp4|mpe?g|webm|aac|flac|m4a|mp3|ogg|opus|wav)$",
    re.IGNORECASE,
)


def find_links(body: str) -> list[str]:
    """Return what in a text is a link, with or without a scheme, query and fragment cut off."""
    return [re.split(r"[?#]", found)[0].rstrip(".,;:!)]}'\"") for found in _LINK.findall(body)]


def check_links(state: GroupState, user: str, body: str) -> Refusal | None:
    """Refuse a link of a kind that members may not post; owner and admins may."""
    if state.links is LinkRule.ON or state.role_of(user) is not Role.MEMBER:
        return None
    found = find_links(body)
    if state.links is LinkRule.OFF and found:
        text = N_("Members may not post links here; ask an admin to post it.")
        return refuse(ErrorCode.CONTENT_REFUSED, text, rule="links", links=state.links, help="/admins")
    if state.links is LinkRule.NOMEDIA and any(_MEDIA.search(link) for link in found):
        text = N_("Members may not post links to pictures, sound or films here; ask an admin to post it.")
        return refuse(ErrorCode.CONTENT_REFUSED, text, rule="links", links=state.links, help="/admins")
    return None
