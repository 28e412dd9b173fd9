"""Webhooks that go out: which addresses are called, and what is told."""

import socket
import threading
import time

import pytest

from folkmoot_protocol.types import Author, Entry, EntryKind, Role
from folkmoot_server.actions import outgoing
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


def test_a_name_of_a_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that has a public address besides."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(ValueError, match="private"):
        send("https://rebound.example/", b"{}", {}, Hooks())


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
            send(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, settings)
        assert time.monotonic() - began < 4
        thread.join(5)
