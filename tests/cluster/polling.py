"""Waiting for what tells nobody when it comes about: another process's state, a page, a row of a table."""

import asyncio
from collections.abc import Awaitable, Callable

PAUSE_S = 0.1


async def until(is_so: Callable[[], Awaitable[bool]], patience_s: float = 60) -> None:
    """Ask again and again until it is so. Raises TimeoutError."""
    async with asyncio.timeout(patience_s):
        while not await is_so():  # noqa: ASYNC110  # there is no event to wait for: that is what this is for
            await asyncio.sleep(PAUSE_S)
