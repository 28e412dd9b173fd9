"""Texts that somebody types and others read: one table of them, and the function that asks it whether a text may be
said (G6, G10).

A row says who reads the text, which checks stand before it, and how it is taken away again. What the operator's
content rules and the group's own words say of a text comes last: `is_judged` says whether they are asked, and the
shell, which has them, asks.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity, JoinMode

from .actor import Actor, Emergencies
from .emergency import check_emergency
from .group import commands as c
from .group.admission import code_id
from .group.checks import check_standing
from .group.links import check_links, check_media
from .group.post import check_identity, check_post, check_said, check_silence
from .group.publish import NO_THREAD, Original, Thread, check_comment, check_publish, check_repost
from .group.state import GroupState
from .identity import contains_id_number
from .measure_checks import check_power
from .policy import Policy
from .refusal import Refusal
from .restrictions import Held, Power
from .text import N_


class Readers(StrEnum):
    """Who reads a text, the most first."""

    EVERYBODY = "everybody"
    GROUP = "the group"
    ADMINS = "owner and admins"
    ONE = "whom it is to"
    STAFF = "the operator's staff"


class Text(Struct, frozen=True, kw_only=True):
    """A row of the table.

    `enters` are the places where it is typed: fields of requests, slash commands, verbs of administration, forms.
    `identity`: its author has the identity that posting takes; `mute`: nobody has muted them, group or platform;
    `standing`: the group is not suspended. `is_judged`: content rules are asked, a verdict other than `flag` refuses it
    (but of an entry, which can wait for review). `removal` is what takes it away. `why`: what is left out has a reason.
    """

    name: str
    readers: Readers
    enters: tuple[str, ...]
    identity: bool = True
    mute: bool = True
    standing: bool = True
    is_judged: bool = True
    removal: str
    why: str = ""


ENTRY = Text(
    name="entry",
    readers=Readers.GROUP,
    enters=("post.body", "post.media", "edit.body", "react.reaction", "/me text…", "/edit text…", "/react emoji"),
    removal="/delete; admin entry remove",
)
PUBLICATION = Text(
    name="post",
    readers=Readers.EVERYBODY,
    enters=("post.body", "edit.body", "/repost text…"),
    removal="/delete; admin entry remove",
)
COMMENT = Text(
    name="comment",
    readers=Readers.EVERYBODY,
    enters=("post.body", "edit.body"),
    removal="/delete; admin entry remove",
)
NAME = Text(
    name="name",
    readers=Readers.EVERYBODY,
    enters=(
        "create_group.name",
        "open_channel.name",
        '/create <name…> [category] | "<name…>" [category]',
        "/rename name…",
    ),
    removal="/rename; admin text remove --what name",
)
TOPIC = Text(
    name="topic",
    readers=Readers.EVERYBODY,
    enters=("create_group.topic", "open_channel.topic", "/topic [text…|off]"),
    removal="/topic off; admin text remove --what topic",
)
ANNOUNCEMENT = Text(
    name="announcement",
    readers=Readers.GROUP,
    enters=("/announce [text…|off]",),
    removal="/announce off; admin text remove --what announcement",
)
GROUP_RULES = Text(
    name="rules",
    readers=Readers.EVERYBODY,
    enters=("/setrules [text…|off]",),
    removal="/setrules off; admin text remove --what rules",
)
QUESTION = Text(
    name="question",
    readers=Readers.EVERYBODY,
    enters=("/question [question = answer | answer…|off]",),
    removal="/question off; admin text remove --what question",
    why="the answers are for nobody to read but who set them",
)
TAG = Text(
    name="tag",
    readers=Readers.GROUP,
    enters=("/tag [text…|off]",),
    removal="/tag off; admin text remove --what tag",
)
NICK = Text(
    name="nick",
    readers=Readers.GROUP,
    enters=("/nick [name…|off]",),
    removal="/nick off; admin user unname",
)
DISPLAY_NAME = Text(
    name="display_name",
    readers=Readers.EVERYBODY,
    enters=("register.display_name", "/bot <name> [display name…]", "/webhook <name> [display name…|https://… [word]]"),
    identity=False,
    mute=False,
    standing=False,
    removal="admin user unname",
    why="it is chosen before there is an account",
)
USER_NAME = Text(
    name="user_name",
    readers=Readers.EVERYBODY,
    enters=("register.user",),
    identity=False,
    mute=False,
    standing=False,
    removal="admin user close",
    why="it is chosen before there is an account",
)
REASON = Text(
    name="reason",
    readers=Readers.GROUP,
    enters=(
        *("/kick reason…", "/ban [duration] [reason…]", "/mute reason…", "/warn reason…", "/delete reason…"),
        *("/queue reason…", "/deny reason…"),
    ),
    standing=False,
    removal="admin text remove --what reason; without a reason an act can be taken by anybody who may take it",
    why="admins moderate a suspended group as well",
)
NOTE = Text(
    name="note",
    readers=Readers.ADMINS,
    enters=("/note [text…|clear [number]]",),
    standing=False,
    removal="/note clear",
    why="admins moderate a suspended group as well",
)
JOIN_ANSWER = Text(
    name="join_answer",
    readers=Readers.ADMINS,
    enters=("join.answer", "/join answer…"),
    standing=False,
    removal="/deny",
    why="in a suspended group nobody asks to join; an answer that lets in, or an invite code, is read by nobody",
)
MEDIATION = Text(
    name="mediation",
    readers=Readers.ONE,
    enters=("/mediate [text…] | say|propose|accept|end|mediator [text…]",),
    mute=False,
    standing=False,
    removal="it ends with the mediation",
    why="who is muted may settle a dispute",
)
WORD = Text(
    name="word",
    readers=Readers.ADMINS,
    enters=("/word [refuse|hold|flag] <word>",),
    identity=False,
    mute=False,
    standing=False,
    is_judged=False,
    removal="/word del",
    why="it says what nobody shall say; owner and admins alone list words",
)
REPORT = Text(
    name="report",
    readers=Readers.STAFF,
    enters=("report.text", "/report text…", "form.text", "form.place"),
    identity=False,
    mute=False,
    standing=False,
    is_judged=False,
    removal="with the texts of its case",
    why="it quotes what is reported; whom it accuses never reads it",
)
APPEAL = Text(
    name="appeal",
    readers=Readers.STAFF,
    enters=("appeal.text", "/appeal text…", "/counter text…", "/rectify text…"),
    identity=False,
    mute=False,
    standing=False,
    is_judged=False,
    removal="with the texts of its case",
    why="nothing stands between a measure and its appeal; of a group's own measures its admins read it",
)
APPLICATION = Text(
    name="application",
    readers=Readers.STAFF,
    enters=(
        *("apply.text", "apply.name", "apply.documents", "open_channel.text", "open_channel.documents"),
        "/apply …",
    ),
    identity=False,
    mute=False,
    standing=False,
    is_judged=False,
    removal="with the texts of its case",
    why="staff decides on it; what a badge or a label says is shown when staff has granted it",
)
STAFF_TEXT = Text(
    name="staff",
    readers=Readers.EVERYBODY,
    enters=(
        *("admin.reason", "admin reason", "admin law", "admin text", "admin announcement", "admin course"),
        "admin label",
    ),
    identity=False,
    mute=False,
    standing=False,
    is_judged=False,
    removal="admin text remove --what reason, of what stands in a group's record",
    why="it is the operator's own word",
)

TEXTS: tuple[Text, ...] = (
    *(
        ENTRY,
        PUBLICATION,
        COMMENT,
        NAME,
        TOPIC,
        ANNOUNCEMENT,
        GROUP_RULES,
        QUESTION,
        TAG,
        NICK,
        DISPLAY_NAME,
        USER_NAME,
    ),
    *(REASON, NOTE, JOIN_ANSWER, MEDIATION, WORD, REPORT, APPEAL, APPLICATION, STAFF_TEXT),
)
"""All of them."""

IN_COMMANDS: dict[type[c.Command], dict[str, Text]] = {
    c.CreateGroup: {"name": NAME, "topic": TOPIC},
    c.OpenChannel: {"name": NAME, "topic": TOPIC},
    c.JoinGroup: {"answer": JOIN_ANSWER},
    c.Rename: {"name": NAME},
    c.SetTopic: {"topic": TOPIC},
    c.Announce: {"announcement": ANNOUNCEMENT},
    c.SetRules: {"rules": GROUP_RULES},
    c.SetQuestion: {"question": QUESTION},
    c.SetTag: {"tag": TAG},
    c.WriteNote: {"text": NOTE},
    c.AddWord: {"word": WORD},
    c.RemoveWord: {"word": WORD},
    c.Rectify: {"text": APPEAL},
    c.Kick: {"reason": REASON},
    c.BanMember: {"reason": REASON},
    c.MuteMember: {"reason": REASON},
    c.Warn: {"reason": REASON},
    c.DeleteEntry: {"reason": REASON},
    c.Purge: {"reason": REASON},
    c.DenyRequest: {"reason": REASON},
    c.DenyAllRequests: {"reason": REASON},
    c.DenyHeld: {"reason": REASON},
}
"""Which fields of commands of members have such a text. Commands of the staff and of the service are not here."""

Said = tuple[Text, str]
"""A text with its row."""


def texts_of(command: c.Command, state: GroupState | None, now: int) -> Sequence[Said]:
    """Return the texts that a command would have others read at `now` (Unix ms)."""
    fields = IN_COMMANDS.get(type(command))
    if fields is None or (isinstance(command, c.JoinGroup) and not _is_answer_read(command, state, now)):
        return ()
    return [(row, said) for name, row in fields.items() if (said := getattr(command, name))]


def _is_answer_read(command: c.JoinGroup, state: GroupState | None, now: int) -> bool:
    """Say whether somebody reads what is said at the door: where requests wait for approval, unless it is a code."""
    if state is None or code_id(command.answer) in state.invite_codes:
        return False
    return state.join_mode is JoinMode.APPROVAL or (state.join_mode is JoinMode.OPEN and state.holds_off_raid(now))


def check_text(
    text: Text,
    said: str,
    user: str,
    identity: Identity,
    held: Held,
    state: GroupState | None,
    now: int,
    policy: Policy,
    last_post_ms: int = 0,
    verified_ts: int = 0,
    emergencies: Emergencies = (),
    media: int = 0,
    thread: Thread = NO_THREAD,
    categories: Collection[str] = (),
    original: Original | None = None,
) -> Refusal | None:
    """Refuse a text that its author may not say, or that nobody may, whatever content rules say of it.

    `state` is the group that it is said in, None where it is said in none; `last_post_ms` counts for entries alone, and
    `thread` for comments, `original` for what repeats another post, which need not say anything itself.
    `verified_ts` is when the author's identity was checked. What is not said in a suspended group, is not said in an
    emergency that makes a group read-only. `media`: so many pictures, sounds or films come with it, what is to be seen
    in them being part of what is said. `categories` are those that a post of a channel is of.
    """
    refusal = check_power(held, Power.POST, now) if held and text.mute else None
    if refusal is None and emergencies and text.standing:
        code, category = (state.code, state.category) if state is not None else ("", "")
        found = (check_emergency(emergencies, Power.POST, now, code, one) for one in (category, *categories))
        refusal = next(filter(None, found), None)
    if refusal is None:
        if text is ENTRY and state is not None:
            refusal = check_post(state, user, identity, now, last_post_ms, policy, verified_ts)
        elif text is PUBLICATION and state is not None:
            refusal = check_publish(
                state, user, identity, now, policy, verified_ts, categories, is_repost=original is not None
            )
            if refusal is None and original is not None:
                refusal = check_repost(state, original, now)
        elif text is COMMENT and state is not None:
            refusal = check_comment(state, user, identity, now, policy, verified_ts, last_post_ms, thread)
        else:
            refusal = _check_author(text, user, identity, state, now, policy, verified_ts)
    return (
        refusal
        or (check_media(state, user) if media and state is not None else None)
        or (check_said(said) if said or not (media or original) else None)
        or (check_links(state, user, said) if state is not None and text.is_judged else None)
        or (HAS_ID_NUMBER if text.is_judged and contains_id_number(said) else None)
    )


def _check_author(
    text: Text,
    user: str,
    identity: Identity,
    state: GroupState | None,
    now: int,
    policy: Policy,
    verified_ts: int,
) -> Refusal | None:
    member = state.members.get(user) if state is not None else None
    return (
        (check_standing(state, now, while_suspended=False) if state is not None and text.standing else None)
        or (check_silence(state, member, now) if state is not None and member is not None and text.mute else None)
        or (check_identity(identity, verified_ts, now, policy) if text.identity else None)
    )


def check_texts(command: c.Command, state: GroupState | None, actor: Actor, now: int, policy: Policy) -> Refusal | None:
    """Refuse a command with a text that its actor may not say, and say which of its texts that is."""
    for text, said in texts_of(command, state, now):
        who = actor.user, actor.identity, actor.restrictions
        since, held = actor.verified_ts, actor.emergencies
        refusal = check_text(text, said, *who, state, now, policy, verified_ts=since, emergencies=held)
        if refusal is not None:
            return Refusal(refusal.code, refusal.text, {**refusal.detail, "field": text.name})
    return None


HAS_ID_NUMBER = Refusal(
    ErrorCode.BAD_SYNTAX,
    N_("Everybody here would read this number, so it is not posted. Type it as a command: {help} <number>"),
    {"rule": "identity.spilled", "help": "/verify mobile|person|organisation"},
)
