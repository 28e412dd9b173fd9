"""What was found out about changes: the results file, and the report that compares it with docs/mutants.md."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mutants_made import ROOT

EXPLAINED = ROOT / "docs/mutants.md"

KILLED, SURVIVED, TIMEOUT, NOT_COVERED = "killed", "survived", "timeout", "not covered"

KEY = ("path", "source", "scope", "change", "nth")
"""What tells a result from others."""


@cache
def digest(path: str) -> str:
    """Return what tells this version of a file from others."""
    file = ROOT / path
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.exists() else ""


def read(out: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return what was found out so far, the latest of each change, as far as its file is still the same."""
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    now = {path: digest(path) for path in {row["path"] for row in rows}}
    return {tuple(row[name] for name in KEY): row for row in rows if row["source"] == now[row["path"]]}


@dataclass(frozen=True)
class Explanation:
    """A row of docs/mutants.md: which changes make no difference. `…` in a row stands for anything."""

    file: str
    scope: str
    change: str

    def fits(self, row: dict[str, Any]) -> bool:
        """Say whether it explains a result."""
        asked = ((f"…{self.file}", row["path"]), (self.scope, row["scope"]), (self.change, row["change"]))
        return all(_pattern(pattern).fullmatch(text) for pattern, text in asked)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("…"))))


def read_page() -> list[Explanation]:
    """Return what the page explains."""
    found = re.findall(r"^\| `(.+?)` \| (?:`(.+?)` )?\| `(.+?)` \| ", EXPLAINED.read_text("utf-8"), re.MULTILINE)
    return [Explanation(*(cell.replace("\\|", "|") for cell in cells)) for cells in found]


def report(out: Path) -> int:
    """Print the figures by module, and what is neither killed nor explained; return how many those are."""
    rows = list(read(out).values())
    print(f"| {'module':60} | changes | killed | timeout | left | killed, % |\n|---|---|---|---|---|---|")
    for path in [*sorted({row["path"] for row in rows}), ""]:
        mine = [row["verdict"] for row in rows if row["path"] == path or not path]
        count = Counter(mine)
        gone = count[KILLED] + count[TIMEOUT]
        print(
            f"| {path or 'all':60} | {len(mine)} | {count[KILLED]} | {count[TIMEOUT]} | {len(mine) - gone} "
            f"| {100 * gone / max(len(mine), 1):.1f} |"
        )
    left = [row for row in rows if row["verdict"] in (SURVIVED, NOT_COVERED)]
    explained = read_page()
    new = [row for row in left if not any(one.fits(row) for one in explained)]
    for row in new:
        print(f"{row['path']}:{row['line']} {row['scope']}: {row['change']} ({row['verdict']})")
    print(f"{len(left)} left, {len(new)} of them not explained")
    for one in explained:
        if not any(one.fits(row) for row in left):
            print(f"nothing is left that this explains: {one}")
    return len(new)
