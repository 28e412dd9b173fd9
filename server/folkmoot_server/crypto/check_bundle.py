"""Checks an inspection bundle of Folkmoot, without the server that made it.

This is one file that needs Python (3.9 or newer) and the package `cryptography`, and nothing else. It lies in every
bundle as `verify.py`, and `folkmoot verify` is the same:

    python3 verify.py BUNDLE [KEY]

Whoever forges a bundle puts a `verify.py` in it that says yes: use one from elsewhere, or compare its SHA-256 with the
one that the operator has made known, before it is run.

KEY is the key of the service's log, `name+number+key`, as the operator has made it known: compare with that, for a key
that only stands in the bundle says nothing about who has made it. Exit codes: 0 all of it is as it was signed, 7 it is
not, and what and where is printed, 2 wrong usage.

A bundle is a zip archive. Its comment is a signed note (C2SP `signed-note`, Ed25519) over the SHA-256 of every byte
before the comment, and over that of `manifest.json`, which names each file with its size and SHA-256. Each line of
`events.jsonl` is an event of the ledger with its salt and a proof (RFC 9162, 2.1.3) that it is in the log whose signed
checkpoint is `checkpoint.txt`. Of words in an event that has the hash alone; they stand beside, each with its salt.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, TextIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "folkmoot-bundle/1"
MANIFEST, CHECKPOINT, EVENTS = "manifest.json", "checkpoint.txt", "events.jsonl"
USAGE, INTEGRITY = 2, 7
END, END_BYTES = b"PK\x05\x06", 22
MOST_BYTES = 1 << 30
"""So much of a file that is kept in memory to be looked into, and four times that of all together."""
MANIFEST_BYTES = 1 << 26
MOST_IN_ALL = 4 * MOST_BYTES
PIECE_BYTES = 1 << 20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MOST_SIGNATURES = 64
SIGNATURE = "\N{EM DASH} "
ED25519 = b"\x01"

UNREADABLE = (ValueError, TypeError, KeyError, RecursionError)
"""What reading something raises that is not what it should be; binascii.Error is a ValueError."""

Progress = Callable[[float, float], None]


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name, which message extractors look for
    """Return `text` unchanged; mark it for the message catalogue."""
    return text


UNBOUND = N_("Events that name an erased account: {count}. Of these the log proves kind and time, not the words.")


class Problem(NamedTuple):
    """What is wrong, and where: a file of the bundle, or one of its lines."""

    where: str
    text: str
    values: dict[str, object]

    def __str__(self) -> str:
        return self.said(str)

    def said(self, say: Callable[[str], str]) -> str:
        """Return it for a terminal, in words that `say` translates."""
        return visible(f"{self.where}: {say(self.text).format(**self.values)}")


class Checked(NamedTuple):
    """What came of it: what is wrong, what the manifest says, and by which key it is signed; `unbound`: of so many
    events the digest alone is there."""

    problems: list[Problem]
    manifest: dict[str, Any]
    key: str
    unbound: int = 0


class BadBundle(Exception):
    """Stops where nothing further can be checked."""

    def __init__(self, where: str, text: str, **values: object) -> None:
        super().__init__(text)
        self.problem = Problem(where, text, values)


def check(data: bytes, key: str = "", progress: Progress = lambda done, total: None) -> Checked:
    """Check a bundle; with `key`, that it was signed by that one."""
    problems: list[Problem] = []
    try:
        body, note = split(data)
        archive = open_archive(data)
        raw = read_file(archive, MANIFEST, MANIFEST_BYTES)
        manifest = read_manifest(raw)
        used = key or str(manifest.get("key", ""))
        # Whatever is not signed may be made to be dear to unpack: nothing further is looked into.
        problems += check_note(body, note, raw, manifest, used)
        if any(one.where == MANIFEST for one in problems):
            return Checked(problems, manifest, used)
        files = check_files(archive, manifest, problems)
        more, unbound = check_events(files, manifest, used, progress)
    except BadBundle as bad:
        return Checked([*problems, bad.problem], {}, key)
    return Checked([*problems, *more], manifest, used, unbound)


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return what of a bundle is signed, and the signature."""
    end = data.rfind(END)
    if end < 0 or len(data) < end + END_BYTES:
        raise BadBundle("bundle", N_("This is not a zip archive, or its end is missing."))
    note = data[end + END_BYTES :]
    if int.from_bytes(data[end + END_BYTES - 2 : end + END_BYTES], "little") != len(note):
        raise BadBundle("bundle", N_("The archive does not end where it says."))
    return data[: end + END_BYTES - 2], note


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Return the archive."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except Exception as error:  # What a damaged archive raises is not one kind of error.
        raise BadBundle("bundle", N_("The archive's table of contents cannot be read.")) from error


