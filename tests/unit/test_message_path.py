"""docs/message-path.md names functions of the code; each of them must exist under that name."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "message-path.md"
NAME = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)`")
PACKAGES = ("folkmoot_protocol", "folkmoot_governance", "folkmoot_server", "folkmoot_client")

CONSTANTS = frozenset(
    {
        "requests.dispatch.ROWS",
        "delivery.hub.LARGE",
        "live.commit_queue.FEW",
        "live.commit_queue.MAX_TRIES",
        "transport.websocket.FRAMES_AT_ONCE",
        "doors.websocket.MAX_STARTED",
    }
)

# Settings and other words with dots that are no names of code.
NO_CODE = frozenset({"limits.outbox_bytes", "transport.write"})


def named_on_page() -> list[str]:
    return sorted(set(NAME.findall(PAGE.read_text(encoding="utf-8"))) - NO_CODE)


def find(name: str) -> object:
    """Return what a dotted name stands for: the longest part of it that is a module, then attributes."""
    parts = name.split(".")
    if parts[0] not in PACKAGES:
        parts.insert(0, "folkmoot_server")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[cut:]:
            found = getattr(found, attribute)
        return found
    raise ModuleNotFoundError(name)


def test_page_names_the_whole_path() -> None:
    assert len(named_on_page()) >= 25


@pytest.mark.parametrize("name", named_on_page())
def test_name_exists(name: str) -> None:
    assert callable(find(name)) or name in CONSTANTS


def test_a_name_that_is_gone_is_noticed() -> None:
    with pytest.raises(AttributeError):
        find("handlers.messages.post_yesterday")
