"""The tally: what is counted by who does it (an address, an account at a group's door), over all nodes together.

Each node counts for itself, and tells the others, `TELL_S` after something changed, how many connections an address has
here, and what was taken from the buckets of sign-ins and tries: every node then takes as much from its own. So a limit
holds but for what reaches several nodes within one such moment. While the bus is away each goes by the last picture
and its own count, and tells afterwards.

An address is told from a twentieth of the limit on, or once another node has told of it: those with a few connections,
nearly all, are nobody else's business, and on up to 20 nodes together they stay below the limit. What the others hear
is a keyed hash.
"""

import hashlib
from collections import Counter
from typing import Final

from ..bus.api import Bus
from ..bus.messages import LimitsUpdate
from ..common.clock import Clock
from ..common.rate_limit import Buckets
from ..config.settings import Config
from ..transport.addresses import network_of

TELL_S = 0.25
"""How often the others are told of what changed."""

HOUR_S, DAY_S = 3600, 86_400

REPEAT_TURNS = 20
"""Tellings until everything is told again (5 s), for those who missed something or came later."""

FORGET_TURNS = 4 * REPEAT_TURNS
"""After so many tellings what another node has not repeated counts no more: that node may be dead."""

MAX_TOLD = 20_000
"""Addresses that a node tells of, and of other nodes' that it keeps in mind. More are a flood beyond any limit."""

MAX_SPENT = 10_000
"""Keys of which it is told what they took, as many as `Buckets` has."""

AGAIN: Final = -1
"""In place of a count that was told: it is to be told again, whatever it is."""

SIGN_INS: Final = "sign_ins"
TRIES: Final = "tries"
CODES: Final = "codes"
REGISTRATIONS: Final = "registrations"
SENT: Final = "sent"
SENT_FROM: Final = "sent_from"


