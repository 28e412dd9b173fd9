"""A machine whose clock is set, wrong and right again, under a server that runs or is about to start.

It is a real server in a Python whose time of day a file shifts: see `tests/wrong_clock`.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests import commands
from tests.cluster.polling import until
from tests.integration.server import PASSWORD, Server
from tests.integration.wire import PATIENCE_S, Refused, Wire, refused

TESTS = Path(__file__).parents[1]
HOUR_S, DAY_S = 3600, 86_400
DOUBT = "the machine's clock is"


class Machine(Server):
    """A server on a machine whose clock is `ahead_s` seconds ahead."""

    def launch(self, command: list[str], output: IO[bytes]) -> commands.Command:
        environment = {**self.environment(), "WRONG_CLOCK": str(self.place / "clock")}
        return commands.Command(command, environment=environment, output=output, folder=TESTS / "wrong_clock")

    def set_clock(self, ahead_s: int) -> None:
        """Set the clock, as the server sees it."""
        fresh = self.place / "clock.new"
        fresh.write_text(str(ahead_s))
        fresh.rename(self.place / "clock")

    def readyz(self) -> str:
        """Return what it says of itself."""
        with urlopen(f"{self.urls['http']}/readyz", timeout=PATIENCE_S) as response:
            return str(response.read().decode())

    async def until_doubt(self, *, there: bool) -> None:
        """Wait until it is in doubt about the clock, or no more."""

        async def is_so() -> bool:
            return (DOUBT in await asyncio.to_thread(self.readyz)) is there

        await until(is_so)

    def months(self) -> list[str]:
        """Return the months of the journal."""
        return sorted(path.stem for path in (self.data / "journal").glob("*.sqlite3"))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    server = Machine(
        tmp_path, {"limits__posts_per_second": 1, "limits__sign_ins_per_minute": 6, "accounts__token_days": 0}
    )
    server.set_clock(0)
    server.seed(1, 3)
    try:
        yield server
    finally:
        if server.process is not None:
            assert server.terminate() == 0, server.stderr()
        assert "Traceback" not in server.stderr(), server.stderr()


async def exhaust(wire: Wire, code: str) -> int:
    """Post until there are too many posts; return for how many ms to wait, as the refusal says."""
    for number in range(100):
        try:
            await wire.post(code, f"number {number}")
        except Refused as no:
            assert no.code == "rate_limited"
            return int(no.detail["retry_after_ms"])
    raise AssertionError("nothing is too fast")


@pytest.mark.parametrize("ahead_s", [-HOUR_S, HOUR_S])
async def test_rates_mean_what_they_say_whatever_the_clock_does(machine: Machine, ahead_s: int) -> None:
    machine.start()
    ann = machine.seats[0][0]
    async with await machine.connect(ann) as wire:
        await exhaust(wire, ann.code)
        machine.set_clock(ahead_s)
        await machine.until_doubt(there=True)
        wait_ms = await exhaust(wire, ann.code)
        assert wait_ms <= 1001
        await asyncio.sleep(wait_ms / 1000)  # as it was told
        await wire.post(ann.code, "at last")
        entries = await wire.history(ann.code)
        assert [one.ts for one in entries] == sorted(one.ts for one in entries)
        assert entries[-1].ts - entries[0].ts < 2 * HOUR_S * 1000


async def test_a_mute_outlives_a_clock_that_is_days_ahead_for_a_while(machine: Machine) -> None:
    machine.start()
    ann, bob, _ = machine.seats[0]
    async with await machine.connect(ann) as wire, await machine.connect(bob) as muted:
        mute = await wire.run(f"/mute @{bob.user} 2d noise", ann.code)
        lock = await wire.run("/lock 3h", ann.code)
        machine.set_clock(3 * DAY_S)
        await machine.until_doubt(there=True)
        await refused(muted.post(ann.code, "ha"), "muted")
        assert (await wire.group(ann.code)).locked_until_ms == lock.data["until_ms"]
        machine.set_clock(0)
        await machine.until_doubt(there=False)
        assert (await muted.group(ann.code)).muted_until_ms == mute.data["until_ms"]
        told = [one.data["event"] for one in await wire.history(ann.code) if one.data]
        assert not any(event.endswith("_ended") for event in told)
        await wire.post(ann.code, "all is well")


async def test_slow_mode_asks_for_no_more_than_its_own_length_after_a_wrong_clock(machine: Machine) -> None:
    machine.set_clock(DAY_S)
    machine.start()
    ann, bob, _ = machine.seats[0]
    async with await machine.connect(ann) as wire, await machine.connect(bob) as member:
        await wire.run("/slow 1h", ann.code)
        await member.post(ann.code, "from tomorrow")
    machine.kill()
    machine.set_clock(0)
    machine.start()
    async with await machine.connect(bob) as member:
        no = await refused(member.post(ann.code, "and from today"), "slow_mode")
        assert 0 < no.detail["retry_after_ms"] <= HOUR_S * 1000


async def test_nothing_is_removed_after_a_jump_before_somebody_has_confirmed_it(machine: Machine) -> None:
    made = machine.run("init", "--user", "root", input=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    machine.start()
    ann = machine.seats[0][0]
    async with await machine.connect(ann) as wire:
        # In the first hour of a month the group was founded in the one before.
        await wire.post(ann.code, "what a day")
    stood = machine.months()
    for ahead_s in (7 * 31 * DAY_S, 15 * 31 * DAY_S):
        machine.kill()
        machine.set_clock(ahead_s)
        machine.start()
        await machine.until_doubt(there=True)
        async with await machine.connect(ann) as wire:
            await wire.post(ann.code, "what day is it?")
        assert machine.months() == stood
    async with await Wire.open(machine.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        await refused(root.ask(rq.Admin, noun="node", verb="confirm", target="love", reason="x"), "bad_request")
        await root.ask(rq.Admin, noun="node", verb="confirm", target="time", reason="a year in a cupboard")
        await machine.until_doubt(there=False)
        async with await machine.connect(ann) as wire:
            await wire.post(ann.code, "really?")
        later = machine.months()[-1]
        assert machine.terminate() == 0
        machine.start()
        assert "retention would remove" in await asyncio.to_thread(machine.readyz)
        assert machine.months() == [*stood, later]
    async with await Wire.open(machine.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        await root.ask(rq.Admin, noun="node", verb="confirm", target="removal", reason="a year in a cupboard")

        async def is_gone() -> bool:
            return machine.months() == [later]

        await until(is_gone)
    assert machine.terminate() == 0
    checked = machine.run("db", "verify")
    assert checked.returncode == 0, checked.stderr


async def test_a_missed_date_is_told_once_the_time_is_certain_and_once_across_a_crash(machine: Machine) -> None:
    made = machine.run("init", "--user", "root", input=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    machine.start()
    ann, bob, _ = machine.seats[0]
    async with await Wire.open(machine.url) as root, await machine.connect(ann) as wire:
        root.session = await root.ask(rq.Login, user="root", password=PASSWORD)
        case = (await wire.ask(rq.Report, user=bob.user, reason="fraud")).case
        # It is due within a day.
        assert (await root.event(ev.CaseEvent, state="case_due")).case == case
        machine.set_clock(3 * DAY_S)
        await machine.until_doubt(there=True)
        assert (await wire.run("/cases")).data["items"][0]["state"] == "open"
        await root.ask(rq.Admin, noun="node", verb="confirm", target="time", reason="it is right")
        assert (await wire.event(ev.CaseEvent, state="answer_late")).case == case
        assert (await wire.run("/cases")).data["items"][0]["state"] == "overdue"
        assert (await root.event(ev.CaseEvent, state="case_overdue")).case == case
        late = await root.ask(rq.Admin, noun="case", verb="list", options={"state": "overdue"})
        assert [one["case"] for one in late.items] == [case]
    machine.kill()
    machine.start()
    async with await machine.connect(ann) as wire:
        found = (await wire.ask(rq.GetNotices)).notices
        assert [one.kind for one in found] == ["answer_late"]