def read_file(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return a file of the archive, of which there are no more bytes than that."""
    return b"".join(unpack(archive, name, most))


def unpack(archive: zipfile.ZipFile, name: str, most: int) -> Iterator[bytes]:
    """Yield a file of the archive, of which there are no more bytes than that, piece by piece."""
    left = most
    try:
        if archive.getinfo(name).compress_type not in METHODS:
            raise ValueError
        with archive.open(name) as file:
            while left >= 0 and (piece := file.read(min(PIECE_BYTES, left + 1))):
                left -= len(piece)
                yield piece
    except Exception as error:  # As above.
        raise BadBundle(name, N_("This file is not there, or cannot be unpacked.")) from error
    if left < 0:
        raise BadBundle(name, N_("This file is longer than it should be."))


def read_manifest(raw: bytes) -> dict[str, Any]:
    """Return what the bundle says of itself."""
    try:
        manifest = json.loads(raw.decode())
        known = manifest["format"] == FORMAT
        for one in manifest["files"]:
            known = known and isinstance(one["name"], str) and isinstance(one["sha256"], str)
            known = known and isinstance(one["size"], int) and one["size"] >= 0
        whole, names = manifest.get("whole", []), [MANIFEST, *(one["name"] for one in manifest["files"])]
        known = known and isinstance(whole, list) and all(isinstance(one, str) for one in whole)
        known = known and len(names) == len(set(names)) and sum(one["size"] for one in manifest["files"]) <= MOST_IN_ALL
    except UNREADABLE as error:
        raise BadBundle(MANIFEST, N_("This file cannot be read.")) from error
    if not known:
        raise BadBundle(MANIFEST, N_("This is not a bundle in a format that is known here."))
    return dict(manifest)


def check_note(body: bytes, note: bytes, raw: bytes, manifest: dict[str, Any], key: str) -> list[Problem]:
    """Return what is wrong with the signature and with what it is of."""
    lines = read_note(note, key, "signature")
    if len(lines) != 5 or lines[0] != FORMAT or [lines[1], lines[2]] != [manifest.get("origin"), manifest.get("case")]:
        raise BadBundle("signature", N_("What is signed is not this bundle."))
    problems = []
    if lines[4] != f"manifest {sha256(raw).hexdigest()}":
        problems.append(Problem(MANIFEST, N_("This file is not as it was signed."), {}))
    if lines[3] != f"archive {sha256(body).hexdigest()}":
        problems.append(Problem("bundle", N_("The archive is not, byte for byte, the one that was signed."), {}))
    return problems


def read_note(note: bytes, key: str, where: str, most: int = 1) -> list[str]:
    """Return the lines of a note that a key has signed, and so many with it: witnesses sign checkpoints, too."""
    name, number, public = read_key(key)
    try:
        text, gap, tail = note.decode().rpartition("\n\n")
        lines = tail.split("\n")
        if not gap or lines.pop() or not 0 < len(lines) <= most:
            raise ValueError
        found = [data for signed, data in map(read_signature, lines) if signed == name and data[:4] == number]
    except (ValueError, binascii.Error) as error:
        raise BadBundle(where, N_("This is not a signed note.")) from error
    if not found:
        raise BadBundle(where, N_("This is not signed by the key {key}."), key=key)
    try:
        for data in found:
            Ed25519PublicKey.from_public_bytes(public).verify(data[4:], f"{text}\n".encode())
    except InvalidSignature as error:
        raise BadBundle(where, N_("The signature does not fit.")) from error
    return text.split("\n")


def read_signature(line: str) -> tuple[str, bytes]:
    """Return whose signature a line of a note is, and the bytes of it. Raises ValueError."""
    name, _, encoded = line[len(SIGNATURE) :].partition(" ")
    data = base64.b64decode(encoded, validate=True)
    if line != f"{SIGNATURE}{name} {base64.b64encode(data).decode()}":
        raise ValueError
    return name, data


def read_key(key: str) -> tuple[str, bytes, bytes]:
    """Return name, number and bytes of a public key as people pass it on: `name+number+key`."""
    name, _, rest = key.strip().partition("+")
    number, _, encoded = rest.partition("+")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        data = b""
    if data[:1] != ED25519 or len(data) != 33 or number_of(name, data[1:]).hex() != number:
        raise BadBundle("key", N_("{key} is not the key of a log."), key=key or "–")
    return name, bytes.fromhex(number), data[1:]


def number_of(name: str, public: bytes) -> bytes:
    """Return by which number a signature names a key."""
    return sha256(f"{name}\n".encode() + ED25519 + public).digest()[:4]


def check_files(archive: zipfile.ZipFile, manifest: dict[str, Any], problems: list[Problem]) -> dict[str, bytes]:
    """Return the files that are looked into, and note what is wrong with any."""
    found: dict[str, bytes] = {}
    for one in manifest["files"]:
        name, is_kept = one["name"], one["name"] in (EVENTS, CHECKPOINT)
        pieces: list[bytes] = []
        size, digest = 0, sha256()
        try:
            for piece in unpack(archive, name, min(one["size"], MOST_BYTES if is_kept else MOST_IN_ALL)):
                size += len(piece)
                digest.update(piece)
                pieces += [piece] if is_kept else []
        except BadBundle as bad:
            problems.append(bad.problem)
            continue
        if is_kept:
            found[name] = b"".join(pieces)
        if size != one["size"] or digest.hexdigest() != one["sha256"]:
            problems.append(Problem(name, N_("This file is not as it was signed."), {}))
    known = {MANIFEST, *(one["name"] for one in manifest["files"])}
    for name in archive.namelist():
        if name in known:
            known.remove(name)
        else:
            problems.append(Problem(name, N_("This file is not in the manifest."), {}))
    return found


def check_events(
    files: dict[str, bytes], manifest: dict[str, Any], key: str, progress: Progress
) -> tuple[list[Problem], int]:
    """Return what is wrong with the events of the ledger and with the proofs that they are in the log, and of how many
    the digest alone is there."""
    if EVENTS not in files or CHECKPOINT not in files:
        return [], 0
    try:
        tree = read_checkpoint(files[CHECKPOINT], manifest, key)
    except BadBundle as bad:
        return [bad.problem], 0
    problems, lines, unbound = [], files[EVENTS].splitlines(), 0
    versions: dict[str, list[int]] = {}
    for number, line in enumerate(lines, 1):
        try:
            event = read_event(line)
            text = check_event(event, *tree)
            versions.setdefault(event["stream"], []).append(event["version"])
            unbound += "said" not in event
        except UNREADABLE:
            text = N_("This line cannot be read.")
        if text:
            problems.append(Problem(f"{EVENTS}:{number}", text, {}))
        if not number % 500:
            progress(number, len(lines))
    for stream in manifest.get("whole", ()):
        there = sorted(versions.get(stream, ()))
        if there != list(range(1, len(there) + 1)) or not there:
            problems.append(Problem(EVENTS, N_("Events of {stream} are missing."), {"stream": stream}))
    return problems, unbound


def read_checkpoint(note: bytes, manifest: dict[str, Any], key: str) -> tuple[int, bytes]:
    """Return the size and the root of the tree that a checkpoint is of."""
    lines = read_note(note, key, CHECKPOINT, MOST_SIGNATURES)
    try:
        origin, size, root = lines[:3]
        tree = int(size), base64.b64decode(root)
    except ValueError as error:
        raise BadBundle(CHECKPOINT, N_("This file cannot be read.")) from error
    if origin != manifest.get("origin"):
        raise BadBundle(CHECKPOINT, N_("This checkpoint is of another log."))
    return tree


def read_event(line: bytes) -> dict[str, Any]:
    """Return the event of a line. Raises one of `UNREADABLE`."""
    event = json.loads(line.decode())
    if not isinstance(event, dict) or not isinstance(event["stream"], str) or type(event["version"]) is not int:
        raise ValueError
    return event


def check_event(event: dict[str, Any], size: int, root: bytes) -> str:
    """Return what is wrong with an event, empty for nothing. With a digest alone, the log has an event of that kind at
    that time and place, and nothing shows that it is this one."""
    digest = event.get("digest", "")
    if not digest or "said" in event:
        named = {name: event[name] for name in ("stream", "version", "actor")}
        if json.loads(event["said"]) != {**named, "data": event["event"]}:
            return N_("This event is not what its digest stands for.")
        for field, word in event.get("words", {}).items():
            if event["event"][field] != {"sha256": sha256(f"{word['salt']}{word['text']}".encode()).hexdigest()}:
                return N_("The words of this event are not what its digest stands for.")
        digest = sha256(base64.b64decode(event["salt"]) + event["said"].encode()).hexdigest()
    leaf = f"{event['position']} {event['ts']} {event['kind']} {digest}\n".encode()
    proof = [base64.b64decode(one) for one in event["proof"]]
    if is_included(sha256(b"\x00" + leaf).digest(), event["position"] - 1, size, proof, root):
        return ""
    return N_("This event is not in the log.")


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof of inclusion holds (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for one in proof:
        if not last:
            return False
        if number & 1 or number == last:
            found = sha256(b"\x01" + one + found).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + one).digest()
        number, last = number >> 1, last >> 1
    return not last and found == root


def visible(text: str) -> str:
    """Return a text for a terminal: what is not seen is written out, for a bundle may name its files as it likes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def say(text: object, file: TextIO | None = None) -> None:
    """Print: in a bundle this file is a program of its own."""
    print(text, file=file)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the bundle that is named, print what came of it, and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not 1 <= len(given) <= 2 or given[0].startswith("-"):
        say("usage: verify.py BUNDLE [KEY]", sys.stderr)
        return USAGE
    try:
        with open(given[0], "rb") as file:
            data = file.read()
    except OSError as error:
        say(error, sys.stderr)
        return USAGE
    checked = check(data, "".join(given[1:]))
    for problem in checked.problems:
        say(problem, sys.stderr)
    if checked.problems:
        return INTEGRITY
    say(f"As it was signed by {visible(checked.key)}")
    if checked.unbound:
        say(UNBOUND.format(count=checked.unbound))
    if len(given) == 1:
        say("The key stands in the bundle itself: compare it with the one that the operator publishes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
