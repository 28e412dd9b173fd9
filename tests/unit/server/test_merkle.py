"""Merkle trees against published vectors, the recursive definition of RFC 9162, and proofs that are tampered with."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.crypto.merkle import (
    EMPTY_ROOT,
    fold,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "audit-log-vectors.json").read_text("utf-8")
)["merkle_rfc6962_rfc9162_sha256"]
LEAVES = [leaf_hash(bytes.fromhex(one)) for one in VECTORS["leaf_inputs_hex"]]


class Kept:
    """Subtrees of leaves that are all at hand."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves

    def __call__(self, level: int, number: int) -> bytes:
        leaves = self.leaves[number << level : (number + 1) << level]
        assert len(leaves) == 1 << level, "only complete subtrees are asked for"
        return fold(leaves)


def defined(leaves: Sequence[bytes]) -> bytes:
    """Return MTH as section 2.1.1 defines it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return node_hash(defined(leaves[:split]), defined(leaves[split:]))


def unhex(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in texts]


def test_roots_are_those_published() -> None:
    assert [root(size, Kept(LEAVES)) for size in range(len(LEAVES) + 1)] == unhex(VECTORS["roots_by_size_hex"])
    assert root(0, Kept([])) == EMPTY_ROOT


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda one: f"{one['index']} of {one['size']}")
def test_proofs_of_inclusion_are_those_published(vector: dict[str, Any]) -> None:
    index, size, proof = vector["index"], vector["size"], unhex(vector["proof_hex"])
    assert prove_inclusion(index, size, Kept(LEAVES)) == proof
    assert is_included(LEAVES[index], index, size, proof, root(size, Kept(LEAVES)))


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda one: f"{one['from']} to {one['to']}")
def test_proofs_of_consistency_are_those_published(vector: dict[str, Any]) -> None:
    old, size, proof = vector["from"], vector["to"], unhex(vector["proof_hex"])
    assert prove_consistency(old, size, Kept(LEAVES)) == proof
    assert is_consistent(old, size, proof, root(old, Kept(LEAVES)), root(size, Kept(LEAVES)))


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[bytes], int, int]:
    """Leaves, one of them, and an earlier size."""
    size = draw(st.integers(1, 70) | st.sampled_from([127, 128, 129, 255, 256, 257, 300]))
    salt = draw(st.binary(max_size=2))
    leaves = [leaf_hash(salt + number.to_bytes(2, "big")) for number in range(size)]
    return leaves, draw(st.integers(0, size - 1)), draw(st.integers(1, size))


@given(trees())
def test_what_is_proven_holds_and_nothing_else(tree: tuple[list[bytes], int, int]) -> None:
    leaves, index, old = tree
    size, kept = len(leaves), Kept(leaves)
    whole, before = root(size, kept), root(old, kept)
    assert (whole, before) == (defined(leaves), defined(leaves[:old]))
    proof = prove_inclusion(index, size, kept)
    assert is_included(leaves[index], index, size, proof, whole)
    consistency = prove_consistency(old, size, kept)
    assert is_consistent(old, size, consistency, before, whole)

    other = leaf_hash(b"something else")
    assert not is_included(other, index, size, proof, whole)
    assert not is_included(leaves[index], index, size, proof, other)
    assert not is_included(leaves[index], size, size, proof, whole)
    assert not is_included(leaves[index], index, size, [*proof, other], whole)
    for place in range(len(proof)):
        changed = [*proof[:place], other, *proof[place + 1 :]]
        assert not is_included(leaves[index], index, size, changed, whole)
        assert not is_included(leaves[index], index, size, proof[:place], whole)
    for wrong in {index ^ 1, index ^ 2, index + 1} & set(range(size)):
        assert not is_included(leaves[index], wrong, size, proof, whole)
    assert not is_consistent(old, size, consistency, other, whole)
    assert not is_consistent(old, size, consistency, before, other)
    assert not is_consistent(old, size, [*consistency, other], before, whole)
    assert not is_consistent(size + 1, size, consistency, before, whole)
    for place in range(len(consistency)):
        changed = [*consistency[:place], other, *consistency[place + 1 :]]
        assert not is_consistent(old, size, changed, before, whole)
        assert not is_consistent(old, size, consistency[:place], before, whole)


def test_what_there_is_none_of_cannot_be_proven() -> None:
    for index, size in ((0, 0), (8, 8), (-1, 8)):
        with pytest.raises(ValueError, match="no such leaf"):
            prove_inclusion(index, size, Kept(LEAVES))
    for old, size in ((0, 8), (9, 8)):
        with pytest.raises(ValueError, match="never had that size"):
            prove_consistency(old, size, Kept(LEAVES))
