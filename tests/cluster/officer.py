"""Staff of the operator's that goes from node to node while the cluster breaks: every measure of the table in turn,
with the appeal against it and its decision, reports to the authority, emergencies.

It takes them against people of its own, so that the roamers' history stays simple; what came of it is for `db verify`
to judge, which compares ledger, tables, notices and reports to the authority.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from folkmoot_governance.measures import MEASURES, Row
from folkmoot_governance.restrictions import Measure, Subject
from folkmoot_protocol import requests as rq
from tests.builders.measuring import LINES, Asked, Hit, asked_for, is_shut_out
from tests.cluster.line import ANSWER_S, LOST
from tests.integration.wire import Refused, Wire

PAUSE_S = 0.2
PASSWORD = "a good one"
MOST_MEASURES = 12
"""So many are taken against one account and its group; then it is somebody else's turn."""
NUMBERS = itertools.count(1)
OF_GROUPS = [row for row in MEASURES if not row.of_channels]


Act = Callable[..., Awaitable[Any]]


def patient(act: Act) -> Act:
    """Return an act that is tried again while storage does not answer."""

    async def ask(*arguments: Any, **more: Any) -> Any:
        for wait in (0.5, 1.0, 2.0):
            try:
                return await act(*arguments, **more)
            except Refused as refused:
                if refused.code != "unavailable":
                    raise
                await asyncio.sleep(wait)
        return await act(*arguments, **more)

    return ask


class Officer:
    """Two administrators (`tokens`), the second of whom decides on appeals against what the first does."""

    def __init__(self, tokens: Sequence[str], urls: Sequence[str], seed: float) -> None:
        self.done: Counter[str] = Counter()
        self._tokens = tokens
        self._urls = urls
        self._rng = random.Random(seed)
        self._resting = asyncio.Event()
        self._hit: Hit | None = None
        self._token = ""
        self._count = 0

    def rest(self) -> None:
        """Do nothing new."""
        self._resting.set()

    async def work(self) -> None:
        """Act until told to rest. Whether an act whose answer is lost was carried out does not matter here."""
        rows = self._deck()
        while not self._resting.is_set():
            try:
                async with asyncio.timeout(4 * ANSWER_S):
                    await self._play(next(rows))
                    await self._rng.choice((self._file, self._file, self._halt))()
            except (*LOST, Refused, AssertionError) as error:
                code = error.code if isinstance(error, Refused) else "lost"
                self.done[f"broken off ({code})"] += 1
                self._hit = None
            await asyncio.sleep(self._rng.uniform(0, 2 * PAUSE_S))

    def _deck(self) -> Iterator[Row]:
        """Give all measures in turn, in another order each time."""
        while True:
            yield from self._rng.sample(OF_GROUPS, len(OF_GROUPS))

    async def _wire(self, token: str) -> Wire:
        return await Wire.open(self._rng.choice(self._urls), token)

    @patient
    async def _ask(self, which: int, asked: Asked, **more: Any) -> Any:
        async with await self._wire(self._tokens[which]) as wire:
            reads = asked.verb in ("list", "show") or asked.noun == "filing"
            reason = {} if reads else {"reason": "seen in the soak"}
            return await wire.ask(rq.Admin, **asked._asdict(), **reason, **more)

    async def _play(self, row: Row) -> None:
        """Take a measure, and mostly have it appealed against and decided on."""
        hit = await self._prepare(row)
        duration, more = self._rng.choice(("2s", "2h")), {"replace": True} if row.longest_ms else {}
        if row.measure is Measure.CREDIT:
            more = {"score": 90 - 7 * self._count}
        await self._ask(0, asked_for(row, hit, duration, **more))
        self.done[row.name] += 1
        self._count += 1
        is_undone = self._rng.random() < 0.7 and await self._contest(row, hit)
        # What is left of it would be in the way of the next measure.
        if self._count >= MOST_MEASURES or not (is_undone or row.subject in (Subject.TEXT, Subject.ENTRY)):
            self._hit = None

    async def _contest(self, row: Row, hit: Hit) -> bool:
        """Appeal, and decide on that; say whether the measure is undone."""
        number = await self._appeal(row, hit)
        self.done["appeals"] += 1
        verdict = self._rng.choice(("approve", "approve", "reject"))
        await self._ask(1, Asked("appeal", verdict, number, {}))
        self.done["overturned" if verdict == "approve" else "confirmed"] += 1
        return verdict == "approve"

    @patient
    async def _prepare(self, row: Row) -> Hit:
        """Return whom to hit: with an entry, and with what the measure takes away."""
        if self._hit is None:
            await self._find_somebody()
        assert self._hit is not None
        code, act = self._hit.code, ""
        async with await self._wire(self._token) as wire:
            seq = await wire.post(code, "buy this")
            if row.name in LINES:
                done = await wire.run(LINES[row.name].format(user=self._hit.user, friend="judge"), code)
                act = str(done.data.get("case", ""))
        if row.measure is Measure.UNVERIFY:
            await self._ask(1, Asked("user", "verify", self._hit.user, {"identity": "person"}))
        return Hit(self._hit.user, code, seq, act)

    async def _find_somebody(self) -> None:
        async with await Wire.open(self._rng.choice(self._urls)) as wire:
            await wire.register(f"hit{next(NUMBERS)}.{self._rng.randrange(10**6)}", PASSWORD)
            self._hit = Hit(wire.user, await wire.create("Of one who is hit"), 0)
            self._token, self._count = wire.token, 0

    @patient
    async def _appeal(self, row: Row, hit: Hit) -> str:
        text = "it was not so"
        if is_shut_out(row):
            async with await Wire.open(self._rng.choice(self._urls)) as wire:
                return str((await wire.ask(rq.Appeal, user=hit.user, password=PASSWORD, text=text)).case)
        async with await self._wire(self._token) as wire:
            notices = (await wire.ask(rq.GetNotices)).notices
            (case, *_older) = [one.case for one in notices if one.kind == row.notice]
            return str((await wire.run(f"/appeal {case} {text}")).data["case"])

    async def _file(self) -> None:
        drafts = (await self._ask(1, Asked("filing", "list", "", {"state": "draft"}))).items
        case = str(self._rng.choice(drafts)["case"])
        await self._ask(1, Asked("filing", "approve", case, {}))
        await self._ask(1, Asked("filing", "send", case, {"form": "json"}))
        self.done["filed"] += 1

    async def _halt(self) -> None:
        if self._hit is None:
            return
        what = self._rng.choice(("read_only", "joins"))
        options: dict[str, object] = {"what": what, "duration": "1s", "announcement": "In the soak."}
        started = (await self._ask(0, Asked("emergency", "start", self._hit.code, options))).items
        if self._rng.random() < 0.5:
            await self._ask(0, Asked("emergency", "end", started[0]["number"], {}))
        self.done["halted"] += 1
