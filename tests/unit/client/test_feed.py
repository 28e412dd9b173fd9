"""Each entry once and in order, whatever comes in whichever order."""

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_client.sdk.feed import GroupFeed
from folkmoot_protocol import Entry
from tests.builders.entries import make_entry

MOST = 30
LOG = [make_entry(seq) for seq in range(1, MOST + 1)]

# What reaches a client: an entry (any one, any number of times), news that entries exist, a page of history
# that was read some steps ago.
steps = st.one_of(
    st.tuples(st.just("take"), st.integers(1, MOST)),
    st.tuples(st.just("note"), st.integers(1, MOST)),
    st.tuples(st.just("ask"), st.integers(1, 8)),
    st.tuples(st.just("answer"), st.just(0)),
)


class Reader:
    """A feed, and a page of history on its way to it."""

    def __init__(self, cursor: int, hold: int, rotated: set[int]) -> None:
        self.feed = GroupFeed(cursor, hold)
        self.got: list[Entry] = []
        self.log = [entry for entry in LOG if entry.seq not in rotated]
        self.under_way: tuple[list[Entry], bool, int] | None = None

    def take(self, seq: int) -> None:
        self.got += self.feed.take(LOG[seq - 1])

    def note(self, seq: int) -> None:
        self.feed.note(seq)

    def ask(self, limit: int) -> None:
        there = [entry for entry in self.log if self.feed.cursor < entry.seq <= self.feed.known]
        self.under_way = there[:limit], len(there) > limit, self.feed.known

    def answer(self, _unused: int) -> None:
        if self.under_way is not None:
            page, more, asked = self.under_way
            self.under_way = None
            self.got += self.feed.fill(page, more=more, asked=asked)


@given(
    st.integers(0, MOST),
    st.integers(0, 5),
    st.sets(st.integers(1, MOST), max_size=6),
    st.lists(steps, max_size=80),
)
def test_each_entry_once_and_in_order(cursor: int, hold: int, rotated: set[int], script: list[tuple[str, int]]) -> None:
    reader = Reader(cursor, hold, rotated)
    live = set()
    for name, number in script:
        getattr(reader, name)(number)
        live |= {number} if name == "take" else set()
    while reader.feed.is_behind:
        reader.ask(7)
        reader.answer(0)
    seqs = [entry.seq for entry in reader.got]
    assert seqs == sorted(set(seqs))
    assert set(seqs) <= set(range(cursor + 1, reader.feed.known + 1))
    # What history still has is never left out; what it has lost came live or not at all.
    missing = set(range(cursor + 1, reader.feed.known + 1)) - set(seqs)
    assert missing <= rotated


def test_entries_in_order_pass_at_once() -> None:
    feed = GroupFeed(4)
    assert feed.take(LOG[4]) == [LOG[4]]
    assert feed.take(LOG[5]) == [LOG[5]]
    assert feed.cursor == 6
    assert not feed.is_behind


def test_an_entry_waits_for_the_hole_before_it() -> None:
    feed = GroupFeed(0)
    assert feed.take(LOG[1]) == []
    assert feed.is_behind
    assert feed.take(LOG[0]) == [LOG[0], LOG[1]]
    assert not feed.is_behind


def test_an_entry_seen_is_not_handed_on_again() -> None:
    feed = GroupFeed(2)
    assert feed.take(LOG[0]) == []
    assert feed.fill(LOG[:2], more=False, asked=2) == []


def test_seqs_that_history_has_lost_are_passed_over() -> None:
    feed = GroupFeed(0)
    feed.take(LOG[9])
    assert feed.fill(LOG[6:8], more=True, asked=10) == LOG[6:8]
    assert feed.fill([], more=False, asked=10) == [LOG[9]]
    assert not feed.is_behind


def test_an_old_page_does_not_hide_what_came_after_it_was_read() -> None:
    feed = GroupFeed(0)
    feed.note(2)
    feed.note(5)
    assert feed.fill(LOG[:2], more=False, asked=2) == LOG[:2]
    assert feed.is_behind
