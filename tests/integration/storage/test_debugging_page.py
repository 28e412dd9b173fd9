"""The script on docs/debugging.md that replays a group's stream runs, and gives the group as it is."""

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.integration.storage.kit import filled

PAGE = Path(__file__).parents[3] / "docs" / "debugging.md"


async def test_the_script_replays_a_stream(tmp_path: Path) -> None:
    group = await filled(tmp_path / "data")
    (script,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    command = [sys.executable, "-c", script, tmp_path / "data" / "folkmoot.sqlite3", group.code]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    versions, state = lines[: group.state.version], lines[group.state.version :]
    assert [int(line.split()[0]) for line in versions] == list(range(1, group.state.version + 1))
    assert json.loads("\n".join(state)) == json.loads(msgspec.json.encode(group.state))
