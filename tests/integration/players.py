"""Clients that keep a server busy while it is killed under them, and that remember what it promised.

Each player checks, whenever it comes back, that what was acknowledged to it is in force; what it had asked for and got
no answer to may have happened or not.
"""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Awaitable
from random import Random
from typing import Generic, TypeVar

from websockets.exceptions import WebSocketException

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Entry
from tests.integration.server import Seat, Server
from tests.integration.wire import Closed, Refused, Wire

T = TypeVar("T")


class Word(Generic[T]):
    """A setting that one player alone changes: the value that was acknowledged, and the one asked for since, if any."""

    def __init__(self, value: T) -> None:
        self.value = value
        self._possible = {value}

    def ask_for(self, value: T) -> None:
        """Note that a change was asked for."""
        self._possible.add(value)

    def hold(self, value: T) -> None:
        """Note what was acknowledged, or what is so after a restart."""
        assert value in self._possible, f"{value!r} is none of {self._possible}"
        self.value = value
        self._possible = {value}


class Play:
    """What all players share: the server, and what it has acknowledged to anyone."""

    def __init__(self, server: Server, random: Random, *, may_fail: bool = False) -> None:
        """`may_fail`: the disk fails, so `unavailable` is an answer."""
        self.server = server
        self.random = random
        self.may_fail = may_fail
        self.up = asyncio.Event()
        self.over = False
        self.posts: dict[str, dict[int, str]] = defaultdict(dict)
        self.acts: dict[str, list[dict[str, object]]] = defaultdict(list)
        self.erasing: dict[str, set[int]] = defaultdict(set)
        self.answers: Counter[str] = Counter()
        self._news = asyncio.Condition()

    async def note(self, what: str) -> None:
        """Count an answer."""
        async with self._news:
            self.answers[what] += 1
            self._news.notify_all()

    async def until_answers(self, number: int) -> None:
        """Wait until so many answers more were given."""
        target = self.answers.total() + number
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: self.answers.total() >= target)

    async def until_over(self, *players: "Player") -> None:
        """Let players play; a player that finds a promise broken ends the play."""
        async with asyncio.TaskGroup() as group:
            for player in players:
                group.create_task(player.live())


class Player:
    """A connection of one account that comes back whenever the server does."""

    def __init__(self, play: Play, seat: Seat) -> None:
        self.play = play
        self.seat = seat
        self.code = seat.code

    async def live(self) -> None:
        """Play until it is over; the last thing is a check on a connection that held."""
        while True:
            await self.play.up.wait()
            try:
                if await self._try(self._play_on()):
                    return
            except (Closed, OSError, WebSocketException, EOFError):
                # The server died. Whoever kills it clears `up` first, so this does not spin.
                continue

    async def _play_on(self) -> None:
        """Sign in, and play until it is over; where the disk fails, signing in may be what fails."""
        async with await self.play.server.connect(self.seat) as wire:
            await self._check(wire)
            while not self.play.over:
                if not await self._try(self.turn(wire)):
                    await self._check(wire)
            await self._check(wire)

    async def _check(self, wire: Wire) -> None:
        """Check, as soon as the server can answer."""
        while not await self._try(self.check(wire)):
            pass

    async def _try(self, doing: Awaitable[None]) -> bool:
        """Say whether something came to its end: where the disk fails, an answer may be that it did not."""
        try:
            await doing
        except Refused as no:
            if not (self.play.may_fail and no.code == "unavailable"):
                raise
            await self.play.note("failures")
            return False
        return True

    async def check(self, wire: Wire) -> None:
        """Compare what is so with what was acknowledged."""
        raise NotImplementedError

    async def turn(self, wire: Wire) -> None:
        """Do something."""
        raise NotImplementedError

    async def act(self, wire: Wire, line: str, code: str) -> rs.CommandResult:
        """Run a command; remember that it was acknowledged."""
        result = await wire.run(line, code)
        self.play.acts[code].append(result.data)
        await self.play.note("acts")
        return result


