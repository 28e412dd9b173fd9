"""Whatever bytes are uploaded: a worker's process ends by itself, and says what came of them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from folkmoot_governance.media import REASONS
from folkmoot_server.config.media import MediaSettings
from folkmoot_server.media.process import Workshop
from tests.builders.pictures import fuzzed_files

COUNT = int(os.environ.get("FOLKMOOT_FUZZED_FILES", "24"))
"""A thousand: FOLKMOOT_FUZZED_FILES=1000 make test PYTEST=tests/fuzz/test_media_worker.py."""


async def test_damaged_pictures_are_refused_or_made_anew(tmp_path: Path) -> None:
    settings = MediaSettings(workers=2)
    workshop = Workshop(settings, tmp_path)
    became = dict.fromkeys(("refused", "made"), 0)

    async def make(file: bytes) -> None:
        with workshop.files() as files:
            files.source.write(file)
            files.source.flush()
            made = await workshop.make(files)
            if made.answer.bad:
                assert made.answer.bad in REASONS
                became["refused"] += 1
                return
            became["made"] += 1
            for kept, side in ((files.main, settings.side), (files.small, settings.thumbnail)):
                kept.seek(0)
                with Image.open(kept) as image:
                    image.load()
                    assert max(image.size) <= side

    for start in range(0, COUNT, 8):
        await asyncio.gather(*map(make, fuzzed_files(COUNT)[start : start + 8]))
    assert min(became.values()) > 0, "some of both"
    assert list(tmp_path.iterdir()) == []


async def test_a_worker_takes_no_more_than_it_is_given(tmp_path: Path) -> None:
    workshop = Workshop(MediaSettings(worker_bytes=256 << 20), tmp_path)
    with workshop.files() as files:
        Image.new("RGBA", (7000, 7000)).save(files.source, "PNG", compress_level=1)
        assert (await workshop.make(files)).answer.bad == "heavy"
    hasty = Workshop(MediaSettings(worker_seconds=1), tmp_path)
    with hasty.files() as files:
        frames = [Image.effect_noise((400, 300), 90) for _ in range(300)]
        frames[0].save(files.source, "GIF", save_all=True, append_images=frames[1:])
        assert (await hasty.make(files)).answer.bad == "heavy"


OPENING = """
import os, socket, subprocess
from folkmoot_server.media.worker import close_in
close_in()
for number in (0, 1, 2):
    os.close(number)
for act in (lambda: open("/etc/passwd"), socket.socket, os.pipe, lambda: os.dup(0)):
    try:
        act()
    except OSError:
        continue
    os._exit(1)
os._exit(7)
"""


def test_a_worker_opens_neither_files_nor_sockets() -> None:
    assert subprocess.run([sys.executable, "-c", OPENING], check=False).returncode == 7
