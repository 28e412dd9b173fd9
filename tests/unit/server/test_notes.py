"""Signed notes against C2SP's example, and whatever is wrong with one."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.crypto.notes import Checkpoint, Key, NoteError, Proof, sign, verify

VECTOR: dict[str, str] = json.loads((Path(__file__).parents[2] / "data" / "audit-log-vectors.json").read_text("utf-8"))[
    "signed_note"
]
KEY = Key.parse(VECTOR["vkey"])
NOTE = VECTOR["note"]
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OWN = Key("example.org/log", PRIVATE.public_key().public_bytes_raw())
CHECKPOINT = Checkpoint("example.org/log", 5, bytes(range(32)))


def test_the_published_example_verifies() -> None:
    assert verify(NOTE, [KEY]) == "This is an example message.\n"
    assert str(KEY) == VECTOR["vkey"]


def test_what_is_signed_verifies_beside_signatures_of_others() -> None:
    note = sign(CHECKPOINT.text(), OWN.name, PRIVATE)
    other = sign(CHECKPOINT.text(), "witness", Ed25519PrivateKey.generate()).split("\n\n")[1]
    assert Checkpoint.parse(verify(note + other, [KEY, OWN])) == CHECKPOINT
    with pytest.raises(NoteError, match="nobody"):
        verify(note + other, [KEY])


@given(st.data())
def test_no_other_note_passes(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(NOTE) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != NOTE[place]))
    changed = data.draw(
        st.sampled_from([NOTE[:place] + other + NOTE[place + 1 :], NOTE[:place] + NOTE[place + 1 :], NOTE[:place]])
    )
    if changed != NOTE:
        with pytest.raises(NoteError):
            verify(changed, [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        "example.com/foo+530d903a+AAAA",
        "example.com/foo+530d903b+" + VECTOR["vkey"].rpartition("+")[2],
        "other+530d903a+" + VECTOR["vkey"].rpartition("+")[2],
        "+530d903a+" + VECTOR["vkey"].rpartition("+")[2],
        VECTOR["vkey"] + "=",
    ],
)
def test_no_other_key_is_read(text: str) -> None:
    with pytest.raises(NoteError):
        Key.parse(text)


@pytest.mark.parametrize("text", ["no newline", "a\tb\n", "\x00\n"])
def test_only_lines_are_signed(text: str) -> None:
    with pytest.raises(NoteError, match="lines"):
        sign(text, OWN.name, PRIVATE)


@pytest.mark.parametrize(
    "text",
    [
        "example.org/log\n5\n",
        "example.org/log\n05\n" + CHECKPOINT.text().split("\n")[2] + "\n",
        "example.org/log\n-5\n" + CHECKPOINT.text().split("\n")[2] + "\n",
        "example.org/log\n5\nAAAA\n",
        "example.org/log\n\n5\n" + CHECKPOINT.text().split("\n")[2] + "\n",
        CHECKPOINT.text().rstrip("\n"),
    ],
)
def test_no_other_checkpoint_is_read(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize("extra", [b"", b"salt"])
@pytest.mark.parametrize("hashes", [(), (bytes(32), bytes(range(32)))])
def test_a_proof_comes_back_from_its_file(extra: bytes, hashes: tuple[bytes, ...]) -> None:
    proof = Proof(4, hashes, sign(CHECKPOINT.text(), OWN.name, PRIVATE), extra)
    assert Proof.parse(proof.text()) == proof
    for wrong in (
        proof.text().replace("@v1", "@v2"),
        proof.text().replace("index 4", "index 04"),
        proof.text().replace("index 4\n", ""),
        proof.text().replace("index 4\n", "index 4\nAAAA\n"),
        proof.text().partition("\n\n")[0],
    ):
        with pytest.raises(NoteError):
            Proof.parse(wrong)
