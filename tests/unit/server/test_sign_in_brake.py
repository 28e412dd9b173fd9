"""Wrong passwords are slowed down, and the owner of an account gets in all the same."""

from folkmoot_governance.duration import HOUR_MS, MINUTE_MS
from folkmoot_server.actions.accounts.brake import FROM_ALL, FROM_ONE, FROM_ONE_EACH_S, SignInBrake
from folkmoot_server.common.clock import Clock


class Door:
    """A brake and the time."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000_000
        self.brake = SignInBrake(Clock(lambda: self.now_ms / 1000))

    def guess(self, user: str, address: str) -> bool:
        """Try a wrong password; say whether it was looked at."""
        if self.brake.check(user, address):
            return False
        self.brake.failed(user, address)
        return True


def test_one_address_has_few_guesses_at_an_account() -> None:
    door = Door()
    assert [door.guess("olga", "192.0.2.1") for _ in range(8)] == [True] * FROM_ONE + [False] * (8 - FROM_ONE)
    refusal = door.brake.check("olga", "192.0.2.1")
    assert refusal is not None
    assert (refusal.code, refusal.detail["retry_after_ms"]) == ("rate_limited", FROM_ONE_EACH_S * 1000)
    door.now_ms += FROM_ONE_EACH_S * 1000
    assert [door.guess("olga", "192.0.2.1") for _ in range(2)] == [True, False]
    assert door.guess("adam", "192.0.2.1")


def test_all_addresses_of_one_network_are_one() -> None:
    door = Door()
    guesses = [door.guess("olga", f"2001:db8:1:2::{number:x}") for number in range(1, 10)]
    assert sum(guesses) == FROM_ONE


def test_whoever_is_attacked_from_everywhere_gets_in_from_an_address_of_its_own() -> None:
    door = Door()
    for number in range(1000):
        for _ in range(2):
            door.guess("olga", f"198.51.{number // 250}.{number % 250}")
    assert door.brake.check("olga", "198.51.0.1"), "who has guessed wrong waits"
    assert door.brake.check("olga", "203.0.113.5") is None, "who has not is heard"


def test_a_thousand_addresses_have_hardly_more_than_one_guess_each() -> None:
    door = Door()
    guesses = sum(door.guess("olga", f"198.51.{number // 250}.{number % 250}") for number in range(1000) for _ in "ab")
    assert guesses <= 1000 + FROM_ALL


def test_the_brake_lets_go_in_time() -> None:
    door = Door()
    for number in range(200):
        door.guess("olga", f"198.51.100.{number}")
    door.now_ms += 2 * HOUR_MS
    assert [door.guess("olga", "198.51.100.1") for _ in range(FROM_ONE + 1)] == [True] * FROM_ONE + [False]


def test_the_owner_is_told_once_how_many_there_were() -> None:
    door = Door()
    for _ in range(4):
        door.guess("olga", "192.0.2.1")
    door.now_ms += MINUTE_MS
    assert (door.brake.take_failed("olga"), door.brake.take_failed("olga"), door.brake.take_failed("adam")) == (4, 0, 0)
