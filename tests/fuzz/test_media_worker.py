"""Whatever bytes are uploaded: a worker's process ends by itself, and says what came of them."""

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import av
import pytest
from PIL import Image

from folkmoot_governance.media import REASONS
from folkmoot_server.config.media import MediaSettings
from folkmoot_server.media.process import Workshop
from tests.builders.films import KINDS, planted_film
from tests.builders.pictures import PLANTED, damage, fuzzed_files

ROOT = Path(__file__).resolve().parents[2]

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


async def test_sound_and_films_lose_all_but_what_is_heard_and_seen(tmp_path: Path) -> None:
    workshop = Workshop(MediaSettings(workers=2, seconds=3), tmp_path)
    for kind in KINDS:
        film = planted_film(kind)
        assert film.count(PLANTED) > 1, kind
        with workshop.files() as files:
            files.source.write(film)
            made = await workshop.make(files)
            assert (made.answer.bad, made.answer.type) == ("", kind)
            assert 1900 < made.answer.duration_ms < 2200
            for file in (files.main, files.small):
                file.seek(0)
            main, small = files.main.read(), files.small.read()
            assert PLANTED not in main + small
            assert b"52.52" not in main
            assert bool(small) == kind.startswith("video/")
            with av.open(io.BytesIO(main)) as again:
                assert sum(1 for _ in again.decode(audio=0)) > 10


async def test_films_that_are_not_taken(tmp_path: Path) -> None:
    film = planted_film()
    refused = {
        "long": planted_film("audio/ogg", seconds=5),
        "damaged": film[:3000],
    }
    workshop = Workshop(MediaSettings(workers=2, seconds=3), tmp_path)

    async def reason(file: bytes) -> str:
        with workshop.files() as files:
            files.source.write(file)
            return (await workshop.make(files)).answer.bad

    assert {why: await reason(file) for why, file in refused.items()} == {why: why for why in refused}
    chance = Random(1)
    damaged = [damage(chance, planted_film(kind, 1)) for kind in KINDS for _ in range(max(1, COUNT // 24))]
    for start in range(0, len(damaged), 8):
        became = await asyncio.gather(*map(reason, damaged[start : start + 8]))
        assert set(became) <= {"", *REASONS}


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


WITHOUT_THREADS = """
import io, os
from folkmoot_server.media import films, pictures, worker
from tests.builders.films import planted_film
from tests.builders.pictures import planted_picture
sent = {"MP4": planted_film(), "WEBM": planted_film("video/webm")}
sent |= {kind: planted_picture(kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF")}
bounds = {"pictures": dict(pixels=10**8, frames=9, side=99, thumbnail=9)}
bounds["films"] = dict(pixels=10**8, seconds=9, thumbnail=9)
makers = {kind: worker.maker_of(kind, bounds) for kind in sent}
os.setgid(65534)
os.setuid(65534)
worker.close_in()
for kind, make in makers.items():
    make(kind, io.BytesIO(sent[kind]), io.BytesIO(), io.BytesIO())
os._exit(7)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_worker_of_a_plain_user_has_no_threads_and_needs_none() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_THREADS], check=False, capture_output=True, cwd=ROOT)
    assert done.returncode == 7, done.stderr.decode()
