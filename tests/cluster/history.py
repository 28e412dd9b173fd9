"""What clients of a cluster write down while things break: what they asked, what they were told, what they heard."""

from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from folkmoot_protocol.types import Entry

Outcome = Literal["open", "ok", "refused", "unknown"]
"""`refused`: every try was answered with a decided no. `unknown`: a try had no answer, or `unavailable`, and no later
try an `ok`: it may have been carried out, once."""


class Op(Struct, kw_only=True):
    """Something that a client asked for. Times are seconds of one clock, the harness's own.

    `key` is a text that no other op has: body and nonce of a post, reason of a mute or a ban. `case` is what a command
    was answered with, `seq` what a post was. `line` is the connection of the only try, None when there were several:
    ops of one line and group are asked for in the order in which they stand in the history. `unsure`: a try had no
    answer, so nobody knows yet.
    """

    client: str
    kind: str
    group: str
    key: str = ""
    target: str = ""
    started: float = 0.0
    ended: float = 0.0
    outcome: Outcome = "open"
    code: str = ""
    seq: int | None = None
    case: str | None = None
    line: int | None = None
    unsure: bool = False
    was_unavailable: bool = False


class Item(NamedTuple):
    """What one connection was told of one group: an entry (`first` == `last`), or a lag, which has no digest."""

    first: int
    last: int
    digest: int | None


class Run(Struct, kw_only=True):
    """What one connection heard of one group without interruption.

    It began with being told `base` as the group's last seq, and ended when the connection was `closed`, the client
    `left`, or, `final`, when all was healed and quiet. Before it the client had seen the group up to `cursor` (None: it
    was not in the group); `caught` is what `sync` gave it of what lay between, all of it if `caught_up`.
    """

    client: str
    node: int
    group: str
    base: int
    cursor: int | None = None
    caught: list[Item] = []
    caught_up: bool = False
    items: list[Item] = []
    end: Literal["open", "closed", "left", "final"] = "open"

    def reached(self) -> int:
        """Return up to which seq the client has seen the group without a hole."""
        if self.cursor is not None and not self.caught_up:
            return self.caught[-1].last if self.caught else self.cursor
        return max(self.items[-1].last if self.items else self.base, self.cursor or 0)


class Step(NamedTuple):
    """A membership that began or ended, in the order in which the ledger has it, over all groups."""

    group: str
    user: str
    joined: bool


class History(Struct, kw_only=True):
    """All that there is to judge by.

    `logs` is what each node gives as a group's history in the end, `finals` the groups that each client listened to
    then.
    """

    groups_joined: int
    ops: list[Op] = []
    runs: list[Run] = []
    strays: list[str] = []
    finals: dict[str, list[str]] = {}
    steps: list[Step] = []
    logs: dict[int, dict[str, list[Entry]]] = {}

    def log(self, group: str) -> list[Entry]:
        """Return a group's log as the first node has it; that all have the same is a check of its own."""
        return self.logs[min(self.logs)].get(group, [])

    def groups(self) -> list[str]:
        """Return all codes, in order."""
        return sorted({group for logs in self.logs.values() for group in logs})


def digest(entry: Entry) -> int:
    """Return a number that two entries share only if they are the same (within one process)."""
    return hash(msgspec.json.encode(entry, order="deterministic"))


def item(entry: Entry) -> Item:
    """Return an entry as a connection's record has it."""
    return Item(entry.seq, entry.seq, digest(entry))
