"""The time of day against jumps of the machine's clock, and ticks beside it."""

import pytest
from prometheus_client import REGISTRY

from folkmoot_server.common.clock import AWAY_MS, LASTS_MS, STARTING_MS, TOLERATED_MS, Clock, Ticks

NOW = 1_800_000_000_000
HOUR, DAY = 3_600_000, 86_400_000


class Machine:
    """A machine whose clock anybody sets: what it shows (`wall`), and how long it has run (`ran`), in ms."""

    def __init__(self, wall: int = NOW) -> None:
        self.wall = wall
        self.ran = 5_000
        self.clock = Clock(lambda: self.wall / 1000, lambda: Ticks(self.ran))

    def run(self, ms: int) -> int:
        """Let time pass, looking at the clock every second; return what it says."""
        while ms > 0:
            step = min(ms, 1000)
            self.wall, self.ran, ms = self.wall + step, self.ran + step, ms - step
            self.clock.now_ms()
        return self.clock.now_ms()


def shown_jump() -> float:
    return REGISTRY.get_sample_value("folkmoot_clock_jump_seconds") or 0.0


@pytest.mark.parametrize("jump", [3 * DAY, -HOUR, 5 * 60_000, -TOLERATED_MS - 1, 7 * 31 * DAY])
def test_a_jump_is_not_believed_and_is_forgotten_when_it_is_taken_back(jump: int) -> None:
    machine = Machine()
    machine.run(1000)
    machine.wall += jump
    assert machine.run(2500) == NOW + 3500
    assert not machine.clock.is_certain()
    assert shown_jump() == jump / 1000
    machine.wall -= jump
    assert machine.run(1000) == NOW + 4500
    assert machine.clock.is_certain()
    assert shown_jump() == 0


@pytest.mark.parametrize("jump", [3 * DAY, -HOUR])
def test_a_time_that_lasts_is_believed(jump: int) -> None:
    machine = Machine()
    machine.wall += jump
    machine.run(LASTS_MS - 1000)
    assert not machine.clock.is_certain()
    machine.run(3000)
    assert machine.clock.is_certain()
    assert machine.clock.now_ms() == machine.wall


def test_another_jump_must_last_by_itself() -> None:
    machine = Machine()
    machine.wall += DAY
    machine.run(LASTS_MS - 1000)
    machine.wall += DAY
    assert machine.run(LASTS_MS - 1000) == NOW + 2 * (LASTS_MS - 1000)
    assert not machine.clock.is_certain()
    machine.run(3000)
    assert machine.clock.now_ms() == machine.wall


def test_who_administers_can_say_that_a_time_is_right() -> None:
    machine = Machine()
    machine.clock.confirm()
    assert machine.clock.is_certain()
    machine.wall -= HOUR
    machine.run(1000)
    machine.clock.confirm()
    assert (machine.clock.is_certain(), machine.clock.now_ms()) == (True, machine.wall)


def test_a_clock_that_a_time_server_nudges_is_followed_and_does_not_step_back() -> None:
    machine = Machine()
    assert machine.clock.now_ms() == NOW
    machine.wall -= TOLERATED_MS
    assert machine.run(1000) == NOW
    machine.wall += TOLERATED_MS
    assert machine.run(1000) == machine.wall
    assert machine.clock.is_certain()


def test_ticks_know_nothing_of_any_of_it() -> None:
    machine = Machine()
    machine.wall -= HOUR
    assert machine.run(2000) and machine.clock.ticks() == 7000


# Starting


@pytest.mark.parametrize("known", [0, NOW, NOW + 1000, NOW - AWAY_MS])
def test_a_start_with_a_time_that_may_be_is_certain(known: int) -> None:
    machine = Machine()
    machine.clock.begin(known, None)
    assert (machine.clock.is_certain(), machine.clock.now_ms()) == (True, NOW)


@pytest.mark.parametrize("known", [NOW - AWAY_MS - 1, NOW - 7 * 31 * DAY, NOW + HOUR])
def test_a_start_with_a_time_that_nothing_speaks_for_is_in_doubt_for_a_while(known: int) -> None:
    machine = Machine()
    machine.clock.begin(known, None)
    assert (machine.clock.is_certain(), machine.clock.now_ms()) == (False, NOW)
    assert machine.clock.certain_ms() == min(known, NOW)
    machine.run(STARTING_MS - 1000)
    assert not machine.clock.is_certain()
    machine.run(2000)
    assert machine.clock.is_certain()
    assert machine.clock.certain_ms() == machine.wall


def test_a_start_with_a_wrong_time_ends_its_doubt_when_the_clock_is_set_right() -> None:
    machine = Machine(NOW + 3 * DAY)
    machine.clock.begin(NOW - 1000, None)
    machine.run(2500)
    machine.wall -= 3 * DAY
    assert machine.run(1000) == NOW + 3500
    assert machine.clock.is_certain()
    assert machine.clock.certain_ms() == machine.wall


def test_a_wrong_time_that_is_set_to_another_wrong_one_is_in_doubt_anew() -> None:
    machine = Machine(NOW + 3 * DAY)
    machine.clock.begin(NOW, None)
    machine.run(STARTING_MS - 1000)
    machine.wall += 7 * DAY
    assert machine.run(STARTING_MS - 1000) == machine.wall
    assert not machine.clock.is_certain()


@pytest.mark.parametrize("jump", [7 * 31 * DAY, -HOUR])
def test_on_a_machine_that_runs_on_a_start_knows_what_its_clock_should_show(jump: int) -> None:
    machine = Machine(NOW + jump)
    machine.clock.begin(NOW - 10 * DAY, NOW - machine.ran)
    assert (machine.clock.is_certain(), machine.clock.now_ms()) == (False, NOW)
    assert machine.clock.certain_ms() == NOW - 10 * DAY
