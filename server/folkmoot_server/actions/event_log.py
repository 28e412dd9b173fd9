"""The ledger's transparency log: taking events in, signing checkpoints, proving that an event is in it (G13, P16, W16).

Nodes make the same of the same ledger: leaves, hashes and signatures come from it and the key alone. So it does no harm
if two take in the same events, as may happen while the jobs pass from one to another.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog
from msgspec import structs

from folkmoot_governance import Refusal
from folkmoot_governance.store_acts import LogKeyChanged
from folkmoot_protocol.errors import ErrorCode

from ..common.clock import Clock
from ..common.i18n import N_
from ..crypto.log_tree import (
    TILE,
    LogKeys,
    Place,
    entry_of,
    grow,
    hash_of,
    joined,
    needed_for,
    over,
    said_of,
    salt_of,
    unfinished,
)
from ..crypto.merkle import Subtree, prove_consistency, prove_inclusion, root
from ..crypto.notes import Checkpoint, Key, NoteError, Proof, sign, verify
from ..crypto.sealing import load_key
from ..storage import ledger
from ..storage.api import Store
from ..storage.change_set import ChangeSet, RowChange, StorageError
from ..storage.changes import log_rows
from ..storage.rows import LedgerRow, SignedCheckpoint

log = structlog.get_logger()

AT_ONCE = 250
"""Events that are taken in by one commit. All but the commit is the work of another thread: what it costs the event
loop, some 0.6 ms, does not grow with them."""
NEWEST = "checkpoint"

StoreRows = Callable[[Sequence[RowChange]], Awaitable[Refusal | None]]
"""Stores rows, and returns why it could not."""

NOT_IN_YET = Refusal(
    ErrorCode.UNAVAILABLE, N_("This is not in the log yet; ask again in a minute."), {"retry_after_ms": 60_000}
)


class Proven(NamedTuple):
    """An event, the proof that it is in the log, and what its leaf does not say of it, as JSON."""

    event: LedgerRow
    proof: Proof
    said: bytes


class EventLog:
    """The log of one service. `store_rows` stores what it has grown by; `checkpoint_dir`: where checkpoints are written
    as files too, for who keeps copies; `number`: which of its keys signs it, counted from 1."""

    def __init__(
        self,
        stored: ledger.EventLog,
        clock: Clock,
        store_rows: StoreRows,
        data_dir: Path,
        origin: str,
        checkpoint_dir: Path | None,
        number: int = 1,
    ) -> None:
        self._stored = stored
        self._clock = clock
        self._store_rows = store_rows
        self._key_file = data_dir / "keys" / "journal.key"
        key = load_key(self._key_file)
        self._keys = LogKeys.derive(key, number)
        self._key = key
        self.number = number
        self.publics = LogKeys.publics(key, number)
        self._origin = origin
        self._checkpoint_dir = checkpoint_dir
        self._publishing = asyncio.Lock()

    @property
    def key(self) -> Key:
        """By which checkpoints are verified."""
        return Key(self._origin, self._keys.signing.public_key().public_bytes_raw())

    @property
    def keys(self) -> list[Key]:
        """By which checkpoints of any time are verified, the newest first."""
        return [Key(self._origin, public) for public in reversed(self.publics)]

    async def check_key(self) -> None:
        """Raise StorageError where the newest checkpoint was signed by another key: that of another store, or node."""
        newest = await self._stored.checkpoint()
        if newest is not None and not signer_of(newest.note, self.publics):
            raise StorageError(
                f"{self._key_file} is not the key of this store, whose log was signed by another: put back "
                "the copy that was kept apart, in a cluster that of another node; or retention.log_key was lowered"
            )

    async def newest(self) -> SignedCheckpoint | None:
        """Return the newest checkpoint."""
        return await self._stored.checkpoint()

    async def hashes(self, level: int, first: int, end: int) -> list[bytes]:
        """Return hashes that are kept of the tree."""
        return await self._stored.log_hashes(level, first, end)

    async def entries(self, first: int, end: int) -> list[bytes]:
        """Return leaves, at most those of a tile."""
        return await self.leaves(await self._stored.ledger_rows(first, min(end - first, TILE)))

    async def leaves(self, events: Sequence[LedgerRow]) -> list[bytes]:
        """Return the leaves of events."""
        return await asyncio.to_thread(
            lambda: [entry_of(event, salt_of(self._keys.salts, event.position)) for event in events]
        )

    async def take_in(self) -> int:
        """Take in events that are new, and sign a checkpoint over all; return how many there were, 0 for none.

        Raises StorageError.
        """
        before = await self._stored.checkpoint()
        size = before.size if before else 0
        events = await self._stored.ledger_rows(size, AT_ONCE)
        if not events:
            return 0
        kept = await self._fetch(unfinished(size))
        checkpoint, rows = await asyncio.to_thread(self._sign, before, events, kept, self._clock.now_ms())
        if await self._store_rows(rows):
            return 0
        await self._publish(checkpoint)
        return len(events)

    def _in_force(self, before: SignedCheckpoint | None, events: Sequence[LedgerRow]) -> int:
        """Return which key signs a checkpoint that is over these events as well: that by which the one before was
        signed, or the one that they say it was changed to, whatever is set here. Raises StorageError."""
        number = signer_of(before.note, self.publics) if before else 1
        changes = [event.data for event in events if event.type == LogKeyChanged.__struct_config__.tag]
        number = max([number, *(msgspec.json.decode(data, type=LogKeyChanged).number for data in changes)])
        if not 0 < number <= self.number:
            raise StorageError(
                f"the log of this store is signed by a later key, and retention.log_key is {self.number}"
            )
        return number

    async def prove_consistency(self, old: int, size: int) -> list[bytes]:
        """Return the hashes that show the tree of `size` to begin with that of `old` events. Raises StorageError."""
        if old in (0, size):
            return []
        kept = over(await self._fetch(needed_for(lambda subtree: prove_consistency(old, size, subtree))))
        return prove_consistency(old, size, kept)

    async def add_signatures(self, checkpoint: SignedCheckpoint, lines: Sequence[str]) -> None:
        """Keep what others have signed under a checkpoint, and publish it. Raises StorageError."""
        signed = structs.replace(checkpoint, note=checkpoint.note + "".join(f"{line}\n" for line in lines))
        if not await self._store_rows(log_rows({}, signed)):
            await self._publish(signed)

    async def _publish(self, checkpoint: SignedCheckpoint) -> None:
        """Write a checkpoint to the directory, if there is one. A witness may take its time to sign, and the log has
        grown meanwhile: only the newest is written as such, and one after the other."""
        if self._checkpoint_dir is None:
            return
        async with self._publishing:
            newest = await self._stored.checkpoint()
            is_newest = newest is None or newest.size <= checkpoint.size
            await asyncio.to_thread(publish, self._checkpoint_dir, checkpoint, is_newest=is_newest)

    async def prove(self, stream: str, version: int) -> Proven | Refusal:
        """Prove that an event is in the log. Raises StorageError."""
        event = await self._stored.ledger_row(stream, version)
        if event is None:
            return NOT_IN_YET
        checkpoint = await self.checkpoint_over(event.position)
        if isinstance(checkpoint, Refusal):
            return checkpoint
        index, size = event.position - 1, checkpoint.size
        kept = over(await self._fetch(needed_for(lambda subtree: prove_inclusion(index, size, subtree))))
        salt = salt_of(self._keys.salts, event.position)
        proof = Proof(index, tuple(prove_inclusion(index, size, kept)), checkpoint.note, salt)
        return Proven(event, proof, said_of(event))

    def sign(self, text: str) -> str:
        """Return a note: a text, lines that end with a newline, signed as checkpoints are."""
        return sign(text, self._origin, self._keys.signing)

    async def checkpoint_over(self, position: int) -> SignedCheckpoint | Refusal:
        """Return the newest checkpoint, which is over the event at a position. Raises StorageError."""
        checkpoint = await self._stored.checkpoint()
        while checkpoint is None or checkpoint.size < position:
            if not await self.take_in():
                # Another node may have been quicker.
                checkpoint = await self._stored.checkpoint()
                return NOT_IN_YET if checkpoint is None or checkpoint.size < position else checkpoint
            checkpoint = await self._stored.checkpoint()
        return checkpoint

    async def prove_all(self, events: Sequence[LedgerRow], size: int) -> list[Proven]:
        """Prove of events that they are in the log's tree of that size; the proofs have no checkpoint.

        Raises StorageError.
        """
        indexes = [event.position - 1 for event in events]

        def prove(subtree: Subtree) -> list[tuple[bytes, ...]]:
            return [tuple(prove_inclusion(index, size, subtree)) for index in indexes]

        spans = await asyncio.to_thread(lambda: list(joined(needed_for(prove))))
        kept = await self._fetch(spans)
        salts = [salt_of(self._keys.salts, event.position) for event in events]
        proofs = await asyncio.to_thread(prove, over(kept))
        return [
            Proven(event, Proof(index, hashes, "", salt), said_of(event))
            for event, index, hashes, salt in zip(events, indexes, proofs, salts, strict=True)
        ]

    def _sign(
        self, before: SignedCheckpoint | None, events: Sequence[LedgerRow], kept: dict[Place, bytes], now: int
    ) -> tuple[SignedCheckpoint, list[RowChange]]:
        """Return the checkpoint over the events as well, and the rows of what the log has grown by. Raises
        StorageError."""
        size = before.size if before else 0
        assert events[0].position == size + 1, "positions count without holes"
        key = LogKeys.derive(self._key, self._in_force(before, events)).signing
        grown = grow(size, [hash_of(event, self._keys.salts) for event in events], kept)
        after = size + len(events)
        text = Checkpoint(self._origin, after, root(after, over(kept | grown))).text()
        checkpoint = SignedCheckpoint(after, now, sign(text, self._origin, key))
        return checkpoint, log_rows(grown, checkpoint)

    async def _fetch(self, spans: Iterable[tuple[int, int, int]]) -> dict[Place, bytes]:
        found: dict[Place, bytes] = {}
        for level, first, end in spans:
            hashes = await self._stored.log_hashes(level, first, end)
            found |= {(level, first + number): one for number, one in enumerate(hashes)}
        return found


def signer_of(note: str, publics: Sequence[bytes]) -> int:
    """Return by which of some public keys a note is signed, counted from 1; 0 where by none of them."""
    origin = note.partition("\n")[0]
    for number, public in enumerate(publics, 1):
        with contextlib.suppress(NoteError):
            verify(note, [Key(origin, public)])
            return number
    return 0


async def take_in_all(store: Store, data_dir: Path, origin: str) -> None:
    """Take in all events of a store that no server uses. Raises StorageError."""

    async def store_rows(rows: Sequence[RowChange]) -> None:
        await store.commit([ChangeSet(rows=rows)])

    event_log = EventLog(store.ledger, Clock(), store_rows, data_dir, origin, None)
    while await event_log.take_in():
        pass


def publish(directory: Path, checkpoint: SignedCheckpoint, *, is_newest: bool) -> None:
    """Write a checkpoint behind those of its month, and as the newest if it is. What cannot be written is logged."""
    moment = datetime.fromtimestamp(checkpoint.ts / 1000, UTC)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / f"{moment:%Y-%m}.checkpoints").open("a", encoding="utf-8") as file:
            file.write(f"{moment:%Y-%m-%dT%H:%M:%SZ}\n{checkpoint.note}\n")
            file.flush()
            os.fsync(file.fileno())
        if is_newest:
            partial = directory / f"{NEWEST}.part"
            partial.write_text(checkpoint.note, "utf-8")
            partial.replace(directory / NEWEST)
    except OSError as error:
        log.error("a checkpoint cannot be written to its directory", directory=str(directory), cause=str(error))
