"""How entries, groups and news look, as pieces of text with a style each. No I/O."""

import re
from collections.abc import Iterable
from datetime import datetime

import folkmoot_protocol as fm
from folkmoot_governance.group import events as e
from folkmoot_governance.notices import TELLINGS
from folkmoot_protocol.marks import Piece as Part
from folkmoot_protocol.marks import parse

from ..terminal import _

Piece = tuple[str, str]
"""A style of prompt_toolkit's and a text."""

DIM = "fg:ansibrightblack"
STRONG = "bold"
WARN = "fg:ansiyellow"
ROLE_STYLES = {fm.Role.OWNER: "fg:ansimagenta", fm.Role.ADMIN: "fg:ansicyan", fm.Role.MEMBER: ""}

INDENT = " " * 6

IN_THE_LOG = frozenset(
    kind.__struct_config__.tag
    for kind, telling in TELLINGS.items()
    if telling.public and kind not in (e.GroupCreated, e.MemberJoined, e.MemberLeft)
)
"""Events that whoever acts reads of in the log of the group that is shown."""

_JOINERS = "\u200d\ufe0e\ufe0f"
_JOINED = re.compile("(?:\ufe0f|[\U0001f3fb-\U0001f3ff]|\u200d[\u2190-\u2bff\U0001f000-\U0001faff])+")
"""What a terminal draws into the sign before: joined emoji are one sign, as wide as their first."""


def beyond_the_log(answer: fm.CommandResult) -> str:
    """Return what an answer says that the group's log does not: of each act its case, and not what was done."""
    acts = answer.data.get("acts") or [answer.data]
    if any("case" not in act or act.get("event") not in IN_THE_LOG for act in acts):
        return answer.text
    lines = answer.text.split("\n")
    return "\n".join([*lines[1 : 2 * len(acts) : 2], *lines[2 * len(acts) :]])


def clean(text: str) -> str:
    """Return a text that cannot control the terminal; its further lines are indented."""
    lines = text.splitlines() or [""]
    return f"\n{INDENT}".join("".join(map(_shown, line)) for line in lines)


def _shown(char: str) -> str:
    return char if char.isprintable() or char in _JOINERS else "\ufffd"


def joined(style: str, text: str) -> list[Piece]:
    """Return pieces of a text in which what is drawn into the sign before takes no room."""
    pieces: list[Piece] = []
    at = 0
    for found in _JOINED.finditer(text):
        pieces += [(style, text[at : found.start()]), ("[ZeroWidthEscape]", found[0])]
        at = found.end()
    return [*pieces, (style, text[at:])] if text[at:] or not pieces else pieces


def day_of(ts: int) -> str:
    """Return the day of a Unix time in ms here."""
    return datetime.fromtimestamp(ts / 1000).astimezone().strftime("%Y-%m-%d")


def show_day(ts: int) -> list[Piece]:
    """Return the line that begins the day of a Unix time in ms here."""
    day = datetime.fromtimestamp(ts / 1000).astimezone()
    return [(DIM, f"—— {day:%Y-%m-%d} {weekdays()[day.weekday()]} ——")]


def weekdays() -> list[str]:
    """Return the names of the days of the week, from Monday on."""
    return [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]


def show_clock(ts: int) -> str:
    """Return a Unix time in ms as hours and minutes here."""
    return datetime.fromtimestamp(ts / 1000).astimezone().strftime("%H:%M")


def show_role(role: fm.Role) -> str:
    """Return the mark of a role, empty for plain members."""
    return {fm.Role.OWNER: _("[owner]"), fm.Role.ADMIN: _("[admin]")}.get(role, "")


def show_author(author: fm.Author) -> list[Piece]:
    """Return a name with its role and tags."""
    style = ROLE_STYLES[author.role]
    pieces: list[Piece] = [(f"{STRONG} {style}".strip(), clean(author.display_name))]
    if author.display_name != author.user:
        pieces.append((DIM, f" @{author.user}"))
    marks = [mark for mark in (show_role(author.role), *(f"[{clean(tag)}]" for tag in author.tags)) if mark]
    return [*pieces, (style, " " + " ".join(marks))] if marks else pieces


MARKS = {"code": "fg:ansigreen", "b": "bold", "i": "italic"}
"""The styles of what the marks of a text make of it."""


def show_text(text: str) -> list[Piece]:
    """Return a text that cannot control the terminal, with what its marks make of it; further lines are indented."""
    lines: list[list[Piece]] = []
    for block in parse("\n".join(text.splitlines())):
        for number, line in enumerate(block.lines):
            start = {"quote": "│ ", "code": "  "}.get(block.kind, "")
            if block.kind == "list":
                start = block.marks[number].replace("-", "•") + " "
            lines.append([*([(DIM, start)] if start else []), *(piece for one in line for piece in _marked(one))])
    return [piece for number, line in enumerate(lines) for piece in ([("", f"\n{INDENT}")] if number else []) + line]


