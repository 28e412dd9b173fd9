import pytest

from folkmoot_governance.duration import DAY_MS, FOREVER_MS, LONGEST_MS, end_of, parse_duration, show_duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30s", 30_000),
        ("10m", 600_000),
        ("2h", 7_200_000),
        ("7d", 7 * DAY_MS),
        ("2w", 14 * DAY_MS),
        ("6mo", 180 * DAY_MS),
        ("1y", 365 * DAY_MS),
        ("1MO", 30 * DAY_MS),
        ("5M", 300_000),
        ("100y", LONGEST_MS),
        ("3153600000s", LONGEST_MS),
        ("perm", FOREVER_MS),
        ("Forever", FOREVER_MS),
        ("永久", FOREVER_MS),
    ],
)
def test_durations_that_people_type(text: str, length: int) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "10", "0s", "-1m", "1.5h", "1h30m", "h", "101y", "9999999999d", "٣d", "1d\n"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (1, "1s"),
        (90_000, "90s"),
        (5_400_000, "90m"),
        (7_200_000, "2h"),
        (DAY_MS, "1d"),
        (14 * DAY_MS, "2w"),
        (59_001, "1m"),
        (FOREVER_MS, "perm"),
    ],
)
def test_durations_shown(length: int, shown: str) -> None:
    assert show_duration(length) == shown


def test_an_end_is_at_most_the_end_of_time() -> None:
    assert end_of(1000, 5) == 1005
    assert end_of(1000, FOREVER_MS) == FOREVER_MS
