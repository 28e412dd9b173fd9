"""Channels in the terminal: home and its news, the posts of one, a post with its comments, writing to them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import folkmoot_protocol as fm

from ..sdk import Client, ClientError
from ..terminal import N_, _
from . import view
from .screen import Screen

PAGE = 20

COMMANDS = {
    "/home": N_("Read the posts of the channels that you follow (older: those before), and new ones as they come"),
    "/posts": N_("Read a channel's posts: /posts @name (older: those before)"),
    "/thread": N_("Read a post and its comments: /thread @name/12"),
    "/publish": N_("Post to your own channel, which the first post opens: /publish [in=@name] [category=news] TEXT"),
    "/comment": N_("Comment on a post: /comment @name/12 TEXT"),
    "/correct": N_("Give a post or a comment of your own another text: /correct @name/12 TEXT"),
}
"""What the chat does with channels, with summaries."""

_POST = re.compile(r"(@[^\s/]+)/(\d{1,15})(?:\s+(.*))?", re.DOTALL)

_OPTION = re.compile(r"(in|category)=(\S+)\s+")


class ChannelCommands:
    """Carries out what is typed of channels, and shows what comes of them."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self._client = client
        self._screen = screen
        self._cursors: dict[str, str | None] = {}
        self._is_live = False
        self._listening: asyncio.Task[None] | None = None

    async def obey(self, word: str, rest: str) -> None:
        """Carry out a command with what follows it. Raises `ClientError`."""
        acts: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "/home": self._home,
            "/posts": self._posts,
            "/thread": self._thread,
            "/publish": self._publish,
            "/comment": self._comment,
            "/correct": self._correct,
        }
        await acts[word](rest)

    async def _home(self, rest: str) -> None:
        if rest == "older":
            page = await self._client.get_home(before=self._cursors.get(""), limit=PAGE)
        else:
            page = await self._client.get_home(limit=PAGE, live=True)
            self._is_live = True
        self._show_page("", page, "/home older")

    async def _posts(self, rest: str) -> None:
        name, _space, more = rest.partition(" ")
        before = self._cursors.get(name) if more.strip() == "older" else None
        self._show_page(name, await self._client.get_posts(name, before=before, limit=PAGE), f"/posts {name} older")

    def _show_page(self, key: str, page: fm.HomeResult, more: str) -> None:
        """Show posts, the newest last, where one reads on."""
        self._cursors[key] = page.cursor
        if page.cursor:
            self._say(_("Older ones: {line}").format(line=view.clean(more)))
        for post in reversed(page.posts):
            self.show_post(post)
        if not page.posts:
            self._say(_("There is nothing to read here."))

    def show_post(self, post: fm.ChannelPost) -> None:
        """Show a post with what it repeats."""
        self.show(post.entry)
        self._show_about(post)

    def _show_about(self, post: fm.ChannelPost) -> None:
        """Show what a post repeats, and what the platform says about either."""
        for one in (post, post.original):
            if one is not None and one is not post:
                self._say(view.INDENT + view.as_text(view.show_post(one.entry.from_.user, one.entry)))
            if one is not None and one.refutation is not None:
                told = _("The platform says that this is not true: {text}").format(text=view.clean(one.refutation.text))
                self._screen.write([(view.WARN, view.INDENT + told)])

    async def _thread(self, rest: str) -> None:
        found = _POST.fullmatch(rest)
        if found is None:
            return self._explain("/thread")
        channel, seq, after = found[1], int(found[2]), 0
        while True:
            page = await self._client.get_thread(channel, seq, after=after, limit=PAGE)
            if not after:
                self.show(page.post)
                about = fm.ChannelPost(
                    group=page.channel.id, entry=page.post, original=page.original, refutation=page.refutation
                )
                self._show_about(about)
            for comment in page.comments:
                self._screen.write(view.show_entry(comment))
            if not page.more or not page.comments:
                return None
            after = page.comments[-1].seq

    async def _publish(self, rest: str) -> None:
        account = self._client.account
        options: dict[str, str] = {}
        while (found := _OPTION.match(rest)) and found[1] not in options:
            options[found[1]], rest = found[2], rest[found.end() :]
        if not rest or account is None or _OPTION.match(f"{rest} "):
            return self._explain("/publish")
        channel = options.get("in", f"@{account.user}")
        result = await self._client.post(channel, rest, category=options.get("category"))
        self._say(_("Published: {post}").format(post=view.clean(f"{channel}/{result.seq}")))
        return None

    async def _correct(self, rest: str) -> None:
        found = _POST.fullmatch(rest)
        if found is None or not found[3]:
            return self._explain("/correct")
        await self._client.edit(found[1], int(found[2]), found[3])
        self._say(_("Corrected: {post}").format(post=view.clean(f"{found[1]}/{found[2]}")))
        return None

    async def _comment(self, rest: str) -> None:
        found = _POST.fullmatch(rest)
        if found is None or not found[3]:
            return self._explain("/comment")
        result = await self._client.post(found[1], found[3], thread=int(found[2]))
        self._say(_("Your comment is #{seq}.").format(seq=result.seq))
        return None

    def _explain(self, word: str) -> None:
        self._say(_(COMMANDS[word]))

    # What happens

    def show(self, entry: fm.Entry) -> None:
        """Show a post, one that came just now or one of a page."""
        self._screen.write(view.show_post(entry.from_.user, entry))

    def show_missed(self) -> None:
        """Tell that posts were left out."""
        self._say(_("There are more new posts: /home"))

    def came_back(self) -> None:
        """The connection stands again: hear of new posts on it, if one did before."""
        if self._is_live and (self._listening is None or self._listening.done()):
            self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        # If this one breaks, too, the next connection asks again.
        with suppress(ClientError):
            await self._client.get_home(limit=1, live=True)

    def _say(self, text: str) -> None:
        self._screen.write([(view.DIM, text)])
