"""The README's program runs as it stands there, but for the address, and as often as one likes."""

import asyncio
import re
import sys
from pathlib import Path

from tests.integration.running import RunningServer

README = Path(__file__).resolve().parents[2] / "README.md"
ADDRESS = '"127.0.0.1:8765"'


def program_of(page: Path) -> str:
    """Return the program that a page shows."""
    [program] = re.findall(r"^```python\n(.+?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(program)


async def test_program_of_the_readme_runs_again_and_again(server: RunningServer, tmp_path: Path) -> None:
    program = program_of(README)
    assert ADDRESS in program
    assert program_of(README.with_name("README.zh-CN.md")) == program
    script = tmp_path / "program.py"
    script.write_text(program.replace(ADDRESS, repr(server.ws)), encoding="utf-8")
    for _time in range(2):
        process = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=asyncio.subprocess.PIPE)
        printed, _error = await process.communicate()
        assert process.returncode == 0
        lines = printed.decode().splitlines()
        assert lines[-2:] == ["2 bot-1 Hello, humans.", "3 bot-1 @bot-1 set the topic: Please keep off the lawn"]
