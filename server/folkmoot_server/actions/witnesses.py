"""Witnesses of the ledger's log (C2SP's `tlog-witness`): they are shown each checkpoint with the proof that it
continues the one before, and sign that they have seen it. A log that forgets is found by them, without anybody copying
anything.
"""

import asyncio
import base64
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

import structlog

from ..common.background import Remarks
from ..crypto.notes import COSIGNATURE, SIGNATURE, Key, NoteError, check_cosignature
from ..storage.rows import SignedCheckpoint
from .event_log import EventLog
from .webhook import FAILED, post

log = structlog.get_logger()

TIMEOUT_S = 10.0
MATTER = "witness"
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


class Witness(NamedTuple):
    """A witness: where it is, and its key."""

    url: str
    key: Key

    @classmethod
    def parse(cls, text: str) -> "Witness":
        """Return what a setting names: an address and a key. Raises NoteError."""
        url, _, key = text.partition(" ")
        return cls(url.rstrip("/"), Key.parse(key, COSIGNATURE))


class Witnesses:
    """Asks the witnesses of a log. `remarks` gets a sentence where one has seen more than there is."""

    def __init__(self, event_log: EventLog, witnesses: Sequence[str], remarks: Remarks) -> None:
        self._event_log = event_log
        self._witnesses = [Witness.parse(one) for one in witnesses]
        self._remarks = remarks
        self._seen: dict[str, int] = {}

    async def ask(self) -> bool:
        """Ask those who have not signed the newest checkpoint; say whether all have by now. Raises StorageError."""
        newest = await self._event_log.newest()
        if newest is None:
            return True
        missing = [one for one in self._witnesses if not has_signed(newest.note, one.key)]
        answers = await asyncio.gather(*(self._ask(one, newest) for one in missing))
        lines = [line for line in answers if line]
        if lines:
            await self._event_log.add_signatures(newest, lines)
        return len(lines) == len(missing)

    async def _ask(self, witness: Witness, newest: SignedCheckpoint) -> str:
        """Return a witness's signature, empty if it gives none."""
        name, old = witness.key.name, self._seen.get(witness.key.name, 0)
        try:
            status, answer = await self._show(witness, old, newest)
            if status == HTTPStatus.CONFLICT:
                # It tells up to where it has seen the log.
                old = self._seen[name] = int(answer)
                if old > newest.size:
                    self._say_behind(name, old, newest.size)
                    return ""
                status, answer = await self._show(witness, old, newest)
            if status != HTTPStatus.OK:
                raise ValueError(f"the answer was {status}")
            line = next(one for one in answer.decode().splitlines() if one.startswith(f"{SIGNATURE}{name} "))
            check_cosignature(newest.note.partition("\n\n")[0] + "\n", line, witness.key)
        except (*FAILED, NoteError, StopIteration) as error:
            log.warning("a witness has not signed a checkpoint", witness=name, size=newest.size, cause=repr(error))
            return ""
        self._seen[name] = newest.size
        self._remarks.pop(MATTER, None)
        return line

    async def _show(self, witness: Witness, old: int, newest: SignedCheckpoint) -> tuple[int, bytes]:
        proof = await self._event_log.prove_consistency(old, newest.size)
        lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", newest.note]
        body = "\n".join(lines).encode()
        return await asyncio.to_thread(post, f"{witness.url}/add-checkpoint", body, TEXT, TIMEOUT_S)

    def _say_behind(self, name: str, seen: int, size: int) -> None:
        remark = f"the witness {name} has seen {seen} events in the log, and there are {size}: run folkmoot db verify"
        if self._remarks.get(MATTER) != remark:
            self._remarks[MATTER] = remark
            log.critical("a witness has seen more than there is", witness=name, seen=seen, size=size)


def has_signed(note: str, key: Key) -> bool:
    """Say whether a witness's signature stands under a note."""
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        try:
            check_cosignature(f"{text}\n", line, key)
        except NoteError:
            continue
        return True
    return False
