"""Plays the script of one room as a channel: who speaks most there publishes, the others follow and comment."""

import secrets
from collections import Counter
from time import perf_counter

import folkmoot_protocol as fm
from folkmoot_protocol.line import as_text

from .player import Played, Player, Said
from .transcript import Step, StepKind

SPEAKS = (StepKind.MESSAGE, StepKind.ACTION)


class ChannelPlayer(Player):
    """One room on its way: coming in is following, a message of the author is a post, one of others a comment on the
    last post. The author is the room's operator, whose own channel it is."""

    async def play(self) -> Played:
        """See `Player`."""
        spoken = Counter(step.who for step in self._script.steps if step.kind in SPEAKS)
        self._author = spoken.most_common(1)[0][0] if spoken else ""
        self._post = 0
        played = await super().play()
        played.is_channel = True
        return played

    async def _create_group(self) -> str:
        """Open the channel, if that was not done before the connection broke."""
        client, user = self._owner.client, self._owner.user
        await client.post(f"@{user}", self._script.room, nonce=secrets.token_urlsafe(12))
        self._said.append(Said(user, fm.EntryKind.POST, self._script.room))
        channel = await client.get_channel(f"@{user}")
        newest = await client.get_posts(channel.id, limit=1)
        self._post = newest.posts[0].entry.seq
        self._tally.posts += 1
        return channel.id

    async def _play_step(self, step: Step) -> None:
        if step.kind is StepKind.JOIN:
            await self._follow(step.who)
        elif step.kind is StepKind.LEAVE:
            await self._unfollow(step.who)
        elif step.kind in SPEAKS:
            await self._speak(step.who, step.text.strip() or step.text)
        else:
            self._tally.skipped[f"{step.kind} in a channel"] += 1

    async def _follow(self, nick: str) -> None:
        if nick == self._author or nick in self._members:
            return
        person = await self._cast.find(nick)
        if await self._try(lambda: person.client.follow(self._group), "follow"):
            self._members[nick] = person

    async def _unfollow(self, nick: str) -> None:
        person = self._members.pop(nick, None)
        if person is None:
            self._tally.skipped["leave of who does not follow"] += 1
        else:
            await self._try(lambda: person.client.unfollow(self._group), "unfollow")

    async def _speak(self, nick: str, text: str) -> None:
        """Publish or comment; what the history must have is noted whether it is accepted or not."""
        is_post = nick == self._author
        person = self._owner if is_post else await self._cast.find(nick)
        kind, thread = (fm.EntryKind.POST, None) if is_post else (fm.EntryKind.COMMENT, self._post)
        self._said.append(Said(person.user, kind, text))
        nonce, began = secrets.token_urlsafe(12), perf_counter()
        results: list[fm.PostResult] = []

        async def post() -> None:
            body = as_text(text)
            results.append(await person.client.post(self._group, body, thread=thread, nonce=nonce))

        if await self._try(post, str(kind)):
            self._tally.posts += 1
            self._tally.to_ok.add(perf_counter() - began)
            if is_post and results[-1].seq is not None:
                self._post = results[-1].seq

    async def _drain(self) -> None:
        """Nobody waits: followers read home."""
