"""Token buckets: what passes in a time, and what is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.common.rate_limit import Bucket, Buckets

SECOND = 1000


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(5, 10)
    assert [bucket.take(SECOND) for _ in range(10)] == [0] * 10
    wait = bucket.take(SECOND)
    assert 0 < wait <= 201
    assert bucket.take(SECOND + wait - 2) > 0
    assert bucket.take(SECOND + wait) == 0


def test_what_was_refused_costs_nothing() -> None:
    bucket = Bucket(1, 1)
    assert bucket.take(0) == 0
    waits = [bucket.take(0) for _ in range(100)]
    assert len(set(waits)) == 1
    assert bucket.take(waits[0]) == 0


def test_dear_requests_wait_longer() -> None:
    bucket = Bucket(10, 20)
    assert bucket.take(0, 20) == 0
    assert bucket.take(0, 10) > bucket.take(0, 5) > bucket.take(0, 1) > 0


def test_a_rate_of_nothing_is_no_limit() -> None:
    bucket = Bucket(0, 0)
    assert not any(bucket.take(0, 100) for _ in range(1000))
    assert bucket.is_full(0)


def test_a_clock_that_stands_or_steps_back_gives_nothing() -> None:
    bucket = Bucket(1, 1)
    assert bucket.take(10 * SECOND) == 0
    assert bucket.take(5 * SECOND) > 0
    assert bucket.take(10 * SECOND) > 0
    assert bucket.take(11 * SECOND + 1) == 0


@given(
    rate=st.integers(1, 500),
    steps=st.lists(st.tuples(st.integers(0, 5000), st.floats(0.1, 5)), max_size=200),
)
def test_never_more_than_burst_and_rate_allow(rate: int, steps: list[tuple[int, float]]) -> None:
    burst = max(2 * rate, 5)
    bucket = Bucket(rate, burst)
    now = start = 1_000_000
    taken = 0.0
    for pause, cost in steps:
        now += pause
        wait = bucket.take(now, cost)
        assert wait >= 0
        if not wait:
            taken += cost
        assert taken <= burst + (now - start) * rate / SECOND + 1e-6


@given(rate=st.integers(1, 500), cost=st.floats(0.1, 5))
def test_who_waits_as_told_passes(rate: int, cost: float) -> None:
    bucket = Bucket(rate, max(2 * rate, 5))
    now = 1_000_000
    while not (wait := bucket.take(now, cost)):
        pass
    assert bucket.take(now + wait, cost) == 0


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(1, 1)
    assert buckets.take("a", 0) == 0
    assert buckets.take("a", 0) > 0
    assert buckets.take("b", 0) == 0


def test_full_buckets_are_forgotten_first() -> None:
    buckets = Buckets(1, 2, most=10)
    for number in range(9):
        buckets.take(f"quiet{number}", 0)
    for _ in range(2):
        buckets.take("loud", 3 * SECOND)
    assert buckets.take("new", 3 * SECOND) == 0
    assert buckets.take("loud", 3 * SECOND) > 0


def test_there_are_never_more_buckets_than_allowed() -> None:
    buckets = Buckets(1, 1, most=10)
    for number in range(1000):
        assert buckets.take(str(number), 0) == 0
        assert len(buckets._buckets) <= 10


def test_what_was_taken_elsewhere_is_missing_here() -> None:
    buckets = Buckets(1, 5)
    buckets.spend("a", 10 * SECOND, 3)
    assert [buckets.take("a", 10 * SECOND) for _ in range(3)] == [0, 0, 1001]
    buckets.spend("a", 10 * SECOND, 1000)
    # In debt for one burst, so six seconds until there is one to take.
    assert buckets.take("a", 10 * SECOND) == 6001
    assert buckets.take("a", 16 * SECOND + 1) == 0


def test_nothing_is_kept_where_there_is_no_limit() -> None:
    buckets = Buckets(0, 0)
    for number in range(10):
        assert buckets.take(str(number), 0) == 0
        buckets.spend(str(number), 0, 100)
    assert not buckets._buckets


def test_a_bucket_that_gets_its_rate_later_is_full_on_a_machine_that_has_just_started() -> None:
    bucket = Bucket(0, 0)
    bucket.set_rate(1 / 86_400, 1)
    assert bucket.take(5) == 0
    assert bucket.take(6) > 0
    bucket.set_rate(2 / 86_400, 2)
    assert bucket.take(7) > 0, "a change gives nothing away"
