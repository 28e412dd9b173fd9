"""The small parts of the SDK: addresses, delays, codes, the inbox."""

import asyncio
from random import Random

import pytest

from folkmoot_client.sdk.address import is_loopback, parse_server
from folkmoot_client.sdk.backoff import Backoff
from folkmoot_client.sdk.client import may_reconnect
from folkmoot_client.sdk.errors import DEFAULT_RETRY_MS, RequestRefused
from folkmoot_client.sdk.inbox import Inbox
from folkmoot_protocol import EntryEvent, TypingEvent
from tests.builders.entries import CODE, make_entry


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("127.0.0.1:8765", "ws://127.0.0.1:8765/ws"),
        ("http://chat.example", "ws://chat.example/ws"),
        ("https://chat.example/", "wss://chat.example/ws"),
        ("wss://chat.example/moot/ws", "wss://chat.example/moot/ws"),
        ("[::1]:8765", "ws://[::1]:8765/ws"),
    ],
)
def test_servers_are_taken_as_people_write_them(text: str, url: str) -> None:
    assert parse_server(text) == url


@pytest.mark.parametrize("text", ["", "ftp://chat.example", "ws://", "host:port"])
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_server(text)


def test_this_machine_needs_no_proxy() -> None:
    assert is_loopback("ws://127.0.0.1:1/ws")
    assert is_loopback("ws://[::1]:1/ws")
    assert is_loopback("ws://localhost/ws")
    assert not is_loopback("wss://chat.example/ws")


class Highest:
    """Draws the ceiling."""

    def uniform(self, a: float, b: float, /) -> float:
        return b


def test_delays_double_up_to_a_limit_and_begin_again() -> None:
    backoff = Backoff(0.5, 3.0, Highest())
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert backoff.next_s() == 0.5


def test_delays_are_spread_over_the_whole_interval() -> None:
    draws = [Backoff(1.0, 8.0, Random(seed)).next_s() for seed in range(100)]
    assert min(draws) < 0.1
    assert max(draws) > 0.9


@pytest.mark.parametrize(
    ("code", "again"),
    [
        *((code, True) for code in (1001, 1006, 1011, 1012, 4401, 4429)),
        *((code, False) for code in (1000, 1009, 4400, 4403, 4999)),
    ],
)
def test_the_close_code_decides_about_coming_back(code: int, again: bool) -> None:
    assert may_reconnect(code) is again


def test_a_refusal_says_whether_and_when_to_try_again() -> None:
    busy = RequestRefused("rate_limited", "Wait.", {"retry_after_ms": 1200})
    assert (busy.is_passing, busy.retry_after_ms) == (True, 1200)
    muted = RequestRefused("muted", "You are muted.")
    assert not muted.is_passing
    newer = RequestRefused("from_the_future", "?", {"retry_after_ms": "soon"})
    assert (newer.is_passing, newer.retry_after_ms) == (False, DEFAULT_RETRY_MS)


async def test_a_full_inbox_drops_typing_alone() -> None:
    inbox = Inbox(1)
    entry = EntryEvent(group=CODE, entry=make_entry(1))
    inbox.put(entry)
    inbox.put(TypingEvent(group=CODE, user="bob"))
    assert not inbox.has_room()
    inbox.close()
    assert await inbox.get() == entry
    assert await inbox.get() is None


async def test_a_reader_waits_for_the_next_event() -> None:
    inbox = Inbox(10)
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    event = TypingEvent(group=CODE, user="bob")
    inbox.put(event)
    assert await reading == event
