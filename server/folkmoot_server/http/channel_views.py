"""How channels and posts look on pages for people: what `channel.html` and `post.html` are filled with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup, escape
from msgspec import Struct

from folkmoot_governance.credentials import CredentialKind
from folkmoot_protocol.marks import Piece, parse, plain
from folkmoot_protocol.results import HomeResult, ThreadResult
from folkmoot_protocol.types import Channel, ChannelForm, ChannelPost, CommentPolicy, Entry, GroupStatus

from ..common.i18n import N_, Translate, show_instant, translator
from ..common.pages import templates
from .imprint import Imprint, imprint_rows

EXCERPT = 1000
"""Characters of a post that stand in a list; the rest is on its own page."""
TITLE, DESCRIPTION = 80, 200
"""Characters of a title, and of what others show of a page that they link to."""

POLICIES = {
    CommentPolicy.FOLLOWERS: N_("Followers of the channel may comment."),
    CommentPolicy.APPROVAL: N_("Comments are read by an editor before they are shown."),
    CommentPolicy.CLOSED: N_("Nobody may comment."),
}
"""What is said of who may comment, where it is not everybody."""

FORMS = {ChannelForm.PERSONAL: N_("Personal channel"), ChannelForm.PUBLIC: N_("Public account")}


class Place(Struct, frozen=True):
    """Where a page is, in which language, and what of the configuration stands on it."""

    url: str
    language: str
    categories: Mapping[str, str]
    imprint: Imprint
    can_report: bool

    def of(self, channel: Channel, seq: int | None = None) -> str:
        """Return the address of a channel, or of a post of it."""
        return f"{self.url}/@{channel.handle}" + (f"/{seq}" if seq else "")

    def say(self) -> Translate:
        """Return what says texts in the reader's language."""
        return translator(self.language)


