"""The guides are built as pages, all of them, and nothing in them comes from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOADED = re.compile(r'<(?:script|img|iframe)[^>]*\ssrc="([^"]+)"|<link[^>]*rel="(?:stylesheet|icon)"[^>]*href="([^"]+)')


def test_the_guides_are_built_and_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = {str(page.relative_to(tmp_path)): page.read_text("utf-8") for page in tmp_path.rglob("*.html")}
    guides = (ROOT / "docs" / "guides").rglob("*.md")
    assert {f"{page.relative_to(ROOT / 'docs').with_suffix('.html')}" for page in guides} <= set(pages)
    loaded = {"".join(found) for page in pages.values() for found in LOADED.findall(page)}
    assert loaded and [one for one in loaded if "//" in one] == []