class SharedLimits:
    """Counts of one node and what others told of theirs. `key` hides who it is about; all nodes have the same."""

    def __init__(self, name: str, bus: Bus, config: Config, clock: Clock, key: bytes) -> None:
        self._name = name
        self._bus = bus
        self._clock = clock
        self._key = key
        self._most = config.limits.connections_per_address
        self._told_from = max(1, self._most // 20)
        sign_ins, tries = config.limits.sign_ins_per_minute, config.policy.groups.tries_per_hour
        codes, per_day = config.limits.unknown_codes_per_minute, config.registration.per_day
        sender = config.identity.sender
        self._buckets = {
            SIGN_INS: Buckets(sign_ins / 60, sign_ins),
            TRIES: Buckets(tries / 3600, tries),
            CODES: Buckets(codes / 60, codes),
            REGISTRATIONS: Buckets(per_day / DAY_S, per_day),
            SENT: Buckets(sender.codes_per_hour / HOUR_S, sender.codes_per_hour),
            SENT_FROM: Buckets(sender.codes_per_address / HOUR_S, sender.codes_per_address),
        }
        self._spent: dict[str, Counter[bytes]] = {kind: Counter() for kind in self._buckets}
        self._here: Counter[bytes] = Counter()
        # address -> node -> (connections there, the turn in which it was told)
        self._elsewhere: dict[bytes, dict[str, tuple[int, int]]] = {}
        self._changed: set[bytes] = set()
        self._told: dict[bytes, int] = {}
        self._turn = 0

    def has_room(self, address: str, spare: int = 0) -> bool:
        """Say whether an address may have one connection more: `limits.connections_per_address`, and `spare`."""
        if not self._most:
            return True
        who = self._hide(network_of(address))
        elsewhere = sum(count for count, _ in self._elsewhere.get(who, {}).values())
        return self._here[who] + elsewhere < self._most + spare

    def opened(self, address: str) -> None:
        """Count a connection."""
        if self._most:
            self._count(self._hide(network_of(address)), 1)

    def closed(self, address: str) -> None:
        """Count it no more."""
        if self._most:
            self._count(self._hide(network_of(address)), -1)

    def take_sign_in(self, address: str) -> int:
        """Count an attempt to register or sign in; if it is one too many, return how many ms it has to wait, else 0."""
        return self._take(SIGN_INS, network_of(address))

    def take_try(self, user: str, code: str) -> int:
        """As `take_sign_in`, for an account's answer or invite code at a group's door."""
        return self._take(TRIES, f"{user} {code}")

    def take_registration(self) -> int:
        """As `take_sign_in`, for an account that is registered, whoever it is."""
        return self._take(REGISTRATIONS, "")

    def take_sending(self, user: str, number: str, address: str) -> int:
        """As `take_sign_in`, for a one-time code that an account has sent to a number (as its blind index)."""
        return (
            self._take(SENT_FROM, network_of(address))
            or self._take(SENT, f"account {user}")
            or self._take(SENT, f"number {number}")
        )

    def take_recovery(self, number: str, address: str) -> int:
        """As `take_sending`, for a code that somebody who is not signed in has sent to a number."""
        return self._take(SENT_FROM, network_of(address)) or self._take(SENT, f"recovery {number}")

    def wait_for_code(self, user: str, address: str) -> int:
        """Return how many ms an account, or its address, has to wait before it may ask for another group's code."""
        now, buckets = self._clock.ticks(), self._buckets[CODES]
        return max(buckets.wait(self._hide(name), now) for name in (user, network_of(address)) if name)

    def take_code(self, user: str, address: str) -> None:
        """Count a code that no group has, for an account and for its address."""
        for name in filter(None, (user, network_of(address))):
            self._take(CODES, name)

    def on_bus_message(self, message: LimitsUpdate) -> None:
        """Take over what another node tells."""
        if message.node == self._name:
            return
        for who, count in message.connections.items():
            self._note(message.node, who, count)
        now = self._clock.ticks()
        for kind, spent in message.spent.items():
            if kind in self._buckets:
                for who, count in spent.items():
                    self._buckets[kind].spend(who, now, count)

    def tell(self) -> None:
        """Tell the others what changed since the last time, at times everything. To be called every `TELL_S`."""
        if not self._bus.connected:
            return
        self._turn += 1
        if self._turn % REPEAT_TURNS == 0:
            self._forget()
            self._changed.update(self._told)
            self._told = dict.fromkeys(self._told, AGAIN)
        connections = {}
        for who in self._changed:
            count = self._here[who]
            if count != self._told.get(who, 0) and (who in self._told or len(self._told) < MAX_TOLD):
                connections[who] = self._told[who] = count
                if not count:
                    del self._told[who]
        self._changed.clear()
        spent = {kind: dict(counts) for kind, counts in self._spent.items() if counts}
        if connections or spent:
            self._bus.publish(LimitsUpdate(self._name, connections, spent))
        for counts in self._spent.values():
            counts.clear()

    def _count(self, who: bytes, change: int) -> None:
        here = self._here[who] + change
        if here:
            self._here[who] = here
        else:
            del self._here[who]
        if here >= self._told_from or who in self._told or who in self._elsewhere:
            self._changed.add(who)
        else:
            self._changed.discard(who)

    def _take(self, kind: str, name: str) -> int:
        who = self._hide(name)
        buckets, spent = self._buckets[kind], self._spent[kind]
        wait = buckets.take(who, self._clock.ticks())
        if not wait and not buckets.unlimited and (who in spent or len(spent) < MAX_SPENT):
            spent[who] += 1
        return wait

    def _note(self, node: str, who: bytes, count: int) -> None:
        nodes = self._elsewhere.get(who, {})
        if count and (nodes or len(self._elsewhere) < MAX_TOLD):
            nodes[node] = count, self._turn
            self._elsewhere[who] = nodes
        elif nodes:
            nodes.pop(node, None)
            if not nodes:
                del self._elsewhere[who]
        if who in self._here:
            self._changed.add(who)

    def _forget(self) -> None:
        """Forget what was not repeated."""
        since = self._turn - FORGET_TURNS
        for who, nodes in list(self._elsewhere.items()):
            for node in [node for node, (_, turn) in nodes.items() if turn < since]:
                self._note(node, who, 0)

    def _hide(self, name: str) -> bytes:
        return hashlib.blake2b(name.encode(), digest_size=8, key=self._key, person=b"folkmoot tally").digest()
