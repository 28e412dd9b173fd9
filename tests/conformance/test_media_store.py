"""Where bytes of media are kept: the same of a directory and of a bucket."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot_server.media.store import FAILURES, PIECE, MediaStore, key_of
from tests.builders.bucket import serving_bucket

KEY = key_of("2026-11", "abcdef")
LONG = os.urandom(3 * PIECE + 17)


@pytest.fixture(params=["data directory", "file", "s3"])
def media_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MediaStore]:
    if request.param == "s3":
        with serving_bucket() as bucket:
            settings = {"ENDPOINT": bucket.url, "ALLOW_HTTP": "true", "REGION": "here", "ACCESS_KEY_ID": "a"}
            for name, value in {**settings, "SECRET_ACCESS_KEY": "b"}.items():
                monkeypatch.setenv(f"AWS_{name}", value)
            yield MediaStore("s3://folkmoot/some/where", tmp_path)
            assert all(path.startswith("/folkmoot/some/where/media/2026-11/") for path in bucket.objects)
            bucket.objects.clear()
        assert not (tmp_path / "media").exists()
    else:
        yield MediaStore(f"file://{tmp_path}/a%20place" if request.param == "file" else "", tmp_path)


async def test_what_is_put_is_there_whole_until_it_is_removed(media_store: MediaStore) -> None:
    assert await media_store.size(KEY) is None
    assert await media_store.get(KEY) is None
    await media_store.remove([KEY])
    for data in (b"short", LONG, b"other"):
        await media_store.put(KEY, io.BytesIO(data))
        assert await media_store.size(KEY) == len(data)
        assert await media_store.get(KEY) == data
        assert b"".join([piece async for piece in media_store.read(KEY, 0, len(data))]) == data
    await media_store.put(KEY, io.BytesIO(LONG))
    start, end = PIECE - 5, 2 * PIECE + 9
    assert b"".join([piece async for piece in media_store.read(KEY, start, end)]) == LONG[start:end]
    await media_store.put(f"{KEY}.small", io.BytesIO(b"s"))
    await media_store.tidy()
    await media_store.remove([KEY, f"{KEY}.sealed"])
    assert await media_store.size(KEY) is None
    assert await media_store.get(f"{KEY}.small") == b"s"
    await media_store.remove([f"{KEY}.small"])


async def test_a_directory_that_cannot_be_written_to_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    with pytest.raises(FAILURES):
        await MediaStore("", tmp_path).put(KEY, io.BytesIO(b"x"))
    (tmp_path / "media").unlink()
    (tmp_path / KEY).mkdir(parents=True)
    with pytest.raises(FAILURES):
        await MediaStore("", tmp_path).put(KEY, io.BytesIO(b"x"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
