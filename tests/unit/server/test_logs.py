"""A line of the log names the request that it belongs to, and who asked is told the same name; levels hold."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import CapturingLogger

from folkmoot_governance.access import REQUESTS
from folkmoot_protocol import requests as rq
from folkmoot_server.common.clock import Ticks
from folkmoot_server.common.logs import LINES_AT_ONCE, LINES_PER_S, KindsOfLines, add_request
from folkmoot_server.requests import dispatch
from folkmoot_server.storage.change_set import StorageError
from tests.integration.wire import Refused
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What dispatch logs, as the processors leave it."""
    found = CapturingLogger()
    monkeypatch.setattr(dispatch, "log", structlog.wrap_logger(found, processors=[add_request]))
    return found


def at_once(*_: object) -> None:
    raise ValueError("ours")


async def later(*_: object) -> None:
    raise ValueError("ours")


@pytest.mark.parametrize("handler", [at_once, later])
async def test_who_meets_an_internal_error_is_told_the_name_that_the_log_has(
    stage: Stage, logged: CapturingLogger, monkeypatch: pytest.MonkeyPatch, handler: dispatch.Handler
) -> None:
    monkeypatch.setitem(dispatch.ROWS, rq.ListGroups, dispatch.Row(handler, REQUESTS[rq.ListGroups]))
    ann, bob = [await stage.connect(seat) for seat in stage.seats[0][:2]]
    names = []
    for wire in (ann, ann, bob):
        with pytest.raises(Refused) as refused:
            await wire.ask(rq.ListGroups)
        assert refused.value.code == "internal"
        names.append(refused.value.detail["request_id"])
    assert len(set(names)) == 3, "no two requests of a node have the same name"
    assert [call.kwargs["request_id"] for call in logged.calls] == names
    assert names[0].partition(".")[0] == names[1].partition(".")[0], "both came over one connection"


async def test_what_storage_fails_is_named_too(
    stage: Stage, logged: CapturingLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StorageError("the disk is gone")

    monkeypatch.setitem(dispatch.ROWS, rq.ListGroups, dispatch.Row(fail, REQUESTS[rq.ListGroups]))
    ann = await stage.connect(stage.seats[0][0])
    with pytest.raises(Refused):
        await ann.ask(rq.ListGroups)
    assert [call.method_name for call in logged.calls] == ["error"]
    assert "request_id" in logged.calls[0].kwargs


def test_outside_of_a_request_no_line_names_one() -> None:
    assert add_request(None, "info", {"event": "stopping"}) == {"event": "stopping"}


@pytest.mark.parametrize(
    ("level", "shown"), [("debug", "diwe"), ("info", "iwe"), ("warning", "we"), ("error", "e")], ids=lambda one: one
)
def test_a_level_leaves_out_what_is_less(level: str, shown: str) -> None:
    lines = "; ".join(f"log.{name}('{name[0]}')" for name in ("debug", "info", "warning", "error"))
    code = f"import structlog; from folkmoot_server.common.logs import set_up_logging as s; s('{level}'); "
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}log = structlog.get_logger(); {lines}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "".join(line.partition("event='")[2][0] for line in ran.stderr.splitlines()) == shown


def test_lines_of_one_kind_are_bounded_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Ticks(0)
    kinds = KindsOfLines(lambda: now)
    assert [kinds.admit("refused") for _ in range(LINES_AT_ONCE + 7)] == [0] * LINES_AT_ONCE + [None] * 7
    assert kinds.admit("another") == 0
    now = Ticks(1000)
    # The first of the next ones tells how many were left out.
    assert [kinds.admit("refused") for _ in range(LINES_PER_S + 1)] == [7] + [0] * (LINES_PER_S - 1) + [None]


def test_a_flood_of_lines_is_bounded_whoever_writes_them(capfd: pytest.CaptureFixture[str]) -> None:
    script = """
import logging, structlog
from folkmoot_server.common.logs import set_up_logging
set_up_logging()
for number in range(5000):
    structlog.get_logger().warning("refused", number=number)
    logging.getLogger("asyncio").error("broken %s", number)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for kind in ("refused", "broken"):
        assert LINES_AT_ONCE <= sum(kind in line for line in done.stderr.splitlines()) <= 2 * LINES_AT_ONCE
