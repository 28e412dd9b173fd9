"""What whoever forges a bundle might put in it, to trip who checks it (W16)."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from folkmoot_server.actions.cases.bundle import BundleFile, pack
from folkmoot_server.crypto import check_bundle
from folkmoot_server.crypto.check_bundle import INTEGRITY, MANIFEST, USAGE, check, main
from folkmoot_server.crypto.merkle import leaf_hash
from folkmoot_server.crypto.notes import Checkpoint, Key, sign

PRIVATE = Ed25519PrivateKey.generate()
KEY = Key("log.example.org", PRIVATE.public_key().public_bytes_raw())
ABOUT: Mapping[str, Any] = {"origin": KEY.name, "case": "r-1", "key": str(KEY), "whole": []}
BARE = {"position": 1, "ts": 1, "kind": "warned", "stream": "group:x", "version": 1, "actor": "~a", "event": {}}
DIGEST = sha256(b"salt and words").hexdigest()
ROOT = leaf_hash(f"1 1 warned {DIGEST}\n".encode())


def signed(text: str) -> str:
    return sign(text, KEY.name, PRIVATE)


def bundle(events: Sequence[object] = (), files: Sequence[BundleFile] = (), **about: object) -> bytes:
    """Return a bundle that is signed as it should be, whatever it has."""
    lines = "".join(json.dumps(one) + "\n" for one in events).encode()
    checkpoint = signed(Checkpoint(KEY.name, 1, ROOT).text()).encode()
    made = [*files, BundleFile("events.jsonl", lines), BundleFile("checkpoint.txt", checkpoint)]
    return pack({**ABOUT, **about}, made, signed, 1_800_000_000_000)


def resealed(members: Sequence[tuple[str, bytes]], manifest: object) -> bytes:
    """Return a bundle of these members and this manifest, signed."""
    buffer, raw = io.BytesIO(), json.dumps(manifest).encode()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in ((MANIFEST, raw), *members):
            archive.writestr(name, data)
    body = buffer.getvalue()[:-2]
    sums = f"archive {sha256(body).hexdigest()}\nmanifest {sha256(raw).hexdigest()}\n"
    note = signed(f"{check_bundle.FORMAT}\n{KEY.name}\nr-1\n{sums}").encode()
    return body + len(note).to_bytes(2, "little") + note


def texts(data: bytes) -> list[tuple[str, str]]:
    return [(one.where, one.text) for one in check(data, str(KEY)).problems]


def test_events_whose_words_nothing_binds_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever makes the bundle may write anything beside a digest."""
    data = bundle([BARE | {"digest": DIGEST, "proof": []}])
    checked = check(data, str(KEY))
    assert (checked.problems, checked.unbound) == ([], 1)
    (tmp_path / "a.zip").write_bytes(data)
    assert main([str(tmp_path / "a.zip"), str(KEY)]) == 0
    assert "Events that name an erased account: 1." in capsys.readouterr().out
    # Words that are there are compared, with a digest beside them or without.
    said = {"said": json.dumps({}), "salt": "", "digest": DIGEST, "proof": []}
    assert texts(bundle([BARE | said])) == [("events.jsonl:1", "This event is not what its digest stands for.")]


DEEP = "[" * 200_000
NO_LINES = [
    "1",
    "[]",
    "null",
    '"x"',
    DEEP,
    "{}",
    json.dumps(BARE | {"stream": [], "digest": DIGEST, "proof": []}),
    json.dumps(BARE | {"version": "1", "digest": DIGEST, "proof": []}),
    json.dumps(BARE | {"said": DEEP, "salt": "", "proof": []}),
]


def test_what_is_no_event_is_said_of_its_line() -> None:
    lines = "".join(f"{line}\n" for line in NO_LINES).encode()
    checkpoint = signed(Checkpoint(KEY.name, 1, ROOT).text()).encode()
    made = [BundleFile("events.jsonl", lines), BundleFile("checkpoint.txt", checkpoint)]
    found = check(pack(ABOUT, made, signed, 1_800_000_000_000), str(KEY)).problems
    assert [str(one) for one in found] == [
        f"events.jsonl:{number}: This line cannot be read." for number in range(1, len(NO_LINES) + 1)
    ]


GOOD: dict[str, Any] = {"format": check_bundle.FORMAT, **ABOUT, "files": []}
ONE = {"name": "a", "size": 1, "sha256": ""}


@pytest.mark.parametrize(
    "manifest",
    [
        GOOD | {"whole": 1},
        GOOD | {"whole": [[]]},
        GOOD | {"files": [ONE, ONE]},
        GOOD | {"files": [ONE | {"size": 1.5}]},
        GOOD | {"files": [ONE | {"name": str(number), "size": 1 << 30} for number in range(5)]},
        [],
    ],
)
def test_a_manifest_that_is_none_ends_the_check(manifest: object) -> None:
    assert {where for where, _ in texts(resealed([], manifest))} == {MANIFEST}


def test_what_is_not_signed_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes may be a thousand times as many, and of those whom nobody has signed there is no end."""
    seen: list[str] = []
    unpack = check_bundle.unpack

    def watched(archive: zipfile.ZipFile, name: str, most: int) -> Iterator[bytes]:
        seen.append(name)
        return unpack(archive, name, most)

    monkeypatch.setattr(check_bundle, "unpack", watched)
    data = bundle(files=[BundleFile("bomb", b"0" * 10_000)])
    stranger = str(Key(KEY.name, Ed25519PrivateKey.generate().public_key().public_bytes_raw()))
    assert [one.where for one in check(data, stranger).problems] == ["signature"]
    assert seen == [MANIFEST]


def test_a_file_that_is_not_looked_into_is_not_kept() -> None:
    data = bundle(files=[BundleFile("bomb", b"0" * (48 << 20))])
    tracemalloc.start()
    try:
        assert check(data, str(KEY)).problems == []
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_name_does_nothing_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = "\x1b]0;all is well\x07\r\u202efile"
    (tmp_path / "a.zip").write_bytes(resealed([(named, b"x")], GOOD))
    assert main([str(tmp_path / "a.zip"), str(KEY)]) == INTEGRITY
    assert capsys.readouterr().err.removesuffix("\n").isprintable()
    assert main([str(tmp_path / "none.zip")]) == USAGE
