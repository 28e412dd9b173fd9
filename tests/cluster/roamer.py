"""A client that goes from node to node, as clients behind a load balancer do, and keeps its promises to the user:
what it posts it repeats, under the same nonce, until it knows; what it missed it fetches."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.cluster.history import History, Op, item
from tests.cluster.line import LOST, Line
from tests.integration.wire import Refused

PAUSE_S = 0.1
MAX_TRIES = 60
PAGE_S = 0.02

Action = Callable[[Line], Awaitable[None]]


class Roamer:
    """One account's client. `groups` are all codes, `owned` those that it moderates, `users` all other accounts."""

    def __init__(
        self, user: str, token: str, urls: Sequence[str], history: History, rng: random.Random, busy_s: float
    ) -> None:
        self.user = user
        self.token = token
        self.groups: list[str] = []
        self.owned: list[str] = []
        self.users: list[str] = []
        self.line: Line | None = None
        self.reconnects = 0
        self.caught_up = asyncio.Event()
        self._urls = urls
        self._history = history
        self._rng = rng
        self._busy_s = busy_s
        self._numbers = itertools.count(1)
        self._cursors: dict[str, int] = {}
        self._unfinished: list[Op] = []
        self._tries: dict[str, int] = {}
        self._resting = asyncio.Event()
        self._stopped = asyncio.Event()

    async def roam(self) -> None:
        """Act until `rest`, then listen until `stop`."""
        while not self._stopped.is_set():
            node = self._rng.randrange(len(self._urls))
            try:
                await self._visit(node)
            except (*LOST, Refused):
                self.reconnects += 1
            await asyncio.sleep(self._rng.uniform(0.2, 2) * PAUSE_S)

    def rest(self) -> None:
        """Ask for nothing new."""
        self._resting.set()

    def stop(self) -> None:
        """Hang up; what was heard until now counts as all that there was to hear."""
        for run in self.line.runs.values() if self.line else ():
            run.end = "final"
        self._history.finals[self.user] = list(self.line.runs) if self.line else []
        self._stopped.set()

    @property
    def is_done(self) -> bool:
        """Whether it rests, knows what became of all that it posted, and has fetched what it missed."""
        return self._resting.is_set() and self.caught_up.is_set() and not self._unfinished

    def has_heard(self, lasts: dict[str, int]) -> bool:
        """Say whether it has got all entries of the groups that it listens to."""
        runs = self.line.runs if self.line else {}
        return bool(self.line) and all(run.reached() >= lasts[code] for code, run in runs.items())

    async def _visit(self, node: int) -> None:
        async with Line.open(self.user, node, self._urls[node], self._history) as line:
            catching = None
            try:
                await line.ask(rq.Resume, token=self.token)
                self._enter(line)
                catching = asyncio.create_task(self._catch_up(line))
                await self._act(line)
            finally:
                if catching is not None:
                    catching.cancel()
                    await asyncio.gather(catching, return_exceptions=True)
                self._leave(line)

    def _enter(self, line: Line) -> None:
        """Remember how far each group was seen before."""
        self.line = line
        for code in [code for code in self._cursors if code not in line.runs]:
            del self._cursors[code]
        for code, run in line.runs.items():
            run.cursor = self._cursors.get(code)

    def _leave(self, line: Line) -> None:
        self.line = None
        self.caught_up.clear()
        self._cursors.update((code, run.reached()) for code, run in line.runs.items())
        for code in [code for code in self._cursors if code not in line.runs]:
            del self._cursors[code]

    async def _catch_up(self, line: Line) -> None:
        """Fetch what lies between the last that was seen and the first that this connection will hear of."""
        for run in list(line.runs.values()):
            while run.cursor is not None and not run.caught_up and run.end == "open":
                cursor = run.caught[-1].last if run.caught else run.cursor
                if cursor >= run.base:
                    run.caught_up = True
                else:
                    try:
                        page: rs.SyncResult = await line.ask(rq.Sync, cursors={run.group: cursor})
                    except Refused:
                        page = rs.SyncResult({})
                        await asyncio.sleep(PAUSE_S)
                    group = page.groups.get(run.group)
                    run.caught += [item(entry) for entry in group.entries if entry.seq <= run.base] if group else []
                    await asyncio.sleep(PAGE_S)
        self.caught_up.set()

    async def _act(self, line: Line) -> None:
        await self._finish(line)
        actions: list[tuple[Action, int]] = [(self._post, 40), (self._join, 4), (self._go, 2), (self._hang_up, 1)]
        if self.owned:
            actions += [(self._mute, 3), (self._unmute, 2), (self._ban, 2), (self._unban, 1)]
        choices, weights = zip(*actions, strict=True)
        while not self._resting.is_set():
            await self._rng.choices(choices, weights)[0](line)
            if self._unfinished:
                await self._finish(line)
            await asyncio.sleep(self._rng.expovariate(1 / self._busy_s))
        await line.until_closed(self._stopped)

    async def _hang_up(self, line: Line) -> None:
        raise ConnectionResetError("the client goes elsewhere")

    def _begin(self, kind: str, group: str, key: str = "", target: str = "") -> Op:
        op = Op(client=self.user, kind=kind, group=group, key=key, target=target, started=time.monotonic())
        self._history.ops.append(op)
        return op

    def _key(self, word: str) -> str:
        return f"{self.user}-{word}{next(self._numbers)}"

    async def _post(self, line: Line) -> None:
        """Post once or some times in a row without waiting, mostly where one is a member."""
        if not line.runs:
            await self._join(line)
        codes = list(line.runs) if line.runs and self._rng.random() < 0.95 else self.groups
        code = self._rng.choice(codes)
        ops = [self._begin("post", code, self._key("p")) for _ in range(self._rng.choice((1, 1, 1, 2, 5)))]
        for op in ops:
            op.line = line.number
        self._unfinished += ops
        try:
            waiting = [(op, await self._send(line, op)) for op in ops]
        except LOST:
            self._doubt(ops)
            raise
        for op, future in waiting:
            await self._wait_answer(op, future)

    async def _finish(self, line: Line) -> None:
        """Post again, in order, what nobody knows the outcome of."""
        while self._unfinished:
            op = self._unfinished[0]
            op.line = None
            await self._wait_answer(op, await self._send(line, op))
            if op.outcome == "open":
                await asyncio.sleep(PAUSE_S)

    async def _send(self, line: Line, op: Op) -> "asyncio.Future[rs.PostResult]":
        return await line.send(rq.Post, group=op.group, body=op.key, nonce=op.key)

    async def _wait_answer(self, op: Op, future: "asyncio.Future[rs.PostResult]") -> None:
        """Wait for the answer to a post; unless it has come then, it is to be repeated."""
        tries = self._tries[op.key] = self._tries.get(op.key, 0) + 1
        try:
            async with asyncio.timeout(5):
                result = await asyncio.shield(future)
        except Refused as refusal:
            if refusal.code in ("unavailable", "rate_limited") and tries < MAX_TRIES:
                op.was_unavailable |= refusal.code == "unavailable"
                op.line = None
                return
            op.code = refusal.code
            self._end(op, "unknown" if op.unsure or op.was_unavailable else "refused")
        except LOST:
            self._doubt(self._unfinished)
            raise
        else:
            op.seq = result.seq
            self._end(op, "ok")

    def _doubt(self, ops: Sequence[Op]) -> None:
        for op in ops:
            op.unsure = True

    def _end(self, op: Op, outcome: str) -> None:
        op.outcome = outcome  # type: ignore[assignment]
        op.ended = time.monotonic()
        self._tries.pop(op.key, None)
        if op in self._unfinished:
            self._unfinished.remove(op)

    async def _ask(self, op: Op, connection: Line, kind: type[rq.Request], **fields: object) -> object:
        """Ask once for something that cannot be repeated safely."""
        try:
            result = await connection.ask(kind, **fields)
        except Refused as refusal:
            op.code = refusal.code
            op.was_unavailable = refusal.code == "unavailable"
            self._end(op, "unknown" if op.was_unavailable else "refused")
            return None
        except LOST:
            self._end(op, "unknown")
            raise
        self._end(op, "ok")
        return result

    async def _join(self, line: Line) -> None:
        code = self._rng.choice(self.groups)
        await self._ask(self._begin("join", code), line, rq.JoinGroup, group=code)

    async def _go(self, line: Line) -> None:
        codes = [code for code in line.runs if code not in self.owned]
        if codes:
            code = self._rng.choice(codes)
            await self._ask(self._begin("leave", code), line, rq.LeaveGroup, group=code)

    async def _command(self, line: Line, kind: str, *, reasoned: bool) -> None:
        code, target = self._rng.choice(self.owned), self._rng.choice(self.users)
        key = self._key(kind) if reasoned else ""
        op = self._begin(kind, code, key, target)
        # Short ones run out while the test goes on, long ones are lifted.
        words = f" {self._rng.choice(('1s', '2s', '4s', '10m'))} {key}" if reasoned else ""
        result = await self._ask(op, line, rq.RunCommand, group=code, line=f"/{kind} @{target}{words}")
        if isinstance(result, rs.CommandResult):
            op.case = result.data.get("case")

    async def _mute(self, line: Line) -> None:
        await self._command(line, "mute", reasoned=True)

    async def _unmute(self, line: Line) -> None:
        await self._command(line, "unmute", reasoned=False)

    async def _ban(self, line: Line) -> None:
        await self._command(line, "ban", reasoned=True)

    async def _unban(self, line: Line) -> None:
        await self._command(line, "unban", reasoned=False)
