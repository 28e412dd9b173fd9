"""Whether a member may post the links of a text, and media, here. What a link is, `content.links` says, for all rules
alike."""

import re

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import LinkRule, Role

from ..content.links import find_meant_links
from ..refusal import Refusal
from ..text import N_
from .checks import refuse
from .state import GroupState

_MEDIA = re.compile(
    r"\.(?:apng|avif|bmp|gif|heic|jpe?g|png|svg|webp|avi|m4v|mkv|mov|mp4|mpe?g|webm|aac|flac|m4a|mp3|ogg|opus|wav)$"
)


def check_links(state: GroupState, user: str, body: str) -> Refusal | None:
    """Refuse a link of a kind that members may not post; owner and admins may."""
    if state.links is LinkRule.ON or not _is_plain(state, user):
        return None
    if state.links is LinkRule.OFF and any(find_meant_links(body)):
        text = N_("Members may not post links here; ask an admin to post it.")
        return refuse(ErrorCode.CONTENT_REFUSED, text, rule="links", links=state.links, help="/admins")
    if state.links is LinkRule.NOMEDIA and any(_MEDIA.search(link.path()) for link in find_meant_links(body)):
        text = N_("Members may not post links to pictures, sound or films here; ask an admin to post it.")
        return refuse(ErrorCode.CONTENT_REFUSED, text, rule="links", links=state.links, help="/admins")
    return None


def check_media(state: GroupState, user: str) -> Refusal | None:
    """Refuse pictures, sound and films where members may not even post links to them; owner and admins may."""
    if state.links is LinkRule.ON or not _is_plain(state, user):
        return None
    text = N_("Members may not post pictures, sound or films here; ask an admin to post it.")
    return refuse(ErrorCode.CONTENT_REFUSED, text, rule="links", links=state.links, help="/admins")


def _is_plain(state: GroupState, user: str) -> bool:
    """Say whether somebody is a plain member, or a reader of a channel."""
    role = state.role_of(user)
    return role is Role.MEMBER or (role is None and state.form is not None)
