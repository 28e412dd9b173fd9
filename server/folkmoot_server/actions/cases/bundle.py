"""Packing what concerns a case as a bundle that can be verified without the service (G13, P16, W16).

`crypto.check_bundle` says what a bundle is, and checks it; it lies in every bundle.
"""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from folkmoot_protocol.exported import LINES, schemas

from ...crypto.check_bundle import FORMAT, MANIFEST

README = """This is an inspection bundle of a Folkmoot service.

report.en.html, report.zh-CN.html   to be read, or printed
case.json                           the case, and what people wrote to it
entries.jsonl                       entries of the group, one a line
events.jsonl                        what was decided and done, one event a line, each with its proof
access.jsonl, identities.jsonl      connections and identities, where they were asked for and allowed
checkpoint.txt                      the log's signed checkpoint that the proofs lead to
schemas/                            what the lines of these files have, as JSON Schema
manifest.json                       what this is of, who took it out and why, and the SHA-256 of every file
verify.py                           checks all of it

Check it with a program from elsewhere, that of any release of Folkmoot: folkmoot verify BUNDLE.zip --key KEY
Whoever forges a bundle puts a verify.py in it that says yes. So take this one only if its SHA-256 is the one that the
operator of the service has made known: python3 verify.py BUNDLE.zip KEY. It needs Python and its package cryptography.
Neither needs a network. KEY is the public key that the operator has made known. The signature is the comment of the zip
archive: keep the archive as it is.
"""


class BundleFile(NamedTuple):
    """A file of a bundle."""

    name: str
    data: bytes


def lines_of(kind: str, lines: Sequence[msgspec.Struct]) -> BundleFile:
    """Return lines of a kind as a file."""
    return BundleFile(f"{kind}.jsonl", b"".join(msgspec.json.encode(one) + b"\n" for one in lines))


def verifier() -> bytes:
    """Return the program that checks a bundle. Slow: for a thread."""
    return (files("folkmoot_server") / "crypto" / "check_bundle.py").read_bytes()


def pack(about: Mapping[str, Any], made: Sequence[BundleFile], sign: Callable[[str], str], now: int) -> bytes:
    """Return a bundle of files; `about` is what the manifest says besides, `sign` signs a note. Slow: for a thread."""
    names = {one.name for one in made}
    shapes = [
        BundleFile(f"schemas/{kind}.json", msgspec.json.format(msgspec.json.encode(schema)))
        for kind, schema in schemas().items()
        if kind in LINES and f"{kind}.jsonl" in names
    ]
    whole = [BundleFile("README.txt", README.encode()), *made, *shapes, BundleFile("verify.py", verifier())]
    listed = [{"name": one.name, "size": len(one.data), "sha256": sha256(one.data).hexdigest()} for one in whole]
    manifest = msgspec.json.format(msgspec.json.encode({"format": FORMAT, **about, "files": listed}))
    buffer, moment = io.BytesIO(), datetime.fromtimestamp(now / 1000, UTC).timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (BundleFile(MANIFEST, manifest), *whole):
            archive.writestr(zipfile.ZipInfo(name, moment), data, zipfile.ZIP_DEFLATED)
    # The last two bytes are the length of the comment, which is the signature over all before them.
    body = buffer.getvalue()[:-2]
    sums = f"archive {sha256(body).hexdigest()}\nmanifest {sha256(manifest).hexdigest()}\n"
    note = sign(f"{FORMAT}\n{about['origin']}\n{about['case']}\n{sums}").encode()
    return body + len(note).to_bytes(2, "little") + note
