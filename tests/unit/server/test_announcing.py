"""What a node that has started says, and to whom first."""

from pathlib import Path

import pytest

from folkmoot_server import main
from folkmoot_server.main import announce, start_listening, stop_listening
from tests.unit.server.stores import staged


async def test_the_ready_file_comes_after_all_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """*Who waited for the file found the address missing in what had been printed.*"""
    ready = tmp_path / "ready.json"
    said: list[str] = []

    def hear(text: str) -> None:
        assert not ready.exists(), f"before: {text}"
        said.append(text)

    monkeypatch.setattr(main, "say_on_stderr", hear)
    async with staged(tmp_path / "data") as stage:
        server = await start_listening(stage.node)
        announce(stage.node, server, ready)
        await stop_listening(stage.node, server)
    assert len(said) == 2
    assert ready.exists()