def iso(ms: int) -> str:
    """Return a Unix time in ms as RFC 3339 has it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def cut(text: str, most: int) -> str:
    """Return a text, at its beginning only if it is longer."""
    return text if len(text) <= most else f"{text[:most].rstrip()}…"


def one_line(text: str, most: int) -> str:
    """Return the beginning of a text in one line."""
    return cut(" ".join(text[: most * 4].split()), most)


def title_of(post: ChannelPost, say: Translate) -> str:
    """Return what a post is called: its first line, or in words what it shows, what it repeats, or its number; before
    that, if it was refuted, that it was."""
    entry, original = post.entry, post.original
    said = [plain(entry.body).lstrip().partition("\n")[0], *(one.alt for one in media_of(entry))]
    if original is not None:
        said.append(f"@{original.entry.from_.user}: {original.entry.body.lstrip()}")
    title = one_line(next(filter(None, said), f"#{entry.seq}"), TITLE)
    return say(N_("Refuted: {title}"), {"title": title}) if is_refuted(post) else title


REFUTED = N_("The platform says that this is not true: {text}")
ORIGINAL_GONE = N_("The reposted post is no longer there.")


def refutation_of(post: ChannelPost, say: Translate) -> str:
    """Return what the platform says about a post that is not so."""
    return say(REFUTED, {"text": post.refutation.text}) if post.refutation is not None else ""


def is_refuted(post: ChannelPost) -> bool:
    """Say whether the platform has refuted a post, or what it repeats."""
    return any(one is not None and one.refutation is not None for one in (post, post.original))


def words_of(post: ChannelPost, say: Translate, most: int) -> str:
    """Return all that a post says, where there is nothing but text: the refutation, its words, and what it repeats."""
    parts = [refutation_of(post, say), cut(post.entry.body, most)]
    if post.original is not None:
        original = post.original
        parts += [refutation_of(original, say), f"@{original.entry.from_.user}: {cut(original.entry.body, most)}"]
    elif "repost" in (post.entry.data or {}):
        parts.append(say(ORIGINAL_GONE))
    return "\n\n".join(filter(None, parts))


class Shown(Struct, frozen=True):
    """A picture, sound or film of a post."""

    id: str
    type: str
    size: int
    alt: str = ""
    width: int = 0
    height: int = 0

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/media/{self.id}"

    @property
    def kind(self) -> str:
        """`image`, `audio` or `video`."""
        return self.type.partition("/")[0]


def media_of(entry: Entry) -> list[Shown]:
    """Return what a post shows."""
    return msgspec.convert((entry.data or {}).get("media", []), list[Shown])


PLAIN_LINES = Markup("{}"), Markup("\n")
HTML_LINES = Markup("<p>{}</p>"), Markup("<br>")


def marked(text: str, lines_as: tuple[Markup, Markup] = PLAIN_LINES) -> Markup:
    """Return a text with what its marks make of it; links say nothing for whoever wrote them.

    `lines_as`: what plain lines stand in, and what stands between two.
    """
    paragraph, between = lines_as
    parts: list[Markup] = []
    for block in parse(text):
        if block.kind == "code":
            parts.append(Markup("<pre>{}</pre>").format("\n".join(line[0].text for line in block.lines)))
            continue
        lines = [Markup("").join(map(as_markup, line)) for line in block.lines]
        if block.kind == "list":
            signs = [mark.replace("-", "•") for mark in block.marks]
            items = [Markup("<li>{} {}</li>").format(*one) for one in zip(signs, lines, strict=True)]
            parts.append(Markup("<ul>{}</ul>").format(Markup("").join(items)))
        else:
            said = Markup(between).join(lines)
            parts.append(
                Markup("<blockquote>{}</blockquote>").format(said) if block.kind == "quote" else paragraph.format(said)
            )
    return Markup("").join(parts)


def as_markup(piece: Piece) -> Markup:
    """Return a piece of a line; behind a link with a text of its own stands where it leads."""
    shown = escape(piece.text)
    if piece.href:
        link = Markup('<a href="{}" rel="nofollow ugc noopener noreferrer">{}</a>').format(piece.href, shown)
        shown = link if piece.href == piece.text else link + Markup(" <small>({})</small>").format(place_of(piece.href))
    elif piece.kind == "code":
        shown = Markup("<code>{}</code>").format(shown)
    for style in piece.style:
        shown = Markup("<{0}>{1}</{0}>").format(style, shown)
    return shown


def place_of(href: str) -> str:
    """Return the host that an address leads to, or whom it writes to; as it stands where that cannot be read."""
    try:
        parts = urlsplit(href)
        return parts.hostname or parts.path
    except ValueError:
        return href


LABELS = {
    CredentialKind.BADGE: N_("Verified: {name}"),
    CredentialKind.LICENCE: N_("Licence {name} ({category})"),
    CredentialKind.LABEL: "{name}",
}
"""What the platform has granted, in words."""


def marks_of(channel: Channel, place: Place) -> list[str]:
    """Return what is known of a channel beside its name: what it is, what it is about, what it was granted."""
    say, names = place.say(), place.categories
    granted = [
        say(LABELS[CredentialKind(one.kind)], {"name": one.name, "category": names.get(one.category, one.category)})
        for one in channel.labels
    ]
    marks = [say(FORMS[channel.form]), names.get(channel.category, channel.category), *granted]
    return list(dict.fromkeys(filter(None, marks)))


def shown(entry: Entry, channel: Channel, place: Place, *, most: int | None = None) -> dict[str, object]:
    """Return a post or a comment as the templates take it."""
    body = entry.body if most is None else cut(entry.body, most)
    return {
        "seq": entry.seq,
        "url": place.of(channel, entry.seq),
        "time": iso(entry.ts),
        "when": show_instant(entry.ts),
        "author": entry.from_.display_name,
        "user": entry.from_.user,
        "body": marked(body),
        "media": [] if entry.redacted else media_of(entry),
        "is_cut": body != entry.body,
        "is_edited": bool((entry.data or {}).get("edited")),
        "is_gone": entry.redacted,
        "reply_to": entry.reply_to,
    }


def shown_post(post: ChannelPost, channel: Channel, place: Place, *, most: int | None = None) -> dict[str, object]:
    """Return a post as the templates take it, with what it repeats."""
    say, original = place.say(), post.original
    repeats = "repost" in (post.entry.data or {})
    quoted: dict[str, object] | None = None
    if original is not None:
        entry = original.entry
        url = f"{place.url}/@{entry.from_.user}/{entry.seq}"
        quoted = {**shown(entry, channel, place, most=EXCERPT), "url": url, "refuted": refutation_of(original, say)}
    return {
        **shown(post.entry, channel, place, most=most),
        "refuted": refutation_of(post, say),
        "original": quoted,
        "original_gone": say(ORIGINAL_GONE) if repeats and original is None else "",
    }


def _common(channel: Channel, place: Place, css: str) -> dict[str, object]:
    say = place.say()
    return {
        "language": place.language,
        "css": css,
        "channel": channel,
        "home": place.of(channel),
        "marks": marks_of(channel, place),
        "imprint": imprint_rows(place.imprint, place.language),
        "is_indexed": channel.state in (GroupStatus.ACTIVE, GroupStatus.WARNED),
        "report": say(N_("Report this channel")) if place.can_report else "",
        "reported": "",
        "texts": {
            "edited": say(N_("edited")),
            "more": say(N_("Read on")),
            "removed": say(N_("This comment was removed.")),
            "feed": say(N_("Feed")),
            "site": "Folkmoot",
        },
    }


def channel_page(channel: Channel, page: HomeResult, place: Place, until_ms: int, css: str) -> bytes:
    """Return the page of a channel. `until_ms`: when it is suspended, until when."""
    say = place.say()
    suspended = say(N_("The platform has suspended this channel {until}."), {"until_ms": until_ms})
    fields = {
        **_common(channel, place, css),
        "posts": [shown_post(post, channel, place, most=EXCERPT) for post in page.posts],
        "standing": suspended if channel.state is GroupStatus.SUSPENDED else "",
        "nothing": say(N_("There are no posts here yet.")),
        "older": f"{place.of(channel)}?before={page.cursor}" if page.cursor else "",
        "older_text": say(N_("Older posts")),
        "description": one_line(channel.topic, DESCRIPTION) or say(N_("Posts of {name}"), {"name": channel.name}),
    }
    return templates().get_template("channel.html").render(fields).encode()


def as_post(thread: ThreadResult) -> ChannelPost:
    """Return the post of a thread as pages of posts have it."""
    group, entry, refutation = thread.channel.id, thread.post, thread.refutation
    return ChannelPost(group=group, entry=entry, original=thread.original, refutation=refutation)


def post_page(thread: ThreadResult, place: Place, css: str) -> bytes:
    """Return the page of a post and the comments on it."""
    channel, entry, say = thread.channel, thread.post, place.say()
    post = as_post(thread)
    last = thread.comments[-1].seq if thread.comments else 0
    fields = {
        **_common(channel, place, css),
        "is_indexed": not is_refuted(post),
        "report": say(N_("Report this post")) if place.can_report else "",
        "reported": f"@{channel.handle}/{entry.seq}",
        "post": shown_post(post, channel, place),
        "title": title_of(post, say),
        "description": one_line(plain(words_of(post, say, DESCRIPTION)), DESCRIPTION),
        "picture": next((place.url + one.path for one in media_of(entry) if one.kind == "image"), ""),
        "comments": [shown(one, channel, place) for one in thread.comments],
        "featured": [shown(one, channel, place) for one in thread.featured],
        "featured_title": say(N_("Chosen by the editors")),
        "policy": say(POLICIES.get(thread.policy, "")),
        "comments_title": say(N_("Comments")),
        "nothing": say(N_("There are no comments yet.")),
        "later": f"{place.of(channel, entry.seq)}?after={last}" if thread.more else "",
        "later_text": say(N_("More comments")),
        "all_posts": say(N_("All posts")),
        "reply": say(N_("in reply to")),
    }
    return templates().get_template("post.html").render(fields).encode()
