"""Runs the command line as a person or a script would."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


async def folkmoot(*arguments: str, stdin: str = "", **environment: str) -> Ran:
    """Run `folkmoot` with pipes instead of a terminal, in English, until it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "folkmoot_server.cli",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "LANGUAGE": "en", **environment},
    )
    try:
        out, err = await process.communicate(stdin.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


def write_password(folder: Path) -> str:
    """Write the password to a file; return its path."""
    path = folder / "password"
    path.write_text(PASSWORD + "\n")
    return str(path)
