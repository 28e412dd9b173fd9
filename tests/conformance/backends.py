"""The backends that the conformance suite runs against: for each, how to open a store in a place."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from folkmoot_server.i18n import translator
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.sqlite import SqliteStore

Open = Callable[[Path], Awaitable[Store]]
"""Opens the store that belongs to a directory; opening it again finds what was stored."""


async def open_sqlite(place: Path) -> Store:
    return await SqliteStore.open(place / "data", say=translator("en"))


BACKENDS: dict[str, Open] = {"sqlite": open_sqlite}
