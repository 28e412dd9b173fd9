"""One method for each request of the protocol, with typed results."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

import folkmoot_protocol as fm

T = TypeVar("T")


def make_nonce() -> str:
    """Return what makes a request safe to repeat on another connection: the server carries it out once."""
    return secrets.token_urlsafe(12)


class Requests(ABC):
    """The requests that need no more than to be sent; `Client` adds signing in and posting.

    All raise `RequestRefused`, and `SessionEnded` when the client is closed for good. What is safe to
    repeat is repeated after a broken connection; the rest (acts of an administrator) raises `ConnectionLost`, because
    it may have been carried out. Group codes may be given in either spelling.
    """

    @abstractmethod
    async def ask(self, kind: type[fm.Request], expect: type[T], *, repeat: bool = True, **fields: Any) -> T:
        """Send a request of `kind` with `fields` and return its result."""

    async def change_password(self, password: str, new: str) -> None:
        """Have another password; all other sessions of the account end."""
        await self.ask(fm.ChangePassword, fm.Empty, repeat=False, password=password, new=new)

    async def second_factor(
        self, act: Literal["begin", "confirm", "end"], *, password: str | None = None, code: str | None = None
    ) -> fm.SecondFactorResult:
        """Have signing in ask for a code as well, in two steps, or end that."""
        fields: dict[str, Any] = {"act": act, "password": password, "code": code}
        return await self.ask(fm.SecondFactor, fm.SecondFactorResult, repeat=False, **fields)

    async def accept_agreement(self, version: str) -> None:
        """Accept a version of the agreement."""
        await self.ask(fm.AcceptAgreement, fm.Empty, version=version)

    async def get_account(self, user: str | None = None) -> fm.Account:
        """Return an account, one's own without `user`."""
        return (await self.ask(fm.GetAccount, fm.AccountResult, user=user)).account

    async def create_group(
        self,
        name: str,
        *,
        category: str | None = None,
        topic: str | None = None,
        join_mode: fm.JoinMode | None = None,
    ) -> fm.Group:
        """Create a group and become its owner."""
        fields: dict[str, Any] = {"name": name, "category": category, "topic": topic, "join_mode": join_mode}
        return (await self.ask(fm.CreateGroup, fm.GroupResult, nonce=make_nonce(), **fields)).group

    async def join(self, group: str, answer: str | None = None) -> fm.JoinResult:
        """Join a group or ask to."""
        return await self.ask(fm.JoinGroup, fm.JoinResult, group=group, answer=answer, nonce=make_nonce())

    async def leave(self, group: str) -> None:
        """Leave a group, or withdraw a request to join."""
        await self.ask(fm.LeaveGroup, fm.Empty, group=group, nonce=make_nonce())

    async def list_groups(self) -> tuple[fm.Group, ...]:
        """Return one's own groups."""
        return (await self.ask(fm.ListGroups, fm.GroupsResult)).groups

    async def get_group(self, group: str) -> fm.Group:
        """Return a group; to a non-member its public part."""
        return (await self.ask(fm.GetGroup, fm.GroupResult, group=group)).group

    async def list_members(self, group: str, *, after: str | None = None, limit: int | None = None) -> fm.MembersResult:
        """Return a page of members, from the one after the user `after`."""
        return await self.ask(fm.ListMembers, fm.MembersResult, group=group, after=after, limit=limit)

    async def run_command(self, line: str, group: str | None = None) -> fm.CommandResult:
        """Run a slash command line, once."""
        return await self.ask(fm.RunCommand, fm.CommandResult, line=line, group=group, nonce=make_nonce())

    async def list_commands(self, group: str | None = None) -> tuple[fm.CommandInfo, ...]:
        """Return the slash commands and which of them one may use."""
        return (await self.ask(fm.ListCommands, fm.CommandsResult, group=group)).commands

    async def get_history(
        self,
        group: str,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> fm.HistoryResult:
        """Return a page of entries, oldest first: the newest page without `before` and `after` (seqs)."""
        fields: dict[str, Any] = {"group": group, "before": before, "after": after, "limit": limit}
        return await self.ask(fm.GetHistory, fm.HistoryResult, **fields)

    async def read_history(self, group: str, after: int = 0) -> AsyncIterator[fm.Entry]:
        """Yield all entries with a seq above `after`, oldest first, page by page."""
        more = True
        while more:
            page = await self.get_history(group, after=after)
            for entry in page.entries:
                yield entry
                after = entry.seq
            more = page.more and bool(page.entries)

    async def search(
        self, group: str, text: str, *, before: int | None = None, limit: int | None = None
    ) -> fm.SearchResult:
        """Return entries that have all words of `text`, newest first; with `more`, go on below its `before`."""
        fields: dict[str, Any] = {"group": group, "text": text, "before": before, "limit": limit}
        return await self.ask(fm.Search, fm.SearchResult, **fields)

    async def sync(self, cursors: Mapping[str, int]) -> dict[str, fm.SyncGroup]:
        """Return what came in each group after the seq given for it, at most 1000 groups at once."""
        return (await self.ask(fm.Sync, fm.SyncResult, cursors=dict(cursors))).groups

    async def edit(self, group: str, seq: int, body: str) -> int:
        """Give an own entry another text; return the seq of the edit."""
        return await self._post_about(fm.Edit, group=group, seq=seq, body=body)

    async def react(self, group: str, seq: int, reaction: str, *, remove: bool = False) -> int:
        """React to an entry with an emoji, or take that back; return the seq of the reaction."""
        return await self._post_about(fm.React, group=group, seq=seq, reaction=reaction, remove=remove)

    async def _post_about(self, kind: type[fm.Edit] | type[fm.React], **fields: Any) -> int:
        return (await self.ask(kind, fm.EntryResult, nonce=make_nonce(), **fields)).seq

    async def mark_read(self, group: str, seq: int) -> None:
        """Say that one has read a group up to `seq`."""
        await self.ask(fm.MarkRead, fm.Empty, group=group, seq=seq)

    async def send_typing(self, group: str) -> None:
        """Let the others know that one is typing. Not repeated: it would be late."""
        await self.ask(fm.Typing, fm.Empty, repeat=False, group=group)

    async def report(
        self,
        reason: str,
        *,
        group: str | None = None,
        seq: int | None = None,
        user: str | None = None,
        text: str | None = None,
    ) -> str:
        """Report a group, an entry of it or an account; return the case: the same one while it is open."""
        fields: dict[str, Any] = {"reason": reason, "group": group, "seq": seq, "user": user, "text": text}
        return (await self.ask(fm.Report, fm.ReportResult, nonce=make_nonce(), **fields)).case

    async def open_channel(
        self, *, name: str | None = None, topic: str | None = None, category: str | None = None
    ) -> fm.Group:
        """Open one's own channel, whose handle is one's user name; the first post to it does so as well."""
        fields: dict[str, Any] = {"name": name, "topic": topic, "category": category}
        return (await self.ask(fm.OpenChannel, fm.GroupResult, nonce=make_nonce(), **fields)).group

    async def open_public_channel(
        self,
        handle: str,
        name: str,
        *,
        topic: str | None = None,
        category: str | None = None,
        documents: Sequence[fm.Document] = (),
        text: str | None = None,
    ) -> fm.Group:
        """Apply for a public account: it opens when the platform has approved that."""
        fields: dict[str, Any] = {"handle": handle, "name": name, "topic": topic, "category": category, "text": text}
        fields |= {"form": fm.ChannelForm.PUBLIC, "documents": tuple(documents)}
        return (await self.ask(fm.OpenChannel, fm.GroupResult, nonce=make_nonce(), **fields)).group

    async def apply(
        self,
        what: Literal["badge", "licence", "quota"],
        channel: str | None = None,
        *,
        name: str | None = None,
        category: str | None = None,
        scope: Literal["publish", "relay"] | None = None,
        until_ms: int | None = None,
        count: int | None = None,
        documents: Sequence[fm.Document] = (),
        text: str | None = None,
    ) -> fm.ReportResult:
        """Apply for a badge or a licence for one's channel, or for more public accounts; return the case."""
        fields: dict[str, Any] = {"name": name, "category": category, "scope": scope, "until_ms": until_ms}
        fields |= {"what": what, "group": channel, "count": count, "documents": tuple(documents), "text": text}
        return await self.ask(fm.Apply, fm.ReportResult, nonce=make_nonce(), **fields)

    async def get_channel(self, channel: str) -> fm.Channel:
        """Look a channel up, by its code or by `@` and its handle, as in all requests below."""
        return (await self.ask(fm.GetChannel, fm.ChannelResult, group=channel)).channel

    async def follow(self, channel: str) -> fm.Channel:
        """Follow a channel: its posts stand in one's home."""
        return (await self.ask(fm.Follow, fm.ChannelResult, group=channel)).channel

    async def unfollow(self, channel: str) -> fm.Channel:
        """Follow a channel no more."""
        return (await self.ask(fm.Unfollow, fm.ChannelResult, group=channel)).channel

    async def list_follows(self, *, after: str | None = None, limit: int | None = None) -> fm.ChannelsResult:
        """Return a page of the channels that one follows, by code."""
        return await self.ask(fm.ListFollows, fm.ChannelsResult, after=after, limit=limit)

    async def get_home(
        self, *, before: str | None = None, limit: int | None = None, live: bool | None = None
    ) -> fm.HomeResult:
        """Return posts of the channels that one follows, the newest first; with `live`, new ones come as events."""
        return await self.ask(fm.GetHome, fm.HomeResult, before=before, limit=limit, live=live)

    async def get_posts(self, channel: str, *, before: str | None = None, limit: int | None = None) -> fm.HomeResult:
        """Return posts of a channel, the newest first."""
        return await self.ask(fm.GetPosts, fm.HomeResult, group=channel, before=before, limit=limit)

    async def get_thread(
        self, channel: str, seq: int, *, after: int | None = None, limit: int | None = None
    ) -> fm.ThreadResult:
        """Return a post and a page of the comments on it, oldest first."""
        return await self.ask(fm.GetThread, fm.ThreadResult, group=channel, seq=seq, after=after, limit=limit)

    async def get_reposts(
        self, channel: str, seq: int, *, before: str | None = None, limit: int | None = None
    ) -> fm.HomeResult:
        """Return what repeats a post of a channel, the newest first."""
        return await self.ask(fm.GetReposts, fm.HomeResult, group=channel, seq=seq, before=before, limit=limit)

    async def admin(
        self,
        noun: str,
        verb: str,
        *,
        target: str | None = None,
        reason: str | None = None,
        options: Mapping[str, str | int | bool] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        dry_run: bool = False,
        text: str | None = None,
    ) -> fm.AdminResult:
        """Administer the platform. Only `list` and `show` are repeated after a broken connection."""
        fields: dict[str, Any] = {
            "noun": noun,
            "verb": verb,
            "target": target,
            "reason": reason,
            "options": dict(options) if options else None,
            "limit": limit,
            "cursor": cursor,
            "dry_run": dry_run,
            "text": text,
        }
        return await self.ask(fm.Admin, fm.AdminResult, repeat=verb in ("list", "show"), **fields)
