"""Texts of a group, other than entries, that the platform can remove from sight (G10): one table of them.

Removing one puts something harmless in its place, and hides the acts that have told it, with their notices. An appeal
that succeeds brings all of that back, but not past a text that was set meanwhile.
"""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from folkmoot_protocol.group_code import show_group_code

from ..text import N_
from . import events as e
from .state import GroupState, Kept


class GroupText(StrEnum):
    """What can be removed."""

    NAME = "name"
    TOPIC = "topic"
    ANNOUNCEMENT = "announcement"
    RULES = "rules"
    QUESTION = "question"
    TAG = "tag"


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
        N_("The platform removed the question at the door"),
        N_("The platform removed the question at the door of your group {name}"),
    ),
    GroupText.TAG: Removable(
        _nothing,
        N_("The platform removed the tag of @{user}"),
        N_("The platform removed a member's tag in your group {name}"),
    ),
}


def tag_of(kind: type[e.Event]) -> str:
    """Return the name of a kind of act."""
    return str(kind.__struct_config__.tag)


TELLS: dict[type[e.Event], dict[str, GroupText]] = {
    e.GroupCreated: {"name": GroupText.NAME, "topic": GroupText.TOPIC},
    e.GroupRenamed: {"name": GroupText.NAME, "was": GroupText.NAME},
    e.TopicSet: {"topic": GroupText.TOPIC, "was": GroupText.TOPIC},
    e.AnnouncementSet: {"announcement": GroupText.ANNOUNCEMENT, "was_announcement": GroupText.ANNOUNCEMENT},
    e.AnnouncementCleared: {"was_announcement": GroupText.ANNOUNCEMENT},
    e.RulesSet: {"rules": GroupText.RULES, "was_rules": GroupText.RULES},
    e.QuestionSet: {"question": GroupText.QUESTION, "was_question": GroupText.QUESTION},
    e.TagSet: {"tag": GroupText.TAG, "was_tag": GroupText.TAG},
}
"""Which fields of which acts have such a text; and `text` of an overturned removal, which has brought one back."""

KINDS: tuple[str, ...] = (*map(tag_of, TELLS), tag_of(e.MeasureOverturned))
"""The names of these acts."""


class Removed(Struct, frozen=True):
    """A text: what it is, whose tag, and what it says."""

    what: str
    user: str
    text: str


def fields_with(event: e.Event, removed: Removed) -> list[str]:
    """Return the fields of an act that have the text."""
    if isinstance(event, e.MeasureOverturned):
        return ["text"] if Removed(event.what, event.whose, event.text) == removed else []
    if isinstance(event, e.TagSet) and event.user != removed.user:
        return []
    fields = TELLS.get(type(event), {})
    return [name for name, what in fields.items() if what == removed.what and getattr(event, name) == removed.text]


def without_text(event: e.Event, removed: Removed) -> e.Event:
    """Return an act as it is shown while the text is removed."""
    return replace(event, **dict.fromkeys(fields_with(event, removed), ""))


def text_in(state: GroupState, what: GroupText, user: str = "") -> str:
    """Return the text as it stands; of a tag, that of the member `user`, empty where there is none."""
    if what is GroupText.TAG:
        member = (state.kept or state).members.get(user)
        return member.tag if member is not None else ""
    return str(getattr(state, what.value))


def put_text(state: GroupState, place: GroupState | Kept, what: GroupText, user: str, text: str) -> None:
    """Set the text; `place` is where the group's members are (`keeping.place_of`)."""
    if what is GroupText.TAG:
        place.members[user] = replace(place.members[user], tag=text)
    else:
        setattr(state, what.value, text)
