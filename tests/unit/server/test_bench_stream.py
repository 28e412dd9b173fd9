"""The load generator's checks: data cut anywhere counts the same, and nothing lost, doubled or swapped goes unseen."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.bench.stream import TEXT, Delivery, Reader, Stream, client_frame, frame_end, payload_of


def frame(payload: bytes) -> bytes:
    """Return a frame as a server sends it."""
    size = len(payload)
    head = bytes((0x80 | TEXT, size)) if size < 126 else bytes((0x80 | TEXT, 126)) + size.to_bytes(2)
    return head + payload


def entry(seq: int, number: int | None = None, sender: int = 1, size: int = 40) -> bytes:
    return frame(f"{seq} {sender} {number or seq} ".encode().ljust(size, b"."))


def decode(opcode: int, payload: bytes) -> Delivery | None:
    if payload.startswith(b"other"):
        return None
    seq, sender, number, _ = payload.decode().split(" ", 3)
    return Delivery(int(seq), int(sender), int(number))


def readers(count: int) -> tuple[Stream, list[Reader]]:
    stream = Stream()
    return stream, [Reader(stream, decode) for _ in range(count)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return data in pieces."""
    edges = sorted({0, len(data), *(place % len(data) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(
    sizes=st.lists(st.sampled_from([20, 125, 126, 300]), min_size=1, max_size=6),
    cuts=st.lists(st.lists(st.integers(0, 2000), max_size=8), min_size=3, max_size=3),
    turns=st.randoms(use_true_random=False),
)
def test_any_pieces_in_any_turn_are_the_same_entries(sizes: list[int], cuts: list[list[int]], turns: object) -> None:
    frames = [entry(7 + index, index + 1, size=size) for index, size in enumerate(sizes)]
    stream, all_readers = readers(3)
    waiting = [cut(b"".join(frames), places) for places in cuts]
    order = [which for which, pieces in enumerate(waiting) for _ in pieces]
    turns.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    for which in order:
        all_readers[which].feed(waiting[which].pop(0))
    assert stream.ends[-1] == sum(map(len, frames))
    assert list(stream.own[1]) == stream.ends
    for reader in all_readers:
        assert (reader.deliveries, reader.faults) == (len(frames), (0, 0))


def test_other_frames_between_entries_are_no_entries() -> None:
    stream, (first, second) = readers(2)
    first.feed(entry(1) + frame(b"other") + entry(2))
    second.feed(frame(b"other") + entry(1) + entry(2)[:9])
    second.feed(entry(2)[9:])
    assert [first.deliveries, second.deliveries, len(stream.ends)] == [2, 2, 2]
    assert first.faults == second.faults == (0, 0)


def test_a_lost_entry_is_missing() -> None:
    stream, (first, second) = readers(2)
    first.feed(entry(1) + entry(2) + entry(3))
    second.feed(entry(1) + entry(3))
    assert len(stream.ends) - second.deliveries == 1
    assert second.faults == (0, 0)


def test_an_entry_that_never_comes_is_missing() -> None:
    stream, (first, second) = readers(2)
    first.feed(entry(1) + entry(2))
    second.feed(entry(1) + entry(2)[:-1])
    assert len(stream.ends) - second.deliveries == 1


def test_a_doubled_entry_is_seen() -> None:
    _, (first, second) = readers(2)
    first.feed(entry(1) + entry(2))
    second.feed(entry(1) + entry(1) + entry(2))
    assert (second.deliveries, second.faults) == (2, (1, 0))


def test_a_late_entry_is_seen() -> None:
    _, (first, second) = readers(2)
    first.feed(entry(1) + entry(2) + entry(3))
    second.feed(entry(1) + entry(3) + entry(2))
    assert (second.deliveries, second.faults) == (3, (0, 1))


def test_the_same_seq_with_another_entry_is_seen() -> None:
    _, (first, second) = readers(2)
    first.feed(entry(1, sender=1) + entry(2, 1, sender=2))
    second.feed(entry(1, sender=2))
    assert second.faults == (0, 1)


def test_a_post_that_the_server_skipped_is_seen() -> None:
    _, (only,) = readers(1)
    only.feed(entry(1, 1) + entry(2, 3))
    assert only.faults == (0, 1)


@given(st.sampled_from([0, 1, 125, 126, 4000]).map(bytes))
def test_client_frames_carry_their_payload(payload: bytes) -> None:
    made = client_frame(TEXT, payload)
    unmasked = frame(payload)
    assert frame_end(unmasked, 0) == len(unmasked)
    assert payload_of(unmasked) == payload
    # The mask, four zero bytes, is all that a client's frame has more.
    assert len(made) == len(unmasked) + 4
    assert made[1] & 0x80
    assert made.endswith(bytes(4) + payload)
