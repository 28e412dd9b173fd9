"""Rounds of a job: what storage fails is tried again, and a node whose turn it is not does nothing."""

import asyncio
import contextlib
from pathlib import Path

from folkmoot_server.jobs.runner import Job
from folkmoot_server.storage.change_set import StorageError
from tests.unit.server.stores import staged


class Fragile(Job):
    rest_s = 0.0
    trouble = "could not do it"
    turns = iter([False, True, True])
    outcomes = iter([StorageError(), None])

    async def run_to_its_end(self) -> None:
        self._node.has_jobs = self.has_turn  # type: ignore[method-assign]
        with contextlib.suppress(asyncio.CancelledError):
            await self.run()

    async def has_turn(self) -> bool:
        turn = next(self.turns, None)
        if turn is None:
            raise asyncio.CancelledError
        return turn

    async def look(self) -> None:
        if error := next(self.outcomes):
            raise error


async def test_a_job_takes_its_turns_and_outlives_what_storage_fails(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        job = Fragile(stage.node)
        await job.run_to_its_end()
    assert not list(job.turns)
    assert not list(job.outcomes), "one round failed, the next came, and none while it was not this node's turn"
