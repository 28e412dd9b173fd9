"""The example configuration boots a node: what `folkmoot config example` prints is never out of date."""

import asyncio
import json
import signal
import sys
import urllib.request
from pathlib import Path

from folkmoot_server.config.settings import example

START_SECONDS = 60


async def until_ready(process: asyncio.subprocess.Process, ready_file: Path) -> dict[str, str]:
    """The ready file's contents, as soon as it is there; fails when the process ends instead."""
    while not ready_file.exists():
        if process.returncode is not None:
            raise AssertionError(f"the node ended with {process.returncode}")
        await asyncio.sleep(0.05)
    addresses: dict[str, str] = json.loads(ready_file.read_text())
    return addresses


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=30) as response:
        return int(response.status)


async def test_example_config_boots_answers_and_stops(tmp_path: Path) -> None:
    config, ready_file = tmp_path / "config.toml", tmp_path / "ready.json"
    config.write_text(example())
    command = ["-m", "folkmoot_server.cli", "serve", "--config", str(config), "--listen", "127.0.0.1:0"]
    options = ["--data", str(tmp_path / "data"), "--ready-file", str(ready_file)]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, *options)
    try:
        async with asyncio.timeout(START_SECONDS):
            addresses = await until_ready(process, ready_file)
        assert await asyncio.to_thread(get, addresses["http"] + "/healthz") == 200
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
