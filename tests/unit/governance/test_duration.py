import pytest

from folkmoot_governance.duration import (
    DAY_MS,
    FOREVER_MS,
    LONGEST_MS,
    Until,
    end_of,
    find_duration,
    parse_duration,
    read_duration,
    show_duration,
)


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
        ("permanent", FOREVER_MS),
        ("Forever", FOREVER_MS),
        ("永久", FOREVER_MS),
        ("for ever", FOREVER_MS),
        ("三天", 3 * DAY_MS),
        ("七日", 7 * DAY_MS),
        ("1分钟", 60_000),
        ("两个小时", 7_200_000),
        ("二十四小时", DAY_MS),
        ("一百二十天", 120 * DAY_MS),
        ("半小时", 1_800_000),
        ("三个月", 90 * DAY_MS),
        ("１０ｍ", 600_000),
        ("2 weeks", 14 * DAY_MS),
        ("7days", 7 * DAY_MS),
        ("1h30m", 5_400_000),
        ("1 day 12 hours", 129_600_000),
    ],
)
def test_durations_that_people_type(text: str, length: int) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "10", "0s", "-1m", "1.5h", "h", "for 7d", "三月", "二百年", "101y", "9999999999d", "٣d", "1d\n"]
)
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
    assert end_of(1000, Until(7)) == 7


@pytest.mark.parametrize(
    ("text", "length", "rest"),
    [
        ("7d", 7 * DAY_MS, ""),
        ("三天 刷屏", 3 * DAY_MS, "刷屏"),
        ("1分钟", 60_000, ""),
        ("for 7d", 7 * DAY_MS, ""),
        ("for 7d, he knows why", 7 * DAY_MS, "he knows why"),
        ('"7d" spam', 7 * DAY_MS, "spam"),
        ("“7d” spam", 7 * DAY_MS, "spam"),
        ("七日", 7 * DAY_MS, ""),
        ("2 weeks spam", 14 * DAY_MS, "spam"),
        ("１０ｍ　刷屏", 600_000, "刷屏"),
        ("for ever and a day", FOREVER_MS, "and a day"),
        ("1h 30m", 5_400_000, ""),
        ("10m 刷屏三天", 600_000, "刷屏三天"),
        ("10m 3 days ago he did it, too", 600_000, "3 days ago he did it, too"),
        ("10m and he knows why", 600_000, "and he knows why"),
        ("10m 3 strikes", 600_000, "3 strikes"),
        ('perm "7d" was too short', FOREVER_MS, '"7d" was too short'),
    ],
)
def test_what_a_text_begins_with_is_read(text: str, length: int, rest: str) -> None:
    reading = read_duration(text)
    assert (reading.span, reading.rest) == (length, rest)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10", "10"),
        ("10 spam", "10"),
        ("-5m", "-5m"),
        ("1.5h", "1.5h"),
        ("5m5m", "5m5m"),
        ("2 weeks of spam", "2 weeks"),
        ("3 days ago", "3 days"),
        ("two weeks", "two weeks"),
        ("half an hour", "half an hour"),
        ("a week", "a week"),
        ("三天两头骂人", "三天两头骂人"),
        ("三天，刷屏", "三天，刷屏"),
        ("三月", "三月"),
        ("until noon", "until"),
        ("1 hour and 30 minutes", "1 hour and 30 minutes"),
        ("1h and a half, spam", "1h and a half"),
        ("1 week and a day", "1 week and a day"),
        ("10m to 20m", "10m to 20m"),
        ("7d until monday", "7d until"),
        ("7d or 2w", "7d or 2w"),
        ("perm 7d", "perm 7d"),
        ("永久 7天 刷屏", "永久 7天"),
        ("2h 7d", "2h"),
    ],
)
def test_what_only_looks_like_a_duration_is_asked_about(text: str, words: str) -> None:
    reading = read_duration(text)
    assert (reading.span, reading.words, reading.rest) == (None, words, text)


@pytest.mark.parametrize("text", ["", "spam", "for spamming", "一直刷屏", "a nuisance", "third time", "day after day"])
def test_what_is_no_duration_is_left_alone(text: str) -> None:
    reading = read_duration(text)
    assert (reading.span, reading.words, reading.rest) == (None, "", text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("spam 7d", "7d"),
        ("spamming for 7d", "7d"),
        ("posts ads, 2 weeks", "2 weeks"),
        ("刷屏三天", "三天"),
        ("out for a week", "a week"),
        ("said it 3 times", ""),
        ("4x4 and 2024", ""),
        ("see #12d", ""),
        ("version 2.7d", ""),
        ("十分讨厌", ""),
    ],
)
def test_durations_are_found_wherever_they_stand(text: str, found: str) -> None:
    assert find_duration(text) == found
