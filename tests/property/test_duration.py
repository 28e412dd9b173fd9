"""What `show_duration` writes, `parse_duration` reads back; and nothing that people type breaks it."""

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance.duration import (
    FOREVER_MS,
    LONGEST_MS,
    SECOND_MS,
    Until,
    end_of,
    fold,
    parse_duration,
    read_duration,
    show_duration,
    show_until,
)


@given(st.integers(1, LONGEST_MS // SECOND_MS))
def test_whole_seconds_round_trip(seconds: int) -> None:
    assert parse_duration(show_duration(seconds * SECOND_MS)) == seconds * SECOND_MS


@given(st.integers(1, LONGEST_MS - SECOND_MS))
def test_shown_is_rounded_up_by_less_than_a_second(length: int) -> None:
    shown = parse_duration(show_duration(length))
    assert shown is not None
    assert length <= shown < length + SECOND_MS


@given(st.text() | st.from_regex(r"[0-9]{1,12}(s|m|h|d|w|mo|y|M|Y)?", fullmatch=True))
def test_any_text_is_a_bounded_duration_or_none(text: str) -> None:
    length = parse_duration(text)
    assert length is None or 0 < length <= LONGEST_MS or length == FOREVER_MS


@given(st.integers(0, FOREVER_MS), st.integers(0, FOREVER_MS))
def test_ends_never_pass_the_end_of_time(now: int, length: int) -> None:
    assert now <= end_of(now, length) <= FOREVER_MS


@given(st.integers(0, FOREVER_MS - 1), st.text(max_size=20))
def test_an_end_is_written_so_that_it_is_read_to_the_millisecond(end_ms: int, reason: str) -> None:
    reading = read_duration(f"{show_until(end_ms)} why {reason}")
    assert reading.span == Until(end_ms)
    assert reading.rest.startswith("why")


@given(st.text())
def test_nothing_of_a_text_is_lost(text: str) -> None:
    reading = read_duration(text)
    assert len(fold(text)) == len(text)
    assert text.endswith(reading.rest)
    assert reading.span is not None or reading.rest == text
