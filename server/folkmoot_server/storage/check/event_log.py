"""Comparing the ledger with its transparency log: every event, every hash that is kept, every checkpoint."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select

from ...common.terminal import _
from ...crypto.log_tree import LogKeys, Place, grow, hash_of, over, unfinished
from ...crypto.merkle import root
from ...crypto.notes import Checkpoint, Key, NoteError, verify
from ...crypto.words import BOUND, has_erased
from ..change_set import StorageError
from ..rows import LedgerRow
from ..sql.tables import checkpoints, ledger, log_hashes
from .on_record import OnRecord

PIECE = 2000


def read_copies(path: Path) -> list[str]:
    """Return the checkpoints in a file that somebody has kept: one, or those of a month. Raises StorageError."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(_("{path} cannot be read: {error}").format(path=path, error=error)) from error
    # Before each of a month stands when it was signed.
    parts = [part.removesuffix("\n") for part in re.split(r"^\d{4}-\d\d-\d\dT[\d:]+Z\n", text, flags=re.MULTILINE)]
    copies = [f"{part}\n" if part.endswith("=") else part for part in parts if part.strip()]
    if not copies:
        raise StorageError(_("there is no checkpoint in {path}").format(path=path))
    return copies


def read_directory(directory: Path | None) -> list[str]:
    """Return the checkpoints that the server itself has written to a directory. Raises StorageError."""
    files = sorted(directory.glob("*.checkpoints")) if directory is not None else ()
    return [note for path in files for note in read_copies(path)]


def check_event_log(main: Connection, key: bytes, copies: Iterable[str], record: OnRecord) -> Iterator[str]:
    """Yield where the log differs from what the ledger would make of it, from what is on record of it, and from
    checkpoints that somebody has kept.

    What is not taken in yet is no difference.
    """
    size = main.execute(select(func.max(checkpoints.c.size))).scalar() or 0
    last = main.execute(select(func.max(ledger.c.position))).scalar() or 0
    if size > last:
        yield _("log: it has {size} events, the ledger {last}").format(size=size, last=last)
    had = max((event.log_size for events in record.logged.values() for event in events.values()), default=0)
    if size < had:
        yield _("log: it has {size} events, and had {had}").format(size=size, had=had)
    keys, publics = LogKeys.derive(key), LogKeys.publics(key, max([1, *record.log_keys.values()]))
    made: dict[Place, bytes] = {}
    notes: dict[int, list[str]] = defaultdict(list)
    for of_size, note in main.execute(select(checkpoints.c.size, checkpoints.c.note)):
        notes[of_size].append(note)
    stored = {note for of_one in notes.values() for note in of_one}
    for note in dict.fromkeys(copies):
        if note in stored:
            continue
        of_size = size_of(note)
        if not of_size:
            yield _("log: a checkpoint that was kept says nothing of its size")
        if of_size > min(size, last):
            yield _("log: somebody has a checkpoint over {size} events, and there are {last}").format(
                size=of_size, last=min(size, last)
            )
        notes[of_size].append(note)
    done, hashes, is_whole = 0, list[bytes](), True
    for event in _events(main, min(size, last)):
        if event.position != done + len(hashes) + 1:
            # What is missing is told of with the positions; behind it nothing can be compared.
            is_whole = False
            break
        if BOUND in event.data and event.position not in record.erased and has_erased(event.data):
            yield _(
                "log: words of the event at position {position} are gone, and nothing on record has erased them"
            ).format(position=event.position)
        hashes.append(hash_of(event, keys.salts))
        if event.position in notes or len(hashes) == PIECE:
            rows = {
                (level, one): made[level, one] for level, first, end in unfinished(done) for one in range(first, end)
            }
            made |= grow(done, hashes, rows)
            done, hashes = event.position, []
        for note in notes.get(event.position, ()):
            number = max([1, *(one for position, one in record.log_keys.items() if position <= event.position)])
            yield from _check_checkpoint(event.position, note, made, publics[number - 1])
    yield from _compare(main, made, is_whole=is_whole)


def size_of(note: str) -> int:
    """Return over how many events a checkpoint says to be, 0 where it does not."""
    lines = note.split("\n")
    return int(lines[1]) if len(lines) > 1 and re.fullmatch(r"[0-9]{1,18}", lines[1]) else 0


def _events(main: Connection, last: int) -> Iterator[LedgerRow]:
    columns = select(*(ledger.c[name] for name in LedgerRow.__struct_fields__)).order_by(ledger.c.position)
    for row in main.execute(columns.where(ledger.c.position <= last).execution_options(yield_per=PIECE)):
        yield LedgerRow(*row)


def _check_checkpoint(size: int, note: str, made: dict[Place, bytes], public: bytes) -> Iterator[str]:
    """Compare a checkpoint with what was made, and whose signature it has with the `public` key in force there."""
    origin = note.partition("\n")[0]
    try:
        said = Checkpoint.parse(verify(note, [Key(origin, public)]))
    except NoteError as error:
        yield _("checkpoint {size}: {problem}").format(size=size, problem=error)
        return
    if said != Checkpoint(origin, size, root(size, over(made))):
        yield _("checkpoint {size}: it is not over these events").format(size=size)


def _compare(main: Connection, made: dict[Place, bytes], *, is_whole: bool) -> Iterator[str]:
    """Compare the hashes that are kept with those that were made, of all events or of the first."""
    rows = main.execute(select(log_hashes.c.level, log_hashes.c.number, log_hashes.c.hash))
    stored = {(level, number): one for level, number, one in rows}
    for place in sorted(stored.keys() | made.keys() if is_whole else made.keys()):
        if stored.get(place) != (made[place].hex() if place in made else None):
            level, number = place
            if level:
                yield _("log: hash {number} of level {level} differs").format(number=number, level=level)
            else:
                yield _("log: the event at position {position} differs from the one that was taken in").format(
                    position=number + 1
                )
