"""What a client knows of its account and groups, kept up to date from results and events. No I/O."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from msgspec import structs

from folkmoot_protocol import (
    Account,
    AccountEvent,
    CaseEvent,
    Entry,
    EntryEvent,
    Event,
    Group,
    GroupEvent,
    LagEvent,
    LeftEvent,
    LeftReason,
    PostEvent,
    RefutedEvent,
    SessionResult,
    TypingEvent,
)

from .feed import GroupFeed


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection stands and is signed in; `again` when it replaces one that broke."""

    again: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection broke with a close code (1006: none came); the next attempt is in `retry_s`."""

    code: int
    retry_s: float


#: What a program hears. `LagEvent` is not in it: the SDK fetches what was left out.
ClientEvent = (
    EntryEvent
    | GroupEvent
    | LeftEvent
    | TypingEvent
    | AccountEvent
    | CaseEvent
    | PostEvent
    | RefutedEvent
    | LagEvent
    | Connected
    | Disconnected
)

OWN_FIELDS = ("last_seq", "role", "read_seq", "muted_until_ms", "notify")


def merge_group(known: Group | None, news: Group) -> Group:
    """Return a group after a `group` event.

    The event carries the member's own fields all together, or, when they have not changed, none of them.
    """
    if known is None or news.role is not None:
        return news
    return structs.replace(news, **{name: getattr(known, name) for name in OWN_FIELDS})


class Book:
    """The groups of one account and how far each was read.

    `cursors` are seqs from an earlier run, by group code: what came after them is fetched.
    `has_room` says whether the listener can take entries now; while it cannot, they are noted and fetched
    later.
    """

    def __init__(self, cursors: Mapping[str, int] | None = None, has_room: Callable[[], bool] | None = None) -> None:
        self.account: Account | None = None
        self.groups: dict[str, Group] = {}
        self.feeds: dict[str, GroupFeed] = {}
        self._first_cursors = dict(cursors or {})
        self._has_room = has_room or _always

    def cursors(self) -> dict[str, int]:
        """Return the seq of the last entry handed on, by group."""
        return {code: feed.cursor for code, feed in self.feeds.items()}

    def behind(self) -> dict[str, GroupFeed]:
        """Return the groups whose history must be fetched."""
        return {code: feed for code, feed in self.feeds.items() if feed.is_behind}

    def sign_in(self, result: SessionResult) -> list[ClientEvent]:
        """Take the answer to a sign-in; return what changed since the connection before."""
        self.account = result.account
        now = {group.id: group for group in result.groups}
        events: list[ClientEvent] = [self._lose(code) for code in list(self.groups) if code not in now]
        for code, group in now.items():
            if code not in self.groups or self.groups[code] != group:
                events.append(GroupEvent(group=group))
            self._end_feed(group)
            self.groups[code] = group
        return events

    def sign_out(self) -> None:
        """Forget the account and its groups."""
        self.account = None
        self.groups.clear()
        self.feeds.clear()

    def add_group(self, group: Group) -> None:
        """Take a group that one has created or joined; a new one's entries follow from its `last_seq`."""
        self.groups[group.id] = merge_group(self.groups.get(group.id), group)
        if group.id not in self.feeds:
            self._end_feed(group)

    def take(self, event: Event) -> list[ClientEvent]:
        """Take an event of the server; return what to hand on."""
        if isinstance(event, EntryEvent):
            return self._take_entry(event)
        if isinstance(event, LagEvent):
            if event.group not in self.groups:
                # Of a channel that one follows: home has what was left out.
                return [event]
            self._feed(event.group, event.from_ - 1).note(event.to)
            return []
        if isinstance(event, GroupEvent):
            self.add_group(event.group)
            return [GroupEvent(group=self.groups[event.group.id])]
        if isinstance(event, LeftEvent):
            self.groups.pop(event.group, None)
            self.feeds.pop(event.group, None)
        elif isinstance(event, AccountEvent):
            self.account = event.account
        return [event]

    def fill(self, code: str, entries: Iterable[Entry], *, more: bool, asked: int) -> list[ClientEvent]:
        """Take a page of the history after a group's cursor, as `GroupFeed.fill`; return what to hand on."""
        feed = self.feeds.get(code)
        return [] if feed is None else _as_events(code, feed.fill(entries, more=more, asked=asked))

    def give_up(self, code: str) -> None:
        """Stop waiting for entries of a group whose history is refused."""
        if code in self.feeds:
            self.feeds[code] = GroupFeed(self.feeds[code].known)

    def _take_entry(self, event: EntryEvent) -> list[ClientEvent]:
        group, seq = self.groups.get(event.group), event.entry.seq
        is_own = self.account is not None and event.entry.from_.user == self.account.user
        if group is not None and is_own and seq > (group.read_seq or 0):
            self.groups[event.group] = structs.replace(group, read_seq=seq)
        feed = self._feed(event.group, event.entry.seq - 1)
        if not self._has_room():
            feed.note(event.entry.seq)
            return []
        ready = feed.take(event.entry)
        if len(ready) == 1 and ready[0] is event.entry:
            return [event]
        return _as_events(event.group, ready)

    def _feed(self, code: str, cursor: int) -> GroupFeed:
        """Return a group's feed; one that is not known yet begins at `cursor`."""
        feed = self.feeds.get(code)
        if feed is None:
            feed = self.feeds[code] = GroupFeed(cursor)
        return feed

    def _end_feed(self, group: Group) -> None:
        """Bring a feed in line with the server's `last_seq`, lower after a restore from a backup."""
        last = group.last_seq or 0
        feed = self._feed(group.id, self._first_cursors.pop(group.id, last))
        if feed.cursor > last:
            self.feeds[group.id] = GroupFeed(last)
        feed.note(last)

    def _lose(self, code: str) -> LeftEvent:
        """Drop a group that one is no longer in; why is not known here."""
        self.groups.pop(code)
        self.feeds.pop(code, None)
        return LeftEvent(group=code, reason=LeftReason.LEFT)


def _always() -> bool:
    return True


def _as_events(code: str, entries: Iterable[Entry]) -> list[ClientEvent]:
    return [EntryEvent(group=code, entry=entry) for entry in entries]
