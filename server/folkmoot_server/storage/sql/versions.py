"""Entries with their edits, put together in the same way for every database."""

from collections.abc import Collection, Iterable

from folkmoot_protocol.types import Entry, EntryKind

from ..api import Versions


def edited_by(entries: Iterable[Entry]) -> set[int]:
    """Return the seqs of the entries that edits among `entries` edit."""
    return {entry.target for entry in entries if entry.kind is EntryKind.EDIT and entry.target is not None}


def arrange(seqs: Collection[int], entries: Iterable[Entry], edits: Iterable[Entry]) -> dict[int, Versions]:
    """Return what was asked for by seq: `entries` are those and what they edit, `edits` all edits of them."""
    found = {entry.seq: entry for entry in entries}
    of: dict[int, list[Entry]] = {}
    for edit in sorted(edits, key=lambda one: one.seq):
        if edit.target is not None:
            of.setdefault(edit.target, []).append(edit)
    arranged = {}
    for seq in seqs:
        entry = found.get(seq)
        if entry is not None and entry.kind is EntryKind.EDIT and entry.target is not None:
            # Rotation may have taken the month of what it edits: then the edit is all there is.
            entry = found.get(entry.target, entry)
        if entry is not None:
            arranged[seq] = Versions(entry, tuple(of.get(entry.seq, ())))
    return arranged


def latest_about(reaction: str, entries: Iterable[Entry], limit: int) -> list[Entry]:
    """Return those of reactions that are this one, or are removed, so that nobody can say; newest first."""
    about = (entry for entry in entries if entry.redacted or entry.body == reaction)
    return sorted(about, key=lambda entry: -entry.seq)[:limit]
