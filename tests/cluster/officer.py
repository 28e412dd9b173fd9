"""Staff of the operator's that goes from node to node while the cluster breaks: reports, measures, appeals, filings,
emergencies. It takes them against people of its own, so that the roamers' history stays simple; what came of it is for
`db verify` to judge, which compares ledger, tables, notices and reports to the authority."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from folkmoot_protocol import requests as rq
from tests.cluster.line import ANSWER_S, LOST
from tests.integration.wire import Refused, Wire

PAUSE_S = 0.3
MEASURES = ("mute", "join", "create", "manage", "suspend")


class Officer:
    """Two administrators (`tokens`), and somebody, `user`, who owns the group `code` and whom they deal with."""

    def __init__(
        self, tokens: Sequence[str], user: str, token: str, code: str, urls: Sequence[str], seed: float
    ) -> None:
        self.done: Counter[str] = Counter()
        self._tokens = tokens
        self._user = user
        self._token = token
        self._code = code
        self._urls = urls
        self._rng = random.Random(seed)
        self._resting = asyncio.Event()

    def rest(self) -> None:
        """Do nothing new."""
        self._resting.set()

    async def work(self) -> None:
        """Act until told to rest. Whether an act whose answer is lost was carried out does not matter here."""
        acts = (
            self._measure,
            self._restore,
            self._group,
            self._name,
            self._appeal,
            self._decide,
            self._file,
            self._halt,
        )
        while not self._resting.is_set():
            act = self._rng.choice(acts)
            try:
                async with asyncio.timeout(2 * ANSWER_S):
                    await act()
                self.done[act.__name__] += 1
            except (*LOST, Refused, AssertionError):
                pass
            await asyncio.sleep(self._rng.uniform(0, 2 * PAUSE_S))

    async def _ask(self, which: int, noun: str, verb: str, target: str | None = None, **options: Any) -> Any:
        async with await Wire.open(self._rng.choice(self._urls), self._tokens[which]) as wire:
            fields: dict[str, Any] = {"noun": noun, "verb": verb, "target": target, "options": options}
            reason = {} if verb in ("list", "show") or noun == "filing" else {"reason": "seen in the soak"}
            return await wire.ask(rq.Admin, **fields, **reason)

    async def _measure(self) -> None:
        measure = self._rng.choice(MEASURES)
        await self._ask(0, "sanction", "create", f"@{self._user}", measure=measure, duration="2s", replace=True)

    async def _restore(self) -> None:
        await self._ask(0, "sanction", "restore", f"@{self._user}", measure=self._rng.choice(MEASURES))

    async def _group(self) -> None:
        options = {"measure": self._rng.choice(("join", "suspend")), "duration": "1s", "replace": True}
        await self._ask(0, "sanction", "create", self._code, **options)

    async def _name(self) -> None:
        async with await Wire.open(self._rng.choice(self._urls), self._token) as wire:
            await wire.run(f"/topic number {self._rng.random()}", self._code)
        await self._ask(0, "text", "remove", self._code, what="topic")

    async def _appeal(self) -> None:
        async with await Wire.open(self._rng.choice(self._urls), self._token) as wire:
            notices = (await wire.ask(rq.GetNotices)).notices
            cases = [one.case for one in notices if "appeal_until_ms" in one.data]
            await wire.run(f"/appeal {self._rng.choice(cases or ['none'])} it was not so")

    async def _decide(self) -> None:
        waiting = (await self._ask(1, "appeal", "list")).items
        case = self._rng.choice([one["case"] for one in waiting] or ["none"])
        await self._ask(1, "appeal", self._rng.choice(("approve", "approve", "reject")), case)

    async def _file(self) -> None:
        drafts = (await self._ask(1, "filing", "list", state="draft")).items
        case = self._rng.choice([one["case"] for one in drafts] or ["none"])
        await self._ask(1, "filing", "approve", case)
        await self._ask(1, "filing", "send", case, form="json")

    async def _halt(self) -> None:
        options = {"what": self._rng.choice(("read_only", "joins")), "duration": "1s", "announcement": "In the soak."}
        started = (await self._ask(0, "emergency", "start", self._code, **options)).items
        await self._ask(0, "emergency", "end", started[0]["number"])
