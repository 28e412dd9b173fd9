"""Small parts of the server: readable details, addresses and origins, passwords, the clock, frames."""

import unicodedata
from collections.abc import Iterable

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode

from folkmoot_governance.duration import FOREVER_MS
from folkmoot_server.common.i18n import catalogue, readable, show_instant, translator
from folkmoot_server.crypto.guessing import guesses
from folkmoot_server.crypto.passwords import (
    Passwords,
    check_password,
    hash_token,
    is_guessed,
    new_token,
    prepare_password,
)
from folkmoot_server.jobs.journal import index_rest_s
from folkmoot_server.transport.addresses import client_address, is_known_host, is_loopback, is_origin_allowed
from folkmoot_server.transport.frames import make_frame

NOON = 1_790_078_400_000


def test_ends_and_lengths_get_readable_twins() -> None:
    detail = {"until_ms": NOON, "slow_ms": 90_000, "retry_after_ms": 1_500, "window_ms": 0, "user": "bob", "n": 3}
    assert readable(detail, catalogue("en")) == {
        **detail,
        "until": "until 2026-09-22 12:00 UTC",
        "slow": "1 minute 30 seconds",
        "wait": "2 seconds",
        "window": "0 seconds",
    }
    assert readable({"users": ("ann", "bob")}, catalogue("en"))["names"] == "@ann @bob"
    assert readable({"until_ms": FOREVER_MS}, catalogue("en"))["until"] == "permanently"
    assert show_instant(0) == "1970-01-01 00:00 UTC"


def test_what_is_no_number_gets_no_twin() -> None:
    assert readable({"odd_ms": "x"}, catalogue("en")) == {"odd_ms": "x"}


def test_placeholders_are_filled_and_never_formatted_twice() -> None:
    assert translator("en")("Hello @{user}", {"user": "{evil}"}) == "Hello @{evil}"
    assert translator("en")("No {placeholders}") == "No {placeholders}"
    assert translator("en")("") == ""


