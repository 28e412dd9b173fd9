"""Runs the command line as a person or a script would."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from tests.commands import run

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


async def folkmoot(*arguments: str, stdin: str = "", **environment: str) -> Ran:
    """Run `folkmoot` with pipes and files instead of a terminal, in English, until it ends."""
    ran = await asyncio.to_thread(run, arguments, {"PATH": os.environ["PATH"], "LANGUAGE": "en", **environment}, stdin)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def write_password(folder: Path) -> str:
    """Write the password to a file; return its path."""
    path = folder / "password"
    path.write_text(PASSWORD + "\n")
    return str(path)
