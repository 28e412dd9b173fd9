"""The hooks before a commit are the parts of `make check`, all of them and nothing else."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_part_of_make_check_is_a_hook() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (parts,) = re.findall(r"^check: (.+)$", makefile, re.MULTILINE)
    assert re.findall(r"entry: make --silent (\S+)$", hooks, re.MULTILINE) == parts.split()
    assert re.findall(r"repo: (.+)", hooks) == ["local"]
