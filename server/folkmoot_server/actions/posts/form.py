"""What a post is while it is decided on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from folkmoot_governance import Refusal, published
from folkmoot_governance.credentials import Credentials
from folkmoot_governance.features import Feature
from folkmoot_governance.group.publish import Original
from folkmoot_governance.published import ENTRY, Text
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import PostResult, Result
from folkmoot_protocol.types import SAID, Author, ChannelPost, Entry, EntryKind, Role

from ...common.i18n import N_
from ...delivery.session import Session
from ...live.rooms import Room
from ...storage.change_set import Asked
from ..repeats import digest_of


class Form(Struct, frozen=True):
    """What kind of entry a post becomes, and how its place (seq, ts) is answered.

    `target`: the entry that it is about (an edit, a reaction), which makes it no post that slow mode counts. `data`
    stands in the entry besides what its text brings. `media` are the ids of the uploads that it shows.
    """

    kind: EntryKind
    result: Callable[[int, int], Result]
    target: int | None = None
    data: dict[str, object] = {}
    media: Sequence[str] = ()
    text: Text = ENTRY

    @property
    def is_said(self) -> bool:
        """Whether it says something by itself, and is not about another entry."""
        return self.kind in SAID


FEATURES_OF_TEXT = {published.PUBLICATION.name: Feature.CHANNELS, published.COMMENT.name: Feature.COMMENTS}


def features_of(form: Form) -> Sequence[Feature]:
    """Return the functions that a post takes; a plain one takes none."""
    if form is TEXT:
        return ()
    asked = [FEATURES_OF_TEXT[form.text.name]] if form.text.name in FEATURES_OF_TEXT else []
    return [*asked, *([Feature.MEDIA] if form.media else []), *([Feature.REPOSTS] if "repost" in form.data else [])]


def media_in(data: Mapping[str, Any]) -> Sequence[str]:
    """Return the ids of the uploads that an entry with such data shows."""
    shown = data.get("media")
    return [one["id"] for one in shown] if shown else ()


def said_in(body: str, form: Form) -> str:
    """Return all that a post says: its text, and the words for what it shows."""
    shown: Any = form.data.get("media", ())
    return "\n".join(filter(None, [body, *(one.get("alt") for one in shown)]))


def said(request: rq.Post, body: str, form: Form) -> Entry:
    """Return what a post says as an entry, to be compared with what is stored: it has no place and no author yet."""
    nobody = Author("", "", Role.MEMBER)
    return Entry(
        seq=0,
        ts=0,
        kind=form.kind,
        from_=nobody,
        body=body,
        reply_to=request.reply_to,
        target=form.target,
        data=form.data or None,
    )


def is_same(post: Entry, stored: Entry) -> bool:
    """Say whether a post is the one that is stored; of one that was removed since, the text is not known any more."""
    if (post.kind, post.reply_to, post.target) != (stored.kind, stored.reply_to, stored.target):
        return False
    return not stored.body or (post.body, _takes_away(post)) == (stored.body, _takes_away(stored))


def _takes_away(entry: Entry) -> bool:
    return bool((entry.data or {}).get("removed"))


def digest_of_post(request: rq.Post, body: str, form: Form) -> str:
    """Return what is the same for the same post."""
    return digest_of("post", said(request, body, form))


def _place(seq: int, ts: int) -> PostResult:
    return PostResult(seq=seq, ts=ts)


TEXT = Form(EntryKind.TEXT, _place)

NO_REPOSTS = Refusal(
    ErrorCode.BAD_REQUEST, N_("Only posts of channels can repost posts of channels."), {"field": "repost"}
)
NO_THREADS = Refusal(
    ErrorCode.BAD_REQUEST, N_("Only posts of channels have comments; reply instead."), {"field": "thread"}
)


def told_of(original: Original) -> dict[str, object]:
    """Return how the entry of a repost names what it repeats."""
    return {"group": original.state.code, "seq": original.seq}


def repost_in(entry: Entry) -> tuple[str, int] | None:
    """Return the channel's code and the seq of what an entry repeats, None where it repeats nothing."""
    named = (entry.data or {}).get("repost")
    return (named["group"], named["seq"]) if named else None


def form_in(room: Room, request: rq.Post, form: Form, original: Original | None = None) -> Form:
    """Return what becomes of a post where it stands: what is a text in a group is a post of a channel, or a comment."""
    if room.state.form is None or form.kind is not EntryKind.TEXT:
        return form
    if request.thread is None:
        data = form.data | ({"category": request.category} if request.category else {})
        if original is not None:
            data = {**data, "repost": told_of(original)}
        return replace(form, kind=EntryKind.POST, text=published.PUBLICATION, data=data)
    return replace(form, kind=EntryKind.COMMENT, target=request.thread, text=published.COMMENT)


class Published(Protocol):
    """A channel that has published something: its handle, its name, and what the platform has granted to it."""

    def granted(self, now: int) -> Credentials: ...

    @property
    def handle(self) -> str: ...

    @property
    def name(self) -> str: ...


def as_published(entry: Entry, channel: Published, now: int) -> Entry:
    """Return a post as the public reads it at `now` (Unix ms): from the channel, with what the platform has granted to
    it as tags. Which editor wrote it the journal knows."""
    tags = tuple(one.name for one in channel.granted(now))
    return replace(entry, from_=Author(channel.handle, channel.name, Role.OWNER, tags))


def shown_original(original: Original | None, now: int) -> ChannelPost | None:
    """Return what a post repeats as the public reads it at `now` (Unix ms)."""
    if original is None or original.entry is None:
        return None
    return ChannelPost(group=original.state.code, entry=as_published(original.entry, original.state, now))


class AskedPost(Protocol):
    """A post that somebody asks for: who, where, and what it is to say."""

    session: Session
    request: rq.Post
    room: Room
    body: str
    form: Form

    def answer_again(self, used: Entry | Asked) -> Result | Refusal:
        """Return the answer where the nonce of the post was used before, for `used`."""
        ...
