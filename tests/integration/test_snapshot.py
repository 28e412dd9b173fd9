"""Snapshot + events = fresh snapshot: each client knows from events what a new sign-in would tell it.

Several clients, one account on two devices, give random commands to a node in this process. The lines are made from the
registry of slash commands and the shapes of their arguments, so a new command is drawn without being named here.
`--hypothesis-profile=long` plays many more.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from folkmoot_client.sdk.book import Book
from folkmoot_governance import Actor, Permission, PlatformRole
from folkmoot_governance.account_commands import AccountCommand, SetCredit
from folkmoot_governance.group import commands as c
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Group
from folkmoot_server.delivery import hub
from folkmoot_server.slash.arguments import Argument, SyntaxProblem
from folkmoot_server.slash.registry import COMMANDS
from folkmoot_server.slash.row import Slash
from tests.integration.wire import Refused, Wire
from tests.profile import is_long
from tests.unit.server.stores import Stage, staged

SEEDS = range(300 if is_long() else 2)
STEPS = 120

# Nothing that a test could see the end of.
DURATIONS = ("2h", "7d", "1mo", "perm")
WORDS = ("3", "50", "general", "accept", "cancel", "all", "on", "off", "en", "hello", "群规")
PHRASES = ("because", "10d because of this", "a name", "", "3", "everyone = all")


# What governs comes up more often.
ROWS = [row for row in COMMANDS for _ in range(3 if row.act else 1)]
# Once a group is at its end little more can happen in it.
AT_FIRST = [row for row in ROWS if row.name != "dissolve"]


MEASURES = (
    c.SuspendGroup(3_600_000, "loud"),
    c.RestoreGroup("quiet"),
    c.WarnGroup(3_600_000, "clean up"),
    c.RejectRectification("not yet"),
    c.AcceptRectification("seen"),
    SetCredit(20, "bots"),
    SetCredit(100, "no bots"),
)
"""What staff does: measures that clients see, and their ends. A suspended account has no connection to see anything."""


class Staff:
    """Somebody of the operator's staff, with no connection."""

    def actor(self) -> Actor:
        return Actor("root", platform=PlatformRole.SUPERADMIN)

    def name_in(self, code: str) -> str:
        return ""


STAFF = Staff()