def _marked(piece: Part) -> list[Piece]:
    style = " ".join(MARKS[one] for one in (piece.kind, *piece.style) if one in MARKS)
    shown = [(style, "".join(map(_shown, piece.text)))]
    if piece.href and piece.href != piece.text:
        shown.append((DIM, f" ({''.join(map(_shown, piece.href))})"))
    return shown


def show_entry(entry: fm.Entry) -> list[Piece]:
    """Return one entry as a line: time, seq, author, text."""
    start: list[Piece] = [(DIM, f"{show_clock(entry.ts)} #{entry.seq} ")]
    if entry.reply_to:
        start.append((DIM, f"↪#{entry.reply_to} "))
    if entry.redacted:
        return [*start, *show_author(entry.from_), (DIM, " " + _("(removed)"))]
    match entry.kind:
        case fm.EntryKind.ACTION:
            return [*start, ("", "* "), *show_author(entry.from_), ("", " "), *show_text(entry.body)]
        case fm.EntryKind.TEXT | fm.EntryKind.POST | fm.EntryKind.COMMENT:
            return [*start, *show_author(entry.from_), ("", ": "), *show_text(entry.body), *show_media(entry)]
        case fm.EntryKind.ANNOUNCEMENT:
            return [*start, *show_author(entry.from_), (STRONG, ": "), *show_strong(entry.body)]
        case fm.EntryKind.EDIT:
            edited = _("edited #{seq}").format(seq=entry.target)
            return [*start, *show_author(entry.from_), (DIM, f" {edited}"), ("", ": "), *show_text(entry.body)]
        case fm.EntryKind.REACTION:
            told = _("took back a reaction to #{seq}") if (entry.data or {}).get("removed") else _("reacted to #{seq}")
            said = clean(entry.body)
            return [*start, *show_author(entry.from_), (DIM, f" {told.format(seq=entry.target)}"), ("", f" {said}")]
        case _:
            return [*start, (DIM, f"— {clean(entry.body)}")]


def show_media(entry: fm.Entry) -> list[Piece]:
    """Return what an entry shows besides its text, by its kind and the words for who does not see it."""
    kinds = {"image": _("picture"), "audio": _("sound"), "video": _("film")}
    pieces: list[Piece] = []
    for one in (entry.data or {}).get("media", ()):
        kind = kinds.get(one["type"].partition("/")[0], one["type"])
        pieces.append((DIM, clean(f" [{kind}: {one['alt']}]" if one.get("alt") else f" [{kind}]")))
    return pieces


def show_strong(text: str) -> list[Piece]:
    """Return a text with what its marks make of it, all of it bold."""
    return [(f"{STRONG} {style}".strip(), shown) for style, shown in show_text(text)]


def show_post(handle: str, post: fm.Entry) -> list[Piece]:
    """Return a post of a channel as a line: time, where it stands, the channel's name, text."""
    name = post.from_.display_name
    start: list[Piece] = [(DIM, f"{show_clock(post.ts)} @{clean(handle)}/{post.seq} "), (STRONG, clean(name))]
    repeated = (post.data or {}).get("repost")
    said = show_text(post.body) if post.body else [("", _("(reposts a post)") if repeated else "")]
    return [*start, ("", ": "), *said, *show_media(post)]


def show_ignored(entry: fm.Entry) -> list[Piece]:
    """Return the line of an entry by somebody whom the reader ignores."""
    told = _("(you ignore @{user})").format(user=clean(entry.from_.user))
    return [(DIM, f"{show_clock(entry.ts)} #{entry.seq} {told}")]


def show_group(group: fm.Group, *, current: bool) -> list[Piece]:
    """Return one group as a line of one's list; a channel, in which what one says is published, by its handle."""
    unread = max(0, (group.last_seq or 0) - (group.read_seq or 0))
    pieces: list[Piece] = [
        ("", "→ " if current else "  "),
        (STRONG, clean(group.name)),
        (DIM, f"  @{group.handle}" if group.form else f"  {fm.show_group_code(group.id)}"),
    ]
    if group.role is not None and show_role(group.role):
        pieces.append((ROLE_STYLES[group.role], f" {show_role(group.role)}"))
    if unread and not current:
        pieces.append((WARN, " " + _("{count} unread").format(count=unread)))
    return pieces


def show_left(name: str, reason: fm.LeftReason) -> list[Piece]:
    """Return the news that one is no longer in a group."""
    texts = {
        fm.LeftReason.LEFT: _("You have left {group}."),
        fm.LeftReason.KICKED: _("You were removed from {group}."),
        fm.LeftReason.BANNED: _("You were banned from {group}."),
        fm.LeftReason.CLOSED: _("{group} was closed."),
    }
    return [(WARN, texts[reason].format(group=clean(name)))]


def as_text(pieces: Iterable[Piece]) -> str:
    """Return pieces without their styles."""
    return "".join(text for _style, text in pieces)