def test_an_unknown_language_speaks_english() -> None:
    assert translator("tlh")("Sign in first.") == "Sign in first."
    assert translator("zh-CN")("Sign in first.") != "Sign in first."


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), ("", False), ("localhost", False)],
)
def test_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Return headers; a name may come more than once."""
    made = Headers()
    for name, value in pairs:
        made[name] = value
    return made


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "nonsense"),
        ("10.0.0.1", [", ,"], "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_vouch_for_an_address(peer: str, forwarded: list[str], expected: str) -> None:
    assert client_address(peer, forwarded, ("10.0.0.0/8",)) == expected


@pytest.mark.parametrize(
    ("origins", "peer", "expected"),
    [
        ([], "203.0.113.7", True),
        (["https://chat.example.org"], "203.0.113.7", True),
        (["http://chat.example.org:8765"], "203.0.113.7", True),
        (["https://other.example.org"], "203.0.113.7", True),
        (["https://evil.example.org"], "203.0.113.7", False),
        (["http://localhost:3000"], "203.0.113.7", False),
        (["http://localhost:3000"], "127.0.0.1", True),
        (["http://[::1]:3000"], "::1", True),
        (["http://localhost.evil.example.org"], "127.0.0.1", False),
        (["null"], "127.0.0.1", False),
        (["https://chat.example.org", "https://chat.example.org"], "203.0.113.7", False),
    ],
)
def test_origins(origins: list[str], peer: str, expected: bool) -> None:
    host = "chat.example.org:8765" if origins == ["http://chat.example.org:8765"] else "chat.example.org"
    given = headers([("Host", host), *(("Origin", origin) for origin in origins)])
    assert is_origin_allowed(given, ["https://other.example.org"], peer) is expected


@pytest.mark.parametrize(
    ("password", "good"), [("s" * 8, True), ("1234567", False), ("s" * 256, True), ("s" * 257, False)]
)
def test_how_long_passwords_are(password: str, good: bool) -> None:
    assert (check_password(password) is None) is good


NAMES = frozenset({"chat.example.org"})


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ([], True),
        (["chat.example.org"], True),
        (["Chat.Example.Org:8765"], True),
        (["chat.example.org."], True),
        (["localhost:8765"], True),
        (["127.0.0.1"], True),
        (["192.168.1.5:8765"], True),
        (["[2001:db8::1]:8765"], True),
        (["evil.example"], False),
        (["localhost.evil.example:8765"], False),
        (["127.0.0.1.evil.example"], False),
        (["chat.example.org.evil.example"], False),
        (["xn--chat.example.org"], False),
        (["chat.example.org@evil.example"], False),
        (["[::1"], False),
        ([""], False),
        (["chat.example.org", "evil.example"], False),
    ],
)
def test_hosts(hosts: list[str], expected: bool) -> None:
    assert is_known_host(hosts, NAMES) is expected
    assert is_known_host(hosts, None)


GUESSED = """12345678 XXXXXXXX password123 passw0rd!! qwertyuiop a123456789 qq123456 iloveyou1 19900101 sunshine12
    SomeBody somebody1 somebody-somebody 1234somebody folkmoot1"""
HARD = ["correct horse battery", "seven wet herons stand", "k9#Lm2pQ", "红日出海照高楼万里"]


@pytest.mark.parametrize("password", [*GUESSED.split(), "Some One", "x" * 256, "ab" * 128])
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    assert is_guessed(password, ("somebody", "Some One"), guesses)


@pytest.mark.parametrize("password", HARD)
def test_what_nobody_guesses_is_a_password(password: str) -> None:
    assert not is_guessed(password, ("somebody", "Some One"), guesses)


async def test_old_hashes_fit_whatever_form_was_hashed() -> None:
    """Before passwords were prepared, they were hashed as they came."""
    passwords = Passwords()
    composed, apart = "Zürich\u3000café", unicodedata.normalize("NFD", "Zürich\u3000café")
    for hashed in (composed, apart, "with\u200bzero width"):
        stored = await passwords.hash("", hashed, ())
        assert isinstance(stored, str)
        for typed in (composed, apart) if hashed != "with\u200bzero width" else (hashed,):
            assert await passwords.verify("", stored, typed) is True
        assert await passwords.verify("", stored, "Zurich cafe") is False
        assert await passwords.verify("", None, hashed) is False
    passwords.close()


async def test_passwords_are_hashed_as_is_recommended() -> None:
    passwords = Passwords()
    stored = await passwords.hash("", "a long password of mine", ())
    assert isinstance(stored, str)
    assert extract_parameters(stored) == RFC_9106_LOW_MEMORY
    passwords.close()


@pytest.mark.parametrize("password", ["", " ", "plain words", "~!@#$%^&*()"])
def test_ascii_is_prepared_already(password: str) -> None:
    assert prepare_password(password) == password


def test_tokens_are_long_and_stored_hashed() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) >= 43 for token in tokens)
    assert not any(token in hash_token(token) for token in tokens)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 100_000])
@pytest.mark.parametrize("binary", [True, False])
def test_frames_are_those_of_the_library(size: int, binary: bool) -> None:
    payload = b"x" * size
    expected = Frame(Opcode.BINARY if binary else Opcode.TEXT, payload).serialize(mask=False)
    assert make_frame(payload, binary=binary) == expected


def test_indexing_rests_only_while_posts_come_in_a_rush() -> None:
    assert index_rest_s(0.5, 0) == index_rest_s(0.5, 500) == 0
    assert index_rest_s(0.5, 501) == 4.5


def test_what_was_said_for_people_is_not_said_again_as_a_length() -> None:
    """`due_ms` is an instant; whoever gives it says `due` as well."""
    say = translator("en")
    assert say("by {due}, {wait}", {"due": "2026-11-25", "due_ms": 1_795_601_966_311, "retry_after_ms": 5000}) == (
        "by 2026-11-25, 5 seconds"
    )
