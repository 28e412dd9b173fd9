"""Power that is cut, and disks that fail, under load: what was acknowledged is in force, what was refused stays so.

The runs under load take minutes: `make test-disk`; FOLKMOOT_POWER_CUTS says how often the power is cut.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.storage.sql.months import month_of
from tests.integration.disk import FailingDisk
from tests.integration.players import Play, Player, Poster, Steward, Wanderer, check_history
from tests.integration.server import FAILURES, Seat
from tests.integration.test_full_disk import until_ready
from tests.integration.wire import refused

GROUPS, MEMBERS = 3, 4
LIMITS = {
    f"limits__{name}": 0
    for name in ("posts_per_second", "requests_per_second", "acts_per_minute", "group_acts_per_minute")
}
SLOW_S = 0.001


def cast_of(play: Play) -> list[Player]:
    """In each group: an owner that governs, two that post, one that wanders."""
    players: list[Player] = []
    groups = play.server.seats
    for index, (owner, *posters, wanderer) in enumerate(groups):
        elsewhere = groups[(index + 1) % len(groups)][0].code
        players += [Steward(play, owner, posters[0]), Wanderer(play, wanderer, elsewhere)]
        players += [Poster(play, seat) for seat in posters]
    return players


def on_failing_disk(place: Path) -> FailingDisk:
    server = FailingDisk(place, LIMITS)
    server.seed(GROUPS, MEMBERS)
    return server


async def cut_again_and_again(play: Play, server: FailingDisk, rounds: int, *, share: float = 0.0) -> None:
    """Cut the power when some answers more were given; let syncs and writes fail before that, if so wanted."""
    for number in range(rounds):
        for kind in ("sync", "write", "full") if share else ():
            server.plan(slow_s=SLOW_S, seed=f"{number} {kind}", **{kind: share})
            await play.until_answers(play.random.randint(20, 100))
        if share and play.random.random() < 0.7:
            server.plan(slow_s=SLOW_S)
        await play.until_answers(play.random.randint(20, 100))
        await asyncio.sleep(play.random.random() / 50)
        play.up.clear()
        await asyncio.to_thread(server.cut_power, play.random)
        server.plan(slow_s=SLOW_S)
        await asyncio.to_thread(server.start)
        play.up.set()
    await play.until_answers(100)
    play.over = True


async def keep(server: FailingDisk, seed: str, rounds: int, share: float) -> None:
    """Play through some power cuts; compare what is left with what was acknowledged."""
    print(f"FOLKMOOT_TEST_SEED={seed} plays the same random choices again")
    server.plan(slow_s=SLOW_S)
    server.start()
    play = Play(server, Random(seed), may_fail=bool(share))
    play.up.set()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(play.until_over(*cast_of(play)))
            group.create_task(cut_again_and_again(play, server, rounds, share=share))
        print(f"answered: {dict(play.answers)}")
        server.cut_power(play.random)
        server.start()
        for seats in server.seats:
            async with await server.connect(seats[0]) as wire:
                check_history(play, seats[0].code, await wire.history(seats[0].code))
        assert server.terminate() == 0
    except BaseException:
        print(f"stderr of the server:\n{server.stderr()[-20000:]}")
        raise
    finally:
        if server.process is not None:
            server.kill()
    assert min(play.answers[what] for what in ("posts", "acts", "joins", "groups")) > 0
    assert bool(play.answers["failures"]) == bool(share)
    if not share:
        assert not FAILURES.search(server.stderr()), server.stderr()
    verified = server.run("db", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def seed_of() -> str:
    return os.environ.get("FOLKMOOT_TEST_SEED", str(secrets.randbits(32)))


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("share", [0.0, 0.05])
async def test_nothing_acknowledged_is_lost_with_the_power(tmp_path: Path, share: float) -> None:
    rounds = int(os.environ.get("FOLKMOOT_POWER_CUTS", "10"))
    await keep(on_failing_disk(tmp_path), seed_of(), rounds, share)


SHARES = {"read": 0.01, "write": 0.03, "sync": 0.03, "full": 0.03}


async def inject(play: Play, server: FailingDisk, faults: int) -> None:
    """Let reads and writes fail until so many have; then the disk is well, and all goes on by itself."""
    round_ = 0
    while server.faults < faults:
        kind = play.random.choice(sorted(SHARES))
        round_ += 1
        server.plan(seed=f"{round_} {kind}", **{kind: SHARES[kind]})
        await play.until_answers(play.random.randint(20, 60))
        server.plan()
        await play.until_answers(play.random.randint(5, 20))
    await until_ready(server, 200)
    await play.until_answers(100)
    play.over = True


@pytest.mark.timeout(3600)
async def test_whatever_fails_nothing_acknowledged_is_lost_and_no_answer_is_wrong(tmp_path: Path) -> None:
    """FOLKMOOT_FAULTS=1000 for a long run."""
    server, seed = on_failing_disk(tmp_path), seed_of()
    print(f"FOLKMOOT_TEST_SEED={seed} plays the same random choices again")
    server.start()
    play = Play(server, Random(seed), may_fail=True)
    play.up.set()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(play.until_over(*cast_of(play)))
            group.create_task(inject(play, server, int(os.environ.get("FOLKMOOT_FAULTS", "25"))))
        print(f"answered: {dict(play.answers)}, faults: {server.faults}")
        for seats in server.seats:
            async with await server.connect(seats[0]) as wire:
                check_history(play, seats[0].code, await wire.history(seats[0].code))
        assert server.terminate() == 0
    except BaseException:
        print(f"stderr of the server:\n{server.stderr()[-20000:]}")
        raise
    finally:
        if server.process is not None:
            server.kill()
    assert "Traceback" not in server.stderr()
    verified = server.run("db", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[FailingDisk]:
    """A server that runs, with a group; its disk works until it is told to fail."""
    server = on_failing_disk(tmp_path)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            assert server.terminate() == 0, server.stderr()
        assert "Traceback" not in server.stderr(), server.stderr()
    verified = server.run("db", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


MAIN_LOG = "folkmoot.sqlite3-wal"
JOURNAL_LOG = f"{month_of(int(time.time() * 1000))}.sqlite3-wal"


async def standing(server: FailingDisk, seat: Seat) -> tuple[object, ...]:
    """Return what a member is told of a group and of itself."""
    async with await server.connect(seat) as wire:
        group = await wire.group(seat.code)
        words = (await wire.run("/word list", seat.code)).data["items"]
        texts = [entry.body for entry in await wire.history(seat.code)]
        return group.topic, group.pins, [one["word"] for one in words], group.members, texts


LINES = {
    MAIN_LOG: ("/topic Tea", "/word add flag darn", "/pin {seq}"),
    # The group is not told of words.
    JOURNAL_LOG: ("/topic Tea", "/lock 1h", "/pin {seq}"),
}


async def standing_everywhere(server: FailingDisk) -> list[tuple[object, ...]]:
    """Return what the owners are told of all groups."""
    return [await standing(server, seats[0]) for seats in server.seats]


async def fail(server: FailingDisk, log: str, seat: Seat, line: str) -> None:
    """Let a command, or a post, fail because a file cannot be synced."""
    async with await server.connect(seat) as wire:
        server.plan(sync=1, of=log)
        await refused(wire.run(line, seat.code) if line[0] == "/" else wire.post(seat.code, line), "unavailable")


@pytest.mark.parametrize("log", [MAIN_LOG, JOURNAL_LOG])
async def test_what_a_failed_sync_refused_does_not_come_back_and_nothing_is_lost_behind_it(
    failing: FailingDisk, log: str
) -> None:
    """SQLite takes what stands complete in its log for done when it starts; the kernel takes it for written."""
    for seats, line in zip(failing.seats, LINES[log], strict=True):
        async with await failing.connect(seats[1]) as wire:
            seq = await wire.post(seats[1].code, "here")
        await fail(failing, log, seats[0], line.format(seq=seq))
        if log == JOURNAL_LOG:
            await fail(failing, log, seats[0], "never")
        failing.plan()
        async with await failing.connect(seats[0]) as wire:
            # This goes into the journal alone.
            await wire.seen(seats[0].code, await wire.post(seats[0].code, "on we go"))
    told = await standing_everywhere(failing)
    assert "never" not in str(told)
    failing.kill()
    failing.start()
    assert await standing_everywhere(failing) == told

    ann, bob, *_ = failing.seats[0]
    await fail(failing, log, ann, "/topic Coffee")
    failing.kill()
    failing.plan()
    failing.start()
    async with await failing.connect(ann) as wire, await failing.connect(bob) as other:
        seq = await other.post(ann.code, "one more")
        await wire.run(f"/pin {seq}", ann.code)
        await wire.run("/word add flag behind", ann.code)
        await other.ask(rq.LeaveGroup, group=ann.code)
    told = await standing_everywhere(failing)
    failing.cut_power()
    failing.start()
    assert await standing_everywhere(failing) == told
