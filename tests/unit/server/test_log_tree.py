"""The ledger's log: a tree that grows piece by piece is the one made at once, and a leaf tells nothing by itself."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.crypto.log_tree import (
    LogKeys,
    entry_of,
    grow,
    hash_of,
    needed_for,
    over,
    said_of,
    salt_of,
    unfinished,
)
from folkmoot_server.crypto.merkle import is_included, leaf_hash, prove_inclusion, root
from tests.unit.server.test_merkle import defined


class Row(NamedTuple):
    position: int
    stream: str = "account:mia"
    version: int = 3
    ts: int = 1_796_000_000_000
    type: str = "account_suspended"
    actor: str = "root"
    data: str = '{"reason":"sold things","at":1}'


LEAVES = [leaf_hash(number.to_bytes(3, "big")) for number in range(3 * 256 + 5)]
HUGE = 2 * 65_536 + 300


@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.data())
def test_a_tree_grows_to_what_it_would_be_at_once(pieces: list[int], data: st.DataObject) -> None:
    kept: dict[tuple[int, int], bytes] = {}
    size = 0
    for piece in pieces:
        leaves = LEAVES[size : size + piece]
        # What a store would be asked for, and no more.
        rows = {(level, one): kept[level, one] for level, first, end in unfinished(size) for one in range(first, end)}
        kept |= grow(size, leaves, rows)
        size += len(leaves)
    assert root(size, over(kept)) == defined(LEAVES[:size])
    index = data.draw(st.integers(0, size - 1))
    spans = needed_for(lambda subtree: prove_inclusion(index, size, subtree))
    some = {(level, one): kept[level, one] for level, first, end in spans for one in range(first, end)}
    assert is_included(LEAVES[index], index, size, prove_inclusion(index, size, over(some)), defined(LEAVES[:size]))


def test_few_hashes_are_needed_of_a_large_tree() -> None:
    spans = needed_for(lambda subtree: prove_inclusion(70_000, HUGE, subtree))
    assert sum(end - first for _level, first, end in spans) <= 3 * 256


def test_a_leaf_says_what_kind_of_event_it_is_and_not_whose() -> None:
    keys = LogKeys.derive(bytes(32))
    row = Row(7)
    entry = entry_of(row, salt_of(keys.salts, 7))
    assert entry.startswith(b"7 1796000000000 account_suspended ")
    assert not any(said in entry for said in (b"mia", b"root", b"sold"))
    assert b"sold things" in said_of(row)
    assert hash_of(row, keys.salts) == leaf_hash(entry)


def test_every_part_of_an_event_changes_its_leaf() -> None:
    keys = LogKeys.derive(bytes(32))
    row = Row(7)
    others = [
        row._replace(position=8),
        row._replace(stream="account:leo"),
        row._replace(version=4),
        row._replace(ts=1),
        row._replace(type="account_restored"),
        row._replace(actor="ops"),
        row._replace(data='{"reason":"sold thing","at":1}'),
    ]
    assert len({hash_of(one, keys.salts) for one in (row, *others)}) == 8
    assert hash_of(row._replace(data='{"at":1,"reason":"sold things"}'), keys.salts) == hash_of(row, keys.salts)
    assert hash_of(row, LogKeys.derive(bytes([1]) * 32).salts) != hash_of(row, keys.salts), "salted"


def test_keys_to_sign_with_can_be_changed_and_salts_stay() -> None:
    first, second = LogKeys.derive(bytes(32)), LogKeys.derive(bytes(32), 2)
    assert first.salts == second.salts
    assert first.signing.public_key() != second.signing.public_key()
