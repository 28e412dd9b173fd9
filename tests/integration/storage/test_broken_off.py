"""A backup or a restore that is broken off removes nothing that is not its own, and no start takes what is left for a
new store."""

import shutil
from pathlib import Path

import pytest

from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.check import backup
from tests.integration.storage.kit import filled, opened


class Killed(BaseException):
    """What ends a process at once, `finally` or not."""


async def test_a_copy_removes_only_a_copy_that_was_broken_off(tmp_path: Path) -> None:
    """*Whatever had that name was removed.*"""
    data, target, partial = tmp_path / "data", tmp_path / "copy", tmp_path / "copy.part"
    await filled(data)
    partial.mkdir()
    (partial / "letters").write_text("of value")
    with pytest.raises(StorageError, match=r"copy\.part is there already"):
        backup.backup(data, target)
    assert (partial / "letters").read_text() == "of value"
    assert not target.exists()
    (partial / backup.OURS).touch()
    backup.backup(data, target)
    assert sorted(path.name for path in target.iterdir()) == ["access", "folkmoot.sqlite3", "journal"]
    assert not partial.exists()


async def test_a_restore_that_is_killed_leaves_no_place_for_a_new_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """*After all was put aside, and before the journal was in its place, a start made a new store.*"""
    data, copy, before = tmp_path / "data", tmp_path / "copy", tmp_path / "before"
    await filled(data)
    backup.backup(data, copy)
    shutil.copytree(data, before)
    rename, said = Path.rename, set[str]()
    for count in range(9):
        shutil.rmtree(data)
        shutil.copytree(before, data)
        left = count

        def once(path: Path, target: Path) -> Path:
            nonlocal left
            if not left:
                raise Killed
            left -= 1
            return rename(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", once)
            patch.setattr(backup.shutil, "rmtree", lambda path, **_: None)
            try:
                backup.restore(copy, data, lambda copied, keys: None)
                break
            except Killed:
                pass
        try:
            async with opened(data) as store:
                assert await store.ledger.latest_ts() is not None, f"a new store after {count} steps"
        except StorageError as error:
            said.add(str(error))
    assert len(said) == 1
    assert "run folkmoot db restore once more" in said.pop()
