"""A chunk gives back the entries that have a token, and perhaps others; never fewer."""

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.storage.search.index import Chunk, Draft, Spread, bucket_of, build, candidates
from folkmoot_server.storage.search.text import fold, parse_query, token_number, tokens_of

SPREAD = Spread(tokens=96, most=256)


def chunk_of(bodies: dict[int, str]) -> Chunk:
    draft = Draft(min(bodies), max(bodies))
    for seq, body in sorted(bodies.items()):
        draft.add(seq, "text", None, body)
    return build(draft, (), SPREAD, lambda: None)


def found(bodies: dict[int, str], text: str, before: int = 10**6) -> list[int]:
    """Return what a query's tokens give in the chunk of `bodies`."""
    query = parse_query(text)
    assert query is not None
    chunk = chunk_of(bodies)
    buckets = [chunk.buckets[bucket_of(token, len(chunk.buckets))] for token in query.tokens]
    return candidates(query.tokens, buckets, chunk.first, before)


def test_entries_come_newest_first_and_below_the_bound() -> None:
    bodies = {10: "one two", 12: "two", 15: "two three", 16: "three"}
    assert found(bodies, "two") == [15, 12, 10]
    assert found(bodies, "two", before=15) == [12, 10]
    assert found(bodies, "two three") == [15]
    assert found(bodies, "four") == []


def test_a_large_vocabulary_is_spread_over_buckets_and_found() -> None:
    bodies = {seq: f"word{seq} common 第{seq}条消息" for seq in range(1, 2049)}
    for seq in (1, 512, 2048):
        assert found(bodies, f"word{seq}") == [seq]
    assert len(found(bodies, "common 消息")) == 2048
    chunk = chunk_of(bodies)
    assert 8 <= len(chunk.buckets) <= SPREAD.most


def test_tokens_that_share_their_number_bits_are_both_found() -> None:
    seen: dict[int, str] = {}
    for count in range(10**6):
        word = f"w{count}"
        other = seen.setdefault(token_number(word) & 0xFFFF, word)
        if other != word:
            break
    assert {1, 3} <= set(found({1: word, 2: "x", 3: f"{word} {other}", 4: other}, word))
    assert {3, 4} <= set(found({1: word, 2: "x", 3: f"{word} {other}", 4: other}, other))


@given(st.dictionaries(st.integers(1, 900), st.text("ab 群规", max_size=9), min_size=1, max_size=40))
def test_nothing_that_has_the_tokens_is_left_out(bodies: dict[int, str]) -> None:
    for text in ("a", "b", "ab", "群规", "a 群", "规群"):
        tokens = tokens_of(fold(text)) if len(text) == 1 else None
        query = parse_query(text)
        assert query is not None
        having = {seq for seq, body in bodies.items() if query.matches(body)}
        assert having <= set(found(bodies, text)), tokens
