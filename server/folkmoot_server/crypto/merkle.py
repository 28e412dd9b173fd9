"""Merkle trees of RFC 9162, section 2: roots, and proofs that an entry is in a tree or one tree grew out of another.

Nothing is kept here. Who asks for a root or a proof gives a function that returns the hash of a complete subtree, by
its level (it has 2**level leaves) and its number within the level.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from hmac import compare_digest

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""Returns the hash of a complete subtree: `subtree(level, number)`."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node by those below it."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes of complete subtrees of one size, a power of two of them."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def root(size: int, subtree: Subtree) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _root(0, size, subtree) if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root, the leaf's neighbour first (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    start, end, found = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append(_root(middle, end, subtree))
            end = middle
        else:
            found.append(_root(start, middle, subtree))
            start = middle
    return found[::-1]


def prove_consistency(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that show a tree of `size` to begin with the tree of `old` leaves (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= size:
        raise ValueError("the tree has never had that size")
    start, end, is_whole, found = 0, size, True, list[bytes]()
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append(_root(middle, end, subtree))
            end = middle
        else:
            found.append(_root(start, middle, subtree))
            start, is_whole = middle, False
    if not is_whole:
        found.append(_root(start, end, subtree))
    return found[::-1]


def is_included(entry_hash: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Say whether a proof of inclusion holds (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, entry_hash
    for one in proof:
        if not last:
            return False
        if number & 1 or number == last:
            found = node_hash(one, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, one)
        number, last = number >> 1, last >> 1
    return not last and compare_digest(found, root_hash)


def is_consistent(old: int, size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Say whether a proof of consistency holds (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and compare_digest(old_root, new_root)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if not last:
            return False
        if number & 1 or number == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, one)
        number, last = number >> 1, last >> 1
    return not last and compare_digest(before, old_root) and compare_digest(after, new_root)


class Growing:
    """The root of a tree whose leaves come one after the other; what is kept grows with the tree's height alone."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Take in the hash of the next leaf."""
        level, whole = 0, self._whole
        while whole and whole[-1][0] == level:
            leaf = node_hash(whole.pop()[1], leaf)
            level += 1
        whole.append((level, leaf))
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the leaves so far."""
        if not self._whole:
            return EMPTY_ROOT
        (_, above), *rest = reversed(self._whole)
        for _, left in rest:
            above = node_hash(left, above)
        return above


def complete_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and number of the subtrees that make up the leaves from `start`, a border of one, up to `end`."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _root(start: int, end: int, subtree: Subtree) -> bytes:
    found = [subtree(level, number) for level, number in complete_subtrees(start, end)]
    above = found.pop()
    while found:
        above = node_hash(found.pop(), above)
    return above
