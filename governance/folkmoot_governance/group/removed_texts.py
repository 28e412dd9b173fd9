"""Texts of a group, other than entries, that the platform can remove from sight (G10): one table of them.

Removing one puts something harmless in its place, and hides the acts that have told it, with their notices. An appeal
that succeeds brings all of that back, but not past a text that was set meanwhile.
"""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import replace

from folkmoot_protocol.group_code import show_group_code

from ..text import N_
from . import events as e
from .state import GroupState, Kept, case_number


class GroupText(StrEnum):
    """What can be removed."""

    NAME = "name"
    TOPIC = "topic"
    ANNOUNCEMENT = "announcement"
    RULES = "rules"
    QUESTION = "question"
    TAG = "tag"
    REASON = "reason"
    """Why something was done, or what the owner said is mended: words of an act, which stand nowhere of their own."""


class Removable(Struct, frozen=True):
    """A row: what takes the text's place, given the group's code, and how its removal is told to the group and to who
    leads it."""

    instead: Callable[[str], str]
    told: str
    told_leaders: str


def _nothing(code: str) -> str:
    return ""


REMOVABLE_TEXTS: dict[GroupText, Removable] = {
    GroupText.NAME: Removable(
        show_group_code,
        N_("The platform removed the name of the group"),
        N_("The platform removed the name of your group {name}"),
    ),
    GroupText.TOPIC: Removable(
        _nothing, N_("The platform removed the topic"), N_("The platform removed the topic of your group {name}")
    ),
    GroupText.ANNOUNCEMENT: Removable(
        _nothing,
        N_("The platform removed the announcement"),
        N_("The platform removed the announcement of your group {name}"),
    ),
    GroupText.RULES: Removable(
        _nothing,
        N_("The platform removed the group's own rules"),
        N_("The platform removed the rules of your group {name}"),
    ),
    # The answers stay: who has one comes in as before.
    GroupText.QUESTION: Removable(
        lambda code: "?",
        N_("The platform removed the question for newcomers"),
        N_("The platform removed the question for newcomers of your group {name}"),
    ),
    GroupText.TAG: Removable(
        _nothing,
        N_("The platform removed the tag of @{user}"),
        N_("The platform removed a member's tag in your group {name}"),
    ),
    GroupText.REASON: Removable(
        _nothing,
        N_("The platform removed the reason of an act"),
        N_("The platform removed the reason of an act in your group {name}"),
    ),
}


def tag_of(kind: type[e.Event]) -> str:
    """Return the name of a kind of act."""
    return str(kind.__struct_config__.tag)


def _reasons_in(kind: type[e.Event]) -> dict[str, GroupText]:
    names = ("text",) if kind is e.RectificationTold else ("reason", "was_reason")
    return {name: GroupText.REASON for name in names if name in kind.__struct_fields__}


_SETTING: dict[type[e.Event], dict[str, GroupText]] = {
    e.GroupCreated: {"name": GroupText.NAME, "topic": GroupText.TOPIC},
    e.ChannelOpened: {"name": GroupText.NAME, "topic": GroupText.TOPIC},
    e.GroupRenamed: {"name": GroupText.NAME, "was": GroupText.NAME},
    e.TopicSet: {"topic": GroupText.TOPIC, "was": GroupText.TOPIC},
    e.AnnouncementSet: {"announcement": GroupText.ANNOUNCEMENT, "was_announcement": GroupText.ANNOUNCEMENT},
    e.AnnouncementCleared: {"was_announcement": GroupText.ANNOUNCEMENT},
    e.RulesSet: {"rules": GroupText.RULES, "was_rules": GroupText.RULES},
    e.QuestionSet: {"question": GroupText.QUESTION, "was_question": GroupText.QUESTION},
    e.TagSet: {"tag": GroupText.TAG, "was_tag": GroupText.TAG},
}

