"""Webhooks that go out: which addresses are called, and what is told."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import pytest

from folkmoot_protocol.types import Author, Entry, EntryKind, Role
from folkmoot_server.actions.lookups import MOST_LOOKUPS, Lookups
from folkmoot_server.actions.outgoing import is_address, is_public, is_wanted, send
from folkmoot_server.actions.webhook import FAILED
from folkmoot_server.config.hooks import Hooks


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.7",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "255.255.255.255"),
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


def test_addresses_are_of_tls_and_carry_no_password() -> None:
    assert is_address("https://example.org:8443/hook?key=1", plainly=False)
    assert is_address("http://localhost:8000/", plainly=True)
    for url in (
        "http://example.org/",
        "https://a:b@x.org/",
        "https://x.org:70000/",
        "https://x.org/\n",
        "x" * 600,
    ):
        assert not is_address(url, plainly=False)
    assert not is_address("https://example.org/" + "x" * 500, plainly=False)


def entry(body: str, kind: EntryKind = EntryKind.TEXT, *, tags: tuple[str, ...] = (), redacted: bool = False) -> Entry:
    return Entry(seq=1, ts=1, kind=kind, from_=Author("ann", "Ann", Role.MEMBER, tags), body=body, redacted=redacted)


def test_what_people_say_is_told_and_what_bots_say_is_not() -> None:
    assert is_wanted(entry("hello"), "")
    assert is_wanted(entry("!Deploy now"), "!deploy")
    assert not is_wanted(entry("hello"), "!deploy")
    assert not is_wanted(entry("hello", tags=("bot",)), "")
    assert not is_wanted(entry("joined", EntryKind.NOTICE), "")
    assert not is_wanted(entry("", redacted=True), "")


def test_a_name_of_a_private_address_is_not_called() -> None:
    """Nor one that has a public address besides."""
    with pytest.raises(ValueError, match="private"):
        send("https://rebound.example/", b"{}", {}, Hooks(), ["93.184.216.34", "127.0.0.1"])


async def test_names_that_are_looked_up_slowly_keep_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, asked = threading.Event(), []

    def look_up(host: str, port: int, **_more: object) -> list[object]:
        asked.append(host)
        if host.startswith("slow"):
            answer.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr("folkmoot_server.actions.lookups.socket.getaddrinfo", look_up)
    lookups = Lookups()
    slow = [f"slow{number}.example" for number in range(MOST_LOOKUPS - 1)]
    for _ in range(2):
        # Who asks again waits for the same answer.
        failed = await asyncio.gather(*(lookups.find(host, 443, 0.05) for host in slow), return_exceptions=True)
        assert {type(one) for one in failed} == {TimeoutError}
    assert await lookups.find("quick.example", 443, 5) == ["93.184.216.34"]
    assert sorted(asked) == sorted([*slow, "quick.example"])
    with suppress(TimeoutError):
        await lookups.find("slow.example", 443, 0.01)
    with pytest.raises(OSError, match="too many"):
        await lookups.find("quick.example", 443, 5)
    waiting = asyncio.gather(*(lookups.find(host, 443, 5) for host in slow))
    await asyncio.sleep(0)
    answer.set()
    assert await waiting == [["93.184.216.34"]] * len(slow)


async def test_what_is_wrong_with_a_name_is_said() -> None:
    with pytest.raises(FAILED):
        await Lookups().find("a" * 64 + ".example", 443, 5)


def test_an_answer_that_drips_is_cut_off() -> None:
    """Each byte begins the time-out of a socket anew: all together have an end."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _ = server.accept()
            with line:
                try:
                    while True:
                        line.sendall(b"H")
                        time.sleep(0.1)
                except OSError:
                    pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        settings = Hooks(private_addresses=True, timeout_seconds=1)
        began = time.monotonic()
        with pytest.raises(FAILED):
            send(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, settings, ["127.0.0.1"])
        assert time.monotonic() - began < 4
        thread.join(5)
