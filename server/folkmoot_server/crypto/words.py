"""Words that people wrote into events: in the log each stands behind a salted hash of its own (P9.2, G6.2).

The data of an event's row has in `bound` a salt for each of its words. What the log's leaf is made of has the SHA-256
over salt and word in the word's place. So a word can be erased, with its salt: the row then keeps that hash, the leaf
is what it was, and nobody can find out the word by trying.
"""

import re
import secrets
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

BOUND = "bound"
WORDS = ("answer", "reason", "was_reason", "was_text")
"""The fields of events that have words: top-level, texts."""
SALT_BYTES = 16
HASH = "sha256"

_SOME = re.compile(f'"(?:{"|".join(WORDS)})":"[^"]'.encode())
_encode = msgspec.json.encode


class Word(NamedTuple):
    """A word of an event, and its salt in hexadecimal."""

    text: str
    salt: str


def bind(data: bytes) -> bytes:
    """Return an event's data, JSON, with salts for the words in it."""
    if not _SOME.search(data):
        return data
    found: dict[str, Any] = msgspec.json.decode(data)
    salts = {name: secrets.token_hex(SALT_BYTES) for name in WORDS if found.get(name) and isinstance(found[name], str)}
    return _encode(found | {BOUND: salts}) if salts else data


def hash_of_word(word: Word) -> str:
    """Return what stands for a word in the log, in hexadecimal: its salt goes in as it is written."""
    return sha256(f"{word.salt}{word.text}".encode()).hexdigest()


def told(data: str) -> Any:
    """Return an event's data as the log has it: hashes in place of words that are bound. Whatever stands in data that
    was changed, it is not what was taken in."""
    found, bound = _parted(data)
    for name, salt in bound.items():
        word = found.get(name)
        # A word that stands is hashed whatever is said of it: an erased one is empty.
        if word and isinstance(word, str):
            found[name] = {HASH: hash_of_word(Word(word, str(salt)))}
        elif word == "":
            found[name] = {HASH: salt}
    return found


def plain(data: str) -> Any:
    """Return an event's data as it was written, without salts."""
    return _parted(data)[0]


def words_of(data: str) -> dict[str, Word]:
    """Return the words of an event that are bound and there, by field."""
    found, bound = _parted(data)
    return {name: Word(found[name], salt) for name, salt in bound.items() if found.get(name)}


def has_erased(data: str) -> bool:
    """Say whether a word of an event is erased."""
    found, bound = _parted(data)
    return any(not found.get(name) for name in bound)


def without(data: str) -> str:
    """Return an event's data without the words that are bound; the log's leaf stays what it is."""
    found, bound = _parted(data)
    hashes = {name: hash_of_word(word) for name, word in words_of(data).items()}
    return _encode(found | dict.fromkeys(hashes, "") | {BOUND: bound | hashes}).decode()


def _parted(data: str) -> tuple[Any, dict[str, Any]]:
    """Return data without what is bound in it, and that."""
    found = msgspec.json.decode(data)
    bound = found.pop(BOUND, {}) if isinstance(found, dict) else {}
    return found, bound if isinstance(bound, dict) else {}