TELLS: dict[type[e.Event], dict[str, GroupText]] = {
    kind: found for kind in get_args(e.GroupEvent) if (found := _SETTING.get(kind, {}) | _reasons_in(kind))
}
"""Which fields of which acts have such a text; and `text` of an overturned removal, which has brought one back."""


def kinds_with(what: GroupText) -> tuple[str, ...]:
    """Return the names of the kinds of acts that may have such a text."""
    return (*(tag_of(kind) for kind, fields in TELLS.items() if what in fields.values()), tag_of(e.MeasureOverturned))


class Removed(Struct, frozen=True):
    """A text: what it is, whose tag, and what it says."""

    what: str
    user: str
    text: str


def fields_with(event: e.Event, removed: Removed) -> list[str]:
    """Return the fields of an act that have the text."""
    if isinstance(event, e.TagSet) and event.user != removed.user:
        return []
    fields = TELLS.get(type(event), {})
    found = [name for name, what in fields.items() if what == removed.what and getattr(event, name) == removed.text]
    if isinstance(event, e.MeasureOverturned) and Removed(event.what, event.whose, event.text) == removed:
        found.append("text")
    return found


def reason_in(event: e.Event) -> str:
    """Return the words of an act that a removal takes away, empty where it has none."""
    fields = TELLS.get(type(event), {})
    said = (getattr(event, name) for name, what in fields.items() if what is GroupText.REASON)
    return next((one for one in said if one), "")


def without_text(event: e.Event, removed: Removed) -> e.Event:
    """Return an act as it is shown while the text is removed."""
    return replace(event, **dict.fromkeys(fields_with(event, removed), ""))


def text_in(state: GroupState, what: GroupText, user: str = "") -> str:
    """Return the text as it stands; of a tag, that of the member `user`, empty where there is none. No reason."""
    if what is GroupText.TAG:
        member = (state.kept or state).members.get(user)
        return member.tag if member is not None else ""
    return str(getattr(state, what.value))


def put_text(
    state: GroupState,
    place: GroupState | Kept,
    what: GroupText,
    user: str,
    text: str,
    was: str = "",
    acts: Collection[int] = (),
) -> None:
    """Set the text; `place` is where the group's members are (`keeping.place_of`).

    Of a reason: wherever the acts have left `was`.
    """
    if what is GroupText.REASON:
        _put_reason(state, place, was, text, acts)
    elif what is GroupText.TAG:
        place.members[user] = replace(place.members[user], tag=text)
    else:
        setattr(state, what.value, text)


def of_acts(state: GroupState, held: dict[Any, Any], acts: Collection[int]) -> list[Any]:
    """Return the keys of the bans, mutes, waits or warnings that some acts have made."""
    cases = {case_number(state.code, number) for number in acts}
    return [key for key, one in held.items() if (one.case in cases if hasattr(one, "case") else key in acts)]


def _put_reason(state: GroupState, place: GroupState | Kept, was: str, text: str, acts: Collection[int]) -> None:
    cases = {case_number(state.code, number) for number in acts}
    for owner, name in ((state, "bans"), (state, "mutes"), (state, "warnings"), (place, "waits")):
        held = getattr(owner, name)
        changed = {
            key: replace(held[key], reason=text) for key in of_acts(state, held, acts) if held[key].reason == was
        }
        setattr(owner, name, held | changed)
    state.restrictions = tuple(
        replace(one, reason=text) if one.case in cases and one.reason == was else one for one in state.restrictions
    )
    _put_reason_of_warning(place, was, text, acts)


def _put_reason_of_warning(place: GroupState | Kept, was: str, text: str, acts: Collection[int]) -> None:
    """Of the warning that is open: why, by what came after it as well, and what the owner said to it."""
    if not place.rectify_case or place.rectify_case > max(acts, default=0):
        return
    is_why = bool(was) or place.rectify_case in acts or not place.rectified_ms
    if place.rectify_reason == was and is_why:
        place.rectify_reason = text
    if place.rectified_ms and place.rectified_text == was and (was or not is_why):
        place.rectified_text = text
