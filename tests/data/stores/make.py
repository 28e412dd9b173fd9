"""Makes the stores of earlier schemas that tests migrate: `python tests/data/stores/make.py`, in a clone with history.

Each is made by the first commit that had the schema, with the packages that are installed: a server of that time is
seeded, and people do there what there was to do. What a version does not know yet is refused, and left out.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
COMMITS = {
    "0008": "fef768f",
    "0011": "475853b",
    "0014": "ee0f7b1",
    "0016": "66da80e",
    "0018": "698c600",
    "0020": "75b3b67",
}
OWNER_LINES = (
    "/topic Tea and cake",
    "/mute @{bob} 2d loud",
    "/warn @{bob} please",
    "/promote @{kim} delete mute",
    "/pin 3",
    "/delete 4 not nice",
    "/slow 1s",
    "/slow off",
    "/lock 1h",
    "/unlock",
    "/joinmode approval",
    "/question Two and two? = 4 | four",
    "/tag @{kim} gardener",
    "/ladder warn mute 1h",
    "/links off",
    "/heir @{kim}",
    "/word add casino hold",
    "/announce Welcome",
    "/ban @{max} 7d spam",
    "/invite code 2d 10",
)


def environment(tree: Path) -> dict[str, str]:
    """Return an environment in which the packages of a tree come first."""
    packages = [str(tree / name) for name in ("protocol", "governance", "server", "client")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOLKMOOT_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(packages), "LANGUAGE": "en"}


async def ask(socket: ClientConnection, number: int, **fields: Any) -> dict[str, Any]:
    """Send a request, return the frame that answers it."""
    await socket.send(json.dumps({"id": number, **fields}))
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if frame.get("re") == number:
            return frame


async def act(url: str, seats: list[list[str]]) -> None:
    """Let the owner and members of the first group do something of everything."""
    code = seats[0][3]
    users = dict(zip(("ann", "bob", "kim", "max"), (seat[1] for seat in seats), strict=True))
    for seat in seats[:3]:
        async with asyncio.timeout(60), connect(url) as socket:
            await ask(socket, 1, type="resume", token=seat[2])
            for number in range(2, 5):
                await ask(socket, number, type="post", group=code, body=f"说 number {number}", nonce=f"n{number}")
            if seat is seats[0]:
                for number, line in enumerate(OWNER_LINES, 10):
                    answer = await ask(socket, number, type="command", group=code, line=line.format(**users))
                    print("   ", line, answer.get("code") or "done")


def make(schema: str, commit: str) -> None:
    """Make one store."""
    with tempfile.TemporaryDirectory() as place:
        tree, data = Path(place) / "tree", Path(place) / "data"
        subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--detach", str(tree), commit], check=True)
        folkmoot = [sys.executable, "-m", "folkmoot_server.cli"]
        try:
            tokens, ready = Path(place) / "tokens", Path(place) / "ready"
            seed = ["db", "seed", "--groups", "2", "--members", "4", "--data", str(data), "--tokens", str(tokens)]
            subprocess.run([*folkmoot, *seed], check=True, env=environment(tree), cwd=tree)
            seats = [line.split()[1:] for line in tokens.read_text().splitlines() if line.startswith("0")]
            serve = ["serve", "--profile", "open", "--data", str(data), "--listen", "127.0.0.1:0"]
            server = subprocess.Popen([*folkmoot, *serve, "--ready-file", str(ready)], env=environment(tree), cwd=tree)
            try:
                while not ready.exists():
                    assert server.poll() is None, "the server did not start"
                    time.sleep(0.1)
                asyncio.run(act(json.loads(ready.read_text())["ws"], seats))
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait()
            with tarfile.open(HERE / f"{schema}.tar.xz", "w:xz") as packed:
                packed.add(data, "data")
        finally:
            subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree)], check=True)


if __name__ == "__main__":
    for one in sys.argv[1:] or COMMITS:
        print(one)
        make(one, COMMITS[one])
