import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance.duration import FOREVER_MS, HOUR_MS, MINUTE_MS
from folkmoot_governance.ladder import DEFAULT_LADDER, Measure, Step, parse_ladder, show_ladder, step_at


def test_a_ladder_is_read_as_it_is_written() -> None:
    assert parse_ladder("2 mute 10m，3 kick; 5 ban") == (
        Step(2, Measure.MUTE, 10 * MINUTE_MS),
        Step(3, Measure.KICK),
        Step(5, Measure.BAN, FOREVER_MS),
    )
    assert parse_ladder("off") == parse_ladder(" OFF ") == ()
    assert parse_ladder(DEFAULT_LADDER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "3 mute",
        "3 mute 10",
        "3 kick 1h",
        "3 shout 1h",
        "0 kick",
        "101 kick",
        "three kick",
        "3 mute 1h now",
        "3 kick, 2 ban",
        "3 kick, 3 ban",
        "3 kick,",
        ", ".join(f"{n} kick" for n in range(1, 12)),
    ],
)
def test_what_is_no_ladder(text: str) -> None:
    assert parse_ladder(text) is None


steps = st.one_of(
    st.builds(Step, st.integers(1, 100), st.just(Measure.KICK)),
    st.builds(Step, st.integers(1, 100), st.sampled_from([Measure.MUTE, Measure.BAN]), st.just(HOUR_MS)),
)


@given(st.lists(steps, max_size=10, unique_by=lambda step: step.warnings))
def test_what_is_shown_is_read_back(found: list[Step]) -> None:
    ladder = tuple(sorted(found, key=lambda step: step.warnings))
    assert parse_ladder(show_ladder(ladder)) == ladder


def test_the_last_step_is_repeated_and_gaps_take_nothing() -> None:
    ladder = parse_ladder("2 mute 1h, 4 ban 1d") or ()
    taken = [step_at(ladder, count) for count in range(1, 7)]
    assert [step and step.warnings for step in taken] == [None, 2, None, 4, 4, 4]
    assert step_at((), 3) is None


def test_a_ladder_has_bounds() -> None:
    assert parse_ladder(", ".join(f"{number} kick" for number in range(1, 11))) is not None
    assert parse_ladder("1 kick") is not None and parse_ladder("100 kick") is not None
    assert parse_ladder("\u0663 kick") is None, "digits of other scripts"
    assert parse_ladder("1000 kick") is None and parse_ladder("10000 kick") is None


def test_steps_are_shown_as_they_are_typed() -> None:
    assert show_ladder((Step(2, Measure.MUTE, HOUR_MS), Step(3, Measure.KICK))) == "2 mute 1h, 3 kick"
    assert show_ladder(()) == "off"
