"""Passwords are compared with lists by another process: the event loop never waits for the interpreter meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from folkmoot_server.crypto.guesser import Guesser
from folkmoot_server.crypto.guessing import NICE, guesses
from folkmoot_server.crypto.passwords import BUSY, GUESSED, Passwords

LONG = "b1946ac92492d2347c6235b4d2611184" * 2


@pytest.fixture
def guesser() -> Iterator[Guesser]:
    one = Guesser()
    yield one
    one.close()


def processes() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if any("crypto.guessing" in part for part in one.cmdline())]


@pytest.mark.parametrize("password", ["iloveyou1", "somebody1", "红日出海照高楼万里", "a\nb\ud800c d\x00", LONG])
def test_another_process_says_the_same(guesser: Guesser, password: str) -> None:
    assert guesser.guesses(password, ["somebody"]) == pytest.approx(guesses(password, ["somebody"]))


def test_one_process_is_kept_and_lets_the_loop_go_first(guesser: Guesser) -> None:
    assert not processes()
    guesser.guesses(LONG, [])
    (one,) = processes()
    guesser.guesses(LONG, [])
    assert processes() == [one]
    assert one.nice() == min(os.getpriority(os.PRIO_PROCESS, 0) + NICE, 19)
    assert LONG not in " ".join(one.cmdline())


def test_one_that_was_killed_is_started_anew(guesser: Guesser) -> None:
    before = guesser.guesses(LONG, [])
    (one,) = processes()
    one.kill()
    one.wait()
    assert guesser.guesses(LONG, []) == before


def test_the_server_itself_never_loads_the_lists() -> None:
    """What the server loads it would run in a thread: 28 ms for a password of 64 signs, up to 400 for others."""
    look = "import sys, folkmoot_server.crypto.passwords; sys.exit('zxcvbn' in sys.modules)"
    assert not subprocess.run([sys.executable, "-c", look], check=False, timeout=60).returncode


async def test_without_it_no_password_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    try:
        assert await passwords.hash("ann", "iloveyou1", ()) == GUESSED
        assert isinstance(await passwords.hash("ann", LONG, ()), str)
        for one in processes():
            one.kill()
            one.wait()
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        assert await passwords.hash("ann", LONG, ()) == BUSY
    finally:
        passwords.close()
    assert not processes()
    assert await Passwords().verify("ann", None, LONG) is False
