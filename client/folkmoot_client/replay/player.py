"""Plays the script of one room: each step waits for the one before it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

import folkmoot_protocol as fm
from folkmoot_protocol import ErrorCode
from folkmoot_protocol.line import as_text

from ..sdk import ConnectionLost, RequestRefused
from .cast import Cast, Person
from .names import display_name
from .tally import RoomTally, SharedLimits
from .transcript import Script, Step, StepKind

# A wait cures these, and a replay has time. Measures such as a mute are not waited for: they are part of the play.
WORTH_WAITING = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.SLOW_MODE, ErrorCode.UNAVAILABLE, ErrorCode.CONFLICT})

# What a command answers when an earlier attempt of it was carried out after all.
ALREADY_DONE = frozenset({ErrorCode.NOT_A_MEMBER, ErrorCode.NO_SUCH_USER, ErrorCode.CONFLICT})

DRAIN_S = 60.0
"""How long the last deliveries may take."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message or an action as the history must have it."""

    user: str
    kind: fm.EntryKind
    body: str


@dataclass(slots=True)
class Played:
    """What became of one room: its group, its owner, and what was said there, in the order of the log."""

    room: str
    group: str
    owner: Person
    said: list[Said]
    is_channel: bool = False


class Player:
    """One room on its way through its script. `speed` 0 plays without the gaps."""

    def __init__(
        self, script: Script, cast: Cast, tally: SharedLimits, speed: float, advance: Callable[[], None]
    ) -> None:
        self._script = script
        self._cast = cast
        self._tally = tally
        self._speed = speed
        self._advance = advance
        self._room = RoomTally()
        self._said: list[Said] = []
        self._members: dict[str, Person] = {}
        self._group = ""
        self._owner: Person

    async def play(self) -> Played:
        """Play the room from its first step to its last. Raises `ClientError`, `OutOfTokens`."""
        self._owner = await self._cast.find(f"operator of {self._script.room}")
        self._group = await self._create_group()
        self._tally.rooms[self._group] = self._room
        calling = asyncio.create_task(self._cast.call(self._script.people()))
        try:
            await self._play_steps()
            await calling
        finally:
            calling.cancel()
        await self._drain()
        return Played(self._script.room, self._group, self._owner, self._said)

    async def _play_steps(self) -> None:
        began = perf_counter()
        for step in self._script.steps:
            if self._speed:
                await asyncio.sleep(began + step.at_s / self._speed - perf_counter())
            await self._play_step(step)
            self._advance()

    async def _create_group(self) -> str:
        """Create the room's group; after a broken connection look for it before another attempt."""
        name, client = display_name(self._script.room) or "replay", self._owner.client
        while True:
            try:
                return (await client.create_group(name, join_mode=fm.JoinMode.OPEN)).id
            except ConnectionLost:
                for group in await client.list_groups():
                    if group.name == name and group.id not in self._tally.rooms:
                        return group.id

    async def _play_step(self, step: Step) -> None:
        match step.kind:
            case StepKind.JOIN:
                await self._enter(step.who)
            case StepKind.LEAVE:
                await self._leave(step.who)
            case StepKind.MESSAGE:
                await self._say(step.who, as_text(step.text), fm.EntryKind.TEXT, step.text)
            case StepKind.ACTION:
                # The server takes the blanks around an argument off.
                text = step.text.strip()
                await self._say(step.who, f"/me {text}", fm.EntryKind.ACTION, text)
            case StepKind.KICK:
                await self._kick(step)

    async def _enter(self, nick: str) -> Person:
        """Return a person as a member of the group."""
        person = await self._cast.find(nick)
        if nick not in self._members and await self._try(lambda: person.client.join(self._group), "join"):
            self._members[nick] = person
        return person

    async def _leave(self, nick: str) -> None:
        person = self._members.pop(nick, None)
        if person is None:
            self._tally.skipped["leave of a non-member"] += 1
        else:
            await self._try(lambda: person.client.leave(self._group), "leave")

    async def _say(self, nick: str, body: str, kind: fm.EntryKind, text: str) -> None:
        """Post; the body expected in the history is noted whether the post is accepted or not."""
        person = await self._enter(nick)
        self._said.append(Said(person.user, kind, text))
        nonce, client = secrets.token_urlsafe(12), person.client
        self._room.under_way = began = perf_counter()
        results: list[fm.PostResult] = []

        async def post() -> None:
            results.append(await client.post(self._group, body, nonce=nonce))

        if await self._try(post, str(kind)):
            self._tally.posts += 1
            self._tally.to_ok.add(perf_counter() - began)
            seq = get_seq(results[-1])
            if seq is not None:
                self._room.sent[seq] = began
        self._room.under_way = None

    async def _kick(self, step: Step) -> None:
        """Let an operator kick; the owner makes an admin of it first, as the channel had done."""
        operator = await self._enter(step.who)
        if step.whom not in self._members:
            self._tally.skipped["kick of a non-member"] += 1
            return
        kicked = self._members[step.whom]
        if self._group not in operator.admin_in:
            operator.admin_in.add(self._group)
            await self._command(self._owner, f"/promote @{operator.user}", "promote")
        if await self._command(operator, f"/kick @{kicked.user} {step.text}", "kick"):
            del self._members[step.whom]

    async def _command(self, person: Person, line: str, name: str) -> bool:
        """Run a command once; after a broken connection again, until it is sure to be carried out."""

        async def run() -> None:
            lost = False
            while True:
                try:
                    await person.client.run_command(line.strip(), self._group)
                    return
                except ConnectionLost:
                    lost = True
                except RequestRefused as refused:
                    if not (lost and refused.code in ALREADY_DONE):
                        raise
                    return

        return await self._try(run, name)

    async def _try(self, act: Callable[[], Awaitable[object]], name: str) -> bool:
        """Do something, waiting where that helps; count it as done or refused."""
        while True:
            try:
                await act()
                self._tally.done[name] += 1
                return True
            except RequestRefused as refused:
                self._tally.refusals[refused.code] += 1
                if refused.code not in WORTH_WAITING:
                    return False
                await asyncio.sleep(refused.retry_after_ms / 1000)

    async def _drain(self) -> None:
        """Wait until every member has received the last post."""
        last = max(self._room.sent, default=0)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                for person in self._members.values():
                    await person.client.wait_for(self._group, last)


def get_seq(result: fm.PostResult) -> int | None:
    """Return the seq of a post; that of an action stands in its command's data."""
    if result.seq is not None or result.command is None:
        return result.seq
    seq = result.command.data.get("seq")
    return seq if isinstance(seq, int) else None
