"""`folkmoot demo`: a server on an empty temporary directory, with people and groups in it, ready to click.

The history is made by the handlers that real connections reach, called by accounts without a connection (`Puppet`),
on a clock that runs through the hour before now. Then the node is closed, and an ordinary one serves the directory.
"""

import asyncio
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from inspect import isawaitable
from pathlib import Path
from typing import TypeVar, cast

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.codec import for_subprotocol
from folkmoot_protocol.results import GroupResult, JoinResult, PostResult, Result, SessionResult
from folkmoot_protocol.types import JoinState

from ..bus.api import LocalBus
from ..common.clock import Clock
from ..common.deadlines import Deadlines
from ..common.i18n import translator
from ..common.terminal import _, say_on_stderr, terminal_language
from ..config.settings import Config
from ..delivery.session import Session
from ..main import serve
from ..node import Node
from ..requests.dispatch import ROWS, give
from ..setup import register_administrator
from ..storage.change_set import Profile, StorageError
from ..storage.sqlite.store import SqliteStore
from ..transport.websocket import WebSocket
from .script import ADMINISTRATOR, PASSWORD, PEOPLE, SCENES, Line, Person, Scene

R = TypeVar("R", bound=Result)

STEP_S = 60
"""How far apart the lines of the history are."""


class Nowhere:
    """In place of a connection: closed, so that nothing is ever written."""

    is_open = False
    is_backed_up = False
    port = 0


class Puppet(Session):
    """A session without a connection: answers end up with who asked, events with nobody."""

    __slots__ = ("_answer", "_node")

    def __init__(self, node: Node, language: str) -> None:
        nothing = cast(WebSocket, Nowhere())
        limits = node.app.config.limits
        deadlines = Deadlines(limits.auth_seconds)
        super().__init__(nothing, for_subprotocol(None), node.hub, limits, deadlines, address="demo", language=language)
        self._node = node
        self._answer: Result | Refusal | None = None

    @property
    def is_gone(self) -> bool:
        """Never: whoever it plays acts without a connection."""
        return False

    async def ask(self, request: rq.Request, kind: type[R]) -> R:
        """Return the answer to a request, once it is stored. Raises RuntimeError when it is refused."""
        self._answer = None
        answer = ROWS[type(request)].handler(self._node.app, self, request)
        give(self, request.id, await answer if isawaitable(answer) else answer)
        await self._node.commit_queue.drain()
        if not isinstance(self._answer, kind):
            raise RuntimeError(f"the demo's script has a line that is not taken: {request!r}: {self._answer!r}")
        return self._answer

    def reply(self, re: int, result: Result) -> None:
        self._answer = result

    def refuse(self, re: int, refusal: Refusal) -> None:
        self._answer = refusal


class Director:
    """Plays the script on a node. `clock_s` is the demo's time, seconds since the epoch, a step on with each line."""

    def __init__(self, began_s: float) -> None:
        self.clock_s = began_s
        self.puppets: dict[str, Puppet] = {}

    def now_s(self) -> float:
        """Return the demo's time, for the node's clock."""
        return self.clock_s

    async def play(self, node: Node) -> None:
        """Register everyone, then play each scene."""
        await self._appoint_administrator(node)
        for person in PEOPLE:
            await self._register(node, person)
        for scene in SCENES:
            await self._play_scene(scene)

    async def _appoint_administrator(self, node: Node) -> None:
        profile = Profile(ADMINISTRATOR, "Admin", "", node.app.config.i18n.default_language)
        problem = await register_administrator(node, profile, PASSWORD)
        assert problem is None, "the directory was empty"

    async def _register(self, node: Node, person: Person) -> None:
        puppet = self.puppets[person.user] = Puppet(node, person.language)
        request = rq.Register(
            id=1,
            user=person.user,
            password=PASSWORD,
            agreement=node.app.documents.agreement.version,
            display_name=person.display_name,
            language=person.language,
        )
        await puppet.ask(request, SessionResult)

    async def _play_scene(self, scene: Scene) -> None:
        founding = rq.CreateGroup(id=1, name=scene.name, topic=scene.topic, join_mode=scene.join_mode)
        code = (await self.puppets[scene.owner].ask(founding, GroupResult)).group.id
        waiting = [await self._join(user, code) for user in scene.members]
        if JoinState.PENDING in waiting:
            await self._say(code, Line(scene.owner, "/approve all"), None)
        last: int | None = None
        for line in scene.lines:
            last = await self._say(code, line, last if line.reply else None) or last
        for user in scene.asking:
            await self._join(user, code)

    async def _join(self, user: str, code: str) -> JoinState:
        self.clock_s += STEP_S
        return (await self.puppets[user].ask(rq.JoinGroup(id=1, group=code), JoinResult)).state

    async def _say(self, code: str, line: Line, reply_to: int | None) -> int | None:
        """Type a line into a group; return its seq, None for a command."""
        self.clock_s += STEP_S
        request = rq.Post(id=1, group=code, body=line.text, reply_to=reply_to)
        return (await self.puppets[line.user].ask(request, PostResult)).seq


def count_steps() -> int:
    """Return how many steps of the demo's time the script takes at most."""
    return sum(len(scene.members) + 1 + len(scene.lines) + len(scene.asking) for scene in SCENES)


async def fill(config: Config) -> None:
    """Write the demo's accounts, groups and history into `config.settings.server.data_dir`. Raises StorageError."""
    director = Director(time.time() - count_steps() * STEP_S)
    store = await SqliteStore.open(config.server.data_dir, say=translator(config.i18n.default_language))
    node = Node(config, store, LocalBus(), Clock(director.now_s))
    node.start()
    try:
        await director.play(node)
    finally:
        await node.stop()


def invite() -> None:
    """Tell the person at the terminal who is there and what to try; `serve` adds the address."""
    users = ", ".join([*(person.user for person in PEOPLE), ADMINISTRATOR])
    for text in (
        _("Accounts: {users}. The password of each is: {password}"),
        _("Try: sign in as ada in one window and as ben in another, and write to the group Seed Swap Garden."),
        _("As ben, type /mute @mei 10m testing, then see what mei may do, and what /unmute @mei changes."),
        _("As mei, type /requests in House news, then /approve @max. /help lists all commands."),
        _("As admin, with the address below: folkmoot admin user list --server ADDRESS --user admin"),
        _("All of it is removed when you stop the server with Ctrl-C."),
    ):
        say_on_stderr(text.format(users=users, password=PASSWORD))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that the temporary directory is removed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def demo(config: Config, ready_file: Path | None) -> int:
    """Fill a temporary directory, serve it until SIGTERM or SIGINT, remove it; return the exit code."""
    try:
        with interruptible(), tempfile.TemporaryDirectory(prefix="folkmoot-demo-") as directory:
            server = replace(config.server, data_dir=Path(directory))
            # The notices of the history are for whoever sits at this terminal.
            i18n = replace(config.i18n, default_language=terminal_language())
            settings = replace(config, server=server, i18n=i18n)
            asyncio.run(fill(settings))
            invite()
            return serve(settings, ready_file)
    except StorageError as error:
        say_on_stderr(f"folkmoot: {error}")
        return 1
    except KeyboardInterrupt:
        return 0