class Poster(Player):
    """Posts a few at a time; repeats, by their nonces, those that got no answer. A post's text is its nonce."""

    def __init__(self, play: Play, seat: Seat) -> None:
        super().__init__(play, seat)
        self._numbers = itertools.count(1)
        self._open: list[str] = []

    async def check(self, wire: Wire) -> None:
        await self._post(wire)

    async def turn(self, wire: Wire) -> None:
        # Of several at once the first alone may fail, and come after the others when it is repeated.
        number = 1 if self.play.may_fail else self.play.random.randint(1, 5)
        self._open = [f"{self.seat.user} {next(self._numbers)}" for _ in range(number)]
        await self._post(wire)

    async def _post(self, wire: Wire) -> None:
        texts, self._open = self._open, []
        futures = [await wire.send(rq.Post, group=self.code, body=text, nonce=text) for text in texts]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        for text, outcome in zip(texts, outcomes, strict=True):
            if isinstance(outcome, Closed):
                self._open.append(text)
            elif isinstance(outcome, Refused) and self.play.may_fail and outcome.code == "unavailable":
                self._open.append(text)
                raise outcome
            elif isinstance(outcome, Refused):
                assert outcome.code == "muted", outcome
                await self.play.note("refusals")
            else:
                assert not isinstance(outcome, BaseException), outcome
                assert self.play.posts[self.code].setdefault(outcome.seq, text) == text
                await self.play.note("posts")
        if self._open:
            raise Closed(1006)


class Owner(Player):
    """Governs its group: sets the topic, mutes and unmutes one member, deletes entries."""

    def __init__(self, play: Play, seat: Seat, victim: Seat) -> None:
        super().__init__(play, seat)
        self._victim = victim.user
        self._topic = Word("")
        self._muted = Word(False)
        self._deleted: set[int] = set()
        self._numbers = itertools.count(1)

    async def check(self, wire: Wire) -> None:
        self._topic.hold((await wire.group(self.code)).topic)
        muted = (await wire.run("/mutes", self.code)).data["items"]
        self._muted.hold(self._victim in [one["user"] for one in muted])
        for seq in self.play.random.sample(sorted(self._deleted), min(3, len(self._deleted))):
            page = await wire.ask(rq.GetHistory, group=self.code, after=seq - 1, limit=1)
            assert page.entries[0].redacted

    async def turn(self, wire: Wire) -> None:
        act = self.play.random.choice([self._set_topic, self._mute, self._delete])
        await act(wire)

    async def _set_topic(self, wire: Wire) -> None:
        topic = f"topic {next(self._numbers)}"
        self._topic.ask_for(topic)
        await self.act(wire, f"/topic {topic}", self.code)
        self._topic.hold(topic)

    async def _mute(self, wire: Wire) -> None:
        muted = not self._muted.value
        self._muted.ask_for(muted)
        line = f"/mute @{self._victim} 1h" if muted else f"/unmute @{self._victim}"
        await self.act(wire, line, self.code)
        self._muted.hold(muted)

    async def _delete(self, wire: Wire) -> None:
        seqs = self.play.posts[self.code].keys() - self.play.erasing[self.code]
        if seqs:
            seq = self.play.random.choice(sorted(seqs)[-20:])
            self.play.erasing[self.code].add(seq)
            self.note_deletion(seq)
            await self.act(wire, f"/delete {seq}", self.code)
            self.note_deletion(seq, is_done=True)
            self._deleted.add(seq)

    def note_deletion(self, seq: int, *, is_done: bool = False) -> None:
        """Note what else ends with an entry, when its deletion is asked for and when it is acknowledged."""


