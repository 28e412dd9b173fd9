"""The README's program runs as it stands there, but for the address."""

import asyncio
import re
import sys
from pathlib import Path

from tests.integration.running import RunningServer

README = Path(__file__).resolve().parents[2] / "README.md"
ADDRESS = '"127.0.0.1:8765"'


async def test_program_of_the_readme_runs(server: RunningServer, tmp_path: Path) -> None:
    [program] = re.findall(r"^```python\n(.+?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert ADDRESS in program
    script = tmp_path / "program.py"
    script.write_text(program.replace(ADDRESS, repr(server.ws)), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    lines = printed.decode().splitlines()
    assert lines[-2:] == ["2 bot-1 Hello, humans.", "3 bot-1 @bot-1 set the topic: Please keep off the lawn"]
