"""How long a newcomer's path takes, by the README alone: from a server that starts to a mute overturned on appeal.

Stories in the documentation are blocks of `chat`, with a line for each thing that somebody types. This plays one on a
server of its own, and says when each line was answered; tests play them all.
"""

import argparse
import asyncio
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from folkmoot_client.sdk import Client
from folkmoot_protocol.results import CommandResult

BLOCK = re.compile(r"^```chat\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN_GROUP = "4821-9067-3350"
OUTSIDE = ("/create", "/建群", "/join", "/加群")
PASSWORD = "a long password of theirs"


class Said(NamedTuple):
    """What somebody types."""

    user: str
    text: str


def stories(page: Path) -> list[Said]:
    """Return what is typed in the blocks of a page, in its order."""
    lines = [line for block in BLOCK.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()]
    return [Said(*line.split(": ", 1)) for line in lines]


def ignore(said: Said) -> None:
    """Do nothing with what was said."""


async def play(server: str, told: list[Said], tell: Callable[[Said], None] = ignore) -> list[CommandResult | None]:
    """Have people register and type a story, each line into the group that was made in it; return the answers.

    Each line is told when it is answered.

    Numbers of cases in a story are those that it really brings, but for the code of the group. Raises `RequestRefused`
    where a line is refused.
    """
    answers: list[CommandResult | None] = []
    group: str | None = None
    async with contextlib.AsyncExitStack() as stack:
        people: dict[str, Client] = {}
        for user in dict.fromkeys(one.user for one in told):
            people[user] = await stack.enter_async_context(Client(server))
            await people[user].register(user, PASSWORD)
        for said in told:
            user, text = said
            if group is not None:
                text = text.replace(SHOWN_GROUP, group).replace(SHOWN_GROUP.replace("-", ""), group)
            if not text.startswith("/"):
                assert group is not None, "a story begins with a group"
                await people[user].post(group, text)
                answers.append(None)
                tell(said)
                continue
            here = None if text.split()[0] in OUTSIDE else group
            answers.append(answer := await people[user].run_command(text, here))
            group = group or str(answer.data["code"])
            tell(said)
    return answers


def main() -> None:
    """Start a server as `make run` does, play the story of a page, and print the seconds since the start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="?", default="README.md", type=Path)
    told = stories(parser.parse_args().page)
    start = time.monotonic()

    def tell(said: Said) -> None:
        print(f"{time.monotonic() - start:6.2f} s  {said.user}: {said.text}")

    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "folkmoot_server.cli", "serve", "--profile", "open", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen([*command, "--data", f"{folder}/data", "--ready-file", str(ready)])
        try:
            while not ready.exists() and process.poll() is None:
                time.sleep(0.02)
            asyncio.run(play(json.loads(ready.read_text())["ws"], told, tell))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
