"""`folkmoot bench`: real processes under a tiny load; the figures are there and nothing is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

PATIENCE_S = 120


def run_bench(place: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "LANGUAGE": "en", "TMPDIR": str(place)}
    command = [sys.executable, "-m", "folkmoot_server.cli", "bench", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_a_server_and_the_reference_deliver_everything(tmp_path: Path) -> None:
    shape = ["--groups", "2", "--members", "5", "--senders", "3", "--seconds", "0.3"]
    done = run_bench(tmp_path, "busy", "calm", *shape, "-o", "json")
    assert done.returncode == 0, done.stderr
    loads = json.loads(done.stdout)["loads"]
    assert [load["name"] for load in loads] == ["busy", "calm"]
    for load in loads:
        for side in ("folkmoot", "reference"):
            found = load[side]
            assert found["connections"] == 10
            assert found["posts"] >= 3
            assert found["deliveries"] == 5 * found["posts"]
            assert [found[name] for name in ("lost", "doubled", "out_of_order", "refused")] == [0, 0, 0, 0]
    assert list(tmp_path.iterdir()) == []


def test_too_many_senders_are_a_mistake_in_the_command(tmp_path: Path) -> None:
    done = run_bench(tmp_path, "busy", "--members", "3")
    assert (done.returncode, done.stdout) == (2, "")
    assert "10 members cannot post where there are 3" in done.stderr