class Client:
    """A connection, and what a client makes of what it hears: the SDK's book, and the last seq."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.book = Book()
        self.book.sign_in(wire.session)
        self._read = len(wire.log)

    @property
    def user(self) -> str:
        return self.wire.user

    async def knows(self, groups: dict[str, Group]) -> bool:
        """Say whether events tell these groups; some come a moment after the answer that they follow from."""

        def is_told() -> bool:
            self.hear()
            return self.book.groups == groups

        with contextlib.suppress(TimeoutError):
            await self.wire.until(is_told)
        return self.book.groups == groups

    def has_read(self, code: str, seq: int) -> None:
        """Take in what it has told the server itself."""
        group = self.book.groups[code]
        self.book.groups[code] = replace(group, read_seq=max(group.read_seq or 0, min(seq, group.last_seq or 0)))

    def hear(self) -> None:
        """Take in what came since the last time."""
        for frame in self.wire.log[self._read :]:
            if isinstance(frame, (ev.Ok, ev.Error, ev.Hello)):
                continue
            self.book.take(frame)
            if isinstance(frame, ev.EntryEvent) and frame.group in self.book.groups:
                group = self.book.groups[frame.group]
                self.book.groups[frame.group] = replace(group, last_seq=frame.entry.seq)
        self._read = len(self.wire.log)


class Play:
    """Random commands by random clients on groups that they may or may not be in."""

    def __init__(self, stage: Stage, clients: list[Client], seed: int) -> None:
        self.stage = stage
        self.clients = clients
        self.chance = Random(seed)
        self.group = ""
        self.codes = [stage.seats[index][0].code for index in range(3)]
        self.users = sorted({client.user for client in clients})
        self.history: list[str] = []
        self.done: Counter[str] = Counter()
        self.measures = 0

    def word(self, argument: Argument) -> str:
        """Return a word that the argument takes, if chance finds one."""
        spelled = [word for word in argument.shown.strip("[]<>").split("|") if word.isascii() and word.isalpha()]
        numbers = [str(self.chance.randrange(1, 30)) for _ in range(3)]
        pool = [*DURATIONS, *WORDS, *spelled, *numbers, *Permission, *self.codes]
        if argument.rest:
            count = self.chance.randint(1, 3)
            words = [self.chance.choice([*pool, *PHRASES, self.person()]) for _ in range(count)]
            return " ".join(["1mo", *words] if "duration" in argument.shown else words)
        if argument.starts == "@" or ("@" in argument.shown and self.chance.random() < 0.7):
            return self.person()
        if "code" in argument.shown:
            return self.chance.choice(self.codes)
        return self.chance.choice([word for word in pool if takes(argument, word)] or pool)

    def person(self) -> str:
        """Return somebody, mostly a member of the group."""
        inside = [client.user for client in self.clients if self.group in client.book.groups]
        return f"@{self.chance.choice(inside if inside and self.chance.random() < 0.8 else self.users)}"

    def line(self, row: Slash) -> str:
        """Return a line that may well be one of this command."""
        words = [self.word(one) for one in row.arguments if not one.optional or self.chance.random() < 0.7]
        return " ".join([f"/{self.chance.choice([row.name, *row.aliases])}", *words]).strip()

    def actor(self) -> Client:
        """Choose a group and somebody, who is often its owner."""
        self.group = self.chance.choice(self.codes)
        chosen = [client for client in self.clients if self.group in client.book.groups]
        if self.chance.random() < 0.5:
            chosen = [client for client in chosen if client.book.groups[self.group].owner == client.user]
        return self.chance.choice(chosen if chosen and self.chance.random() < 0.9 else self.clients)

    async def staff_acts(self) -> None:
        """Let the operator's staff take a measure against a group or an account, or take it back."""
        group, user = self.chance.choice(self.codes), self.chance.choice(self.users)
        command = self.chance.choice(MEASURES)
        self.history.append(f"staff against {group} or {user}: {command}")
        node = self.stage.node
        if isinstance(command, AccountCommand):
            account = await node.accounts.load(user)
            assert account is not None
            refusal = await node.app.account_service.carry_out(account.state, command, STAFF.actor())
        else:
            room = await node.rooms.load(group)
            assert room is not None
            act = node.app.group_service.act(room, command, STAFF)
            refusal = await node.app.group_service.wait_stored(act)
        self.history[-1] += f" -> {refusal.code}" if refusal else ""
        self.measures += refusal is None

    async def step(self) -> None:
        """Let somebody do something."""
        if self.chance.random() < 0.1:
            await self.staff_acts()
            return
        client = self.actor()
        group, row = self.group, self.chance.choice(ROWS if len(self.history) > STEPS // 2 else AT_FIRST)
        what = self.chance.choice(("post", "read", "join", "join", *["line"] * 12))
        line = self.line(row) if what == "line" else what
        self.history.append(f"{client.user} in {group}: {line}")
        try:
            if what == "post":
                await client.wire.post(group, "something")
            elif what == "join":
                await client.wire.ask(rq.JoinGroup, group=group)
            elif what == "read":
                seq = self.chance.randrange(20)
                await client.wire.ask(rq.MarkRead, group=group, seq=seq)
                client.has_read(group, seq)
            else:
                data = (await client.wire.run(line, group)).data
                self.done[row.name] += 1
                if row.name == "create":
                    self.codes.append(str(data["code"]))
        except Refused as refusal:
            self.history[-1] += f" -> {refusal.code}"

    async def check(self, *, anew: bool) -> None:
        """Compare what each client has made of events with what it is told now, or also `anew`: by a new sign-in."""
        for client in self.clients:
            result: rs.GroupsResult = await client.wire.ask(rq.ListGroups)
            told = {group.id: group for group in result.groups}
            assert await client.knows(told), self.story(client, told)
            if anew:
                fresh = await Wire.open(self.stage.url, client.wire.token)
                await fresh.close()
                client.hear()
                told = {group.id: group for group in fresh.session.groups}
                assert client.book.groups == told, self.story(client, told)
                assert client.book.account == fresh.session.account, self.story(client, told)

    def story(self, client: Client, told: dict[str, Group]) -> str:
        pictures = [f"has {client.book.groups}", f"told {told}"]
        return "\n".join([f"for {client.user} at the end of:", *self.history[-12:], *pictures])


def takes(argument: Argument, word: str) -> bool:
    try:
        argument.read(word)
    except SyntaxProblem:
        return False
    return True


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(hub, "COUNT_S", 0)
    async with staged(tmp_path, limits__requests_per_second=0, limits__connections_per_address=0) as stage:
        yield stage


@pytest.mark.parametrize("seed", SEEDS)
async def test_each_client_knows_what_a_new_sign_in_would_tell(stage: Stage, seed: int) -> None:
    seats = [*stage.seats[0], stage.seats[0][0], *stage.seats[1][:2]]
    play = Play(stage, [Client(await stage.connect(seat)) for seat in seats], seed)
    for step in range(1, STEPS + 1):
        await play.step()
        await play.check(anew=step % 10 == 0)
    assert len(play.done) > 8, "random commands do something"
    assert play.measures > 2, "staff does, too"
