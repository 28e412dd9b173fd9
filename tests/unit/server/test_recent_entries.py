"""The tail gives the pages that the journal would, or none."""

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_protocol.types import Entry, EntryKind
from folkmoot_server.live.recent_entries import MAX_CHARS, MAX_ENTRIES, RecentEntries
from tests.builders.entries import make_entry


def entry(seq: int, *, kind: EntryKind = EntryKind.TEXT, size: int = 1) -> Entry:
    return make_entry(seq, kind=kind, body="x" * size)


def journal_page(entries: list[Entry], before: int | None, after: int | None, limit: int) -> tuple[list[Entry], bool]:
    if after is not None:
        found = [one for one in entries if one.seq > after]
        return found[:limit], len(found) > limit
    found = [one for one in entries if before is None or one.seq < before]
    return found[-limit:], len(found) > limit


bounds = st.one_of(st.none(), st.integers(0, 420))


@given(
    count=st.integers(1, 400),
    start=st.integers(1, 400),
    size=st.sampled_from([1, 100, 4000]),
    before=bounds,
    after=bounds,
    limit=st.integers(1, 200),
)
def test_a_page_is_the_journals_or_none(
    count: int, start: int, size: int, before: int | None, after: int | None, limit: int
) -> None:
    entries = [entry(seq, size=size) for seq in range(1, count + 1)]
    recent = RecentEntries()
    for one in entries[start - 1 :]:
        recent.append([one])
    if after is not None and after > count:
        after = count
    page = recent.page(before, after, limit)
    if page is not None:
        assert (page.entries, page.more) == journal_page(entries, before, after, limit)
    if start <= count:
        newest = recent.page(None, count - 1, 1)
        assert newest is not None
        assert newest.entries == entries[-1:]


@given(size=st.sampled_from([0, 1, 500, 4000, 2 * MAX_CHARS]), count=st.integers(0, 500))
def test_it_stays_within_its_bounds(size: int, count: int) -> None:
    recent = RecentEntries()
    for seq in range(1, count + 1):
        recent.append([entry(seq, size=size)])
        assert len(recent._entries) <= 2 * MAX_ENTRIES
        assert sum(len(one.body) for one in recent._entries) <= 2 * MAX_CHARS


def test_nothing_before_a_removal_is_kept() -> None:
    recent = RecentEntries()
    recent.append([entry(1), entry(2), entry(3, kind=EntryKind.REDACTION), entry(4)])
    assert recent.page(None, 0, 10) is None
    page = recent.page(None, 2, 10)
    assert page is not None
    assert [one.seq for one in page.entries] == [3, 4]


def test_what_was_read_fills_only_what_nothing_has_touched() -> None:
    recent = RecentEntries()
    age = recent.age
    recent.fill([entry(1), entry(2)], 3, age)
    assert recent.page(None, 1, 1) is None, "it does not end where the room stands"
    recent.clear()
    recent.fill([entry(1), entry(2)], 2, age)
    assert recent.page(None, 1, 1) is None, "something was removed meanwhile"
    recent.fill([entry(1), entry(2)], 2, recent.age)
    page = recent.page(None, None, 10)
    assert page is not None
    assert [one.seq for one in page.entries] == [1, 2]
    assert not page.more


def test_it_is_shortened_to_its_bounds_when_it_is_twice_as_long() -> None:
    many, long = RecentEntries(), RecentEntries()
    many.append([entry(seq) for seq in range(1, 2 * MAX_ENTRIES + 1)])
    assert len(many._entries) == 2 * MAX_ENTRIES
    many.append([entry(2 * MAX_ENTRIES + 1)])
    assert len(many._entries) == MAX_ENTRIES
    long.append([entry(1, size=MAX_CHARS), entry(2, size=MAX_CHARS)])
    assert len(long._entries) == 2
    long.append([entry(3)])
    assert [one.seq for one in long._entries] == [3]


def test_a_page_with_what_is_before_it_is_here() -> None:
    recent = RecentEntries()
    recent.append([entry(seq) for seq in range(5, 11)])
    page = recent.page(None, None, 5)
    assert page is not None
    assert ([one.seq for one in page.entries], page.more) == ([6, 7, 8, 9, 10], True)
    assert recent.page(None, None, 6) is None, "nothing here tells whether there is more"
