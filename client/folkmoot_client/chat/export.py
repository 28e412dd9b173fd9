"""`/export` and `/mydata` on the terminal: a group's history, or one's own data, gathered into one file of JSON Lines.

What its lines have, `folkmoot_protocol.exported` says, and docs/schemas/ as JSON Schema.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from folkmoot_protocol import ErrorCode
from folkmoot_protocol.line import split_line

from ..sdk import Client, RequestRefused

MAX_ACTS, MAX_LINES = 1_000_000, 10_000_000
"""More than any group has; a server that never ends its pages fills no disk."""

Lines = list[dict[str, Any]]


def is_export(line: str) -> bool:
    """Say whether a line asks for a record from its beginning: no other answer makes a file."""
    return _is_just(line, "export")


def is_own_data(line: str) -> bool:
    """Say whether a line asks for one's own data from its beginning."""
    return _is_just(line, "mydata", "我的数据")


def _is_just(line: str, *names: str) -> bool:
    parts = split_line(line)
    return parts is not None and len(parts[1]) == 1 and parts[2].split() in [[name] for name in names]


async def gather(client: Client, group: str, first: Mapping[str, Any]) -> Lines:
    """Return the lines of a group's history, whose first page of acts the server has answered: the group, its acts, and
    its entries, as far as one may read them. Raises `ClientError`."""
    acts: list[Any] = list(first["acts"])
    page = first
    while "next" in page and page["acts"] and len(acts) < MAX_ACTS:
        page = await fetch(client, f"/export {page['next']}", group)
        acts += page["acts"]
    lines: Lines = [{"line": "group", "group": first["export"], "name": first["name"]}]
    lines += [{"line": "act", "act": act} for act in acts]
    try:
        async for entry in client.read_history(group):
            lines.append({"line": "entry", "entry": msgspec.to_builtins(entry)})
            if len(lines) > MAX_LINES:
                break
    except RequestRefused:
        # Who led a group that is closed has its acts, and is no member any more.
        pass
    return lines


PARTS = {"account": "account", "acts": "act", "notices": "notice", "uploads": "upload", "entries": "entry"}
"""What an item of a part is called in its line."""


async def gather_own(client: Client, first: Mapping[str, Any]) -> Lines:
    """Return the lines of one's own data, whose first page the server has answered. Raises `ClientError`."""
    lines: Lines = []
    page, pages = first, 0
    while True:
        kind = PARTS[str(page["part"])]
        lines += [{"line": kind, kind: item} for item in page["items"]]
        pages += 1
        if "next" not in page or pages + len(lines) > MAX_LINES:
            return lines
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


def save(lines: Lines, folder: Path) -> Path:
    """Write lines to a new file, which only its writer can read; return where. Raises OSError."""
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    # The code comes from the server: digits alone make a name that stays in the folder.
    code = "".join(char for char in str(lines[0].get("group", "")) if char.isdigit()) or "mydata"
    for number in range(1, 1000):
        path = folder / (f"folkmoot-{code}.jsonl" if number == 1 else f"folkmoot-{code}-{number}.jsonl")
        try:
            path.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        path.write_text(text, encoding="utf-8")
        return path
    raise FileExistsError(f"{folder}/folkmoot-{code}-….jsonl")
