"""`/export` on the terminal: the pages of a group's record, gathered into one JSON file."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from folkmoot_protocol import ErrorCode
from folkmoot_protocol.line import split_line

from ..sdk import Client, RequestRefused

MAX_ACTS = 1_000_000
"""More than any group has; a server that never ends its pages fills no disk."""


def is_export(line: str) -> bool:
    """Say whether a line asks for a record from its beginning: no other answer makes a file."""
    parts = split_line(line)
    return parts is not None and len(parts[1]) == 1 and parts[2].split() == ["export"]


async def gather(client: Client, group: str, first: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole record whose first page the server has answered. Raises `ClientError`."""
    acts: list[Any] = list(first["acts"])
    page = first
    while "next" in page and page["acts"] and len(acts) < MAX_ACTS:
        page = await fetch(client, group, page["next"])
        acts += page["acts"]
    return {"group": first["export"], "name": first["name"], "acts": acts}


async def fetch(client: Client, group: str, after: int) -> Mapping[str, Any]:
    """Return the page after an act, as soon as the server's rate lets it."""
    while True:
        try:
            return (await client.run_command(f"/export {after}", group)).data
        except RequestRefused as refused:
            if refused.code != ErrorCode.RATE_LIMITED:
                raise
            await asyncio.sleep(refused.detail.get("retry_after_ms", 1000) / 1000)


def save(record: Mapping[str, Any], folder: Path) -> Path:
    """Write a record to a new file, which only its writer can read; return where. Raises OSError."""
    text = json.dumps(record, ensure_ascii=False, indent=1)
    # The code comes from the server: digits alone make a name that stays in the folder.
    code = "".join(char for char in str(record["group"]) if char.isdigit())
    for number in range(1, 1000):
        path = folder / (f"folkmoot-{code}.json" if number == 1 else f"folkmoot-{code}-{number}.json")
        try:
            path.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        path.write_text(text, encoding="utf-8")
        return path
    raise FileExistsError(f"{folder}/folkmoot-{code}-….json")
