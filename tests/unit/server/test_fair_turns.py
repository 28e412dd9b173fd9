"""Few at a time, of one one: whoever asks for much waits for its own."""

import asyncio

import pytest

from folkmoot_server.common.fair_turns import FairTurns


class Line:
    """Those who ask to be let in; `inside` are those who are, in their order."""

    def __init__(self, most: int) -> None:
        self.turns = FairTurns(most)
        self.inside: list[str] = []

    async def ask(self, *names: str) -> "list[asyncio.Task[None]]":
        asked = [asyncio.create_task(self._enter(name)) for name in names]
        await self.settle()
        return asked

    async def _enter(self, name: str) -> None:
        await self.turns.enter(name[0])
        self.inside.append(name)

    async def leave(self, name: str) -> None:
        self.turns.leave(name[0])
        await self.settle()

    async def settle(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)


async def test_few_are_inside_and_of_one_one() -> None:
    line = Line(2)
    await line.ask("a1", "a2", "a3", "b1", "c1")
    assert line.inside == ["a1", "b1"]
    await line.leave("b1")
    assert line.inside == ["a1", "b1", "c1"]


async def test_those_who_wait_take_turns() -> None:
    line = Line(1)
    await line.ask("a1", "a2", "a3", "b1", "c1", "b2")
    for name in ("a1", "a2", "b1", "c1", "a3"):
        await line.leave(name)
    assert line.inside == ["a1", "a2", "b1", "c1", "a3", "b2"]


async def test_who_gives_up_leaves_no_place_empty() -> None:
    line = Line(1)
    _, gone, _ = await line.ask("a1", "b1", "c1")
    gone.cancel()
    await line.settle()
    await line.leave("a1")
    assert line.inside == ["a1", "c1"]


async def test_who_gives_up_in_the_very_turn_in_which_it_is_let_in_gives_the_place_back() -> None:
    line = Line(1)
    _, gone, _ = await line.ask("a1", "b1", "c1")
    line.turns.leave("a")
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await line.settle()
    assert line.inside == ["a1", "c1"]


async def test_where_nobody_waits_nobody_is_waited_for() -> None:
    turns = FairTurns(2)
    for name in ("a", "b"):
        entering = turns.enter(name)
        with pytest.raises(StopIteration):
            entering.send(None)
