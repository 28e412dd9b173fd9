"""How long it takes to take a case out with many entries, and to check the bundle: by the commands, on a real server.

python bench/bundle.py [--entries 10000]
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from folkmoot_client.sdk import Client
from folkmoot_server.bench.run import serving

PASSWORD = "correct horse battery"
AT_ONCE = 100
FOLKMOOT = [sys.executable, "-m", "folkmoot_server.cli"]


async def talk(url: str, entries: int) -> str:
    """Have two people fill a group, one of whom reports the other; return the case."""
    async with Client(url) as ann, Client(url) as bob:
        await ann.register("ann", PASSWORD)
        await bob.register("bob", PASSWORD)
        group = await ann.create_group("Market")
        await ann.run_command("/joinmode open", group.id)
        await bob.join(group.id)
        for start in range(0, entries, AT_ONCE):
            await asyncio.gather(
                *[bob.post(group.id, f"{start + number} " + "watches " * 12) for number in range(AT_ONCE)]
            )
        page = await ann.get_history(group.id, limit=1)
        return str((await ann.run_command(f"/report {page.entries[-1].seq} spam", group.id)).data["case"])


def timed(*arguments: str, folder: Path) -> float:
    """Run a command to its end; return the seconds that it took."""
    environment = {**os.environ, "LANGUAGE": "en", "FOLKMOOT_PASSWORD": PASSWORD}
    start = time.perf_counter()
    subprocess.run([*FOLKMOOT, *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print a line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=10_000)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        init = [*FOLKMOOT, "init", "--data", str(folder / "data"), "--user", "root"]
        subprocess.run(init, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
        with serving(folder) as (url, _):
            case = asyncio.run(talk(url, entries))
            asked = ("--scope", "group", "--reason", "bench", "--to", "case.zip", "--server", url, "--user", "root")
            wrote = timed("admin", "export", "case", case, *asked, folder=folder)
        size = (folder / "case.zip").stat().st_size
        checked = timed("verify", "case.zip", folder=folder)
    print(f"{entries} entries: written in {wrote:.1f} s, verified in {checked:.1f} s, {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