class Steward(Owner):
    """An owner that pins and unpins entries besides, and sets the group's words."""

    def __init__(self, play: Play, seat: Seat, victim: Seat) -> None:
        super().__init__(play, seat, victim)
        self._pins: defaultdict[int, Word[bool]] = defaultdict(lambda: Word(False))
        self._words: defaultdict[str, Word[bool]] = defaultdict(lambda: Word(False))

    async def check(self, wire: Wire) -> None:
        await super().check(wire)
        pins = set((await wire.group(self.code)).pins or ())
        assert pins <= self._pins.keys()
        for seq, pinned in self._pins.items():
            pinned.hold(seq in pins)
        words = {one["word"] for one in (await wire.run("/word list", self.code)).data["items"]}
        assert words <= self._words.keys()
        for word, is_set in self._words.items():
            is_set.hold(word in words)

    async def turn(self, wire: Wire) -> None:
        act = self.play.random.choice([super().turn, self._pin, self._set_word])
        await act(wire)

    async def _pin(self, wire: Wire) -> None:
        pinned = [seq for seq, one in self._pins.items() if one.value]
        if len(pinned) > self.play.random.randint(0, 20):
            seq = self.play.random.choice(pinned)
        else:
            seqs = self.play.posts[self.code].keys() - self.play.erasing[self.code]
            if not seqs:
                return
            seq = self.play.random.choice(sorted(seqs)[-20:])
        await self._turn_over(wire, self._pins[seq], f"/pin {seq}", f"/unpin {seq}")

    async def _set_word(self, wire: Wire) -> None:
        word = f"word{self.play.random.randint(1, 9)}x"
        await self._turn_over(wire, self._words[word], f"/word add flag {word}", f"/word del {word}", is_told=False)

    async def _turn_over(self, wire: Wire, setting: Word[bool], on: str, off: str, *, is_told: bool = True) -> None:
        value = not setting.value
        setting.ask_for(value)
        result = await wire.run(on if value else off, self.code)
        if is_told:
            self.play.acts[self.code].append(result.data)
        await self.play.note("acts")
        setting.hold(value)

    def note_deletion(self, seq: int, *, is_done: bool = False) -> None:
        # What is deleted is pinned no more.
        self._pins[seq].ask_for(False)
        if is_done:
            self._pins[seq].hold(False)


class Wanderer(Player):
    """Joins and leaves a group that is not its own, posts there, and creates groups."""

    def __init__(self, play: Play, seat: Seat, elsewhere: str) -> None:
        super().__init__(play, seat)
        self._elsewhere = elsewhere
        self._inside = Word(False)
        self._numbers = itertools.count(1)
        self._created: set[str] = set()

    async def check(self, wire: Wire) -> None:
        codes = {group.id for group in (await wire.ask(rq.ListGroups)).groups}
        self._inside.hold(self._elsewhere in codes)
        assert codes >= self._created

    async def turn(self, wire: Wire) -> None:
        if self.play.random.random() < 0.1:
            self._created.add(await wire.create(f"Group {len(self._created)}"))
            await self.play.note("groups")
            return
        if self._inside.value and self.play.random.random() < 0.5:
            text = f"{self.seat.user} {next(self._numbers)}"
            seq = await wire.post(self._elsewhere, text)
            self.play.posts[self._elsewhere][seq] = text
            await self.play.note("posts")
            return
        inside = not self._inside.value
        self._inside.ask_for(inside)
        await wire.ask(rq.JoinGroup if inside else rq.LeaveGroup, group=self._elsewhere)
        self._inside.hold(inside)
        await self.play.note("joins" if inside else "leaves")


def check_history(play: Play, code: str, entries: list[Entry]) -> None:
    """Compare a group's whole history with all that was acknowledged of it."""
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1)), "a hole in seq"
    by_seq = {entry.seq: entry for entry in entries}
    for seq, text in play.posts[code].items():
        entry = by_seq[seq]
        assert entry.body == text or (entry.redacted and seq in play.erasing[code]), f"lost: {text}"
    texts = [entry.body for entry in entries if entry.kind == "text" and not entry.redacted]
    assert not [text for text, number in Counter(texts).items() if number > 1], "doubled"
    numbers: dict[str, int] = {}
    for text in texts:
        user, number = text.split()
        assert numbers.get(user, 0) < int(number), f"out of order: {text}"
        numbers[user] = int(number)
    told = {entry.data["case"]: entry.data for entry in entries if entry.data}
    for act in play.acts[code]:
        assert told[act["case"]] == {key: value for key, value in act.items() if key not in ("undo", "help", "acts")}
