"""`/export` and `/mydata` on the terminal: the pages of a record, or of one's own data, gathered into one JSON file."""

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
    return _is_just(line, "export")


def is_own_data(line: str) -> bool:
    """Say whether a line asks for one's own data from its beginning."""
    return _is_just(line, "mydata", "我的数据")


def _is_just(line: str, *names: str) -> bool:
    parts = split_line(line)
    return parts is not None and len(parts[1]) == 1 and parts[2].split() in [[name] for name in names]


async def gather(client: Client, group: str, first: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole record whose first page the server has answered. Raises `ClientError`."""
    acts: list[Any] = list(first["acts"])
    page = first
    while "next" in page and page["acts"] and len(acts) < MAX_ACTS:
        page = await fetch(client, f"/export {page['next']}", group)
        acts += page["acts"]
    return {"group": first["export"], "name": first["name"], "acts": acts}


async def gather_own(client: Client, first: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of one's own data, by its parts, whose first page the server has answered. Raises `ClientError`."""
    parts: dict[str, list[Any]] = {}
    page, count = first, 0
    while True:
        parts.setdefault(str(page["part"]), []).extend(page["items"])
        count += 1 + len(page["items"])
        if "next" not in page or count > MAX_ACTS:
            return {"user": first["mydata"], **parts}
        page = await fetch(client, f"/mydata {page['next']}")


async def fetch(client: Client, line: str, group: str | None = None) -> Mapping[str, Any]:
    """Return the page that a line asks for, as soon as the server's rate lets it."""
    while True:
        try:
            return (await client.run_command(line, group)).data
        except RequestRefused as refused:
            if refused.code != ErrorCode.RATE_LIMITED:
                raise
            await asyncio.sleep(refused.detail.get("retry_after_ms", 1000) / 1000)


def save(record: Mapping[str, Any], folder: Path) -> Path:
    """Write a record to a new file, which only its writer can read; return where. Raises OSError."""
    text = json.dumps(record, ensure_ascii=False, indent=1)
    # The code comes from the server: digits alone make a name that stays in the folder.
    code = "".join(char for char in str(record["group"]) if char.isdigit()) if "group" in record else "mydata"
    for number in range(1, 1000):
        path = folder / (f"folkmoot-{code}.json" if number == 1 else f"folkmoot-{code}-{number}.json")
        try:
            path.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        path.write_text(text, encoding="utf-8")
        return path
    raise FileExistsError(f"{folder}/folkmoot-{code}-….json")
