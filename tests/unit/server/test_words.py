"""Words of events: the log's leaf has hashes of them, and is the same when they are erased, and of nothing else."""

import json
from typing import Any

import pytest

from folkmoot_server.crypto.log_tree import entry_of
from folkmoot_server.crypto.words import BOUND, bind, has_erased, plain, told, without, words_of
from folkmoot_server.storage.rows import LedgerRow

SALT = bytes(16)
WRITTEN = {"event": "banned", "at": 1, "by": "ann", "user": "bob", "reason": 'sold "things"', "until_ms": 0}


def bound(**more: Any) -> str:
    return bind(json.dumps(WRITTEN | more, separators=(",", ":")).encode()).decode()


def leaf(data: str) -> bytes:
    return entry_of(
        LedgerRow(position=3, stream="group:1", version=2, ts=1, type="banned", actor="ann", data=data), SALT
    )


def test_what_has_no_words_stays_as_it_is() -> None:
    for data in (b'{"event":"left","at":1}', b'{"event":"banned","reason":""}', b'{"terms":{"reason":"spam"}}'):
        assert bind(data) == data
        assert told(data.decode()) == plain(data.decode()) == json.loads(data)


def test_the_same_word_is_another_hash_each_time() -> None:
    one, other = bound(), bound()
    assert plain(one) == plain(other) == WRITTEN
    assert told(one) != told(other)
    assert "things" not in json.dumps(told(one))
    assert told(one)["user"] == "bob"


def test_a_word_that_is_erased_leaves_the_leaf_as_it_was() -> None:
    data = bound()
    less = without(data)
    assert leaf(less) == leaf(data)
    assert plain(less) == WRITTEN | {"reason": ""}
    assert words_of(data)["reason"].salt not in less
    assert (has_erased(data), has_erased(less)) == (False, True)
    assert words_of(less) == {}
    assert without(less) == less


CHANGES = {
    "another word": lambda one: one | {"reason": "calm"},
    "a word taken out": lambda one: one | {"reason": ""},
    "a word slipped in after erasing": lambda one: json.loads(without(json.dumps(one))) | {"reason": "calm"},
    "another salt": lambda one: one | {BOUND: {"reason": "0" * 32}},
    "no salt": lambda one: {name: value for name, value in one.items() if name != BOUND},
    "no salts that can be read": lambda one: one | {BOUND: ["reason"]},
    "a number for a word": lambda one: one | {"reason": 7},
    "something else bound": lambda one: one | {BOUND: one[BOUND] | {"user": "ab"}},
    "whom it is about": lambda one: one | {"user": "cyd"},
    "whom it is about, while the word is erased": lambda one: json.loads(without(json.dumps(one))) | {"user": "cyd"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_else_is_changed_makes_another_leaf(change: Any) -> None:
    data = bound()
    assert leaf(json.dumps(change(json.loads(data)))) != leaf(data)
