"""Which row of the table of requests a post has: what is too long is not looked at."""

from types import SimpleNamespace
from typing import Any

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.requests import dispatch, messages
from folkmoot_server.requests.dispatch import LONG_POST, POSTED_COMMAND, ROWS, row_of_post

APP: Any = SimpleNamespace(config=SimpleNamespace(limits=SimpleNamespace(body_chars=100)))


def test_what_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(messages, "is_command", lambda body: read.append(body) or body[1:].startswith("help"))
    rows = {body: row_of_post(APP, rq.Post(id=1, group="1", body=body)) for body in ("/" * 101, "/help", "//", "hi")}
    assert list(rows.values()) == [LONG_POST, POSTED_COMMAND, ROWS[rq.Post], ROWS[rq.Post]]
    assert read == ["/help", "//"]
    assert dispatch.messages is messages
