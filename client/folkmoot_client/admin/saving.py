"""Writing what a command gives as a file, piece by piece: how far it is, is drawn meanwhile."""

import asyncio
import base64
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

import folkmoot_protocol as fm
from folkmoot_protocol import ErrorCode
from folkmoot_protocol.admin.row import Verb

from ..sdk import Client, RequestRefused
from ..terminal import USAGE, _, fail, new_console


def default_file(verb: Verb[Any], target: str | None) -> Path:
    """Return what the file of a command is called where nobody has said."""
    plain = "".join(char for char in target or "" if char.isalnum() or char in "-@.").strip(".")
    return Path(verb.saved.format(target=plain))


def check_free(path: Path) -> Path:
    """Return a path where there is nothing yet, or end the command: what was taken out is not written over."""
    if path.exists():
        fail(_("{path} is there already: name another file with --to.").format(path=path), USAGE)
    return path


async def save(
    client: Client, verb: Verb[Any], fields: Mapping[str, Any], first: fm.AdminResult, to: Path
) -> fm.AdminResult:
    """Write to a file what a command gives after its first answer; return the answer, with the file in it.

    Only its writer can read the file. What could not be fetched whole leaves none. Raises `ClientError`, OSError.
    """
    # Imported late: the other commands have no use for it, and it takes a while.
    from rich.progress import Progress

    partial, digest, page = to.with_name(f"{to.name}.part"), sha256(), first
    partial.touch(mode=0o600, exist_ok=False)
    try:
        with (
            partial.open("wb") as file,
            Progress(console=new_console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar,
        ):
            task = bar.add_task(_("Gathering"), total=None)
            while page.cursor is not None:
                page = await fetch(client, verb, dict(fields) | {"cursor": page.cursor})
                item = page.items[0]
                if "data" in item:
                    data = base64.b64decode(item["data"])
                    file.write(data)
                    digest.update(data)
                description = _("Fetching") if "data" in item else _("Gathering")
                bar.update(task, description=description, completed=item["done"], total=item["total"] or None)
        partial.rename(to)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    about = {name: value for name, value in first.items[0].items() if name not in ("done", "total")}
    told = {**about, "file": str(to), "sha256": digest.hexdigest()}
    return msgspec.structs.replace(first, items=(told,), cursor=None)


async def fetch(client: Client, verb: Verb[Any], fields: Mapping[str, Any]) -> fm.AdminResult:
    """Return the next answer, as soon as the server's rate lets it."""
    while True:
        try:
            return await client.admin(verb.noun.name, verb.name, **fields)
        except RequestRefused as refused:
            if refused.code != ErrorCode.RATE_LIMITED:
                raise
            await asyncio.sleep(refused.detail.get("retry_after_ms", 1000) / 1000)
